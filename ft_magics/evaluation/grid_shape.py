"""Which rows and columns of a grid are shown at first, and how names stand: for live and saved pages alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.sections import Grid

__all__ = ["MOST_ROWS", "GridShape", "shape_of"]

MOST_ROWS = 30  # with more nobody finds anything
_LEVEL_NAMES, _LEVEL_LETTERS = 7, 48  # with more columns, or more letters in their names, these stand upright


@dataclass(frozen=True, slots=True)
class GridShape:
    """The shape of a grid.

    Args:
        rows: Places of the rows that are shown.
        columns: Places of the columns that are shown.
        upright: Whether the names of columns are.
        left_out: A sentence on the others; empty for none.
    """

    rows: Sequence[int]
    columns: Sequence[int]
    upright: bool
    left_out: str


def shape_of(grid: Grid) -> GridShape:
    """The whole grid, or of many rows the first by its order."""
    size = len(grid.rows)
    first = set(list(grid.order or range(size))[:MOST_ROWS]) if size > MOST_ROWS else set(range(size))
    rows = [at for at in range(size) if at in first]
    columns = [at for at in range(len(grid.columns)) if at in first or at >= size]
    letters = sum(len(grid.columns[at]) for at in columns)
    left = size - len(rows)
    return GridShape(
        rows,
        columns,
        upright=len(columns) > _LEVEL_NAMES or letters > _LEVEL_LETTERS,
        left_out=f"the {len(rows)} most confused are shown, {left:,} more are left out" if left else "",
    )
