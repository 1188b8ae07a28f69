"""Calibration and curves of a `LabelReport` → sections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ft_magics.evaluation.calibration import bin_name
from ft_magics.evaluation.labels.curves import Curves
from ft_magics.evaluation.labels.probabilities import LabelCalibration
from ft_magics.evaluation.score_tables import count_cell, share_cell
from ft_magics.markup import percent
from ft_magics.sections import Cell, Chart, Filter, Lines, Row, Section, Series, Table

__all__ = ["calibration_sections", "curve_sections"]


_PERCENT = (0.0, 100.0)
_TITLE = "Calibration: does a probability mean what it says"


def calibration_sections(calibration: LabelCalibration | None, *, multi_label: bool) -> list[Section]:
    """The reliability curve, before and after scaling, and the bins behind it."""
    if calibration is None:
        why = "these predictions come without probabilities, so there is nothing to calibrate"
        return [Lines(title=_TITLE, lines=[why], open=False)]
    series = [_reliability("as predicted", calibration.bins)]
    note = f"expected calibration error {percent(calibration.ece)}"
    if calibration.temperature is not None and calibration.bins_scaled is not None:
        series.append(_reliability("with temperature", calibration.bins_scaled))
        note += (
            f"; dividing the logits by a temperature of {calibration.temperature:.2f} would make it "
            f"{percent(calibration.ece_scaled)} (fitted on these examples, so a little too good)"
        )
    what = "probability of a label" if multi_label else "confidence of the predicted label"
    chart = Chart(
        title=_TITLE,
        x_label=f"mean {what}, %",
        y_label="examples that have it, %" if multi_label else "accuracy",
        series=series,
        x_range=_PERCENT,
        y_range=_PERCENT,
        diagonal=True,
        note=note,
        open=False,
    )
    rows = [
        Row(
            cells=[
                Cell(text=bin_name(at), value=item["low"], filter=None if multi_label else _wrong_in(at)),
                count_cell(item["count"], None if multi_label else {"confidence_bin": bin_name(at)}),
                share_cell(item["confidence"]),
                share_cell(item["accuracy"]),
            ]
        )
        for at, item in enumerate(calibration.bins)
        if item["count"]
    ]
    columns = ["probability", "labels" if multi_label else "examples", "mean %", "right %"]
    return [chart, Table(title="Bins of the calibration", columns=columns, rows=rows, open=False)]


def _wrong_in(at: int) -> Filter:
    return {"confidence_bin": bin_name(at), "outcome": "wrong"}


def _reliability(name: str, bins: Sequence[dict[str, Any]]) -> Series:
    there = [item for item in bins if item["count"]]
    return Series(
        name=name,
        x=[100 * item["confidence"] for item in there],
        y=[100 * item["accuracy"] for item in there],
        shape="line",
    )


def curve_sections(curves: Curves) -> list[Section]:
    """ROC, precision–recall, and the table of thresholds."""
    areas = f"ROC AUC {percent(curves.roc_auc)}, average precision {percent(curves.average_precision)}"
    of = f"of `{curves.of}`" if len(curves.curves) == 1 else "mean over labels"
    parts: list[Section] = []
    for title, x_label, y_label, points in (
        ("ROC curve", "false positive rate", "true positive rate", "roc"),
        ("Precision and recall", "recall", "precision", "pr"),
    ):
        series = [
            Series(name=curve.name, x=[100 * x for x, _ in found], y=[100 * y for _, y in found])
            for curve in curves.curves
            if (found := getattr(curve, points))
        ]
        if series:
            parts.append(
                Chart(
                    title=title,
                    x_label=x_label,
                    y_label=y_label,
                    series=series,
                    x_range=_PERCENT,
                    y_range=_PERCENT,
                    diagonal=points == "roc",
                    note=f"{areas} ({of})",
                    open=False,
                )
            )
    is_one = len(curves.curves) == 1  # label, whose probability the thresholds are of
    rows = [
        Row(
            cells=[
                Cell(text=f"{item['threshold']:.2f}", value=item["threshold"]),
                count_cell(item["predicted"], {"least": [curves.of, item["threshold"]]} if is_one else None),
                *(share_cell(item[name]) for name in ("precision", "recall", "f1")),
            ]
        )
        for item in curves.thresholds
    ]
    columns = ["threshold", "predicted", "precision", "recall", "F1"]
    note = f"what is predicted is {curves.of} from this probability on"
    return [*parts, Table(title="Other thresholds", columns=columns, rows=rows, note=note, open=False)]
