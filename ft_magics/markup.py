"""HTML that survives: no script, no style sheet, no `var()`; every text escaped.

Notebook front ends strip styles from notebooks they do not trust, and code hosts strip more. So colours are
transparent tints that sit on light and dark alike, text keeps the host's colour, and no colour says anything that a
number or a word does not say too. What all cells share stands once, on their table: a report can have thousands.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Iterable, Sequence
from html import escape
from unicodedata import bidirectional

from ft_magics.metrics import Metric

__all__ = [
    "MUTED",
    "PLAIN_ROW",
    "ROW",
    "cell",
    "column_head",
    "decimal",
    "details",
    "element",
    "heading",
    "image",
    "markdown_code",
    "markdown_text",
    "measured",
    "name_cell",
    "percent",
    "row",
    "size_text",
    "table",
    "terminal_line",
    "terminal_text",
]

_UNITS = ("B", "kB", "MB", "GB", "TB")
MUTED = "opacity:0.7"
PLAIN_ROW = "background:none"  # a host stripes the rows of tables, and the live page has none
ROW = f"border-bottom:1px solid rgba(128,128,128,0.25);{PLAIN_ROW}"  # a line below a row of a table
_TABLE = "border-collapse:collapse;margin:4px 0;text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap"
_MOST_WRITTEN_OUT, _LEAST_WRITTEN_OUT = 1e12, 1e-4
_NAME = "text-align:left;white-space:nowrap"  # said again where hosts have rules of their own for cells

_BREAKS = re.compile(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")  # what `str.splitlines` parts lines at
_SEQUENCES = re.compile(  # ECMA-48, section 5: what ESC, or its twin above 0x80, begins
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, the cursor
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)"  # titles, links, the clipboard
    r"|\x1b[ -/]*[0-Z\\^-~]"
)
_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")  # controls, and changes of direction
_HALVES = re.compile(r"[\ud800-\udfff]")  # of surrogate pairs: no output takes them
_MARKDOWN = re.compile(r"[\\`*_\[\]|~$#]")


def element(name: str, *children: str, style: str = "", **attributes: str) -> str:
    """An element; children are HTML, attributes are escaped. An underscore in an attribute's name is a hyphen."""
    pairs = {"style": style, **attributes}
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in pairs.items() if value
    )
    return f"<{name}{written}>{''.join(children)}</{name}>"


def cell(text: str, *, head: bool = False, align: str = "", style: str = "", title: str = "") -> str:
    """A table cell with escaped text; `dir=auto` lets right-to-left names stand right."""
    direction = "auto" if any(bidirectional(letter) in ("R", "AL") for letter in text) else ""
    return element("th" if head else "td", escape(text), style=style, title=title, dir=direction, align=align)


def name_cell(text: str) -> str:
    """The cell that begins a row and says what it is about."""
    return cell(text, head=True, align="left", style=_NAME)


def row(first: str, *others: str, strong: bool = False, style: str = "") -> str:
    """A table row: a name, then numbers; `style` is that of their cells, where a host's rules have to be overruled."""
    look = f"{PLAIN_ROW};font-weight:600" if strong else PLAIN_ROW
    return element("tr", name_cell(first), *(cell(text, style=style) for text in others), style=look)


def table(header: Sequence[str], rows: Iterable[str], *, caption: str = "", names: Collection[int] = ()) -> str:
    """A table; rows are HTML. The caption stands before it, where a long one does not widen it.

    Args:
        header: Heads of the columns.
        rows: Each a `tr`.
        caption: What is to be said of it.
        names: Columns behind the first that hold names too, counted from 0.
    """
    first, *others = header
    heads = (name_cell(text) if at in names else cell(text, head=True) for at, text in enumerate(others, 1))
    head = element("tr", name_cell(first), *heads, style=ROW)
    parts = element("thead", head, align="right"), element("tbody", *rows, align="right")
    return element(
        "div",
        element("div", escape(caption), style=MUTED) if caption else "",
        element("table", *parts, style=_TABLE, cellpadding="4"),
        style="overflow-x:auto",
    )


def details(summary: str, *children: str, open_: bool = False) -> str:
    """A fold that needs no script."""
    opened = {"open": "open"} if open_ else {}
    head = element("summary", escape(summary), style="cursor:pointer;font-weight:600", dir="auto")
    return element("details", head, *children, style="margin:6px 0", **opened)


def heading(text: str, *, muted: str = "") -> str:
    """A line in bold, with something lighter behind it."""
    behind = element("span", escape(f" · {muted}"), style=MUTED) if muted else ""
    return element("div", element("strong", escape(text)), behind, style="margin:6px 0 2px", dir="auto")


def image(svg: str, alt: str, width: int) -> str:
    """An SVG as an image: notebook sanitizers take `svg` away and leave `img`."""
    data = base64.b64encode(svg.encode()).decode()
    return f'<img alt="{escape(alt)}" width="{width}" style="max-width:100%" src="data:image/svg+xml;base64,{data}">'


def decimal(value: float) -> str:
    """A number with at most two decimals, such as the epoch that a run was stopped in."""
    return f"{round(value, 2):g}"


def size_text(size_bytes: int | None) -> str:
    """A size with three digits, such as `1.24 MB`; a dash for one that is not known."""
    if size_bytes is None:
        return "–"
    size, unit = float(size_bytes), 0
    while size >= 999.5 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {_UNITS[unit]}"


def percent(share: float | None) -> str:
    """A share times 100 with two decimals; a dash where it does not exist.

    Scores stand like this, without a sign, as papers print them; a probability has ` %` behind it.
    """
    return "–" if share is None else f"{100 * share:.2f}"


def column_head(metric: Metric) -> str:
    """What stands above a column of its values; which way is better is said where that is down."""
    return metric.label if metric.higher_is_better else f"{metric.label} ↓"


def measured(value: float | None, metric: Metric) -> str:
    """A metric's value: a share in percent with two decimals, another number with four digits that count."""
    if value is None or metric.unit == "share":
        return percent(value)
    size = abs(value)
    if size >= _MOST_WRITTEN_OUT or 0 < size < _LEAST_WRITTEN_OUT:
        return f"{value:.3e}"
    return f"{value:,.0f}" if size >= 999.95 else f"{value:#.4g}"


def terminal_text(text: str) -> str:
    """A text that a terminal only shows: no escape sequence, no control but line feed and tab, no turned direction."""
    lines = re.sub(r"\r\n|[\u2028\u2029]", "\n", text)
    return _HALVES.sub("\ufffd", _UNSEEN.sub("", _SEQUENCES.sub("", lines)))


def terminal_line(text: str) -> str:
    """The same in one line, for a name or a cell of a table."""
    return terminal_text(_BREAKS.sub(" ", text)).replace("\t", " ")


def markdown_text(text: str) -> str:
    """A text that Markdown shows as it is, in one line, in a table's cell too: no mark-up, no HTML.

    Source: GitHub Flavored Markdown, sections 2.4 (backslash escapes) and 4.10 (tables).
    """
    line = terminal_line(text).strip()
    return _MARKDOWN.sub(r"\\\g<0>", escape(line, quote=False))


def markdown_code(text: str) -> str:
    """A text as code in a line of Markdown; what a code span cannot hold stands there as text."""
    line = terminal_line(text).strip()
    return markdown_text(text) if not line or "`" in line or "|" in line else f"`{line}`"
