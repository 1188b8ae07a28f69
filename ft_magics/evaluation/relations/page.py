"""`RelationReport` → sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.cells import interval_cell
from ft_magics.evaluation.history import history_sections
from ft_magics.evaluation.labels.page import label_grid, label_sections
from ft_magics.evaluation.relations.counting import METRICS_OF_RELATIONS, relation_of
from ft_magics.evaluation.score_tables import Bar, bar_table, count_cell, score_table, share_cell
from ft_magics.evaluation.scores import Scores
from ft_magics.sections import Cell, Filter, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.relations.report import RelationReport

__all__ = ["sections_of"]

_SUPPORT = 5  # its column in the table of scores
_COLUMNS = ("relation", "precision", "recall", "F1", "F1, 95 %", "support", "predicted")


def sections_of(report: RelationReport, view: Mapping[str, Any], *, brief: bool) -> list[Section]:
    """What is shown; see `RelationReport.sections`."""
    parts: list[Section] = [
        score_table(report.scores, resamples=report.labels.resamples, mistakes={"outcome": "wrong"}),
        _relation_table(report, int(view.get("min_support") or 0)),
        label_grid(report.labels),
        _bars(report),
    ]
    if brief:
        return parts
    return [
        *parts,
        *label_sections(report.labels, view),
        *history_sections(report.labels.history, METRICS_OF_RELATIONS),
    ]


def _bars(report: RelationReport) -> Table:
    """F1 per relation and its averages, as bars with their intervals."""
    sides = _sides(report)
    bars: list[Bar] = [
        (name, scores.f1, (scores.intervals or {}).get("f1"), {"gold": sides[name], "outcome": "wrong"})
        for name, scores in report.per_relation.items()
    ]
    averages: list[Bar] = [
        (f"{way} average", score.value, score.interval, {"outcome": "wrong"})
        for way in ("macro", "micro")
        for score in [report.scores[f"{way}_f1"]]
    ]
    return bar_table(bars, averages, noun="relation", score="F1")


def _sides(report: RelationReport) -> dict[str, list[str]]:
    """The labels of each relation: its directions."""
    found: dict[str, list[str]] = {}
    for label in report.labels.per_label:
        found.setdefault(relation_of(label), []).append(label)
    return found


def _relation_table(report: RelationReport, least: int) -> Table:
    """A row a relation; below one with two directions a row for each, as labels of their own."""
    sides = _sides(report)
    directed = any(len(labels) > 1 for labels in sides.values())
    rows = []
    for name, scores in report.per_relation.items():
        both: Filter = {"gold": sides[name], "pred": sides[name], "outcome": "wrong"}
        turned = [count_cell(report.turned[name], both)] if directed else []
        rows.append(Row(cells=[*_cells(name, scores, sides[name]), *turned]))
        directions = sides[name] if len(sides[name]) > 1 else []
        own = [(label, report.labels.per_label[label]) for label in directions]
        rows += [Row(cells=[*_cells(label, found, [label]), Cell(text="")]) for label, found in own]
    rows += _averages(report, directed=directed)
    if report.none_label in report.labels.per_label:
        none = str(report.none_label)
        cells = _cells(none, report.labels.per_label[none], [none])
        rows.append(Row(cells=[*cells, *([Cell(text="")] if directed else [])]))
    note = "averages are over the relations that gold has"
    note += "" if report.none_label is None else f"; {report.none_label}, which is no relation, is in none of them"
    note += "; a wrong direction is a mistake of its relation" if directed else ""
    return Table(
        title="Scores per relation",
        columns=[*_COLUMNS, *(["wrong direction"] if directed else [])],
        rows=rows,
        support=_SUPPORT,
        least=least,
        note=note,
    )


def _cells(name: str, scores: Scores, labels: list[str]) -> list[Cell]:
    gold: Filter = {"gold": labels}
    pred: Filter = {"pred": labels}
    return [
        Cell(text=name, label=name, filter={**gold, "outcome": "wrong"}),
        share_cell(scores.precision, pred),
        share_cell(scores.recall, gold),
        share_cell(scores.f1),
        _without_bar((scores.intervals or {}).get("f1")),
        count_cell(scores.support, gold),
        count_cell(scores.predicted, pred),
    ]


def _averages(report: RelationReport, *, directed: bool) -> list[Row]:
    known = [scores for scores in report.per_relation.values() if scores.support]
    totals = [sum(getattr(scores, name) for scores in known) for name in ("support", "predicted")]
    turned = sum(report.turned.values())
    return [
        Row(
            cells=[
                Cell(text=f"{way} average"),
                *(share_cell(report.scores[f"{way}_{metric}"].value) for metric in ("precision", "recall", "f1")),
                _without_bar(report.scores[f"{way}_f1"].interval),
                *(count_cell(total) for total in totals),
                *([count_cell(turned)] if directed else []),
            ],
            strong=True,
        )
        for way in ("macro", "micro")
    ]


def _without_bar(ends: tuple[float, float] | None) -> Cell:
    found = interval_cell(ends)
    return Cell(text=found.text, value=found.value)
