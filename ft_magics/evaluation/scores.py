"""Precision, recall and F1 from counts, with scikit-learn's and seqeval's arithmetic.

The rule for what does not exist, here and nowhere else: precision without a prediction, recall without a gold item, F1
without either is None, and shown as a dash. In an average over labels it counts as 0, as in seqeval and scikit-learn;
an average over labels of which none has the metric does not exist either.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ft_magics.evaluation.tally import Floats

__all__ = ["METRICS", "Interval", "Scores", "mean_of", "shares_of"]

METRICS = ("precision", "recall", "f1")

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Shares from 0 to 1, or None where they do not exist, and the counts behind them.

    Args:
        precision: Correct of predicted.
        recall: Correct of gold.
        f1: Their harmonic mean.
        support: Gold items, such as entities or examples of a class.
        predicted: Predicted items.
        correct: Predicted items that are right.
        intervals: Low and high end per metric, where they were computed and exist.
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    predicted: int
    correct: int
    intervals: Mapping[str, Interval | None] | None = None

    @classmethod
    def of_counts(cls, *, support: int, predicted: int, correct: int) -> Scores:
        """Scores of one label, or of all together."""
        precision = correct / predicted if predicted else None
        recall = correct / support if support else None
        f1: float | None = None
        if precision and recall:
            f1 = 2 * precision * recall / (precision + recall)
        elif support or predicted:
            f1 = 0.0
        return cls(precision=precision, recall=recall, f1=f1, support=support, predicted=predicted, correct=correct)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Scores:
        """The scores that `to_json` wrote."""
        found = record.get("intervals")
        pairs = None if found is None else {name: pair and (pair[0], pair[1]) for name, pair in found.items()}
        return cls(**{**record, "intervals": pairs})


def mean_of(values: Sequence[float | None], weights: Sequence[int] | None = None) -> float | None:
    """The mean of a metric over labels, by the rule above; None too where there is no weight.

    Args:
        values: Of the labels.
        weights: As many; None for the plain mean.
    """
    if all(value is None for value in values) or (weights is not None and sum(weights) == 0):
        return None
    return float(np.average([value or 0.0 for value in values], weights=weights))


def shares_of(counts: Floats) -> Floats:
    """Precision, recall and F1 of counts.

    Args:
        counts: (R, 3, K): gold, predicted, correct.

    Returns:
        (R, 3, K + 3): labels, then micro, macro and weighted; NaN where a metric does not exist.
    """
    pooled = counts.sum(axis=2, keepdims=True)
    own, micro = _shares(counts), _shares(pooled)
    as_zero = np.nan_to_num(own)
    none = np.isnan(own).all(axis=2)
    # A label that a resample does not have, neither gold nor predicted, is no part of its averages.
    there = (counts[:, :2].sum(axis=1) > 0)[:, None, :]
    support = counts[:, :1]
    macro, weighted = (
        np.where(none, np.nan, _divide((as_zero * weight).sum(axis=2), weight.sum(axis=2)))
        for weight in (there, support)
    )
    return np.concatenate([own, micro, macro[..., None], weighted[..., None]], axis=2)


def _shares(counts: Floats) -> Floats:
    support, predicted, correct = (counts[:, at] for at in range(3))
    return np.stack(
        [_divide(correct, predicted), _divide(correct, support), _divide(2 * correct, support + predicted)], axis=1
    )


def _divide(over: Any, under: Any) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(under > 0, over / under, np.nan)
