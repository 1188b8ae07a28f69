"""A path or an object of the kernel → a split of examples."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.tree import is_broken
from ft_magics.data.cells import column_label
from ft_magics.data.encoding import decode
from ft_magics.data.faults import list_faults, list_names, printable, quoted
from ft_magics.data.frames import choose_split
from ft_magics.data.paths import read_file
from ft_magics.data.tagged.config import ReadOptions
from ft_magics.data.tagged.conll import read_conll
from ft_magics.data.tagged.examples import LabelledSentence, TaggedSentence, TaggedSplit
from ft_magics.data.tagged.records import read_json_lines, read_records
from ft_magics.data.tagged.schemes import check_letters, count_invalid, detect_scheme, normalise
from ft_magics.data.tagged.tables import Row, TableColumns, read_csv, read_table
from ft_magics.errors import DataError, SchemeError, type_name

__all__ = ["read_sentences", "read_split"]

_FORMATS = {".csv": "csv", ".json": "jsonl", ".jsonl": "jsonl", ".ndjson": "jsonl"}


def read_split(name: str, source: str | Reference, options: ReadOptions | None = None) -> TaggedSplit:
    """Read one split.

    Args:
        name: `train`, `dev` or `test`.
        source: A path (`demo:en/train.conll` for a file of the demo corpus), or an object of the kernel.
        options: How to read it, where that cannot be seen.

    Raises:
        DataError: It cannot be read; the message has the line or row.
        SchemeError: Its tags are no tagging scheme.
    """
    options = options or ReadOptions()
    chosen = ""
    if isinstance(source, Reference) and isinstance(source.value, Mapping):
        value, chosen = choose_split(source.value, str(source), name)
        source = replace(source, value=value)
    sentences, notes = read_sentences(source, options)
    notes += [chosen] if chosen else []
    shown = printable(str(source))
    scheme, invalid = _scheme(sentences, shown, options.scheme)
    examples = [
        TaggedSentence(tuple(sentence.words), normalise(sentence.tags, scheme), sentence.places[0])
        for sentence in sentences
    ]
    if len(examples) == 1 and len(examples[0].words) > _LONG_FOR_ONE:
        notes.append(
            f"{shown}: the whole file is one sentence of {len(examples[0].words)} words, since no empty line "
            "parts it; if some cell marks the ends, name the mark with `sentence_end`"
        )
    return TaggedSplit(
        name=name, source=shown, examples=examples, scheme=scheme, invalid_transitions=invalid, notes=notes
    )


def read_sentences(source: str | Reference, options: ReadOptions) -> tuple[list[LabelledSentence], list[str]]:
    """Sentences with the tags that stand there, and notes about what the reader saw and chose.

    Args:
        source: As in `read_split`.
        options: How to read it.

    Raises:
        DataError: It cannot be read, or holds no sentence.
    """
    notes: list[str] = []
    if isinstance(source, Reference):
        sentences = _read_object(source.value, str(source), options, notes)
    else:
        sentences = _read_file(source, options, notes)
    sentences = [sentence for sentence in sentences if sentence.words]
    if not sentences:
        raise DataError(f"{source}: there is no sentence in it")
    _check_letters(sentences)
    if options.tag_names:
        sentences = [_with_names(sentence, options.tag_names) for sentence in sentences]
    return sentences, notes


_LONG_FOR_ONE = 200
_MOST_DIGITS = 9  # of the index of a tag
_LONG_WORD = 200  # letters of a word that is shown


def _check_letters(sentences: Sequence[LabelledSentence]) -> None:
    """Half a surrogate pair, as a broken JSON escape gives it, is no letter and no tokenizer takes it."""
    for sentence in sentences:
        for texts in (sentence.words, sentence.tags):
            for text, place in zip(texts, sentence.places, strict=True):
                if is_broken(text):
                    raise DataError(
                        f"{place}: {text[:_LONG_WORD]!a} holds half a surrogate pair, which is no letter; mend the text"
                    )


def _with_names(sentence: LabelledSentence, tag_names: Sequence[str]) -> LabelledSentence:
    """Tags that are written as numbers by their names; records do the same where their tags are numbers."""
    named: list[str] = []
    for tag, place in zip(sentence.tags, sentence.places, strict=True):
        if tag.isdecimal() and (len(tag) > _MOST_DIGITS or int(tag) >= len(tag_names)):
            raise DataError(f"{place}: tag {quoted(tag)} has no name; there are {len(tag_names)} names, counted from 0")
        named.append(tag_names[int(tag)] if tag.isdecimal() else tag)
    return LabelledSentence(sentence.words, named, sentence.places)


def _read_file(source: str, options: ReadOptions, notes: list[str]) -> list[LabelledSentence]:
    path, raw = read_file(source)
    name, source = printable(path.name), printable(source)
    text = decode(raw, name, options.encoding)
    if not text.strip():
        raise DataError(f"{source}: the file is empty")
    kind = options.format or _FORMATS.get(path.suffix.lower(), "conll")
    if kind == "jsonl":
        return read_json_lines(text, name, options.tag_names, notes)
    if kind == "csv":
        return read_csv(text, name, options)
    return read_conll(text, name, options, notes)


def _read_object(value: Any, name: str, options: ReadOptions, notes: list[str]) -> list[LabelledSentence]:
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        return _read_frame(value, name, options)
    if hasattr(value, "features") and hasattr(value, "column_names"):
        return _read_dataset(value, name, options)
    if isinstance(value, Path):
        return _read_file(str(value), options, notes)
    if isinstance(value, Mapping):
        raise DataError(f"{name} is a mapping of {list_names(value)}; take one split out of it")
    if isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "shape", None) != ():
        return _read_list(list(value), name, options.tag_names, notes)
    raise DataError(
        f"{name} is {type_name(value)}; expected a pandas DataFrame, a datasets.Dataset, or a list of sentences"
    )


def _read_frame(frame: Any, name: str, options: ReadOptions) -> list[LabelledSentence]:
    if not hasattr(frame, "iloc"):
        raise DataError(f"{name} is {type_name(frame)} of another library than pandas; give `{name}.to_pandas()`")
    header = [column_label(column) for column in frame.columns]
    if frame.empty:
        raise DataError(f"{name}: the DataFrame is empty; its columns are {list_names(header)}")
    places = [f"{name}, row {column_label(index)}" for index in frame.index]
    if any(_is_column_of_lists(frame.iat[0, at]) for at in range(len(header))):
        columns = [frame.iloc[:, at].tolist() for at in range(len(header))]
        records = [dict(zip(header, cells, strict=True)) for cells in zip(*columns, strict=True)]
        return read_records(zip(places, records, strict=True), options.tag_names)
    cells = (frame.iloc[:, at].tolist() for at in TableColumns(header, name, options).indices)
    return read_table(itertools.starmap(Row, zip(places, *cells, strict=True)))


def _is_column_of_lists(value: Any) -> bool:
    return not isinstance(value, str) and hasattr(value, "__len__") and getattr(value, "shape", None) != ()


def _read_dataset(dataset: Any, name: str, options: ReadOptions) -> list[LabelledSentence]:
    features = dataset.features or {}  # a stream of unknown make has none
    names = options.tag_names or next(filter(None, map(_class_names, features.values())), None)
    return read_records(((f"{name}, row {index}", row) for index, row in enumerate(dataset)), names)


def _class_names(feature: Any) -> Sequence[str] | None:
    """The names of a `List(ClassLabel)` column of a datasets.Dataset."""
    inner = getattr(feature, "feature", None)
    names: Sequence[str] | None = getattr(inner, "names", None)
    return names


def _read_list(rows: list[Any], name: str, tag_names: Sequence[str] | None, notes: list[str]) -> list[LabelledSentence]:
    records = ((f"{name}[{index}]", _as_record(row)) for index, row in enumerate(rows))
    return read_records(records, tag_names, name, notes)


def _as_record(row: Any) -> Any:
    """`(words, tags)` and `[(word, tag), …]` as records; anything else as it is."""
    if isinstance(row, TaggedSentence):
        return {"tokens": row.words, "tags": row.tags}
    if isinstance(row, tuple) and len(row) == 2 and all(map(_is_column_of_lists, row)):
        return {"tokens": list(row[0]), "tags": list(row[1])}
    if isinstance(row, Sequence) and row and all(isinstance(pair, Sequence) and len(pair) == 2 for pair in row):
        return {"tokens": [word for word, _ in row], "tags": [tag for _, tag in row]}
    return row


def _scheme(sentences: Sequence[LabelledSentence], source: str, named: str | None) -> tuple[str, int]:
    """The scheme, and how often it is broken.

    Raises:
        SchemeError: With the place of the first tag that does not fit.
    """
    try:
        scheme = named or detect_scheme(sentence.tags for sentence in sentences)
        if named:
            check_letters((tag for sentence in sentences for tag in sentence.tags), named)
    except SchemeError as error:
        raise SchemeError(_located(sentences, source, named, error)) from error
    return scheme, sum(count_invalid(sentence.tags, scheme) for sentence in sentences)


def _located(sentences: Sequence[LabelledSentence], source: str, named: str | None, error: SchemeError) -> str:
    """Where the tags are that do not fit."""
    faults: list[tuple[str, str]] = []
    for sentence in sentences:
        for tag, place in zip(sentence.tags, sentence.places, strict=True):
            try:
                check_letters([tag], named)
            except SchemeError as fault:
                faults.append((place, str(fault)))
    return list_faults(faults) if faults else f"{source}: {error}"
