"""Scores per type, confusion, kinds of mistakes, buckets: the tables of an entity report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from ft_magics.evaluation.cells import interval_cell, signed_cell
from ft_magics.evaluation.entities.buckets import ATTRIBUTES
from ft_magics.evaluation.entities.cards import KIND_WORDS, MISTAKES
from ft_magics.evaluation.score_tables import Bar, bar_table, count_cell, share_cell
from ft_magics.markup import percent
from ft_magics.sections import Cell, Filter, Grid, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.report import EntityReport, ErrorKind
    from ft_magics.evaluation.entities.scores import Scores

__all__ = ["bucket_tables", "confusion_grid", "error_sections", "f1_bars", "interval_table", "score_table"]

_FEW_TYPES = 12  # whose confusion stands open
_FIRST = 29  # types of a large grid, beside what is spurious and missed
_SUPPORT = 5  # its column in the table of scores
_WAYS = (
    "strict: same borders, same type; exact: same borders, any type; "
    "partial: overlapping, any type, counts half; type: overlapping, same type"
)
_COUNTS = ("correct", "incorrect", "partial", "missed", "spurious")
_SHARES = ("precision", "recall", "f1")


def f1_bars(report: EntityReport) -> Table:
    """F1 per type and its averages, as bars with their intervals."""

    def bar(name: str, scores: Scores, chosen: Filter) -> Bar:
        return name, scores.f1, (scores.intervals or {}).get("f1"), chosen

    return bar_table(
        [bar(kind, scores, {"type": kind, "kind": MISTAKES}) for kind, scores in report.per_type.items()],
        [bar(name, scores, {"kind": MISTAKES}) for name, scores in report.averages().items() if name != "weighted"],
        noun="entity type",
        score="F1",
    )


def score_table(report: EntityReport, least: int) -> Table:
    """Scores per type and their averages.

    Args:
        report: Whose.
        least: Types with fewer gold entities are left out at first.
    """
    return Table(
        title="Scores per entity type",
        columns=("entity type", "precision", "recall", "F1", "F1, 95 %", "support", "predicted"),
        rows=[
            *(Row(cells=[_name(kind), *_scores(scores, kind)]) for kind, scores in report.per_type.items()),
            *(
                Row(cells=[Cell(text=name), *_scores(scores, *report.types)], strong=True)
                for name, scores in report.averages().items()
            ),
        ],
        support=_SUPPORT,
        least=least,
    )


def _name(kind: str) -> Cell:
    return Cell(text=kind, label=kind, filter={"type": kind, "kind": MISTAKES})


def _scores(scores: Scores, *kinds: str) -> list[Cell]:
    ends = (scores.intervals or {}).get("f1")
    gold, pred = _either({"gold": kinds}), _either({"pred": kinds})
    shares = (share_cell(scores.precision, pred), share_cell(scores.recall, gold), share_cell(scores.f1))
    interval = replace(interval_cell(ends), interval=None)  # the bars show it
    return [*shares, interval, count_cell(scores.support, gold), count_cell(scores.predicted, pred)]


def _either(chosen: Mapping[str, tuple[str, ...]]) -> Filter:
    """A filter of one value as that value."""
    return {side: kinds[0] if len(kinds) == 1 else list(kinds) for side, kinds in chosen.items()}


def _shares(scores: Scores) -> tuple[float | None, float | None, float | None]:
    return scores.precision, scores.recall, scores.f1


def interval_table(report: EntityReport) -> Table:
    """The intervals that the table of scores has no room for, and how many entities are correct."""
    rows = []
    for at, (name, scores) in enumerate(report.rows()):
        average = at >= len(report.per_type)
        ends = [interval_cell((scores.intervals or {}).get(share)) for share in _SHARES]
        right = (
            {"kind": KIND_WORDS["correct"]} if average else {"gold": name, "pred": name, "kind": KIND_WORDS["correct"]}
        )
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
            *_mostly(item),
        ]
        rows.append(Row(cells=cells))
    return Table(
        title="Kinds of mistakes, and what mending them would give",
        columns=("kind", "count", "micro F1 if fixed", "gain", "mostly", "then"),
        rows=rows,
        note="boundary: right type; type: right borders; both: neither; missed and spurious: no partner",
        open=False,
    )


def _mostly(item: ErrorKind) -> list[Cell]:
    """The two types that have most of a kind of mistake, each with how many."""
    side = "pred" if item.kind == "spurious" else "gold"
    most = sorted(((name, count) for name, count in item.per_type.items() if count), key=lambda pair: -pair[1])[:2]
    cells = [Cell(text=f"{name} {count:,}", filter={"kind": KIND_WORDS[item.kind], side: name}) for name, count in most]
    return [*cells, *[Cell(text="–")] * (2 - len(cells))]


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
                Row(
                    cells=[
                        Cell(text=label, filter={name: label, "kind": MISTAKES}),
                        *map(share_cell, _shares(scores)),
                        count_cell(scores.support, {f"gold_{name}": label}),
                        count_cell(scores.predicted, {f"pred_{name}": label}),
                    ]
                )
                for label, scores in report.buckets[name].items()
            ],
            open=name == by,
        )
        for name in ATTRIBUTES
        if name in report.buckets
    ]
