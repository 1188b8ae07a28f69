"""Precision, recall and F1 over entity spans, with seqeval's arithmetic.

A metric that does not exist (precision without a prediction, recall without a gold entity) is None. In the macro and
weighted averages it counts as 0, as in seqeval and scikit-learn.

Source: Tjong Kim Sang and De Meulder 2003 (conlleval); seqeval 1.2.2 for the averages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ft_magics.evaluation.entities.spans import SpanTable

__all__ = ["METRICS", "Interval", "Scores", "average_scores", "score_spans"]

METRICS = ("precision", "recall", "f1")

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Shares from 0 to 1, or None where they do not exist, and the counts behind them.

    Args:
        precision: Correct of predicted.
        recall: Correct of gold.
        f1: Their harmonic mean.
        support: Gold entities.
        predicted: Predicted entities.
        correct: Entities with the right borders and the right type.
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
        """Scores of one type, or of all together."""
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


def score_spans(gold: SpanTable, pred: SpanTable, correct: SpanTable, names: Mapping[str, int]) -> dict[str, Scores]:
    """Scores per type that has a span on either side, in alphabetical order.

    Args:
        gold: Gold spans.
        pred: Predicted spans.
        correct: The spans that both have.
        names: Type numbers by name.
    """
    size = len(names) + 1
    support, predicted, right = (np.bincount(table.type, minlength=size).tolist() for table in (gold, pred, correct))
    return {
        name: Scores.of_counts(support=support[at], predicted=predicted[at], correct=right[at])
        for name, at in sorted(names.items())
        if support[at] or predicted[at]
    }


def average_scores(per_type: Mapping[str, Scores]) -> dict[str, Scores]:
    """Micro, macro and weighted averages.

    Micro pools the counts; macro is the plain mean over types; weighted is the mean weighted by support.
    """
    scores = list(per_type.values())
    counts = {name: sum(getattr(score, name) for score in scores) for name in ("support", "predicted", "correct")}
    weights = [score.support for score in scores]
    return {
        "micro": Scores.of_counts(**counts),
        "macro": _mean(scores, None, counts),
        "weighted": _mean(scores, weights, counts),
    }


def _mean(scores: Sequence[Scores], weights: Sequence[int] | None, counts: Mapping[str, int]) -> Scores:
    there = bool(scores) and (weights is None or sum(weights) > 0)

    def mean(name: str) -> float | None:
        return float(np.average([getattr(score, name) or 0.0 for score in scores], weights=weights)) if there else None

    return Scores(
        precision=mean("precision"),
        recall=mean("recall"),
        f1=mean("f1"),
        support=counts["support"],
        predicted=counts["predicted"],
        correct=counts["correct"],
    )
