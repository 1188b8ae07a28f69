"""`NumberReport` → sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.history import history_sections
from ft_magics.evaluation.numbers.counting import METRICS_OF_NUMBERS
from ft_magics.evaluation.score_tables import count_cell, score_table
from ft_magics.sections import Cell, Chart, Examples, Lines, Row, Section, Series, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.numbers.report import NumberReport

__all__ = ["sections_of"]

_BY = {"gold": "Errors by size of the gold number", "length": "Errors by length of the text"}


def sections_of(report: NumberReport, view: Mapping[str, Any], *, brief: bool) -> list[Section]:
    """What is shown; see `NumberReport.sections`."""
    parts: list[Section] = [score_table(report.scores, resamples=report.resamples), _residuals(report)]
    if brief:
        return parts
    by = str(view.get("by") or "")
    parts += [_predicted(report), *_examples(report)]
    parts += [_bucket_table(report, name, open_=name == by) for name in report.buckets]
    if by not in ("", *report.buckets):
        parts.append(
            Lines(title="", lines=[f"there are no buckets by {by}; there are: {', '.join(report.buckets) or 'none'}"])
        )
    return [*parts, *history_sections(report.history, METRICS_OF_NUMBERS)]


def _note(report: NumberReport) -> str:
    return f"{len(report.points)} of {report.examples} examples" if len(report.points) < report.examples else ""


def _residuals(report: NumberReport) -> Chart:
    return Chart(
        title="Residuals: gold less predicted",
        x_label="predicted",
        y_label="gold − predicted",
        series=[
            Series(
                name="examples",
                x=[pred for _, pred in report.points],
                y=[gold - pred for gold, pred in report.points],
                shape="dots",
            )
        ],
        note=_note(report),
    )


def _predicted(report: NumberReport) -> Chart:
    ends = [end for point in report.points for end in point]
    both = (min(ends), max(ends)) if ends and min(ends) < max(ends) else None
    return Chart(
        title="Predicted by gold",
        x_label="gold",
        y_label="predicted",
        series=[
            Series(
                name="examples",
                x=[gold for gold, _ in report.points],
                y=[pred for _, pred in report.points],
                shape="dots",
            )
        ],
        x_range=both,
        y_range=both,
        diagonal=True,
        note=_note(report),
        open=False,
    )


def _examples(report: NumberReport) -> list[Examples]:
    shown = report.lists.get("errors")
    if shown is None or not shown.total:
        return []
    return [
        Examples(
            title="Greatest errors",
            cards=shown.cards,
            total=shown.total,
            facets={name: [item.label for item in rows] for name, rows in report.buckets.items()},
            sorts=("error", "too high", "too low", "row"),
        )
    ]


def _bucket_table(report: NumberReport, name: str, *, open_: bool) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=item.label, filter={name: item.label}),
                count_cell(item.examples, {name: item.label}),
                *(_number_cell(value) for value in (item.rmse, item.mae, item.bias)),
            ]
        )
        for item in report.buckets[name]
    ]
    columns = [name, "examples", "RMSE", "MAE", "mean error"]
    note = "the mean error is predicted less gold"
    return Table(title=_BY.get(name, f"Errors by {name}"), columns=columns, rows=rows, note=note, open=open_)


def _number_cell(value: float | None) -> Cell:
    return Cell(text="–" if value is None else f"{value:.4g}", value=value)
