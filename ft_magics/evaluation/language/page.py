"""`LanguageReport` → sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.history import history_sections
from ft_magics.evaluation.language.counting import METRICS
from ft_magics.evaluation.score_tables import number, score_table, share_cell
from ft_magics.sections import Cell, Chart, Examples, Lines, Row, Section, Series, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.language.report import LanguageReport

__all__ = ["sections_of"]

_LISTS = {  # title and note of a list of examples
    "blanks": ("Fill in the blank", "a masked token of a document, what stands there, and what the model puts there"),
    "judged": (
        "Replaced or original",
        "a token in ⟦ ⟧, as the discriminator reads it, and what it takes it for; other replaced tokens are in [ ]",
    ),
    "written": ("Samples", "what stands before, what stands there in the data, and what the model wrote"),
}
_JUDGED = ("blanks", "judged")  # lists of what is right or wrong
_BY = {"script": "By script", "source": "By file", "length": "By length of the document"}


def sections_of(report: LanguageReport, view: Mapping[str, Any], *, brief: bool) -> list[Section]:
    """What is shown; see `LanguageReport.sections`."""
    parts: list[Section] = [score_table(report.scores, resamples=report.resamples), *_blanks(report)]
    if brief:
        return parts
    by = str(view.get("by") or "script")
    parts += [_bucket_table(report, name, open_=name == by) for name in report.buckets]
    if view.get("by") and by not in report.buckets:
        there = ", ".join(report.buckets) or "none"
        parts.append(Lines(title="", lines=[f"there are no buckets by {by}; there are: {there}"]))
    metrics = METRICS | {name: score.metric for name, score in report.scores.items()}
    return [*parts, *_over_time(report), *history_sections(report.history, metrics)]


def _blanks(report: LanguageReport) -> list[Examples]:
    return [
        Examples(
            title=_LISTS[name][0],
            cards=shown.cards,
            total=shown.total,
            facets={
                **({"answer": ["right", "wrong"]} if name in _JUDGED else {}),
                **{name: [item.label for item in rows] for name, rows in report.buckets.items()},
            },
            sorts=("row", "surest wrong") if name in _JUDGED else ("row",),
            note=_LISTS[name][1],
            open=True,
        )
        for name, shown in report.lists.items()
        if name in _LISTS and shown.total
    ]


def _bucket_table(report: LanguageReport, name: str, *, open_: bool) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=item.label, filter={name: item.label}),
                *(Cell(text=f"{count:,}", value=count) for count in (item.documents, item.asked)),
                _number(item.perplexity, "perplexity"),
                share_cell(item.accuracy),
                _number(item.bits_per_byte, "bits_per_byte"),
            ]
        )
        for item in report.buckets[name]
    ]
    columns = [name, "documents", "tokens asked", "perplexity", "accuracy", "bits per byte"]
    return Table(title=_BY.get(name, f"By {name}"), columns=columns, rows=rows, open=open_)


def _number(value: float | None, name: str) -> Cell:
    return Cell(text=number(METRICS[name], value), value=value)


def _over_time(report: LanguageReport) -> list[Chart]:
    points = [entry for entry in report.history if entry.get("perplexity") is not None]
    if len(points) < 2:
        return []
    series = Series(
        name="perplexity", x=[entry["epoch"] for entry in points], y=[entry["perplexity"] for entry in points]
    )
    return [Chart(title="Perplexity over epochs", x_label="epoch", y_label="perplexity on dev", series=[series])]
