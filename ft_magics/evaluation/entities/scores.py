"""Precision, recall and F1 over entity spans, with seqeval's arithmetic.

What does not exist: see `evaluation/scores.py`.

Source: Tjong Kim Sang and De Meulder 2003 (conlleval); seqeval 1.2.2 for the averages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ft_magics.evaluation.entities.spans import SpanTable
from ft_magics.evaluation.scores import METRICS, Interval, Scores, mean_of

__all__ = ["METRICS", "Interval", "Scores", "average_scores", "score_spans"]

_COUNTS = ("support", "predicted", "correct")


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
    counts = {name: sum(getattr(score, name) for score in scores) for name in _COUNTS}

    def mean(weights: Sequence[int] | None) -> Scores:
        precision, recall, f1 = (mean_of([getattr(score, name) for score in scores], weights) for name in METRICS)
        return Scores(precision=precision, recall=recall, f1=f1, **counts)

    return {
        "micro": Scores.of_counts(**counts),
        "macro": mean(None),
        "weighted": mean([score.support for score in scores]),
    }
