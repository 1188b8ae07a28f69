"""`TallyComparison` → sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.evaluation.cells import difference_text, p_cell, p_text, signed_interval_text
from ft_magics.evaluation.report import Figure
from ft_magics.markup import percent
from ft_magics.sections import Cell, Examples, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.comparison import Contrast, McNemar, ScoreContrast, TallyComparison

__all__ = ["figures_of", "sections_of"]

_OPEN_LABELS = 30
_FEW_SYSTEMS = 3  # of more, a table for all has the labels


def sections_of(comparison: TallyComparison) -> list[Section]:
    """A table of scores and one of labels for each system, and the examples that it gained and lost.

    Of many systems one table has the labels, side by side.
    """
    parts: list[Section] = []
    for at, item in enumerate(comparison.others):
        parts += _system(comparison, at, item)
    return [*parts, *_labels_of_all(comparison)]


def _labels_of_all(comparison: TallyComparison) -> list[Section]:
    """F1 per label, a column for each system; none where each has a table of its own."""
    others = comparison.others
    if len(others) <= _FEW_SYSTEMS or not others[0].per_label:
        return []
    by_label = [{row.name: row for row in item.per_label} for item in others]
    rows = []
    for first in others[0].per_label:
        values = [first.baseline, *(known[first.name].value if first.name in known else None for known in by_label)]
        shown = [Cell(text=_number(value, first.unit), value=value) for value in values]
        rows.append(Row(cells=[Cell(text=first.label, label=first.label), *shown]))
    columns = ["label", comparison.baseline, *(item.title for item in others)]
    return [Table(title="F1 per label", columns=columns, rows=rows, open=len(rows) <= _OPEN_LABELS)]


def figures_of(comparison: TallyComparison) -> list[Figure]:
    """The headline of each system, the baseline first."""
    heads = [(item.title, item.scores[0]) for item in comparison.others if item.scores]
    first = [_figure(comparison.baseline, score, score.baseline, "baseline") for _, score in heads[:1]]
    return first + [_figure(title, score, score.value, _against(score)) for title, score in heads]


def _figure(title: str, score: ScoreContrast, value: float | None, about: str) -> Figure:
    return Figure(label=f"{title}, {score.label}", text=_number(value, score.unit), about=about)


def _against(score: ScoreContrast) -> str:
    if score.unit == "share":
        return difference_text(score.difference, score.interval, score.p)
    sure = "" if score.p is None else f", p {p_text(score.p)}"
    return f"{_signed(score.difference, score.unit)} {_ends(score.interval)}{sure}"


def _system(comparison: TallyComparison, at: int, item: Contrast) -> list[Section]:
    baseline = comparison.baseline
    title = f"{item.title} against {baseline}"
    columns = ["score", baseline, item.title, "difference", "95 %", "p"]
    note = f"{comparison.way}, {comparison.resamples} resamples; *: p < 0.05, not corrected for the number of rows"
    parts: list[Section] = [Table(title=title, columns=columns, rows=[_row(row) for row in item.scores], note=note)]
    if item.mcnemar is not None:
        parts.append(Lines(title="", lines=[_mcnemar(item.mcnemar, item.title, baseline)]))
    if item.per_label and len(comparison.others) <= _FEW_SYSTEMS:
        parts.append(
            Table(
                title=f"F1 per label: {title}",
                columns=["label", *columns[1:]],
                rows=[_row(row, is_label=True) for row in item.per_label],
                open=len(item.per_label) <= _OPEN_LABELS,
            )
        )
    for side, better in (("gained", "better"), ("lost", "worse")):
        total = len(getattr(item, side))
        if total:
            parts.append(
                Examples(
                    title=f"Examples that {item.title} has {better} than {baseline}",
                    cards=comparison.cards[at][side],
                    total=total,
                    filter={"other": str(at), "side": side},
                )
            )
    return parts


def _row(row: ScoreContrast, *, is_label: bool = False) -> Row:
    ends = signed_interval_text(row.interval) if row.unit == "share" else _ends(row.interval)
    cells = [
        Cell(text=row.label, label=row.label if is_label else ""),
        *(Cell(text=_number(value, row.unit), value=value) for value in (row.baseline, row.value)),
        Cell(text=_signed(row.difference, row.unit), value=row.difference),
        Cell(text=ends),
        p_cell(row.p),
    ]
    return Row(cells=cells)


def _ends(interval: tuple[float, float] | None) -> str:
    return "–" if interval is None else f"[{_signed(interval[0], 'number')}, {_signed(interval[1], 'number')}]"


def _number(value: float | None, unit: str) -> str:
    if unit == "share":
        return percent(value)
    return "–" if value is None else f"{value:.4g}"


def _signed(value: float | None, unit: str) -> str:
    if value is None:
        return "–"
    return f"{100 * value:+.2f}" if unit == "share" else f"{value:+.4g}"


def _mcnemar(test: McNemar, title: str, baseline: str) -> str:
    way = "exact binomial" if test.exact else "chi-square with continuity correction"
    said = p_text(test.p)
    equals = "" if said.startswith("<") else "= "
    return (
        f"McNemar's test: {test.other_only} examples only {title} has right, {test.baseline_only} only {baseline}; "
        f"p {equals}{said} ({way})"
    )
