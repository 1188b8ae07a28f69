"""Whether a confidence means what it says, and what a threshold on it would do.

The confidence of a predicted entity is the least probability among its words. Source: Guo et al. 2017 for the
reliability curve and the expected calibration error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.errors import DataError
from ft_magics.evaluation.entities.beside import as_list, shown
from ft_magics.evaluation.entities.inputs import lengths_of
from ft_magics.evaluation.entities.scores import Scores
from ft_magics.evaluation.entities.spans import Bools, Ints, SpanTable

__all__ = ["Calibration", "calibrate", "span_confidences"]

Floats = NDArray[np.float64]

_BINS = 10
_THRESHOLDS = (*(round(0.05 * step, 2) for step in range(20)), 0.99)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """How confidence and correctness go together.

    Args:
        ece: Expected calibration error: mean distance of confidence and accuracy over bins, weighted by their size.
        bins: Per bin `low, high, count, confidence, accuracy`; the last two are means, None for empty bins.
        thresholds: `threshold, predicted, precision, recall, f1` when less confident entities are left out.
    """

    ece: float
    bins: list[dict[str, Any]]
    thresholds: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def span_confidences(pred: SpanTable, confidences: Sequence[Sequence[float]], lengths: Ints) -> Floats:
    """The confidence of each predicted span, from 0 to 1.

    Args:
        pred: Predicted spans over words. Length N.
        confidences: A probability per word and sentence.
        lengths: Words per sentence.

    Returns:
        Length N.

    Raises:
        DataError: A sentence has another number of confidences than words, or one is not a number from 0 to 1.
    """
    confidences = as_list(confidences, "confidences", "lists, each with a number per word")
    given = lengths_of(confidences, "confidences")
    if len(given) != len(lengths):
        raise DataError(f"confidences are given for {len(given)} sentences, and there are {len(lengths)}")
    wrong = np.flatnonzero(given != lengths)
    if len(wrong):
        at = int(wrong[0])
        raise DataError(f"sentence {at} (counted from 0) has {lengths[at]} words and {given[at]} confidences")
    flat = _numbers(confidences, int(given.sum()))
    first = np.concatenate([[0], np.cumsum(lengths)])
    odd = np.flatnonzero(~((flat >= 0) & (flat <= 1)))
    if len(odd):
        at = int(np.searchsorted(first, odd[0], side="right")) - 1
        word = int(odd[0]) - int(first[at])
        raise DataError(
            f"sentence {at} (counted from 0), word {word}: the confidence is {flat[odd[0]]}; "
            "expected a number from 0 to 1"
        )
    if not len(pred):
        return np.zeros(0)
    base = first[pred.sentence]
    edges = np.stack([base + pred.start, base + pred.end], axis=1).ravel()
    # reduceat wants every edge inside; the last one may stand behind the end.
    least: Floats = np.minimum.reduceat(np.append(flat, 1.0), edges)[::2]
    return least


def _numbers(confidences: Sequence[Sequence[float]], count: int) -> Floats:
    """All confidences in one row; a text that looks like a number is none."""
    rows = [row.tolist() if hasattr(row, "tolist") else row for row in confidences]
    kinds = set(map(type, chain.from_iterable(rows)))
    if not all(issubclass(kind, Real) and not issubclass(kind, bool) for kind in kinds):
        at, odd = next(
            (at, odd)
            for at, row in enumerate(rows)
            for odd in row
            if not isinstance(odd, Real) or isinstance(odd, bool)
        )
        raise DataError(
            f"confidences of sentence {at} (counted from 0): expected numbers from 0 to 1, found {shown(odd)}"
        )
    try:
        return np.fromiter(chain.from_iterable(rows), dtype=np.float64, count=count)
    except (TypeError, ValueError, OverflowError) as error:
        raise DataError(f"confidences: expected numbers from 0 to 1 ({error})") from error


def calibrate(confidence: Floats, correct: Bools, support: int) -> Calibration | None:
    """Bins and thresholds; None without a prediction.

    Args:
        confidence: Per predicted span. Length N.
        correct: Whether it is right. Length N.
        support: Gold spans.
    """
    if not len(confidence):
        return None
    place = np.minimum((confidence * _BINS).astype(np.int64), _BINS - 1)
    count = np.bincount(place, minlength=_BINS)
    sure, right = (
        np.bincount(place, weights=values, minlength=_BINS) for values in (confidence, correct.astype(np.float64))
    )
    bins = [
        {
            "low": at / _BINS,
            "high": (at + 1) / _BINS,
            "count": int(count[at]),
            "confidence": float(sure[at] / count[at]) if count[at] else None,
            "accuracy": float(right[at] / count[at]) if count[at] else None,
        }
        for at in range(_BINS)
    ]
    return Calibration(
        ece=float(np.abs(sure - right).sum() / len(confidence)),
        bins=bins,
        thresholds=[_at_threshold(threshold, confidence, correct, support) for threshold in _THRESHOLDS],
    )


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
