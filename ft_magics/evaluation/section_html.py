"""Sections as static HTML: tables, heat tables, charts as images, cards, sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ft_magics.evaluation.card_html import Colors, cards_html
from ft_magics.evaluation.chart_svg import chart_html
from ft_magics.markup import MUTED, cell, details, element, name_cell, table
from ft_magics.sections import Cell, Chart, Examples, Grid, Lines, Row, Section, Table

__all__ = ["MOST_ROWS", "section_html", "title_of"]

MOST_ROWS = 30  # of a grid; with more nobody finds anything
_MOST_LETTERS = 18  # of a name at the head of a column
_LEVEL_NAMES = 7  # with more columns than this their names stand upright


def section_html(section: Section, colors: Colors) -> str:
    """A section inside a fold; sentences without a title stand by themselves.

    Args:
        section: What to draw.
        colors: Of the labels.
    """
    body = _body(section, colors)
    return details(title_of(section), body, open_=section.open) if section.title else body


def title_of(section: Section) -> str:
    """What its fold says: examples are counted."""
    if not isinstance(section, Examples):
        return section.title
    shown = len(section.cards)
    some = f"{shown:,} of " if shown < section.total else ""
    return f"{section.title} ({some}{section.total:,})"


def _body(section: Section, colors: Colors) -> str:
    if isinstance(section, Table):
        names = {at for row in section.rows for at, each in enumerate(row.cells) if each.label}
        return table(section.columns, [_row(row, colors) for row in section.rows], caption=section.note, names=names)
    if isinstance(section, Grid):
        return _grid(section, colors)
    if isinstance(section, Chart):
        return chart_html(section) + _note(section.note)
    if isinstance(section, Lines):
        return "".join(element("div", escape(line), dir="auto") for line in section.lines)
    return _note(section.note) + cards_html(section.cards, colors)


def _note(text: str) -> str:
    return element("div", escape(text), style=MUTED, dir="auto") if text else ""


def _row(row: Row, colors: Colors) -> str:
    first, *others = row.cells
    return element(
        "tr",
        cell(first.text, head=True, align="left", style=_name_style(colors.get(first.label))),
        *(_other(each, colors) for each in others),
        style="font-weight:600" if row.strong else "",
    )


def _other(each: Cell, colors: Colors) -> str:
    if each.label:
        return cell(each.text, align="left", style=_name_style(colors.get(each.label)))
    return cell(each.text, style=_range(each))


def _name_style(color: str | None) -> str:
    edge = f";border-left:4px solid {color}" if color else ""
    return f"text-align:left;white-space:nowrap{edge}"


def _range(each: Cell) -> str:
    """The interval as a bar behind its numbers, on a line from 0 to 1."""
    if each.interval is None:
        return ""
    low, high = (100 * min(max(end, 0.0), 1.0) for end in each.interval)
    stops = f"transparent {low:.1f}%,rgba(0,114,178,0.28) {low:.1f}% {high:.1f}%,transparent {high:.1f}%"
    return f"white-space:nowrap;background:linear-gradient(90deg,{stops})"


def _grid(grid: Grid, colors: Colors) -> str:
    rows, columns, left_out = _shown(grid)
    names = [grid.columns[at] for at in columns]
    upright = len(names) > _LEVEL_NAMES
    head = element(
        "tr",
        name_cell(f"{grid.row_axis} \\ {grid.column_axis}"),
        *(_column_name(name, upright=upright) for name in names),
        cell(f"all {grid.row_axis}", head=True),
    )
    body = [_grid_row(grid, at, columns, colors) for at in rows]
    sums = [sum(line[at] for line in grid.counts) for at in columns]
    foot = element(
        "tr", name_cell(f"all {grid.column_axis}"), *(cell(f"{total:,}", style=MUTED) for total in sums), cell("")
    )
    note = [grid.note] if grid.note else []
    note += [f"the {len(rows)} most confused are shown, {left_out} more are left out"] if left_out else []
    return element(
        "div",
        element("div", escape("; ".join(note)), style=MUTED) if note else "",
        element(
            "table",
            element("thead", head, align="right"),
            element("tbody", *body, foot, align="right"),
            style="border-collapse:collapse;margin:4px 0;text-align:right;font-variant-numeric:tabular-nums",
            cellpadding="4",
        ),
        style="overflow-x:auto",
    )


def _shown(grid: Grid) -> tuple[list[int], list[int], int]:
    """Indices of rows and of columns to show, and how many rows are left out: of many the first by `order`."""
    if len(grid.rows) <= MOST_ROWS:
        return list(range(len(grid.rows))), list(range(len(grid.columns))), 0
    order = grid.order or range(len(grid.rows))
    first = set(list(order)[:MOST_ROWS])
    rows = [at for at in range(len(grid.rows)) if at in first]
    columns = [at for at in range(len(grid.columns)) if at in first or at >= len(grid.rows)]
    return rows, columns, len(grid.rows) - len(rows)


def _column_name(name: str, *, upright: bool) -> str:
    short = name if len(name) <= _MOST_LETTERS else f"{name[: _MOST_LETTERS - 1]}…"
    style = "writing-mode:vertical-rl;text-align:left;vertical-align:bottom" if upright else ""
    return cell(short, head=True, title=name if short != name else "", style=style)


def _grid_row(grid: Grid, at: int, columns: Sequence[int], colors: Colors) -> str:
    counts = grid.counts[at]
    total = sum(counts)
    return element(
        "tr",
        cell(grid.rows[at], head=True, align="left", style=_name_style(colors.get(grid.rows[at]))),
        *(_count(counts[to], total, diagonal=_same(grid, at, to)) for to in columns),
        cell(f"{total:,}", style=MUTED),
    )


def _same(grid: Grid, row: int, column: int) -> bool:
    return grid.rows[row] == grid.columns[column]


def _count(count: int, total: int, *, diagonal: bool) -> str:
    color = "0,114,178" if diagonal else "213,94,0"
    tint = (
        f"background:rgba({color},{0.55 * math.sqrt(count / total):.2f})" if count else ""
    )  # so that few are seen too
    return cell(f"{count:,}" if count else "·", style=tint)
