"""`DataCheck` → static HTML and text."""

from __future__ import annotations

from html import escape

from ft_magics.data.checks import DataCheck
from ft_magics.markup import details, element, row, table, terminal_line, terminal_text
from ft_magics.sections import Row, Table

__all__ = ["check_html", "check_text"]

_MOST_ROWS = 40  # of a table as text
_NAME = 5  # characters of the name of a split


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
    """A line per row; of a table of nothing but counts, which may have many rows, a line per column."""
    rows = [[terminal_line(cell.text) for cell in item.cells] for item in counts.rows]
    if any(cell.value is None for item in counts.rows for cell in item.cells[1:]):
        return [f"{row[0]:>{_NAME}}: {_row_text(counts, item)}" for row, item in zip(rows, counts.rows, strict=True)]
    hidden = f" and {len(rows) - _MOST_ROWS} more" if len(rows) > _MOST_ROWS else ""
    more = f" and {counts.note}" if counts.note and not hidden else hidden
    return [
        f"{column:>{_NAME}}: {', '.join(f'{row[0]} {row[at]}' for row in rows[:_MOST_ROWS])}{more}"
        for at, column in enumerate(counts.columns[1:], 1)
    ]


def _row_text(counts: Table, item: Row) -> str:
    """Cells with the names of their columns, such as `280 sentences, longest 19, IOB2`."""
    parts = []
    for column, cell in zip(counts.columns[1:], item.cells[1:], strict=True):
        text = terminal_line(cell.text)
        counted = f"{text} {column}" if column.endswith("s") else f"{column} {text}"
        parts.append(text if cell.value is None else counted)
    return ", ".join(parts)
