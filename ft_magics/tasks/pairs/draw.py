"""How a row of sentences becomes two segments: drawn from (seed, epoch, row) alone, so a resumed run sees the same.

Of two neighbouring rows one is a true pair, so half of them are, whatever the draw. The second segment of the others is
what stands in another document behind the cut of a random row there: such segments look like true ones in length and
place, and no sentence is cut to make room, by which a model could tell them apart.
Source: Devlin et al. 2019, section 3.1 and appendix A.2; Lan et al. 2020, section 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np

from ft_magics.tasks.pairs.plan import PairPlan

__all__ = ["FALSE", "FROM_ELSEWHERE", "HELD_OUT", "TRUE", "Kind", "Span", "draw_pair"]

TRUE, FALSE = 0, 1  # labels, as transformers has them in `next_sentence_label` and `sentence_order_label`
HELD_OUT = (20_20, 0)  # of rows that no epoch draws: they are the same after every epoch, in every run
_CUT, _KIND = 1, 2  # what is drawn; masks are drawn by a key without a fourth number
_TRIES = 10  # of a random row that is of another document

Kind = Literal["nsp", "sop"]
Span = tuple[int, int]  # begin and end in the tokens of a split


def draw_pair(plan: PairPlan, row: int, kind: Kind, draw: tuple[int, int] | None) -> tuple[Span, Span, int]:
    """The two segments of a row.

    Args:
        plan: Of the split.
        row: Index in it.
        kind: What is judged: whether the second follows the first, or whether they stand in their order.
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
    first, second = (borders[begin], borders[at]), (borders[at], borders[end])
    if label == TRUE:
        return first, second, TRUE
    return (*_OTHERWISE[kind](plan, document, borders[begin : at + 1], second, cut), FALSE)


def _generator(key: Sequence[int]) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(key))))


def _swapped(
    plan: PairPlan, document: int, before: list[int], second: Span, generator: np.random.Generator
) -> tuple[Span, Span]:
    return second, (before[0], before[-1])


def _from_elsewhere(
    plan: PairPlan, document: int, before: list[int], second: Span, generator: np.random.Generator
) -> tuple[Span, Span]:
    """The first segment, and one from another document that is about as long as the true second one.

    Args:
        plan: Of the split.
        document: That the row is of.
        before: Borders of the pieces of the first segment.
        second: The true second one.
        generator: Of the row.
    """
    row = _row_elsewhere(plan, document, generator)
    borders = plan.borders(plan.document(row))
    begin = int(generator.integers(int(plan.begins[row]) + 1, int(plan.ends[row])))
    lengths = [end - borders[begin] for end in borders[begin + 1 :]]
    wanted = second[1] - second[0]
    taken = min(range(len(lengths)), key=lambda at: abs(lengths[at] - wanted))
    while taken and before[-1] - before[0] + lengths[taken] > plan.room:
        taken -= 1
    first = next(at for at in before if before[-1] - at + lengths[taken] <= plan.room)  # two pieces fit in any case
    return (first, before[-1]), (borders[begin], borders[begin + 1 + taken])


def _row_elsewhere(plan: PairPlan, document: int, generator: np.random.Generator) -> int:
    """A random row of another document; a text that is there twice is one document."""
    for _ in range(_TRIES):
        row = int(generator.integers(len(plan)))
        other = plan.document(row)
        if plan.origins[other] != plan.origins[document] and plan.texts[other] != plan.texts[document]:
            return row
    others = (plan.origins != plan.origins[document]) & (np.diff(plan.firsts) > 0)
    found = np.flatnonzero(others & (plan.texts != plan.texts[document]))
    found = found if len(found) else np.flatnonzero(others)
    other = int(found[generator.integers(len(found))])
    return int(generator.integers(int(plan.firsts[other]), int(plan.firsts[other + 1])))


FROM_ELSEWHERE: frozenset[Kind] = frozenset({"nsp"})  # kinds that need another document
_OTHERWISE: dict[Kind, Callable[[PairPlan, int, list[int], Span, np.random.Generator], tuple[Span, Span]]] = {
    "nsp": _from_elsewhere,
    "sop": _swapped,
}
