"""What each example adds to the scores of numbers, and what the scores are made of."""

from __future__ import annotations

import hashlib
import struct

import numpy as np

from ft_magics.evaluation.tally import Floats, Ints, Tally
from ft_magics.metrics import Metric

__all__ = ["METRICS_OF_NUMBERS", "ranks", "spearman", "tally_numbers"]

# RMSE is the headline, not a correlation: a correlation does not see predictions that are all too high or twice too
# large, and does not exist where all predictions are the same, as after a first epoch that taught nothing.
METRICS_OF_NUMBERS = {
    metric.name: metric
    for metric in (
        Metric("rmse", "RMSE", higher_is_better=False, unit="number"),
        Metric("mae", "MAE", higher_is_better=False, unit="number"),
        Metric("r2", "R²", unit="number"),
        Metric("pearson", "Pearson", unit="number"),
        Metric("spearman", "Spearman", unit="number"),
    )
}
_ADDITIVE = ("rmse", "mae", "r2", "pearson")
_DIGEST_BYTES = 8
_ROUNDING = 1e-12  # of sums of squares: less than this share of them is no spread


def tally_numbers(gold: Floats, pred: Floats) -> Tally:
    """Sums of errors, and of first and second powers, per example.

    Args:
        gold: Length S.
        pred: Length S.
    """
    ours, theirs, error = gold - gold.mean(), pred - pred.mean(), pred - gold  # small numbers square exactly
    columns = [np.ones(len(gold)), np.abs(error), error**2, ours, theirs, ours**2, theirs**2, ours * theirs]
    return Tally(
        counts=np.stack(columns, axis=1),
        finish=_finish,
        names=list(_ADDITIVE),
        cost=np.abs(error),
        gold=[hashlib.blake2b(struct.pack("<d", value), digest_size=_DIGEST_BYTES).digest() for value in gold.tolist()],
    )


def _finish(sums: Floats) -> Floats:
    """(R, 8) → (R, 4)."""
    count, absolute, squared, ours, theirs, ours_2, theirs_2, both = sums.T
    with np.errstate(divide="ignore", invalid="ignore"):
        spread, other = (square - first**2 / count for square, first in ((ours_2, ours), (theirs_2, theirs)))
        spread, other = (
            np.where(side > _ROUNDING * np.maximum(square, np.finfo(float).tiny), side, np.nan)
            for side, square in ((spread, ours_2), (other, theirs_2))
        )
        pearson = np.clip((both - ours * theirs / count) / np.sqrt(spread * other), -1, 1)
        return np.stack([np.sqrt(squared / count), absolute / count, 1 - squared / spread, pearson], axis=1)


def ranks(values: Floats) -> Floats:
    """Places in order from 1, equal values sharing the mean of theirs. Length S."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    middle: Floats = (last - (count - 1) / 2)[place]
    return middle


def spearman(gold: Floats, pred: Floats, chosen: Ints | None = None) -> float | None:
    """The correlation of ranks; None where one side is all the same.

    Args:
        gold: Length S.
        pred: Length S.
        chosen: Indices; None for all.
    """
    ours, theirs = (ranks(side if chosen is None else side[chosen]) for side in (gold, pred))
    return tally_numbers(ours, theirs).scores()["pearson"]
