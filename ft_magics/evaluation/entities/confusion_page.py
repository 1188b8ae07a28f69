"""The confusion grid as static HTML: numbers in tinted cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.markup import cell, element, name_cell, table

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.report import EntityReport

__all__ = ["confusion_html"]

_MOST_CONFUSED_TYPES = 30


def confusion_html(report: EntityReport) -> str:
    """The grid as a table; of many types those with most confusions."""
    chosen, left_out = _confused_types(report)
    last = len(report.types)
    body = [_confusion_row(report, at, [*chosen, last]) for at in [*chosen, last]]
    note = "rows: gold, columns: predicted; the diagonal holds right types, wrong borders included"
    if left_out:
        note += f"; {left_out} more types, with fewer confusions or none, are left out"
    return table(("gold \\ predicted", *(report.types[at] for at in chosen), "missed"), body, caption=note)


def _confusion_row(report: EntityReport, at: int, columns: list[int]) -> str:
    spurious = at == len(report.types)
    counts = report.confusion[at]
    total = sum(counts) or 1
    name = name_cell("spurious" if spurious else report.types[at])
    return element(
        "tr",
        name,
        *(
            cell(str(counts[to]) if counts[to] else "·", style=_tint(counts[to] / total if not spurious else 0))
            for to in columns
        ),
    )


def _confused_types(report: EntityReport) -> tuple[list[int], int]:
    """Indices of the types to show; of many, those with most confusions."""
    count = len(report.types)
    if count <= _MOST_CONFUSED_TYPES:
        return list(range(count)), 0
    grid = report.confusion
    wrong = [sum(grid[at]) + sum(line[at] for line in grid) - 2 * grid[at][at] for at in range(count)]
    most = sorted(range(count), key=lambda at: -wrong[at])[:_MOST_CONFUSED_TYPES]
    shown = sorted(at for at in most if wrong[at])
    return shown, count - len(shown)


def _tint(share: float) -> str:
    return f"background:rgba(0,114,178,{0.55 * share:.2f})" if share else ""
