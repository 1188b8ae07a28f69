"""Whether a confidence means what it says, and what a threshold on it would do.

Source: Guo et al. 2017 for the reliability curve and the expected calibration error.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.scores import Scores
from ft_magics.evaluation.tally import Bools, Floats

__all__ = ["BINS", "Calibration", "bin_name", "bins_of", "calibrate", "reliability"]

BINS = 10
_THRESHOLDS = (*(round(0.05 * step, 2) for step in range(20)), 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How confidence and correctness go together.

    Args:
        ece: Expected calibration error: mean distance of confidence and accuracy over bins, weighted by their size.
        bins: Per bin `low, high, count, confidence, accuracy`; the last two are means, None for empty bins.
        thresholds: `threshold, predicted, precision, recall, f1` when less confident ones are left out.
    """

    ece: float
    bins: list[dict[str, Any]]
    thresholds: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def calibrate(confidence: Floats, correct: Bools, support: int) -> Calibration | None:
    """Bins and thresholds; None without a prediction.

    Args:
        confidence: Per predicted item. Length N.
        correct: Whether it is right. Length N.
        support: Gold items.
    """
    if not len(confidence):
        return None
    ece, bins = reliability(confidence, correct)
    return Calibration(
        ece=ece,
        bins=bins,
        thresholds=[_at_threshold(threshold, confidence, correct, support) for threshold in _THRESHOLDS],
    )


def reliability(confidence: NDArray[np.floating], correct: Bools) -> tuple[float, list[dict[str, Any]]]:
    """The expected calibration error, and the bins of equal width that it is made of.

    Args:
        confidence: From 0 to 1. Length N, at least 1.
        correct: Whether it was right. Length N.
    """
    place = bins_of(confidence)
    count = np.bincount(place, minlength=BINS)
    sure, right = (np.bincount(place, weights=values, minlength=BINS) for values in (confidence, correct))
    bins = [
        {
            "low": at / BINS,
            "high": (at + 1) / BINS,
            "count": int(count[at]),
            "confidence": float(sure[at] / count[at]) if count[at] else None,
            "accuracy": float(right[at] / count[at]) if count[at] else None,
        }
        for at in range(BINS)
    ]
    return float(np.abs(sure - right).sum() / len(confidence)), bins


def bins_of(confidence: NDArray[np.floating]) -> NDArray[np.int8]:
    """The bin of each confidence, from 0. Length N."""
    place: NDArray[np.int8] = np.minimum((confidence * BINS).astype(np.int8), BINS - 1)
    return place


def bin_name(at: int) -> str:
    """What a bin is called, such as `0.8–0.9`."""
    return f"{at / BINS:.1f}–{(at + 1) / BINS:.1f}"


def _at_threshold(threshold: float, confidence: Floats, correct: Bools, support: int) -> dict[str, Any]:
    kept = confidence >= threshold
    scores = Scores.of_counts(support=support, predicted=int(kept.sum()), correct=int((kept & correct).sum()))
    return {
        "threshold": threshold,
        "predicted": scores.predicted,
        "precision": scores.precision,
        "recall": scores.recall,
        "f1": scores.f1,
    }
