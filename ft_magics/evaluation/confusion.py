"""Which type was taken for which: a confusion matrix over entity spans.

Each gold span is compared with at most one predicted span that overlaps it: one with the same borders and type first,
then one with the same borders, then the one that shares most words. Each span is used once, so a row adds up to the
type's support and a column to its predicted count. A gold span without a partner is missed; a predicted one is
spurious.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ft_magics.data.schemes import Span

__all__ = ["confusion_matrix", "pair_spans"]

Pair = tuple[Span | None, Span | None]


def pair_spans(gold: Sequence[Span], pred: Sequence[Span]) -> list[Pair]:
    """Pairs of gold and predicted span of one sentence; each span stands in exactly one pair."""
    candidates = sorted(
        (-_closeness(ours, theirs), at, to)
        for at, ours in enumerate(gold)
        for to, theirs in enumerate(pred)
        if ours.start < theirs.end and theirs.start < ours.end
    )
    of_gold: dict[int, int] = {}
    used: set[int] = set()
    for _, at, to in candidates:
        if at not in of_gold and to not in used:
            of_gold[at] = to
            used.add(to)
    pairs: list[Pair] = [(span, pred[of_gold[at]] if at in of_gold else None) for at, span in enumerate(gold)]
    return pairs + [(None, span) for to, span in enumerate(pred) if to not in used]


def _closeness(ours: Span, theirs: Span) -> float:
    same_borders = (ours.start, ours.end) == (theirs.start, theirs.end)
    shared = min(ours.end, theirs.end) - max(ours.start, theirs.start)
    same_type = ours.type == theirs.type
    return same_borders * 1e9 + shared * 2 + same_type


def confusion_matrix(
    gold: Sequence[Sequence[Span]], pred: Sequence[Sequence[Span]], types: Sequence[str]
) -> np.ndarray:
    """Counts (K + 1, K + 1) for K types.

    Rows are gold types, then spurious; columns are predicted types, then missed. The last corner is 0. The diagonal
    holds every span whose type was right, those with wrong borders too.
    """
    index = {kind: at for at, kind in enumerate(types)}
    last = len(types)
    counts = np.zeros((last + 1, last + 1), dtype=np.int64)
    for ours, theirs in zip(gold, pred, strict=True):
        for gold_span, pred_span in pair_spans(ours, theirs):
            row = last if gold_span is None else index[gold_span.type]
            column = last if pred_span is None else index[pred_span.type]
            counts[row, column] += 1
    return counts
