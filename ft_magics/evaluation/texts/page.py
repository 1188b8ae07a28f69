"""`TextReport` → sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.history import history_sections
from ft_magics.evaluation.score_tables import count_cell, number, score_table
from ft_magics.sections import Cell, Examples, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.texts.report import TextReport

__all__ = ["sections_of"]

_BY = {
    "source length": "By length of the source",
    "reference length": "By length of the reference",
    "output": "By what the output is",
}
_WORDS = "of texts that put no space between words, characters are counted"


def sections_of(report: TextReport, view: Mapping[str, Any], *, brief: bool) -> list[Section]:
    """What is shown; see `TextReport.sections`."""
    parts: list[Section] = [score_table(report.scores, resamples=report.resamples), *_signatures(report)]
    if brief:
        return parts
    by = str(view.get("by") or "")
    parts += [*_examples(report), *(_bucket_table(report, name, open_=name == by) for name in report.buckets)]
    if by not in ("", *report.buckets):
        parts.append(
            Lines(title="", lines=[f"there are no buckets by {by}; there are: {', '.join(report.buckets) or 'none'}"])
        )
    return [*parts, *history_sections(report.history, {name: item.metric for name, item in report.scores.items()})]


def _signatures(report: TextReport) -> list[Lines]:
    lines = [f"{label}: {signature}" for label, signature in report.signatures.items()]
    return [Lines(title="How the scores were computed", lines=lines, open=False)] if lines else []


def _examples(report: TextReport) -> list[Examples]:
    shown = report.lists.get("texts")
    if shown is None or not shown.total:
        return []
    return [
        Examples(
            title="Outputs beside their references",
            cards=shown.cards,
            total=shown.total,
            facets={name: [item.label for item in rows] for name, rows in report.buckets.items()},
            sorts=("worst", "best", "longest", "row"),
            note="where the output differs from the (first) reference, both are marked",
            open=True,
        )
    ]


def _bucket_table(report: TextReport, name: str, *, open_: bool) -> Table:
    metrics = [score.metric for score in report.scores.values()]
    shown = [metric for metric in metrics if any(metric.name in item.scores for item in report.buckets[name])]
    rows = [
        Row(
            cells=[
                Cell(text=item.label, filter={name: item.label}),
                count_cell(item.examples, {name: item.label}),
                *(
                    Cell(text=number(metric, value), value=value)
                    for metric in shown
                    for value in [item.scores.get(metric.name)]
                ),
                Cell(text=f"{item.ratio:.2f}", value=item.ratio),
            ]
        )
        for item in report.buckets[name]
    ]
    columns = [name, "examples", *(metric.label for metric in shown), "words, output / reference"]
    return Table(title=_BY.get(name, f"By {name}"), columns=columns, rows=rows, note=_WORDS, open=open_)
