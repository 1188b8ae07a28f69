"""Which predicted span is compared with which gold span, and what kind of mistake that is.

A gold span is compared with at most one predicted span that overlaps it: one with the same borders and type first, then
one with the same borders, then the one that shares most words. Each span is used once. A gold span without a partner
is missed; a predicted one is spurious.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.entities.spans import Ints, SpanTable

__all__ = ["ERROR_KINDS", "KINDS", "Pairs", "confusion_matrix", "equal_spans", "match_spans"]

KINDS = ("correct", "boundary", "type", "both", "missed", "spurious")
ERROR_KINDS = KINDS[1:]

_GREATEST = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Every gold and every predicted span in exactly one pair, in the order of the text.

    Args:
        gold: Index of the gold span, -1 for none. Length P.
        pred: Index of the predicted span, -1 for none. Length P.
        kind: Index into `KINDS`. Length P.
        sentence: Index of the sentence. Length P.
    """

    gold: Ints
    pred: Ints
    kind: Ints
    sentence: Ints

    def __len__(self) -> int:
        return len(self.kind)


def match_spans(gold: SpanTable, pred: SpanTable, types: int) -> Pairs:
    """Pair the spans of two tables over the same sentences.

    Args:
        gold: Gold spans.
        pred: Predicted spans.
        types: More than any type number.
    """
    same_gold, same_pred = equal_spans(gold, pred, types)
    left_gold, left_pred = _others(len(gold), same_gold), _others(len(pred), same_pred)
    near = list(_near(gold, left_gold, pred, left_pred))
    near_gold, near_pred = (np.array([pair[side] for pair in near], dtype=np.int64) for side in (0, 1))
    missed, spurious = _without(left_gold, near_gold), _without(left_pred, near_pred)
    none = np.full
    gold_at = np.concatenate([same_gold, near_gold, missed, none(len(spurious), -1)])
    pred_at = np.concatenate([same_pred, near_pred, none(len(missed), -1), spurious])
    return _in_order(gold, pred, gold_at, pred_at)


def equal_spans(gold: SpanTable, pred: SpanTable, types: int) -> tuple[Ints, Ints]:
    """Indices of the spans that both sides have."""
    keys = _keys(gold, pred, types)
    _, at, to = np.intersect1d(keys[: len(gold)], keys[len(gold) :], assume_unique=True, return_indices=True)
    return at, to


def _keys(gold: SpanTable, pred: SpanTable, types: int) -> Ints:
    """A number a span, of gold and then of pred: equal for equal spans, and it rises with the sentence."""
    sentence, start, end, kind = (
        np.concatenate([getattr(gold, name), getattr(pred, name)]) for name in ("sentence", "start", "end", "type")
    )
    longest = 1 + int(end.max(initial=0))
    if gold.sentences * longest * longest * types <= _GREATEST:
        key: Ints = ((sentence * longest + start) * longest + end) * types + kind
        return key
    for column in (start, end, kind):  # offsets this large do not fit side by side; their ranks do
        ranks = _ranks(column)
        sentence = _ranks(sentence) * (1 + int(ranks.max(initial=0))) + ranks
    return sentence


def _ranks(column: Ints) -> Ints:
    """The place of each value among the distinct ones."""
    ranks: Ints = np.unique(column, return_inverse=True)[1]
    return ranks


def _others(count: int, taken: Ints) -> Ints:
    free = np.ones(count, dtype=np.bool_)
    free[taken] = False
    return np.flatnonzero(free)


def _without(indices: Ints, taken: Ints) -> Ints:
    return indices[~np.isin(indices, taken, assume_unique=True)]


def _near(gold: SpanTable, left_gold: Ints, pred: SpanTable, left_pred: Ints) -> Iterator[tuple[int, int]]:
    """Pairs of spans that overlap, among those that the other side does not have."""
    of_gold, of_pred = _by_sentence(gold, left_gold), _by_sentence(pred, left_pred)
    for sentence in of_gold.keys() & of_pred.keys():
        yield from _pair(gold, of_gold[sentence], pred, of_pred[sentence])


def _by_sentence(table: SpanTable, chosen: Ints) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for index, sentence in zip(chosen.tolist(), table.sentence[chosen].tolist(), strict=True):
        found.setdefault(sentence, []).append(index)
    return found


def _pair(gold: SpanTable, ours: Sequence[int], pred: SpanTable, theirs: Sequence[int]) -> Iterator[tuple[int, int]]:
    candidates = []
    for at in ours:
        start, end = gold.start[at], gold.end[at]
        for to in theirs:
            shared = min(end, pred.end[to]) - max(start, pred.start[to])
            if shared > 0:
                borders = (start, end) == (pred.start[to], pred.end[to])
                candidates.append((not borders, -shared, gold.type[at] != pred.type[to], at, to))
    used_gold: set[int] = set()
    used_pred: set[int] = set()
    for *_, at, to in sorted(candidates):
        if at not in used_gold and to not in used_pred:
            used_gold.add(at)
            used_pred.add(to)
            yield at, to


def _in_order(gold: SpanTable, pred: SpanTable, gold_at: Ints, pred_at: Ints) -> Pairs:
    has_gold, has_pred = gold_at >= 0, pred_at >= 0
    sentence, start = (
        np.where(has_gold, _column(ours, gold_at), _column(theirs, pred_at))
        for ours, theirs in ((gold.sentence, pred.sentence), (gold.start, pred.start))
    )
    borders = (_column(gold.start, gold_at) == _column(pred.start, pred_at)) & (
        _column(gold.end, gold_at) == _column(pred.end, pred_at)
    )
    types = _column(gold.type, gold_at) == _column(pred.type, pred_at)
    kind = np.select(
        [~has_pred, ~has_gold, borders & types, types, borders], [4, 5, 0, 1, 2], default=3
    )  # as KINDS has them
    order = np.lexsort((start, sentence))
    return Pairs(gold_at[order], pred_at[order], kind[order], sentence[order])


def _column(values: NDArray[np.int64], at: Ints) -> Ints:
    """Values at indices; -1 gives whatever, which the caller masks."""
    return values[at] if len(values) else np.full(len(at), -1)


def confusion_matrix(gold: SpanTable, pred: SpanTable, pairs: Pairs, types: Sequence[int]) -> Ints:
    """Counts (K + 1, K + 1) for K types.

    Rows are gold types, then spurious; columns are predicted types, then missed. The last corner is 0. The diagonal
    holds every span whose type was right, those with wrong borders too. Rows add up to support, columns to the
    predicted count.

    Args:
        gold: Gold spans.
        pred: Predicted spans.
        pairs: As `match_spans` gives them.
        types: Type numbers in the order of rows and columns.
    """
    size = len(types) + 1
    place = np.full(max(types, default=0) + 1, size - 1)
    place[list(types)] = np.arange(size - 1)
    row = np.where(pairs.gold >= 0, place[_column(gold.type, pairs.gold)], size - 1)
    column = np.where(pairs.pred >= 0, place[_column(pred.type, pairs.pred)], size - 1)
    return np.bincount(row * size + column, minlength=size * size).reshape(size, size)
