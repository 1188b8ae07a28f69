"""Precision, recall and F1 over entity spans, with seqeval's arithmetic.

A metric that does not exist (precision without a prediction, recall without a gold entity) is None. In the macro and
weighted averages it counts as 0, as in seqeval and scikit-learn.

Source: Tjong Kim Sang and De Meulder 2003 (conlleval); seqeval 1.2.2 for the averages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ft_magics.evaluation.entities.spans import SpanTable
from ft_magics.evaluation.scores import METRICS, Interval, Scores

__all__ = ["METRICS", "Interval", "Scores", "average_scores", "score_spans"]


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
