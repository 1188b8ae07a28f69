"""A score of texts: what each example adds to its sums, and how a score is made of the sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ft_magics.evaluation.tally import Finish, Floats, Tally
from ft_magics.metrics import Metric

__all__ = ["Measure", "joined", "own_scores"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """Scores that are functions of sums over examples.

    Args:
        metrics: What `finish` gives, in order. Length M.
        counts: What each example adds to each sum. (S, D).
        finish: Sums (R, D) → scores (R, M), NaN where one does not exist.
        signature: How it was computed, as papers write it; empty for nothing to say.
        note: What a reader of the numbers should know; empty for nothing.
    """

    metrics: tuple[Metric, ...]
    counts: Floats
    finish: Finish
    signature: str = ""
    note: str = ""


def joined(measures: Sequence[Measure], gold: Sequence[bytes], headline: str) -> Tally:
    """All of them as one tally, whose cost is how far each example is from the best of a score.

    Args:
        measures: In the order of their scores.
        gold: A digest of the references per example. Length S.
        headline: Name of the score that the cost is of.
    """
    widths = np.cumsum([measure.counts.shape[1] for measure in measures])[:-1]

    def finish(sums: Floats) -> Floats:
        parts = np.split(sums, widths, axis=1)
        return np.concatenate([each.finish(part) for each, part in zip(measures, parts, strict=True)], axis=1)

    metrics = [metric for measure in measures for metric in measure.metrics]
    at = [metric.name for metric in metrics].index(headline)
    own = np.concatenate([own_scores(measure) for measure in measures], axis=1)[:, at]
    best = 1.0 if metrics[at].unit == "share" else 100.0
    cost = best - np.nan_to_num(own) if metrics[at].higher_is_better else np.nan_to_num(own)
    return Tally(
        counts=np.concatenate([measure.counts for measure in measures], axis=1),
        finish=finish,
        names=[metric.name for metric in metrics],
        cost=cost,
        gold=gold,
    )


def own_scores(measure: Measure) -> Floats:
    """The scores of each example on its own. (S, M)."""
    return measure.finish(measure.counts.astype(np.float64))
