"""Any report or comparison → static HTML, Markdown and text: the twin of what the widget shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ft_magics.evaluation.label_colors import colors_of, labels_of
from ft_magics.evaluation.report import Comparison, Report
from ft_magics.evaluation.section_html import section_html, title_of
from ft_magics.markup import element, heading, markdown_text, terminal_line
from ft_magics.sections import Examples, Lines, Section, Table

__all__ = ["View", "comparison_html", "comparison_text", "report_html", "report_markdown", "report_text"]

_TEXT = "font-size:13px;line-height:1.5"
_LEAST_WIDTH = 12

View = Mapping[str, Any]  # what the magic's line asked for, such as `by` and `min_support`


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
    sections = report.sections(view, brief=brief)
    return element(
        "div",
        heading(report.title, muted=report.summary()),
        *(element("div", escape(note), dir="auto") for note in report.notes),
        _sections_html(sections),
        below,
        data_ft_static=twin_of,
        style=_TEXT,
    )


def comparison_html(comparison: Comparison) -> str:
    """The comparison as HTML without script or style sheet."""
    return element("div", heading(comparison.title), _sections_html(comparison.sections()), style=_TEXT)


def _sections_html(sections: Sequence[Section]) -> str:
    colors = colors_of(labels_of(sections))
    shown = [part for part in sections if not isinstance(part, Examples) or part.cards]  # a kernel may have others
    return "".join(section_html(part, colors) for part in shown)


def report_markdown(report: Report) -> str:
    """The first table, which is that of the scores, as Markdown."""
    lines = [f"**{markdown_text(report.title) or 'report'}** ({markdown_text(report.summary())})", ""]
    first = next((part for part in report.sections(brief=True) if isinstance(part, Table)), None)
    if first is not None:
        lines.append(f"| {' | '.join(map(markdown_text, first.columns))} |")
        lines.append(f"|---|{'--:|' * (len(first.columns) - 1)}")
        lines += [f"| {' | '.join(markdown_text(cell.text) for cell in row.cells)} |" for row in first.rows]
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
    rows = [[terminal_line(cell.text) for cell in row.cells] for row in table.rows]
    heads = ["", *(terminal_line(name) for name in table.columns[1:])]
    widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
    widths[0] = max(widths[0], _LEAST_WIDTH)
    gap = next((at for at, row in enumerate(table.rows) if row.strong), len(rows))
    lines = [_line(heads, widths)]
    for at, row in enumerate(rows):
        if at == gap and at:
            lines.append("")
        lines.append(_line(row, widths))
    return [*lines, terminal_line(table.note)] if table.note else lines


def _line(texts: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{text:>{width}}" for text, width in zip(texts, widths, strict=True)).rstrip()
