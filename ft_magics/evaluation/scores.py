"""Precision, recall and F1 over entity spans, with seqeval's arithmetic.

A metric that does not exist (precision without a prediction, recall without a gold entity) is None. In the macro and
weighted averages it counts as 0, as in seqeval and scikit-learn.

Source: Tjong Kim Sang and De Meulder 2003 (conlleval); seqeval 1.2.2 for the averages.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ft_magics.data.schemes import Span

__all__ = ["Scores", "average_scores", "score_spans"]


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
    """

    precision: float | None
    recall: float | None
    f1: float | None
    support: int
    predicted: int
    correct: int

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


def score_spans(gold: Sequence[Sequence[Span]], pred: Sequence[Sequence[Span]]) -> dict[str, Scores]:
    """Scores per type, in alphabetical order.

    Args:
        gold: Spans per sentence.
        pred: Spans per sentence, as many sentences.
    """
    support: Counter[str] = Counter(span.type for spans in gold for span in spans)
    predicted: Counter[str] = Counter(span.type for spans in pred for span in spans)
    correct: Counter[str] = Counter(
        span.type for ours, theirs in zip(gold, pred, strict=True) for span in set(ours) & set(theirs)
    )
    return {
        kind: Scores.of_counts(support=support[kind], predicted=predicted[kind], correct=correct[kind])
        for kind in sorted(support | predicted)
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

    return Scores(precision=mean("precision"), recall=mean("recall"), f1=mean("f1"), **counts)
