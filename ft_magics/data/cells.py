"""Rows with named columns, whatever they came from, and what their cells are."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ft_magics.data.faults import printable, show

__all__ = ["Rows", "column_label", "fold", "index_of", "is_list", "is_missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of cells.

    Args:
        name: Of the source, for messages.
        columns: Names of the columns; their numbers from 1 where nothing names them. Length C.
        named: Whether the source names its columns.
        cells: Per row, one value a column, None where it is absent. (R, C).
        places: Where each row begins, such as `train.csv, line 12`. Length R.
        class_names: Names by id, for columns whose source has them.
        notes: Sentences about what was seen and chosen.
    """

    name: str
    columns: Sequence[str]
    named: bool
    cells: Sequence[Sequence[Any]]
    places: Sequence[str]
    class_names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def fold(name: str) -> str:
    """A column's name for comparing: case, white space, hyphens and underscores make no difference."""
    return "".join(letter for letter in name.casefold() if letter not in " _-\t\ufeff")


def column_label(name: Any) -> str:
    """The name of a column or row as text; pandas takes any object."""
    try:
        return printable(str(name))
    except Exception:  # noqa: BLE001  # an object of the user's; a number of over 4,300 digits raises too
        return show(name)


def is_list(value: Any) -> bool:
    """Whether a cell holds several values: a list, a tuple, an array, but no text and no mapping."""
    if isinstance(value, (str, bytes, Mapping)) or getattr(value, "shape", None) == ():
        return False
    return isinstance(value, (Sequence, set, frozenset)) or (hasattr(value, "__len__") and hasattr(value, "tolist"))


def is_missing(value: Any) -> bool:
    """Whether a cell is empty: None, an empty text, NaN, NaT, or pandas' NA, which cannot be compared."""
    if value is None or isinstance(value, str):
        return not value
    try:
        return bool(value != value)  # noqa: PLR0124  # NaN is the one value that differs from itself
    except (ArithmeticError, TypeError, ValueError):
        return True


def index_of(value: Any) -> int | None:
    """A whole number, also one of NumPy's or torch's; None for anything else, a truth value too."""
    try:
        return None if isinstance(value, bool) else operator.index(value)
    except (TypeError, ValueError):
        return None
