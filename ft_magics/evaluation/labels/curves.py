"""What another threshold would do: ROC and precision–recall curves, the areas under them, and a table of thresholds.

Source: Fawcett 2006 for ROC; scikit-learn's step-wise average precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.scores import Scores
from ft_magics.evaluation.tally import Bools, Floats

__all__ = ["Curve", "Curves", "curves_of"]

_MOST_POINTS = 100
_MOST_CURVES = 8
_STEPS = 1000  # of the pooled curve
_THRESHOLDS = tuple(round(0.05 * step, 2) for step in range(1, 20))


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """One label against all others.

    Args:
        name: Of the label, or `micro average`.
        roc: Points (false positive rate, true positive rate); empty where gold has one side alone.
        pr: Points (recall, precision); empty where gold never has the label.
    """

    name: str
    roc: list[tuple[float, float]]
    pr: list[tuple[float, float]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """What thresholds do.

    Args:
        of: What a threshold is on: the second of two labels, or every label.
        roc_auc: Of that label, or the mean over labels; None where it does not exist.
        average_precision: The same.
        curves: Some of them.
        thresholds: `threshold, predicted, precision, recall, f1`.
    """

    of: str
    roc_auc: float | None
    average_precision: float | None
    curves: list[Curve]
    thresholds: list[dict[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def curves_of(
    gold: Bools, probabilities: NDArray[np.floating], names: Sequence[str], *, multi_label: bool
) -> Curves | None:
    """Curves of two classes or of several labels; None for one of many classes, which has no threshold.

    Args:
        gold: (S, K).
        probabilities: (S, C).
        names: Of the labels. Length K.
        multi_label: Whether each label is a decision of its own.
    """
    width = probabilities.shape[1]
    if multi_label:
        return _of_several(gold[:, :width], probabilities, names[:width])
    if width != 2 or gold.shape[1] != 2:
        return None
    positive = probabilities[:, 1]
    curve, areas = _curve(names[1], *_distinct(gold[:, 1], positive))
    table = [_at(threshold, gold[:, 1], positive) for threshold in _THRESHOLDS]
    return Curves(of=names[1], roc_auc=areas[0], average_precision=areas[1], curves=[curve], thresholds=table)


def _of_several(gold: Bools, probabilities: NDArray[np.floating], names: Sequence[str]) -> Curves:
    found = [_curve(name, *_distinct(gold[:, at], probabilities[:, at])) for at, name in enumerate(names)]
    greatest = np.argsort(-gold.sum(axis=0), kind="stable")[:_MOST_CURVES]
    pooled, _ = _curve("micro average", *_pooled(gold, probabilities))
    return Curves(
        of="every label",
        roc_auc=_mean([areas[0] for _, areas in found]),
        average_precision=_mean([areas[1] for _, areas in found]),
        curves=[pooled, *(found[int(at)][0] for at in greatest)],
        thresholds=[_at(threshold, gold, probabilities) for threshold in _THRESHOLDS],
    )


def _mean(areas: Sequence[float | None]) -> float | None:
    there = [area for area in areas if area is not None]
    return float(np.mean(there)) if there else None


def _distinct(gold: Bools, probability: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """Positive and negative examples at each distinct probability, the highest first."""
    values, place = np.unique(-probability, return_inverse=True)
    size = len(values)
    hits, all_ = np.bincount(place[gold], minlength=size), np.bincount(place, minlength=size)
    return hits.astype(np.float64), (all_ - hits).astype(np.float64)


def _pooled(gold: Bools, probabilities: NDArray[np.floating]) -> tuple[Floats, Floats]:
    """The same for all labels together, with probabilities rounded to thousandths: there are S × C of them."""
    hits, all_ = np.zeros(_STEPS + 1), np.zeros(_STEPS + 1)
    for at in range(gold.shape[1]):
        place = _STEPS - np.clip(np.rint(probabilities[:, at] * _STEPS), 0, _STEPS).astype(np.int64)
        hits += np.bincount(place[gold[:, at]], minlength=_STEPS + 1)
        all_ += np.bincount(place, minlength=_STEPS + 1)
    return hits, all_ - hits


def _curve(name: str, hits: Floats, others: Floats) -> tuple[Curve, tuple[float | None, float | None]]:
    """The curve and its two areas.

    Args:
        name: Of the label.
        hits: Positive examples at each probability, the highest first.
        others: Negative ones.
    """
    right, wrong = np.cumsum(hits), np.cumsum(others)
    positives, negatives = float(right[-1]), float(wrong[-1])
    roc: list[tuple[float, float]] = []
    pr: list[tuple[float, float]] = []
    area = average = None
    if positives:
        recall = right / positives
        precision = right / np.maximum(right + wrong, 1)
        average = float((np.diff(recall, prepend=0.0) * precision).sum())
        some = right + wrong > 0  # with nothing predicted there is no precision
        pr = _thinned(recall[some], precision[some])
    if positives and negatives:
        rates = np.append(0.0, wrong / negatives), np.append(0.0, right / positives)
        area = float(np.trapezoid(rates[1], rates[0]))
        roc = _thinned(*rates)
    return Curve(name=name, roc=roc, pr=pr), (area, average)


def _thinned(x: Floats, y: Floats) -> list[tuple[float, float]]:
    """At most 100 points, both ends among them."""
    chosen = np.unique(np.linspace(0, len(x) - 1, min(len(x), _MOST_POINTS)).round().astype(np.int64))
    # Evenly along the curve, not along its points: most of them can lie in one corner.
    if len(x) > _MOST_POINTS:
        path = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        even = np.searchsorted(path, np.linspace(0, path[-1], _MOST_POINTS))
        chosen = np.unique(np.append(np.minimum(even, len(x) - 1), [0, len(x) - 1]))
    return [(round(float(x[at]), 5), round(float(y[at]), 5)) for at in chosen]


def _at(threshold: float, gold: Bools, probability: NDArray[np.floating]) -> dict[str, Any]:
    kept = probability >= threshold
    scores = Scores.of_counts(
        support=int(gold.sum()), predicted=int(kept.sum()), correct=int(np.logical_and(kept, gold).sum())
    )
    return {
        "threshold": threshold,
        "predicted": scores.predicted,
        "precision": scores.precision,
        "recall": scores.recall,
        "f1": scores.f1,
    }
