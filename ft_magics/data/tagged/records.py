"""Records (a JSON line, a dict, a row of a `datasets.Dataset`) → labelled sentences.

Two forms: words with tags, and a text with character spans. The usual names of the fields are known.
"""

from __future__ import annotations

import itertools
import operator
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ft_magics.data.cells import index_of
from ft_magics.data.faults import list_names, quoted, show
from ft_magics.data.json_text import loads, one_object
from ft_magics.data.label_studio import is_export, span_records
from ft_magics.data.tagged.examples import LabelledSentence
from ft_magics.data.tagged.schemes import Span, tags_of
from ft_magics.data.tagged.words import Word, split_words
from ft_magics.errors import DataError

__all__ = ["read_json_lines", "read_records"]

_TOKENS = ("tokens", "words", "token", "word")
_TAGS = ("tags", "ner_tags", "labels", "ner", "tag", "label")
_TEXT = ("text", "sentence", "content", "data")
_SPANS = ("spans", "entities", "label", "labels", "annotations")
_START = ("start", "start_offset", "begin", "from")
_END = ("end", "end_offset", "stop", "to")
_TYPE = ("label", "type", "tag", "entity", "entity_group")

_BLOCK = re.compile(r"\S+")
_start_of, _end_of = operator.itemgetter(0), operator.itemgetter(1)

Record = Mapping[str, Any]


def read_json_lines(
    text: str, name: str, tag_names: Sequence[str] | None, notes: list[str] | None = None
) -> list[LabelledSentence]:
    """Read JSONL, or a JSON file that holds one list of records.

    Args:
        text: The whole file.
        name: For messages.
        tag_names: Tags by index, where tags are numbers.
        notes: What was chosen is added here.

    Raises:
        DataError: A line is no JSON object, or a record fits neither form.
    """
    if text.lstrip().startswith("["):
        records = enumerate(loads(text, name), 1)
        return read_records(
            ((f"{name}, record {number}", record) for number, record in records), tag_names, name, notes
        )
    whole = one_object(text)
    if whole is not None:
        return read_records([(f"{name}, record 1", whole)], tag_names, name, notes)
    lines = ((f"{name}, line {number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return read_records(((place, loads(line, place)) for place, line in lines), tag_names, name, notes)


def read_records(
    records: Iterable[tuple[str, Any]],
    tag_names: Sequence[str] | None,
    name: str = "",
    notes: list[str] | None = None,
) -> list[LabelledSentence]:
    """Read records, each with the place it stands at.

    Args:
        records: Pairs of place and record.
        tag_names: Tags by index, where tags are numbers.
        name: Of their source, for messages.
        notes: What was chosen is added here.

    Raises:
        DataError: With the place of the first record that fits neither form.
    """
    pairs = iter(records)
    first = next(pairs, None)
    records = pairs if first is None else itertools.chain([first], pairs)
    if first is not None and is_export(first[1]):
        records, said = span_records(records, name)
        if notes is not None:
            notes += said
    return [_sentence(place, record, tag_names) for place, record in records]


def _sentence(place: str, record: Any, tag_names: Sequence[str] | None) -> LabelledSentence:
    if not isinstance(record, Mapping):
        raise DataError(
            f"{place}: expected an object with `tokens` and `tags`, or `text` and `spans`; found {show(record)}"
        )
    text, spans = _field(record, _TEXT), _field(record, _SPANS)
    if isinstance(text, str) and spans is not None and not _is_tag_list(spans):
        return _from_spans(place, text, spans)
    words, tags = _field(record, _TOKENS), _field(record, _TAGS)
    if words is None or tags is None:
        raise DataError(
            f"{place}: found the fields {list_names(record)}; expected `tokens` and `tags`, or `text` and `spans`"
        )
    return _from_tags(place, words, tags, tag_names)


def _is_tag_list(value: Any) -> bool:
    return _is_list(value) and bool(value) and isinstance(value[0], (str, int))


def _field(record: Record, names: Sequence[str]) -> Any:
    found: Any = next((record[name] for name in names if record.get(name) is not None), None)
    return found.tolist() if hasattr(found, "tolist") else found


def _from_tags(place: str, words: Any, tags: Any, tag_names: Sequence[str] | None) -> LabelledSentence:
    if not _is_list(words) or not _is_list(tags):
        raise DataError(f"{place}: tokens and tags must be lists")
    if len(words) != len(tags):
        raise DataError(f"{place}: {len(words)} tokens but {len(tags)} tags")
    texts = [word.get("text", "") if isinstance(word, Mapping) else word for word in words]
    wrong = [word for word in texts if not isinstance(word, str)]
    if wrong:
        raise DataError(f"{place}: a token must be text, found {show(wrong[0])}")
    return LabelledSentence(texts, [_tag(place, tag, tag_names) for tag in tags], [place] * len(texts))


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _tag(place: str, tag: Any, tag_names: Sequence[str] | None) -> str:
    if isinstance(tag, str):
        return tag
    index = index_of(tag)
    if index is None:
        raise DataError(f"{place}: a tag must be text, found {show(tag)}")
    if tag_names is None:
        raise DataError(f"{place}: the tags are numbers; list their names in order: `tag_names: [O, B-PER, …]`")
    if not 0 <= index < len(tag_names):
        raise DataError(f"{place}: tag {show(tag)} has no name; there are {len(tag_names)} names, counted from 0")
    return tag_names[index]


def _from_spans(place: str, text: str, spans: Any) -> LabelledSentence:
    if not _is_list(spans):
        raise DataError(f"{place}: spans must be a list of [start, end, type], found {show(spans)}")
    blocks = [block.span() for block in _BLOCK.finditer(text)]
    entities = sorted(_trimmed(place, text, blocks, _offsets(place, span)) for span in spans)
    for before, after in itertools.pairwise(entities):
        if after.start < before.end:
            raise DataError(
                f"{place}: two spans overlap ({quoted(before.type)} {before.start}–{before.end}, {quoted(after.type)} "
                f"{after.start}–{after.end}); a word has one tag, so keep one of them"
            )
    cuts = [cut for entity in entities for cut in (entity.start, entity.end)]
    words = split_words(text, cuts)
    in_words = [
        Span(
            bisect_right(words, entity.start, key=_end_of),
            bisect_left(words, entity.end, key=_start_of),
            entity.type,
        )
        for entity in entities
    ]
    tags = tags_of(in_words, len(words))
    return LabelledSentence([text[start:end] for start, end in words], tags, [place] * len(words))


def _offsets(place: str, span: Any) -> Span:
    if isinstance(span, Mapping):
        start, end, kind = (_field(span, names) for names in (_START, _END, _TYPE))
    elif _is_list(span) and len(span) == 3:
        start, end, kind = span
    else:
        start = end = kind = None
    if not _is_offset(start) or not _is_offset(end) or not isinstance(kind, str) or not kind:
        raise DataError(f"{place}: a span is [start, end, type] or {{start, end, label}}; found {show(span)}")
    return Span(start, end, kind)


def _is_offset(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _trimmed(place: str, text: str, blocks: Sequence[Word], span: Span) -> Span:
    """The span without white space at its edges.

    Args:
        place: For messages.
        text: The record's text.
        blocks: Offsets of what white space separates in the text, in order.
        span: As in the record.
    """
    if not 0 <= span.start < span.end <= len(text):
        raise DataError(
            f"{place}: span {show(span.start)}–{show(span.end)} ({quoted(span.type)}) is empty or outside the text, "
            f"which has {len(text)} characters"
        )
    first = bisect_right(blocks, span.start, key=_end_of)
    last = bisect_left(blocks, span.end, key=_start_of) - 1
    if first > last:
        raise DataError(f"{place}: span {span.start}–{span.end} ({quoted(span.type)}) holds white space only")
    return Span(max(span.start, blocks[first][0]), min(span.end, blocks[last][1]), span.type)
