"""Spans of many sentences as columns, taken from tags all at once.

Two rules. `conll` is conlleval's: an entity begins at B- or S-, after O, after E- or S-, or where the type changes; it
takes any tags. `strict` takes a scheme's own rule: what breaks the scheme is no entity. Both give exactly seqeval's
entities (default and `mode="strict"`), found with look-ups over pairs of neighbouring tags instead of a walk.

Source: Tjong Kim Sang and De Meulder 2003 (conlleval); seqeval 1.2.2 (`metrics.sequence_labeling`, `scheme`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.tagged.schemes import SCHEMES, split_tag
from ft_magics.errors import DataError, SchemeError
from ft_magics.evaluation.entities.beside import GREATEST_OFFSET, is_row, shown, whole

__all__ = [
    "LETTERS",
    "SpanTable",
    "TagTable",
    "TypeNames",
    "check_scheme",
    "read_spans",
    "read_tags",
    "spans_of_tags",
]

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

LETTERS = "OBIESLUM"
_CODE = {letter: code for code, letter in enumerate(LETTERS)}
_KINDS = len(LETTERS)


class TypeNames(dict[str, int]):
    """Entity types by name, numbered from 1 in the order in which they are met; 0 is no type."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self) + 1
        return number


@dataclass(frozen=True, slots=True)
class SpanTable:
    """Spans as columns, in the order of sentences and places.

    Args:
        sentence: Index of the sentence. Length N.
        start: First word (or character). Length N.
        end: The one after the last. Length N.
        type: Number in the `TypeNames` that both sides share. Length N.
        sentences: How many sentences there are, those without a span included.
    """

    sentence: Ints
    start: Ints
    end: Ints
    type: Ints
    sentences: int

    def __len__(self) -> int:
        return len(self.start)

    def take(self, chosen: Any) -> SpanTable:
        """Some of the spans, by mask or index."""
        return SpanTable(self.sentence[chosen], self.start[chosen], self.end[chosen], self.type[chosen], self.sentences)

    def rows(self) -> list[tuple[int, int, int, int]]:
        """Sentence, start, end and type number of each span."""
        columns = (self.sentence, self.start, self.end, self.type)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def borders(self) -> NDArray[np.intp]:
        """Where each sentence's spans begin in the columns. Length sentences + 1."""
        return np.searchsorted(self.sentence, np.arange(self.sentences + 1))


@dataclass(frozen=True, slots=True)
class TagTable:
    """Tags of many sentences in one row, with an O before, between and after sentences.

    Args:
        letter: Code of the prefix. Length L = words + sentences + 1.
        type: Type number, 0 for O. Length L.
        first: Place of each sentence's first word. Length S.
        lengths: Words per sentence. Length S.
    """

    letter: NDArray[np.int8]
    type: Ints
    first: Ints
    lengths: Ints

    def letters(self) -> set[str]:
        """Prefixes that occur."""
        return {LETTERS[code] for code in np.flatnonzero(np.bincount(self.letter, minlength=_KINDS))}


def read_tags(sentences: Sequence[Sequence[str]], types: TypeNames, side: str) -> TagTable:
    """Tags as numbers.

    Args:
        sentences: Tags per sentence. Length S.
        types: Known types; new ones are added.
        side: `gold` or `predicted`, for messages.

    Raises:
        DataError: A sentence is no list of texts; the message names it.
        SchemeError: A tag has no prefix; the message names its sentence.
    """
    if not all(map(is_row, sentences)):  # a text would give letters, a set no order
        raise _located(sentences, side, TypeError())
    try:
        lengths = np.fromiter(map(len, sentences), dtype=np.int64, count=len(sentences))
        numbers = {tag: at for at, tag in enumerate(sorted({"O", *chain.from_iterable(sentences)}))}
        codes = np.array([_code(tag, types) for tag in numbers])
        with_ends = chain.from_iterable(chain.from_iterable(zip(sentences, repeat(("O",)))))
        row = np.fromiter(map(numbers.__getitem__, with_ends), dtype=np.int32, count=int(lengths.sum()) + len(lengths))
    except (TypeError, DataError) as error:
        raise _located(sentences, side, error) from error
    row = np.concatenate([[numbers["O"]], row])
    first = np.cumsum(lengths + 1) - lengths
    return TagTable((codes % _KINDS).astype(np.int8)[row], (codes // _KINDS)[row], first, lengths)


def _code(tag: str, types: TypeNames) -> int:
    """A tag's type and letter in one number."""
    letter, name = split_tag(tag)
    return (types[name] if name else 0) * _KINDS + _CODE[letter]


def _located(sentences: Sequence[Any], side: str, error: Exception) -> DataError:
    """The same error with the sentence in which it arises first."""
    for index, tags in enumerate(sentences):
        place = f"{side} sentence {index} (counted from 0)"
        if not is_row(tags):
            return DataError(f"{place}: expected a list of tags such as B-PER, found {shown(tags)}")
        for tag in tags:
            if not isinstance(tag, str):
                return DataError(f"{place}: expected a list of tags such as B-PER, found {shown(tags)}")
            try:
                split_tag(tag)
            except SchemeError as fault:
                return SchemeError(f"{place}: {fault}")
    return DataError(f"{side}: {error}")


def spans_of_tags(tags: TagTable, scheme: str | None = None) -> SpanTable:
    """The entities of a tag table.

    Args:
        tags: As `read_tags` gives it.
        scheme: A scheme for its strict rule; None for conlleval's rule.
    """
    before, here = tags.letter[:-1].astype(np.intp), tags.letter[1:].astype(np.intp)
    same = tags.type[:-1] == tags.type[1:]
    starts, ends = (
        _conll_borders(before, here, same) if scheme is None else _strict_borders(before, here, same, _STRICT[scheme])
    )
    first, kind = starts + 1, tags.type[starts + 1]  # place in the padded row
    sentence = np.searchsorted(tags.first, first, side="right") - 1
    base = tags.first[sentence] if len(sentence) else first
    return SpanTable(sentence, first - base, ends + 1 - base, kind, len(tags.lengths))


def _conll_borders(before: Any, here: Any, same: Bools) -> tuple[Ints, Ints]:
    """Indices of pairs at which a span begins, and at which it has ended."""
    pair = before * _KINDS + here
    begins = _BEGINS[pair] | (_NOT_O[here] & ~same)
    ends = _ENDS[pair] | (_NOT_O[before] & ~same)
    begin_at, end_at = np.flatnonzero(begins), np.flatnonzero(ends)
    # A span that ends here began at the last beginning before; of well-formed tags these alternate.
    latest = np.searchsorted(begin_at, end_at, side="left") - 1
    known = latest >= 0
    return begin_at[latest[known]], end_at[known]


def _table(pairs: str) -> Bools:
    """A look-up over pairs of letters: `BI EI` is true for I after B and for I after E."""
    table = np.zeros(_KINDS * _KINDS, dtype=np.bool_)
    for before, here in map(tuple, pairs.split()):
        for one in LETTERS if before == "*" else before:
            for other in LETTERS if here == "*" else here:
                table[_CODE[one] * _KINDS + _CODE[other]] = True
    return table


_NOT_O = np.array([letter != "O" for letter in LETTERS])
_BEGINS = _table("*B *S EE EI SE SI OE OI")
_ENDS = _table("E* S* BB BS BO IB IS IO")


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Pairs of neighbouring tags for which something holds: of any types, of the same, of different ones."""

    any: str = ""
    same: str = ""
    different: str = ""

    def holds(self, pair: Any, same: Bools) -> Bools:
        found: Bools = (
            _table(self.any)[pair] | (_table(self.same)[pair] & same) | (_table(self.different)[pair] & ~same)
        )
        return found


@dataclass(frozen=True, slots=True)
class _Strict:
    """A scheme's strict rule: where a span begins, continues, and may end."""

    begins: _Pairs
    goes_on: _Pairs
    ends: _Pairs


_IOB_GOES_ON = _Pairs(same="BI II")
_STRICT = {
    "IOB1": _Strict(
        begins=_Pairs(any="OI BI", same="IB BB", different="II"),
        goes_on=_IOB_GOES_ON,
        ends=_Pairs(any="IO IB BO", same="BB", different="II BI"),
    ),
    "IOB2": _Strict(begins=_Pairs(any="*B"), goes_on=_IOB_GOES_ON, ends=_Pairs(any="IO IB BO BB", different="II BI")),
    "IOE1": _Strict(
        begins=_Pairs(any="OI EI", same="EE", different="II"),
        goes_on=_Pairs(same="II IE"),
        ends=_Pairs(any="IO", same="EI EE", different="II IE"),
    ),
    "IOE2": _Strict(
        begins=_Pairs(any="OI OE EI EE", different="II IE"), goes_on=_Pairs(same="IE II"), ends=_Pairs(any="E*")
    ),
    "BIOES": _Strict(begins=_Pairs(any="*B *S"), goes_on=_Pairs(same="BI BE II IE"), ends=_Pairs(any="S* E*")),
    "BILOU": _Strict(begins=_Pairs(any="*B *U"), goes_on=_Pairs(same="BI BL II IL"), ends=_Pairs(any="U* L*")),
}


def _strict_borders(before: Any, here: Any, same: Bools, rule: _Strict) -> tuple[Ints, Ints]:
    """Indices of pairs at which a span begins, and at which it has ended.

    Pairs that continue chain into runs. Of a run the first beginning counts; its span ends where the run does, if the
    scheme lets it end there.
    """
    pair = before * _KINDS + here
    heads = np.flatnonzero(~rule.goes_on.holds(pair, same))
    begin_at = np.flatnonzero(rule.begins.holds(pair, same))
    run = np.searchsorted(heads, begin_at, side="right")
    begin_at, run = (column[np.append(True, run[1:] != run[:-1])[: len(run)]] for column in (begin_at, run))
    end_at = heads[run] if len(run) else run  # O after the last sentence is a head, so there is one
    allowed = rule.ends.holds(pair[end_at], same[end_at])
    return begin_at[allowed], end_at[allowed]


def read_spans(sentences: Sequence[Iterable[Any]], types: TypeNames, side: str) -> SpanTable:
    """Spans with offsets of one's own, such as characters of a text; the same span twice counts once.

    Args:
        sentences: Per text its spans: `(start, end, type)` or `{"start": …, "end": …, "label": …}`, end not included.
        types: Known types; new ones are added.
        side: `gold` or `predicted`, for messages.

    Raises:
        DataError: A span is neither; the message names its text.
    """
    rows: list[tuple[int, int, int, int]] = []
    for index, spans in enumerate(sentences):
        place = f"{side} text {index} (counted from 0)"
        if isinstance(spans, (str, bytes, Mapping)) or not isinstance(spans, Iterable):
            raise DataError(f"{place}: expected a list of spans, found {shown(spans)}")
        found = {_offsets(span, types, place) for span in spans}
        rows.extend((index, *span) for span in sorted(found))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return SpanTable(columns[0], columns[1], columns[2], columns[3], len(sentences))


def _offsets(span: Any, types: TypeNames, place: str) -> tuple[int, int, int]:
    start: Any
    end: Any
    kind: Any
    if isinstance(span, Mapping):
        kind = next((span[name] for name in ("label", "type", "entity_group") if name in span), None)
        start, end = span.get("start"), span.get("end")
    elif hasattr(span, "start") and hasattr(span, "type"):
        start, end, kind = span.start, getattr(span, "end", None), span.type
    else:
        start, end, kind = span if isinstance(span, Sequence) and len(span) == 3 else (None, None, None)
    first, last = whole(start), whole(end)
    if first is None or last is None or not isinstance(kind, str) or not kind or not 0 <= first < last:
        raise DataError(
            f"{place}: a span is (start, end, type) or {{start, end, label}} with 0 <= start < end; "
            f"found {shown(span, 80)}"
        )
    if last > GREATEST_OFFSET:
        raise DataError(
            f"{place}: a span ends at {shown(last, 40)}; offsets count words or characters, up to {GREATEST_OFFSET}"
        )
    return first, last, types[kind]


def check_scheme(scheme: str, gold: TagTable, pred: TagTable) -> None:
    """See that a scheme has a strict rule and that both sides keep to its prefixes.

    Args:
        scheme: Named or detected.
        gold: Gold tags.
        pred: Predicted tags.

    Raises:
        SchemeError: It has none, or they do not.
    """
    if scheme not in _STRICT:
        raise SchemeError(f"there is no strict rule for `{scheme}`; those with one: {', '.join(_STRICT)}")
    for tags, side in ((gold, "gold"), (pred, "predicted")):
        foreign = tags.letters() - set(SCHEMES[scheme]) - {"O"}
        if foreign:
            listed = ", ".join(f"{letter}-" for letter in sorted(foreign))
            raise SchemeError(
                f"the {side} tags have {listed}, which {scheme} ({', '.join(SCHEMES[scheme])}) does not have. "
                "Name their scheme, or use mode `conll`, which takes any"
            )
