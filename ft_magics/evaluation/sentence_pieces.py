"""A sentence cut into pieces at the borders of its spans, for a live page and a saved one alike.

Words are never cut, so no letter, mark or emoji is. What stands between words is text of its own, so that a copied
sentence is the sentence.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from ft_magics.evaluation.joining import joint

__all__ = ["Cover", "Piece", "Sentence", "Tag", "marked_sentence", "sentence_of"]

Side = Literal["gold", "predicted"]
PlacedSpan = Sequence[Any]  # start, end, label

_RTL, _LTR = "\u200f", "\u200e"


@dataclass(frozen=True, slots=True)
class Cover:
    """What a span does to a piece.

    Args:
        label: Of the span.
        own: Whether it is what the example is about, rather than a neighbour.
        starts: Whether a span begins with this piece.
        ends: Whether a span ends with this piece.
    """

    label: str
    own: bool
    starts: bool
    ends: bool


@dataclass(frozen=True, slots=True)
class Tag:
    """The label of a span that ends with a piece.

    Args:
        text: What is shown, such as `gold PER`.
        label: Of the span.
        side: Whose; `both` where gold and prediction agree.
        own: Whether the example is about it.
    """

    text: str
    label: str
    side: Literal["gold", "predicted", "both"]
    own: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """Words under the same spans.

    Args:
        text: The words, or what stands between two.
        gold: What gold spans do to it; None for no gold span.
        predicted: The same of the predicted spans.
        tags: Of the spans that end with it.
        joined: Whether a span covers both this and the piece before.
    """

    text: str
    gold: Cover | None
    predicted: Cover | None
    tags: Sequence[Tag]
    joined: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence under one system.

    Args:
        name: Of the system; empty where there is but one.
        mark: Invisible, says which way a sentence runs that has right-to-left letters. `dir=auto` does not look into
            isolated spans.
        pieces: In order.
    """

    name: str
    mark: str
    pieces: Sequence[Piece]


@dataclass(frozen=True, slots=True)
class _Span:
    side: Side
    start: int
    end: int
    label: str
    own: bool
    cut_before: bool
    cut_after: bool


def sentence_of(
    words: Sequence[str],
    *,
    spaces: bool,
    gold: Sequence[PlacedSpan] | None,
    predicted: Sequence[PlacedSpan],
    own: Sequence[tuple[Side, PlacedSpan]],
    cut: tuple[bool, bool] = (False, False),
    name: str = "",
) -> Sentence:
    """The sentence in pieces.

    Args:
        words: Words, or single characters.
        spaces: Whether spaces part them.
        gold: Spans with start, end and label, counted in words; they may stick out. None where gold is not known.
        predicted: The same of a system.
        own: The spans that the example is about.
        cut: Whether words were left out before the first, and behind the last.
        name: Of the system.
    """
    sides: tuple[tuple[Side, Sequence[PlacedSpan]], ...] = (("gold", gold or ()), ("predicted", predicted))
    about = [(side, tuple(span)) for side, span in own]
    spans = [placed for side, every in sides for span in every if (placed := _placed(side, span, len(words), about))]
    atoms = [(text, place, _over(spans, *place)) for text, place in _atoms(words, spaces=spaces)]
    pieces = [_plain("… ")] if cut[0] else []
    before: list[_Span] = []
    for text, (first, last), over in _merged(atoms):
        held = any(span in before for span in over)
        pieces.append(_piece(text, first, last, over, held=held, named=gold is not None))
        before = over
    return Sentence(name, _direction(words), [*pieces, *([_plain(" …")] if cut[1] else [])])


def marked_sentence(
    text: str, marks: Sequence[tuple[int, int, str, str]], *, cut: tuple[bool, bool] = (False, False)
) -> Sentence:
    """A text in which some places are marked, none of which overlap.

    Args:
        text: As it stands.
        marks: Start, end, label and what is shown beside it; in characters.
        cut: Whether text was left out before, and behind.
    """
    pieces, at = [_plain("… ")] if cut[0] else [], 0
    for start, end, label, said in sorted(marks):
        pieces += [_plain(text[at:start])] if start > at else []
        cover = Cover(label, own=True, starts=True, ends=True)
        pieces.append(Piece(text[start:end], None, cover, [Tag(said, label, "predicted", own=True)], joined=False))
        at = end
    pieces += [_plain(text[at:])] if at < len(text) else []
    return Sentence("", _direction([text]), [*pieces, *([_plain(" …")] if cut[1] else [])])


def _plain(text: str) -> Piece:
    return Piece(text, None, None, (), joined=False)


def _placed(side: Side, span: PlacedSpan, length: int, about: Sequence[tuple[Side, tuple[Any, ...]]]) -> _Span | None:
    start, end = max(0, span[0]), min(length, span[1])
    if start >= end:
        return None
    own = (side, tuple(span)) in about
    return _Span(side, start, end, span[2], own, cut_before=span[0] < 0, cut_after=span[1] > length)


def _atoms(words: Sequence[str], *, spaces: bool) -> list[tuple[str, tuple[int, int]]]:
    """Words, and what stands between them: text, and the words that it holds. What is between two holds none."""
    atoms = [(word, (at, at + 1)) for at, word in enumerate(words[:1])]
    for at, (before, after) in enumerate(pairwise(words), 1):
        between = joint(before, after, spaces=spaces)
        atoms += [(between, (at, at)), (after, (at, at + 1))] if between else [(after, (at, at + 1))]
    return atoms


def _over(spans: Sequence[_Span], first: int, last: int) -> list[_Span]:
    """The spans over a word, or over what stands between two."""
    low, high = (first - 1, first) if first == last else (first, last - 1)
    return [span for span in spans if span.start <= low and high < span.end]


_Atom = tuple[str, tuple[int, int], list[_Span]]


def _merged(atoms: Sequence[_Atom]) -> list[_Atom]:
    found: list[_Atom] = []
    for text, (first, last), over in atoms:
        if found and found[-1][2] == over:
            before, (begin, _), _ = found[-1]
            found[-1] = (before + text, (begin, last), over)
        else:
            found.append((text, (first, last), over))
    return found


def _piece(text: str, first: int, last: int, over: Sequence[_Span], *, held: bool, named: bool) -> Piece:
    def cover(side: Side) -> Cover | None:
        ours = [span for span in over if span.side == side]
        if not ours:
            return None
        return Cover(
            next((span.label for span in ours if span.own), ours[0].label),
            own=any(span.own for span in ours),
            starts=any(span.start == first and not span.cut_before for span in ours),
            ends=any(span.end == last and not span.cut_after for span in ours),
        )

    closing = [span for span in over if span.end == last]
    return Piece(text, cover("gold"), cover("predicted"), _tags(closing, named=named), joined=held)


def _tags(closing: Sequence[_Span], *, named: bool) -> list[Tag]:
    """The label of each span; one for both where gold and prediction are the same span."""
    tags: list[Tag] = []
    agreed = {
        (one.start, one.end, one.label)
        for one in closing
        for other in closing
        if (one.side, other.side) == ("gold", "predicted")
        and (one.start, one.end, one.label) == (other.start, other.end, other.label)
    }
    for span in closing:
        if (span.start, span.end, span.label) in agreed:
            if span.side == "gold":
                own = any(each.own for each in closing if (each.start, each.end, each.label) in agreed)
                tags.append(Tag(span.label, span.label, "both", own))
        else:
            said = f"{span.side} {span.label}" if named else span.label
            tags.append(Tag(said, span.label, span.side, span.own))
    return tags


def _direction(words: Sequence[str]) -> str:
    strong = [unicodedata.bidirectional(letter) for word in words for letter in word]
    if not any(kind in ("R", "AL") for kind in strong):
        return ""
    first = next(kind for kind in strong if kind in ("L", "R", "AL"))
    return _LTR if first == "L" else _RTL
