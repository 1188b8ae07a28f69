"""Scores per type, confusion, kinds of mistakes, buckets: the tables of an entity report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from ft_magics.evaluation.cells import interval_cell, signed_cell
from ft_magics.evaluation.entities.buckets import ATTRIBUTES
from ft_magics.evaluation.entities.cards import KIND_WORDS, MISTAKES
from ft_magics.evaluation.score_tables import count_cell, share_cell
from ft_magics.markup import percent
from ft_magics.sections import Cell, Filter, Grid, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.report import EntityReport
    from ft_magics.evaluation.entities.scores import Scores

__all__ = ["bucket_tables", "confusion_grid", "error_sections", "interval_table", "score_table"]

_FEW_TYPES = 12  # whose confusion stands open
_FIRST = 29  # types of a large grid, beside what is spurious and missed
_MOST_NAMES = 3
_WAYS = (
    "strict: same borders, same type; exact: same borders, any type; "
    "partial: overlapping, any type, counts half; type: overlapping, same type"
)
_COUNTS = ("correct", "incorrect", "partial", "missed", "spurious")
_SHARES = ("precision", "recall", "f1")


def score_table(report: EntityReport, least: int) -> Table:
    """Scores per type and their averages.

    Args:
        report: Whose.
        least: Types with fewer gold entities are left out.
    """
    shown = {kind: scores for kind, scores in report.per_type.items() if scores.support >= least}
    return Table(
        title="Scores per entity type",
        columns=("entity type", "precision", "recall", "F1", "F1, 95 %", "support", "predicted"),
        rows=[
            *(Row(cells=[_name(kind), *_scores(scores, kind)]) for kind, scores in shown.items()),
            *(
                Row(cells=[Cell(text=name), *_scores(scores)], strong=True)
                for name, scores in report.averages().items()
            ),
        ],
        note=_left_out(len(report.per_type) - len(shown), least),
    )


def _left_out(hidden: int, least: int) -> str:
    types = "1 type" if hidden == 1 else f"{hidden} types"
    return f"not shown: {types} with fewer than {least} gold entities" if hidden else ""


def _name(kind: str) -> Cell:
    return Cell(text=kind, label=kind, filter={"type": kind, "kind": MISTAKES})


def _scores(scores: Scores, kind: str = "") -> list[Cell]:
    ends = (scores.intervals or {}).get("f1")
    return [*map(share_cell, _shares(scores)), interval_cell(ends), *_sizes(scores, _sides(kind))]


def _shares(scores: Scores) -> tuple[float | None, float | None, float | None]:
    return scores.precision, scores.recall, scores.f1


def _sides(kind: str) -> tuple[Filter | None, Filter | None]:
    return ({"gold": kind}, {"pred": kind}) if kind else (None, None)


def _sizes(scores: Scores, filters: tuple[Filter | None, Filter | None] = (None, None)) -> list[Cell]:
    return [count_cell(scores.support, filters[0]), count_cell(scores.predicted, filters[1])]


def interval_table(report: EntityReport) -> Table:
    """The intervals that the table of scores has no room for, and how many entities are correct."""
    rows = []
    for at, (name, scores) in enumerate(report.rows()):
        average = at >= len(report.per_type)
        ends = [interval_cell((scores.intervals or {}).get(share)) for share in _SHARES]
        right = None if average else {"gold": name, "pred": name, "kind": KIND_WORDS["correct"]}
        first = Cell(text=name, label="" if average else name)
        rows.append(Row(cells=[first, *ends, count_cell(scores.correct, right)], strong=average))
    return Table(
        title="95 % intervals of precision, recall and F1",
        columns=("entity type", "precision, 95 %", "recall, 95 %", "F1, 95 %", "correct"),
        rows=rows,
        note=f"from {report.resamples} bootstrap resamples" if report.resamples else "",
        open=False,
    )


def confusion_grid(report: EntityReport) -> Grid:
    """Gold types then spurious, against predicted types then missed."""
    types, counts = report.types, report.confusion
    last = len(types)
    wrong = [sum(counts[at]) + sum(line[at] for line in counts) - 2 * counts[at][at] for at in range(last)]
    ranked = sorted(range(last), key=lambda at: -wrong[at])
    return Grid(
        title="Confusion: which type was taken for which",
        rows=[*types, "spurious"],
        columns=[*types, "missed"],
        counts=counts,
        row_filters=[{"gold": name} for name in (*types, "")],
        column_filters=[{"pred": name} for name in (*types, "")],
        order=[*ranked[:_FIRST], last, *ranked[_FIRST:]],
        note="the diagonal holds right types, wrong borders included",
        open=last <= _FEW_TYPES,
    )


def error_sections(report: EntityReport) -> list[Section]:
    """Kinds of mistakes and what each costs, SemEval-2013's four ways of counting, and how clean the tags are."""
    sections: list[Section] = []
    if report.error_kinds:
        sections.append(_kinds(report))
    if report.semeval:
        sections.append(_semeval(report))
    noise = _noise(report)
    return [*sections, Lines(title="Tag noise", lines=noise, open=False)] if noise else sections


def _kinds(report: EntityReport) -> Table:
    rows = []
    for item in report.error_kinds:
        these = {"kind": KIND_WORDS[item.kind]}
        gain = None if item.f1_if_fixed is None or report.micro.f1 is None else item.f1_if_fixed - report.micro.f1
        cells = [
            Cell(text=KIND_WORDS[item.kind], filter=these if item.count else None),
            count_cell(item.count, these),
            share_cell(item.f1_if_fixed),
            signed_cell(gain),
            Cell(text=_mostly(item.per_type)),
        ]
        rows.append(Row(cells=cells))
    return Table(
        title="Kinds of mistakes, and what mending them would give",
        columns=("kind", "count", "micro F1 if fixed", "gain", "mostly"),
        rows=rows,
        note="boundary: right type; type: right borders; both: neither; missed and spurious: no partner",
        open=False,
    )


def _mostly(per_type: Mapping[str, int]) -> str:
    """The types with most of something: `person 12, location 9, 3 more types`."""
    some = sorted(((name, count) for name, count in per_type.items() if count), key=lambda item: -item[1])
    named = [f"{name} {count}" for name, count in some[:_MOST_NAMES]]
    rest = len(some) - len(named)
    named += [f"{rest} more type{'' if rest == 1 else 's'}"] if rest else []
    return ", ".join(named) or "–"


def _semeval(report: EntityReport) -> Table:
    return Table(
        title="SemEval-2013 scores",
        columns=("SemEval-2013", *_COUNTS, "precision", "recall", "F1"),
        rows=[
            Row(
                cells=[
                    Cell(text=way),
                    *(count_cell(getattr(scores, name)) for name in _COUNTS),
                    *(share_cell(getattr(scores, name)) for name in _SHARES),
                ]
            )
            for way, scores in report.semeval.items()
        ],
        note=_WAYS,
        open=False,
    )


def _noise(report: EntityReport) -> list[str]:
    lines = [
        f"{side} tags that break {report.scheme}: {noise['invalid']} of {noise['tags']} ({percent(noise['rate'])} %)"
        for side in ("gold", "predicted")
        if (noise := report.tag_noise.get(side))
    ]
    cut = report.tag_noise.get("cut")
    if cut:
        lines.append(
            f"gold entities across the border of two windows: {cut['entities']}, of which {cut['missed']} were missed"
        )
    return lines


def bucket_tables(report: EntityReport, by: str) -> list[Table]:
    """Scores per bucket of each attribute; the one that was asked for stands open."""
    return [
        Table(
            title=f"By {name.replace('_', ' ')}",
            columns=(name.replace("_", " "), "precision", "recall", "F1", "support", "predicted"),
            rows=[
                Row(cells=[Cell(text=label, filter={name: label}), *map(share_cell, _shares(scores)), *_sizes(scores)])
                for label, scores in report.buckets[name].items()
            ],
            open=name == by,
        )
        for name in ATTRIBUTES
        if name in report.buckets
    ]
