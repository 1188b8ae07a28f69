"""`DataCheck` → static HTML and text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from unicodedata import combining, east_asian_width

from ft_magics.data.checks import DataCheck
from ft_magics.markup import details, element, row, table, terminal_line, terminal_text
from ft_magics.sections import Table

__all__ = ["check_html", "check_text"]

_MOST_ROWS = 40  # of a table as text


def check_html(check: DataCheck) -> str:
    """The data check, folded; its warnings stand outside the fold."""
    warnings = [element("div", "⚠ ", escape(text), dir="auto") for text in check.warnings]
    notes = [element("div", escape(text), dir="auto") for text in check.notes]
    return element(
        "div",
        details(f"Data: {check.summary}", *map(_table_html, check.tables), *notes),
        *warnings,
        style="font-size:13px;line-height:1.5",
    )


def _table_html(counts: Table) -> str:
    rows = [row(*(cell.text for cell in item.cells), strong=item.strong) for item in counts.rows]
    return table(counts.columns, rows, caption=counts.note)


def check_text(check: DataCheck) -> str:
    """The data check as text."""
    lines = [line for counts in check.tables for line in _table_lines(counts)]
    lines += [f"note: {text}" for text in check.notes]
    lines += [f"warning: {text}" for text in check.warnings]
    return terminal_text("\n".join(lines))


def _table_lines(counts: Table) -> list[str]:
    """A table with aligned columns: numbers to the right, all else to the left."""
    shown = counts.rows[:_MOST_ROWS]
    rows = [list(counts.columns), *([terminal_line(cell.text) for cell in item.cells] for item in shown)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    numbers = [all(item.cells[at].value is not None for item in shown) for at in range(len(widths))]
    lines = [_line(cells, widths, numbers) for cells in rows]
    if len(counts.rows) > _MOST_ROWS:
        lines.append(f"and {len(counts.rows) - _MOST_ROWS} more rows")
    return [*lines, counts.note] if counts.note else lines


def _line(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> str:
    padded = []
    for cell, width, number in zip(cells, widths, numbers, strict=True):
        blank = " " * (width - _width(cell))
        padded.append(blank + cell if number else cell + blank)
    return "  ".join(padded).rstrip()


def _width(text: str) -> int:
    """Columns of a terminal that a text takes: ideographs take two, marks none."""
    return sum(0 if combining(letter) else 2 if east_asian_width(letter) in "WF" else 1 for letter in text)
