"""Probabilities of labels: read, and made softer or sharper by one number, the temperature.

Source: Guo et al. 2017, section 4.2 (temperature scaling).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.beside import shown
from ft_magics.evaluation.calibration import reliability
from ft_magics.evaluation.tally import Bools, Floats

__all__ = ["LabelCalibration", "calibrate_labels", "confidences", "read_probabilities"]

Probabilities = NDArray[np.floating]

_SUM_TOLERANCE = 0.02  # half precision rounds each of 150 probabilities
_LEAST = 1e-12  # a probability of 0 has no logarithm
_AT_ONCE = 500_000  # probabilities in a chunk: 4 MB
_STEEPEST = 20.0  # temperatures from 1/20 to 20
_STEPS = 25
_NEAR = 1e-5  # of the sharpness: nobody sees more of it


def read_probabilities(given: Any, count: int, names: Sequence[str], *, one_label: bool) -> Probabilities:
    """A table of probabilities, (S, C).

    Args:
        given: What was given.
        count: How many examples there are, S.
        names: Of the columns. Length C.
        one_label: Whether those of an example add up to 1.

    Raises:
        DataError: It is no such table; the message names the first example that is wrong.
    """
    try:
        table = np.asarray(given)
        if table.dtype.kind not in "fiu":
            raise DataError(f"probabilities: expected a table of numbers, found {_odd(table, given)}")
        table = table.astype(np.float64 if table.dtype.itemsize > 4 else np.float32, copy=False)
    except (TypeError, ValueError, OverflowError, RuntimeError) as error:  # ragged lists, tensors with gradients
        raise DataError(f"probabilities: expected {count} rows of {len(names)} numbers ({error})") from error
    if table.shape != (count, len(names)):
        raise DataError(
            f"probabilities has the shape {table.shape}; expected ({count}, {len(names)}): "
            f"a row per example, a column per label ({', '.join(names[:5])}{', …' if len(names) > 5 else ''})"
        )
    for first in range(0, count, max(1, _AT_ONCE // max(1, len(names)))):
        _check_rows(table[first : first + max(1, _AT_ONCE // len(names))], first, names, one_label=one_label)
    return table


def _odd(table: NDArray[Any], given: Any) -> str:
    if table.dtype.kind == "O" and table.ndim == 0:
        return type_name(given)
    return shown(next((entry for entry in table.ravel().tolist() if not isinstance(entry, (int, float))), given))


def _check_rows(rows: Probabilities, first: int, names: Sequence[str], *, one_label: bool) -> None:
    odd = np.argwhere(~((rows >= 0) & (rows <= 1 + _SUM_TOLERANCE)))
    if len(odd):
        at, column = (int(place) for place in odd[0])
        raise DataError(
            f"probabilities, example {first + at} (counted from 0), label `{names[column]:.60}`: "
            f"found {rows[at, column]}, expected a number from 0 to 1"
        )
    if one_label:
        sums = rows.sum(axis=1, dtype=np.float64)
        wrong = np.flatnonzero(np.abs(sums - 1) > _SUM_TOLERANCE)
        if len(wrong):
            raise DataError(
                f"probabilities, example {first + int(wrong[0])} (counted from 0): they add up to "
                f"{sums[wrong[0]]:.3f}, expected 1; logits need a softmax first, several labels `multi_label=True`"
            )


def confidences(pred: Bools, probabilities: Probabilities, *, multi_label: bool) -> Probabilities:
    """How sure the model is of each answer: its probability; of several labels, that of the least sure yes or no.

    Args:
        pred: (S, K).
        probabilities: (S, C).
        multi_label: Whether each label is a decision of its own.

    Returns:
        Length S.
    """
    given = pred[:, : probabilities.shape[1]]
    if multi_label:
        sure = np.where(given, probabilities, 1 - probabilities).min(axis=1)
    else:
        sure = probabilities[np.arange(len(pred)), given.argmax(axis=1)]
    clipped: Probabilities = np.clip(sure, 0, 1)
    return clipped


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelCalibration:
    """Whether probabilities mean what they say.

    Args:
        ece: Expected calibration error of the predicted label, or of every label where there can be several.
        bins: Per bin `low, high, count, confidence, accuracy`.
        temperature: What logits are divided by for the least negative log-likelihood; None where gold has none.
        ece_scaled: The error with it.
        bins_scaled: The bins with it.
    """

    ece: float
    bins: list[dict[str, Any]]
    temperature: float | None = None
    ece_scaled: float | None = None
    bins_scaled: list[dict[str, Any]] | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def calibrate_labels(gold: Bools, pred: Bools, probabilities: Probabilities, *, multi_label: bool) -> LabelCalibration:
    """Measure calibration, and fit the temperature.

    Args:
        gold: (S, K).
        pred: (S, K).
        probabilities: (S, C).
        multi_label: Whether each label is a decision of its own.
    """
    width = probabilities.shape[1]
    gold, pred = gold[:, :width], pred[:, :width]
    right: Bools = gold.ravel() if multi_label else np.any(np.logical_and(gold, pred), axis=1)

    def measured(sharpness: float) -> tuple[float, list[dict[str, Any]]]:
        return reliability(_sure(pred, probabilities, sharpness, multi_label=multi_label), right)

    ece, bins = measured(1.0)
    sharpness = _fit_sharpness(gold, probabilities, multi_label=multi_label)
    if sharpness is None:
        return LabelCalibration(ece=ece, bins=bins)
    scaled, bins_scaled = measured(sharpness)
    return LabelCalibration(ece=ece, bins=bins, temperature=1 / sharpness, ece_scaled=scaled, bins_scaled=bins_scaled)


def _sure(pred: Bools, probabilities: Probabilities, sharpness: float, *, multi_label: bool) -> Probabilities:
    """Confidences after scaling: of the predicted label, or of each label in turn."""
    parts = []
    for rows in _chunks(probabilities):
        if multi_label:
            parts.append(_sigmoid(sharpness * _logits(probabilities[rows])).astype(np.float32))
        else:
            shares = probabilities[rows] if sharpness == 1.0 else np.exp(_scaled(_logs(probabilities[rows]), sharpness))
            parts.append(shares[np.arange(len(shares)), pred[rows].argmax(axis=1)])
    clipped: Probabilities = np.clip(np.concatenate(parts), 0, 1)
    return clipped


def _chunks(probabilities: Probabilities) -> Iterator[slice]:
    """Some rows at a time, so that no second table is as large as the first."""
    step = max(1, _AT_ONCE // probabilities.shape[1])
    for first in range(0, len(probabilities), step):
        yield slice(first, first + step)


def _logs(rows: Probabilities) -> Floats:
    logs: Floats = np.log(np.clip(rows.astype(np.float64), _LEAST, 1))
    return logs


def _logits(rows: Probabilities) -> Floats:
    """Log odds of each label. Length n × C."""
    flat = np.clip(rows.astype(np.float64).ravel(), _LEAST, 1 - _LEAST)
    odds: Floats = np.log(flat / (1 - flat))
    return odds


def _sigmoid(logits: Floats) -> Floats:
    with np.errstate(over="ignore"):  # a great number's inverse is 0, as it should be
        shares: Floats = 1 / (1 + np.exp(-logits))
    return shares


def _scaled(logs: Floats, sharpness: float) -> Floats:
    raised = sharpness * logs
    top = raised.max(axis=1, keepdims=True)
    raised -= top + np.log(np.exp(raised - top).sum(axis=1, keepdims=True))
    return raised


def _fit_sharpness(gold: Bools, probabilities: Probabilities, *, multi_label: bool) -> float | None:
    """The inverse temperature of the least negative log-likelihood, by Newton steps between shrinking borders.

    The likelihood is concave in the inverse temperature: its slope is the mean log-probability less that of gold.
    """
    if not multi_label and not gold.any():
        return None
    slope_of = _slope_of_several if multi_label else _slope
    low, high, at = 1 / _STEEPEST, _STEEPEST, 1.0
    for _ in range(_STEPS):
        slope, bend = slope_of(gold, probabilities, at)
        low, high = (at, high) if slope < 0 else (low, at)
        step = at - slope / bend if bend > 0 else (low + high) / 2
        step = step if low < step < high else (low + high) / 2
        if abs(step - at) < _NEAR * at:
            break
        at = step
    return at


def _slope(gold: Bools, probabilities: Probabilities, sharpness: float) -> tuple[float, float]:
    """First and second derivative of the negative log-likelihood by the sharpness."""
    slope = bend = 0.0
    for rows in _chunks(probabilities):
        there = gold[rows].any(axis=1)  # a label that the model cannot give has no probability
        logs = _logs(probabilities[rows][there])
        shares = np.exp(_scaled(logs, sharpness))
        mean = (shares * logs).sum(axis=1)
        slope += float(mean.sum() - logs[gold[rows][there]].sum())
        bend += float((shares * logs**2).sum() - (mean**2).sum())
    return slope, bend


def _slope_of_several(gold: Bools, probabilities: Probabilities, sharpness: float) -> tuple[float, float]:
    """The same where each label is yes or no."""
    slope = bend = 0.0
    for rows in _chunks(probabilities):
        logits = _logits(probabilities[rows])
        shares = _sigmoid(sharpness * logits)
        slope += float(((shares - gold[rows].ravel()) * logits).sum())
        bend += float((shares * (1 - shares) * logits**2).sum())
    return slope, bend
