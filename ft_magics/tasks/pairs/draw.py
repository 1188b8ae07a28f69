"""How a row of sentences becomes two segments: drawn from (seed, epoch, row) alone, so a resumed run sees the same.

Of two neighbouring rows one is a true pair, so half of them are, whatever the draw. The second segment of the others is
what stands in another document behind the cut of a random row there. A few such are compared for one about as long as
the true one, and no sentence is cut to make room: else a model could tell false pairs by their looks.
Source: Devlin et al. 2019, section 3.1 and appendix A.2; Lan et al. 2020, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from ft_magics.data.documents.document import Ints
from ft_magics.tasks.pairs.plan import PairPlan

__all__ = ["FALSE", "FROM_ELSEWHERE", "HELD_OUT", "TRUE", "Kind", "Span", "draw_pair"]

TRUE, FALSE = 0, 1  # labels, as transformers has them in `next_sentence_label` and `sentence_order_label`
HELD_OUT = (20_20, 0)  # of rows that no epoch draws: they are the same after every epoch, in every run
_CUT, _KIND = 1, 2  # what is drawn; masks are drawn by a key without a fourth number
_TRIES = 10  # of a random row that is of another document
_COMPARED = 5  # of such rows: a pair is not to be known by its length

Kind = Literal["nsp", "sop"]
Span = tuple[int, int]  # begin and end in the tokens of a split


def draw_pair(plan: PairPlan, row: int, kind: Kind, draw: tuple[int, int] | None) -> tuple[Span, Span, int]:
    """The two segments of a row.

    Args:
        plan: Of the split.
        row: Index in it.
        kind: What is judged: whether the second follows the first, or whether they are in their order.
        draw: Seed and epoch; None for the pair that is always the same.

    Returns:
        Both segments, and the label.
    """
    key = HELD_OUT if draw is None else (draw[0], draw[1] + 1)
    cut = _generator((*key, row, _CUT))
    is_first = int(_generator((*key, row // 2, _KIND)).integers(2))
    label = (is_first + row) % 2
    document = plan.document(row)
    borders = plan.borders(document)
    begin, end = int(plan.begins[row]), int(plan.ends[row])
    at = int(cut.integers(begin + 1, end))
    first, second = (int(borders[begin]), int(borders[at])), (int(borders[at]), int(borders[end]))
    if label == TRUE:
        return first, second, TRUE
    return (*_OTHERWISE[kind](plan, document, borders[begin : at + 1], second, cut), FALSE)


def _generator(key: Sequence[int]) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(key))))


def _swapped(
    plan: PairPlan, document: int, before: Ints, second: Span, generator: np.random.Generator
) -> tuple[Span, Span]:
    return second, (int(before[0]), int(before[-1]))


def _from_elsewhere(
    plan: PairPlan, document: int, before: Ints, second: Span, generator: np.random.Generator
) -> tuple[Span, Span]:
    """The first segment, and one from another document: of a few the one whose length is most like the true one's.

    Args:
        plan: Of the split.
        document: That the row is of.
        before: Borders of the pieces of the first segment.
        second: The true second one.
        generator: Of the row.
    """
    room = plan.room - int(before[-1] - before[0])
    rows = _rows_elsewhere(plan, document, generator)
    spans = [_span(plan, row, second[1] - second[0], room, generator) for row in rows]
    begin, end = min(spans, key=lambda span: abs((span[1] - span[0]) - (second[1] - second[0])))
    first = int(before[np.argmax(before[-1] - before <= plan.room - (end - begin))])  # any two pieces fit
    return (first, int(before[-1])), (begin, end)


def _span(plan: PairPlan, row: int, wanted: int, room: int, generator: np.random.Generator) -> Span:
    """Pieces behind a cut of a row, which end with their document at the latest.

    Args:
        plan: Of the split.
        row: Index in it.
        wanted: Tokens, as nearly as whole pieces allow.
        room: At most so many, unless one piece alone has more.
        generator: Of the cut.
    """
    begin = int(generator.integers(int(plan.begins[row]) + 1, int(plan.ends[row])))
    borders = plan.borders(plan.document(row))[begin:]
    lengths = borders[1:] - borders[0]
    taken = min(int(np.abs(lengths - wanted).argmin()), int(np.searchsorted(lengths, room, side="right")) - 1)
    return int(borders[0]), int(borders[max(taken, 0) + 1])


def _rows_elsewhere(plan: PairPlan, document: int, generator: np.random.Generator) -> list[int]:
    """Random rows of other documents; a text that is there twice is one document."""
    found: list[int] = []
    for row in generator.integers(len(plan), size=_TRIES).tolist():
        other = plan.document(row)
        if plan.origins[other] != plan.origins[document] and plan.texts[other] != plan.texts[document]:
            found.append(row)
    if found:
        return found[:_COMPARED]
    others = (plan.origins != plan.origins[document]) & (np.diff(plan.firsts) > 0)
    different = np.flatnonzero(others & (plan.texts != plan.texts[document]))
    different = different if len(different) else np.flatnonzero(others)
    other = int(different[generator.integers(len(different))])
    return [int(generator.integers(int(plan.firsts[other]), int(plan.firsts[other + 1])))]


FROM_ELSEWHERE: frozenset[Kind] = frozenset({"nsp"})  # kinds that need another document
_OTHERWISE: dict[Kind, Callable[[PairPlan, int, Ints, Span, np.random.Generator], tuple[Span, Span]]] = {
    "nsp": _from_elsewhere,
    "sop": _swapped,
}
