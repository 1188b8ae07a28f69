"""Any report or comparison → static HTML, Markdown and text: the twin of what the widget shows."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ft_magics.evaluation.report import Comparison, Figure, Report, View
from ft_magics.evaluation.report_page import ReportPage, page_of, page_of_sections, title_of
from ft_magics.evaluation.section_html import section_html, shown_rows
from ft_magics.markup import MUTED, element, heading, markdown_text, terminal_line
from ft_magics.sections import Examples, Lines, Section, Table

__all__ = [
    "View",
    "comparison_html",
    "comparison_text",
    "report_html",
    "report_markdown",
    "report_text",
    "sections_html",
]

_TEXT = "font-size:13px;line-height:1.5"
_BESIDE = "display:flex;flex-wrap:wrap;gap:0 32px;align-items:flex-start"
_COLUMN = "flex:1 1 500px;min-width:0;max-width:100%"
_LEAST_WIDTH = 12


def report_html(
    report: Report, *, twin_of: str = "", view: View | None = None, brief: bool = False, below: str = ""
) -> str:
    """The report as HTML without script or style sheet.

    Args:
        report: What to show.
        twin_of: Id of the widget that shows the same while it lives; the widget then hides this.
        view: What the magic's line asked for.
        brief: Scores and confusion only.
        below: HTML that stands last.
    """
    return _page_html(page_of(report, view, brief=brief), twin_of, below)


def comparison_html(comparison: Comparison, *, twin_of: str = "", view: View | None = None) -> str:
    """The comparison as HTML without script or style sheet, above the report of the last of its systems.

    Args:
        comparison: What to show.
        twin_of: As in `report_html`.
        view: As in `report_html`.
    """
    return _page_html(page_of(comparison, view), twin_of)


def sections_html(sections: Sequence[Section], labels: Sequence[str]) -> str:
    """Sections below each other, in their order.

    Args:
        sections: Of no report.
        labels: All that there are, for their colours.
    """
    page = page_of_sections(sections, labels)
    return "".join(section_html(page, at) for at in range(len(sections)))


def _page_html(page: ReportPage, twin_of: str, below: str = "") -> str:
    notes = [element("li", escape(note), dir="auto") for note in page.notes]
    return element(
        "div",
        heading(page.title),
        element("div", *map(_figure_html, page.figures), style="display:flex;flex-wrap:wrap;gap:0 40px")
        if page.figures
        else "",
        element("div", escape(page.summary), style=MUTED, dir="auto") if page.summary else "",
        element("ul", *notes, style="margin:4px 0;padding-left:20px") if notes else "",
        *(_row_html(page, row) for row in page.layout),
        below,
        data_ft_static=twin_of,
        style=_TEXT,
    )


def _figure_html(figure: Figure) -> str:
    return element(
        "div",
        element("div", escape(figure.label), style=MUTED, dir="auto"),
        element("div", escape(figure.text), style="font-size:30px;line-height:1.15;font-weight:600"),
        element("div", escape(figure.about) or "&nbsp;", style=MUTED),
        style="margin:4px 0",
    )


def _row_html(page: ReportPage, row: Sequence[Sequence[int]]) -> str:
    columns = [
        element("div", *(section_html(page, at) for at in column), style=_COLUMN if len(row) > 1 else "")
        for column in row
    ]
    return element("div", *columns, style=_BESIDE if len(row) > 1 else "")


def report_markdown(report: Report) -> str:
    """The first table, which is that of the scores, as Markdown."""
    lines = [f"**{markdown_text(report.title) or 'report'}** ({markdown_text(report.summary())})", ""]
    first = next((part for part in report.sections(brief=True) if isinstance(part, Table)), None)
    if first is not None:
        lines.append(f"| {' | '.join(map(markdown_text, first.columns))} |")
        lines.append(f"|---|{'--:|' * (len(first.columns) - 1)}")
        lines += [f"| {' | '.join(markdown_text(cell.text) for cell in row.cells)} |" for row in shown_rows(first)[0]]
    return "\n".join(lines) + "\n"


def report_text(report: Report, *, view: View | None = None) -> str:
    """The report as text, for a terminal and for `text/plain`.

    Args:
        report: What to show.
        view: As in `report_html`; tables that it opens stand below that of the scores.
    """
    sections = report.sections(view)
    first = next((part for part in sections if isinstance(part, Table)), None)
    lines = [terminal_line(report.title), *(_table_text(first) if first is not None else ())]
    for part in _opened(report, sections, first) if view else ():
        if isinstance(part, Lines):
            lines += map(terminal_line, part.lines)
        elif isinstance(part, Table):
            lines += ["", terminal_line(part.title), *_table_text(part)]
    lines += [f"note: {terminal_line(note)}" for note in report.notes]
    return "\n".join(lines)


def _opened(report: Report, sections: Sequence[Section], first: Section | None) -> list[Section]:
    """Sections that stand open because of the view, and would not without it."""
    usual = {part.title for part in report.sections() if part.open}
    return [part for part in sections if part.open and part is not first and part.title not in usual]


def comparison_text(comparison: Comparison) -> str:
    """The comparison as text: its tables that stand open, its sentences, and how many examples there are."""
    lines = [terminal_line(comparison.title)]
    for part in comparison.sections():
        if isinstance(part, Examples):
            lines.append(f"{terminal_line(title_of(part))}")
        elif isinstance(part, Lines):
            lines += map(terminal_line, part.lines)
        elif isinstance(part, Table) and part.open:
            lines += ["", terminal_line(part.title), *_table_text(part)]
    return "\n".join(lines)


def _table_text(table: Table) -> list[str]:
    """Lines with a column for each of the table's; a gap before the first row that is strong."""
    shown, left_out = shown_rows(table)
    rows = [[terminal_line(cell.text) for cell in row.cells] for row in shown]
    heads = ["", *(terminal_line(name) for name in table.columns[1:])]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    widths[0] = max(widths[0], _LEAST_WIDTH)
    gap = next((at for at, row in enumerate(shown) if row.strong), len(rows))
    lines = [_line(heads, widths)]
    for at, row in enumerate(rows):
        if at == gap and at:
            lines.append("")
        lines.append(_line(row, widths))
    return [*lines, *(terminal_line(note) for note in (left_out, table.note) if note)]


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{text:>{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()
