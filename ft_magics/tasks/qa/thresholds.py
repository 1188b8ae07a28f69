"""From which margin on a question is left without an answer."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ft_magics.evaluation.answers.rules import scores_of
from ft_magics.tasks.qa.decode import Prediction
from ft_magics.tasks.qa.examples import Question

__all__ = ["choose_threshold"]


def choose_threshold(examples: Sequence[Question], predictions: Sequence[Prediction], before: float) -> float:
    """The threshold with the best F1, in the middle between the two margins that it parts.

    Args:
        examples: With gold. Length S.
        predictions: Length S.
        before: What is kept where no question lacks an answer, or all do.

    Source: `find_best_thresh` of SQuAD 2.0's script (Rajpurkar et al. 2018).
    """
    without = np.array([not example.gold for example in examples])
    if without.all() or not without.any():
        return before
    answered = np.array([_f1(*pair) for pair in zip(examples, predictions, strict=True)])
    margins = np.array([prediction.margin for prediction in predictions])
    order = np.argsort(margins, kind="stable")
    gains = np.where(without, -1.0, answered)[order]  # of answering each, the surest first
    totals = np.concatenate([[0.0], np.cumsum(gains)])
    sorted_margins = margins[order]
    parts = np.concatenate([[True], np.diff(sorted_margins) > 0, [True]])  # equal margins are on one side
    best = int(np.flatnonzero(parts)[np.argmax(totals[parts])])
    if best == 0:
        return float(sorted_margins[0] - 1)
    if best == len(margins):
        return float(sorted_margins[-1] + 1)
    return float((sorted_margins[best - 1] + sorted_margins[best]) / 2)


def _f1(example: Question, prediction: Prediction) -> float:
    """Of the best span, whether it was given or not."""
    gold = [each.text for each in example.gold or ()]
    if not gold or not prediction.n_best:
        return 0.0
    return scores_of(example.rules, gold, prediction.n_best[0].text, unanswerable=True)[1]
