"""What a report shows, as plain data: five kinds of sections, each with one renderer in Python and one in TypeScript.

Numbers are worded here, once, so that a live page and a saved one cannot differ. A filter is what opens the examples
behind a number: the request that `Evidence.page` takes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

__all__ = ["Card", "Cell", "Chart", "Examples", "Filter", "Grid", "Lines", "Row", "Section", "Series", "Table"]

Filter = Mapping[str, Any]  # name → a value, or several of which any will do; `text`: anywhere in an example


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A place in a table.

    Args:
        text: What is shown.
        value: What a table is sorted by; None for a text, or for a number that does not exist.
        filter: What a click opens; None for nothing.
        interval: Ends of the interval, 0 to 1, for a bar; None for none.
        label: Name of the label that it is about, for its colour; empty for none.
        bar: Whether it is drawn as a bar from 0 to `value`, a share, with its interval, in the colour of `label`.
    """

    text: str
    value: float | None = None
    filter: Filter | None = None
    interval: tuple[float, float] | None = None
    label: str = ""
    bar: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row of a table; `strong` for averages and totals."""

    cells: Sequence[Cell]
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of numbers, each with a name first.

    Args:
        support: The column that says how many gold items a row has; 0 for none.
        least: Rows with less support than this are left out at first, which is said; averages count all.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Row]
    support: int = 0
    least: int = 0
    note: str = ""
    open: bool = True
    kind: Literal["table"] = "table"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """Counts of pairs, such as gold and predicted labels.

    Args:
        rows: Names of the rows.
        columns: Names of the columns.
        counts: (rows, columns).
        row_axis: What rows are, such as `gold`.
        column_axis: What columns are, such as `predicted`.
        row_filters: What a filter says for each row, merged with that of the column.
        column_filters: The same for each column.
        order: Another order of rows and columns, such as the most confused first; empty for none.
        sums_open: Whether the sum of a row, or of a column, is the number of examples that its filter finds.
    """

    title: str
    rows: Sequence[str]
    columns: Sequence[str]
    counts: Sequence[Sequence[int]]
    row_axis: str = "gold"
    column_axis: str = "predicted"
    row_filters: Sequence[Filter] = ()
    column_filters: Sequence[Filter] = ()
    order: Sequence[int] = ()
    sums_open: bool = True
    note: str = ""
    open: bool = True
    kind: Literal["grid"] = "grid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One line, or cloud of points. A y that does not exist is None.

    Args:
        names: Of the points, which then stand beside them; empty for none.
        intervals: Ends of the interval of each y, drawn as a line through it; empty for none.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float | None]
    shape: Literal["line", "dots", "bars"] = "line"
    names: Sequence[str] = ()
    intervals: Sequence[tuple[float, float] | None] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Curves.

    Args:
        x_label: With its unit.
        y_label: With its unit.
        x_range: Ends of the axis; None for those of the data.
        y_range: Ends of the axis; None for those of the data.
        diagonal: Whether the line on which both are equal is drawn.
        x_log: Whether equal ratios of x are equally far apart; all x are then above 0.
    """

    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    diagonal: bool = False
    x_log: bool = False
    note: str = ""
    open: bool = True
    kind: Literal["chart"] = "chart"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One example.

    Args:
        kind: How it is drawn: `spans` (words with marked spans), `labels` (a text and its labels), `relation` (a text
            with two entities and what leads from one to the other), `answer` (a question and a context with marked
            answers) or `texts`.
        row: Where it stands, such as `test.csv, line 12`.
        data: What that kind of card shows; see `evaluation/card_data.py`.
    """

    kind: Literal["spans", "labels", "relation", "answer", "texts"]
    row: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examples:
    """Examples, the first of them sent along; the kernel has the others.

    Args:
        cards: Those that are there without a kernel.
        total: How many there are.
        filter: Which they are.
        facets: What a person can choose by: name of the filter → its values, in order.
        sorts: Orders to choose from.
    """

    title: str
    cards: Sequence[Card]
    total: int
    filter: Filter = field(default_factory=dict)
    facets: Mapping[str, Sequence[str]] = field(default_factory=dict)
    sorts: Sequence[str] = ()
    note: str = ""
    open: bool = False
    kind: Literal["examples"] = "examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Sentences, such as what a reader of the numbers should know."""

    title: str
    lines: Sequence[str]
    open: bool = True
    kind: Literal["lines"] = "lines"


Section = Table | Grid | Chart | Examples | Lines
