"""`TallyComparison` → sections."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.markup import percent
from ft_magics.sections import Cell, Examples, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.comparison import Contrast, McNemar, ScoreContrast, TallyComparison

__all__ = ["sections_of"]

_OPEN_LABELS = 30
_LEAST_P = 0.001


def sections_of(comparison: TallyComparison) -> list[Section]:
    """A table of scores and one of labels for each system, and the examples that it gained and lost."""
    parts: list[Section] = []
    for at, item in enumerate(comparison.others):
        parts += _system(comparison, at, item)
    return parts


def _system(comparison: TallyComparison, at: int, item: Contrast) -> list[Section]:
    baseline = comparison.baseline
    title = f"{item.title} against {baseline}"
    columns = ["score", baseline, item.title, "difference", "95 %", "p"]
    note = f"paired bootstrap, {comparison.resamples} resamples; p is not corrected for the number of rows"
    parts: list[Section] = [Table(title=title, columns=columns, rows=[_row(row) for row in item.scores], note=note)]
    if item.mcnemar is not None:
        parts.append(Lines(title="", lines=[_mcnemar(item.mcnemar, item.title, baseline)]))
    if item.per_label:
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
    ends = None if row.interval is None else " to ".join(_signed(end, row.unit) for end in row.interval)
    cells = [
        Cell(text=row.label, label=row.label if is_label else ""),
        *(Cell(text=_number(value, row.unit), value=value) for value in (row.baseline, row.value)),
        Cell(text=_signed(row.difference, row.unit), value=row.difference),
        Cell(text=ends or "–"),
        Cell(text=_p(row.p), value=row.p),
    ]
    return Row(cells=cells)


def _p(value: float | None) -> str:
    if value is None:
        return "–"
    return f"< {_LEAST_P}" if value < _LEAST_P else f"{value:.3f}"


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
    equals = "" if test.p < _LEAST_P else "= "
    return (
        f"McNemar's test: {test.other_only} examples only {title} has right, {test.baseline_only} only {baseline}; "
        f"p {equals}{_p(test.p)} ({way})"
    )
