"""Sections as static HTML: tables, heat tables, charts as images, cards, sentences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ft_magics.evaluation.card_html import Colors, cards_html
from ft_magics.evaluation.chart_svg import chart_html
from ft_magics.evaluation.grid_shape import GridShape
from ft_magics.evaluation.label_colors import GREY, tint_of
from ft_magics.evaluation.report_page import ReportPage, title_of
from ft_magics.markup import MUTED, PLAIN_ROW, ROW, cell, details, element, table
from ft_magics.sections import Cell, Chart, Examples, Grid, Lines, Row, Table

__all__ = ["section_html", "shown_rows"]

_UPRIGHT = "writing-mode:vertical-rl;display:inline-block;max-height:15em;overflow:hidden;text-overflow:ellipsis"
_LEVEL_CELL = "font-weight:normal;text-align:center"
_UPRIGHT_CELL = "font-weight:normal;text-align:left;vertical-align:bottom"
_ROW_NAME = "font-weight:inherit;text-align:left;white-space:nowrap"
_CUT = ";max-width:22em;overflow:hidden;text-overflow:ellipsis"
_NEVER_CUT = 20  # letters that fit in the width, in every script; a report can have thousands of names
_BAR_PX = 200
_SUM = f"{MUTED};text-align:center"


def section_html(page: ReportPage, at: int) -> str:
    """A section inside a fold; sentences without a title stand by themselves.

    Args:
        page: Whose.
        at: Its place.
    """
    section = page.sections[at]
    body = _body(page, at)
    return details(title_of(section), body, open_=section.open) if section.title else body


def shown_rows(table: Table) -> tuple[Sequence[Row], str]:
    """The rows that have enough support, and a sentence on those that have not."""
    kept = [row for row in table.rows if row.strong or not table.support or _support(table, row) >= table.least]
    hidden = len(table.rows) - len(kept)
    rows = "1 row is" if hidden == 1 else f"{hidden:,} rows are"
    return kept, f"{rows} hidden: support below {table.least}; averages count all" if hidden else ""


def _support(table: Table, row: Row) -> float:
    return row.cells[table.support].value or 0


def _body(page: ReportPage, at: int) -> str:
    section, colors = page.sections[at], page.colors
    if isinstance(section, Table):
        names = {at for row in section.rows for at, each in enumerate(row.cells) if each.label or each.bar}
        rows, left_out = shown_rows(section)
        drawn = table(section.columns, [_row(row, colors) for row in rows], names=names)
        return _note(section.note) + _note(left_out) + drawn
    if isinstance(section, Grid):
        return _grid(section, page.grids[str(at)], colors)
    if isinstance(section, Chart):
        return chart_html(page.drawings[str(at)]) + _note(section.note)
    if isinstance(section, Lines):
        return "".join(element("div", escape(line), dir="auto") for line in section.lines)
    return _note(section.note) + _examples(section, page)


def _examples(section: Examples, page: ReportPage) -> str:
    """The first page, and in a fold what else was kept."""
    first, more = section.cards[: page.cards_a_page], section.cards[page.cards_a_page :]
    if not first:
        return element("div", f"None of the {section.total:,} is kept on this page.", style=MUTED)
    place = element("strong", f"1–{len(first)} of {section.total:,}")
    cards = cards_html(first, page.colors)
    if not more:
        return place + cards
    return place + cards + details(f"{len(more)} more that were kept", cards_html(more, page.colors))


def _note(text: str) -> str:
    return element("div", escape(text), style=MUTED, dir="auto") if text else ""


def _row(row: Row, colors: Colors) -> str:
    first, *others = row.cells
    return element(
        "tr",
        cell(first.text, head=True, align="left", style=_name_style(first.text, colors.get(first.label))),
        *(_other(each, colors) for each in others),
        style=f"{ROW};font-weight:600" if row.strong else ROW,
    )


def _other(each: Cell, colors: Colors) -> str:
    if each.bar:
        return _bar(each, colors)
    if each.label:
        return cell(each.text, align="left", style=_name_style(each.text, colors.get(each.label)))
    return cell(each.text, style=_range(each))


def _name_style(name: str, color: str | None) -> str:
    edge = f";box-shadow:inset 4px 0 {color};padding-left:12px" if color else ""
    return f"{_ROW_NAME}{_CUT if len(name) > _NEVER_CUT else ''}{edge}"


def _bar(each: Cell, colors: Colors) -> str:
    """A bar from 0 to the value, and a line over it from end to end of the interval."""
    color = colors.get(each.label, GREY)
    share = 100 * min(max(each.value or 0.0, 0.0), 1.0)
    low, high = (100 * min(max(end, 0.0), 1.0) for end in each.interval or (0.0, 0.0))
    line = f"linear-gradient(90deg,transparent {low:.1f}%,{color} {low:.1f}% {high:.1f}%,transparent {high:.1f}%)"
    line = f"{line} 0 50%/100% 4px no-repeat," if each.interval is not None else ""
    end = f"linear-gradient({color},{color}) {share:.1f}% 0/2px 100% no-repeat,"
    fill = f"linear-gradient(90deg,{tint_of(color)} {share:.1f}%,rgba(128,128,128,0.1) {share:.1f}%)"
    drawn = f"display:inline-block;width:{_BAR_PX}px;height:14px;vertical-align:middle;background:{line}{end}{fill}"
    return element("td", element("span", style=drawn), align="left", style="text-align:left")


def _range(each: Cell) -> str:
    """The interval as a bar behind its numbers, on a line from 0 to 1."""
    if each.interval is None:
        return ""
    low, high = (100 * min(max(end, 0.0), 1.0) for end in each.interval)
    if low == high:
        return "white-space:nowrap"  # nothing to draw
    stops = f"transparent {low:.1f}%,rgba(0,114,178,0.28) {low:.1f}% {high:.1f}%,transparent {high:.1f}%"
    return f"white-space:nowrap;background:linear-gradient(90deg,{stops})"


def _grid(grid: Grid, shape: GridShape, colors: Colors) -> str:
    columns, upright = shape.columns, shape.upright
    names = [grid.columns[at] for at in columns]
    head = element(
        "tr",
        _axis(f"{grid.row_axis} ╲ {grid.column_axis}"),
        *(_column_name(name, upright=upright) for name in names),
        _column_name(f"all {grid.row_axis}", upright=upright),
    )
    body = [_grid_row(grid, at, columns, colors) for at in shape.rows]
    sums = [sum(line[at] for line in grid.counts) for at in columns]
    foot = element(
        "tr",
        _axis(f"all {grid.column_axis}"),
        *(cell(f"{total:,}", style=_SUM) for total in sums),
        cell(""),
        style=PLAIN_ROW,
    )
    return element(
        "div",
        _note(shape.left_out),
        _note(grid.note),
        element(
            "table",
            element("thead", head, align="right"),
            element("tbody", *body, foot, align="right"),
            style="border-collapse:separate;border-spacing:1px;margin:4px 0;font-variant-numeric:tabular-nums",
            cellpadding="4",
        ),
        style="overflow-x:auto",
    )


def _axis(text: str) -> str:
    return cell(text, head=True, align="left", style=f"{_ROW_NAME};font-weight:400;{MUTED}")


def _column_name(name: str, *, upright: bool) -> str:
    shown = element("bdi", escape(name), style=_UPRIGHT if upright else "")
    return element("th", shown, title=name, style=_UPRIGHT_CELL if upright else _LEVEL_CELL)


def _grid_row(grid: Grid, at: int, columns: Sequence[int], colors: Colors) -> str:
    counts = grid.counts[at]
    total = sum(counts)
    return element(
        "tr",
        cell(grid.rows[at], head=True, align="left", style=_name_style(grid.rows[at], colors.get(grid.rows[at]))),
        *(_count(counts[to], total, diagonal=_same(grid, at, to)) for to in columns),
        cell(f"{total:,}", style=_SUM),
        style=PLAIN_ROW,
    )


def _same(grid: Grid, row: int, column: int) -> bool:
    return grid.rows[row] == grid.columns[column]


def _count(count: int, total: int, *, diagonal: bool) -> str:
    color = "0,114,178" if diagonal else "213,94,0"
    tint = f"background:rgba({color},{0.55 * math.sqrt(count / total):.2f})" if count else MUTED  # few are seen too
    edge = "box-shadow:inset 0 0 0 1px rgba(128,128,128,0.35)" if diagonal else ""
    style = ";".join(filter(None, (tint, edge, "text-align:center")))
    return cell(f"{count:,}" if count else "·", style=style)
