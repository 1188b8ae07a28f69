"""`AnswerReport` → sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.answers.counting import METRICS
from ft_magics.evaluation.answers.evidence import OUTCOMES
from ft_magics.evaluation.history import history_sections
from ft_magics.evaluation.score_tables import Bar, bar_table, count_cell, score_table, share_cell
from ft_magics.sections import Cell, Examples, Filter, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.answers.report import AnswerReport

__all__ = ["sections_of"]

_MISTAKES: Filter = {"outcome": "mistake"}
_BY = {
    "answer_length": "Scores by length of the gold answer",
    "context_length": "Scores by length of the context",
    "question_word": "Scores by question word",
}
_LISTS = {"mistakes": ("Mistakes", "row"), "surest mistakes": ("Surest mistakes", "confidence")}


def sections_of(report: AnswerReport, view: Mapping[str, Any], *, brief: bool) -> list[Section]:
    """What is shown; see `AnswerReport.sections`."""
    parts: list[Section] = [
        score_table(report.scores, resamples=report.resamples, mistakes=_MISTAKES),
        _bars(report),
    ]
    if brief:
        return parts
    parts += _examples(report)
    by = str(view.get("by") or "")
    parts += [_bucket_table(report, name, open_=name == by) for name in report.buckets]
    if by not in ("", *report.buckets):
        known = ", ".join(report.buckets) or "none"
        parts.append(Lines(title="", lines=[f"there are no buckets by {by}; there are: {known}"]))
    return [*parts, *history_sections(report.history, METRICS)]


def _bars(report: AnswerReport) -> Table:
    """F1 per question word."""
    bars: list[Bar] = [
        (item.label, item.f1, item.interval, {"question_word": item.label, **_MISTAKES})
        for item in report.buckets.get("question_word", [])
    ]
    whole: list[Bar] = [("all questions", report.headline.value, report.headline.interval, _MISTAKES)]
    return bar_table(bars, whole, noun="question word", score="F1")


def _bucket_table(report: AnswerReport, name: str, *, open_: bool) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=item.label, filter={name: item.label, **_MISTAKES}),
                count_cell(item.examples, {name: item.label}),
                share_cell(item.f1, {name: item.label, **_MISTAKES}),
                share_cell(item.exact_match, {name: item.label, "outcome": "exact match"}),
            ]
        )
        for item in report.buckets[name]
    ]
    columns = [name.replace("_", " "), "questions", "F1", "exact match"]
    return Table(title=_BY.get(name, f"Scores by {name}"), columns=columns, rows=rows, open=open_)


def _examples(report: AnswerReport) -> list[Examples]:
    """Questions to look at; the first list takes any filter."""
    facets = {
        "outcome": ["mistake", *OUTCOMES],
        **{name: [item.label for item in rows] for name, rows in report.buckets.items()},
    }
    return [
        Examples(
            title=title,
            cards=report.lists[name].cards,
            total=report.lists[name].total,
            filter=_MISTAKES,
            facets=facets,
            sorts=("row", "confidence", "doubt", "F1") if order == "row" else (order,),
        )
        for name, (title, order) in _LISTS.items()
        if name in report.lists and report.lists[name].total
    ]
