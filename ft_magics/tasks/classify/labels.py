"""Cells of a label column → names of classes, or the numbers of a regression."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

from ft_magics.config.tree import is_broken
from ft_magics.data.cells import Rows, index_of, is_list, is_missing
from ft_magics.data.faults import Faults, list_names, quoted, show
from ft_magics.data.written import read_written
from ft_magics.errors import DataError, did_you_mean, type_name
from ft_magics.tasks.classify.columns import flag_of
from ft_magics.tasks.classify.config import TextOptions

__all__ = ["PANDAS_HINT", "read_labels", "read_values"]

_SEPARATORS = ("|", ";", ",")
_MOST_DIGITS = 9  # of the index of a class
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_NOT_NUMBERS = (
    "; if {} holds classes, leave `regression: true` out; if the numbers are in another column, name it with "
    "`label_column`"
)
PANDAS_HINT = "; pandas reads the words NA, None and null as missing: `pd.read_csv(…, keep_default_na=False)`"


def read_labels(
    rows: Rows,
    columns: Sequence[int],
    options: TextOptions,
    faults: Faults,
    notes: list[str],
    *,
    several: bool,
) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    """The labels of every row.

    Args:
        rows: What was read.
        columns: Of the labels; more than one where each class has a column of its own.
        options: Names and separator that the user gave.
        faults: What is wrong is added here.
        notes: What was chosen is added here.
        several: Whether a text may have any number of labels.

    Returns:
        Labels per row, and the names by id as far as the source or the user gave them.
    """
    if len(columns) > 1:
        return _of_flags(rows, columns, faults, several=several), tuple(rows.columns[at] for at in columns)
    (at,) = columns
    column = rows.columns[at]
    given = tuple(options.label_names or rows.class_names.get(column, ()))
    cells = [row[at] for row in rows.cells]
    if several:
        lists = _split(cells, rows, options, notes)
    else:
        lists = [_only(cell, place, faults) for cell, place in zip(cells, rows.places, strict=True)]
    _refuse_measures(lists, rows, column, given, faults)
    naming = _Naming(given, faults)
    labels = [naming.labels(items, place, several=several) for items, place in zip(lists, rows.places, strict=True)]
    return labels, given


class _Naming:
    """Labels as they stand → names of classes.

    Args:
        names: By id; empty where labels are names, or ids without names.
        faults: What is wrong is added here.
    """

    def __init__(self, names: Sequence[str], faults: Faults) -> None:
        self._names = tuple(names)
        self._known = frozenset(names)
        self._faults = faults

    def labels(self, items: Sequence[Any], place: str, *, several: bool) -> tuple[str, ...]:
        """The names of a row's labels, each once."""
        if not several and len(items) == 1 and is_missing(items[0]):
            hint = PANDAS_HINT if isinstance(items[0], float) else ""
            self._faults.add("no label", place, f"the label is missing{hint}")
            return ()
        found = (self._name(item, place) for item in items if not is_missing(item))
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def _name(self, item: Any, place: str) -> str | None:
        text = item.strip() if isinstance(item, str) else None
        if text == "":
            self._faults.add("no label", place, "the label is missing")
            return None
        if text is not None and is_broken(text):
            self._faults.add(
                "half", place, f"label {text[:60]!a} holds half a surrogate pair, which is no letter; mend the text"
            )
            return None
        if text is not None and (text in self._known or not self._names):
            return text
        index = _index(item)
        if index is None and text is None and not isinstance(item, bool):
            self._faults.add("kind", place, f"a label must be a text or a whole number, found {show(item)}")
            return None
        return self._by_id(index, str(item) if text is None else text, place)

    def _by_id(self, index: int | None, text: str, place: str) -> str | None:
        if not self._names:
            return text if index is None else str(index)
        if index is None:
            near = did_you_mean(text, self._names)
            self._faults.add(
                "name", place, f"label `{quoted(text)}` is none of `label_names` ({list_names(self._names)}).{near}"
            )
            return None
        if 0 <= index < len(self._names):
            return self._names[index]
        more = "; if the labels count from 1, put a name for 0 first" if index == len(self._names) else ""
        self._faults.add(
            "range",
            place,
            f"label {quoted(text)} has no name; there are {len(self._names)} names, counted from 0{more}",
        )
        return None


def _index(item: Any) -> int | None:
    """A class's id: a whole number, also as a text, or as the float that pandas makes of it."""
    if isinstance(item, str):
        text = item.strip()
        return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else None
    index = int(item) if isinstance(item, float) and item.is_integer() else index_of(item)
    return index if index is not None and abs(index) < 10**_MOST_DIGITS else None


def _only(cell: Any, place: str, faults: Faults) -> Sequence[Any]:
    """The one label of a row."""
    if not is_list(cell):
        return [cell]
    items = list(cell)
    if len(items) == 1:
        return items
    if not items:
        faults.add("no label", place, "the label is missing")
    else:
        faults.add(
            "several", place, f"there are {len(items)} labels, {show(items)}; several a text are `multi_label: true`"
        )
    return []


def _refuse_measures(
    lists: Sequence[Sequence[Any]], rows: Rows, column: str, names: Sequence[str], faults: Faults
) -> None:
    """Labels that are all numbers, some of them with a fraction, are measured and no classes."""
    first: tuple[str, Any] | None = None
    for items, place in zip(lists, rows.places, strict=True):
        for item in items:
            if is_missing(item) or (isinstance(item, str) and item.strip() in names):
                continue
            number = _number(item)
            if number is None:
                return
            if first is None and not number.is_integer():
                first = place, item
    if first:
        raise_at, item = first
        faults.add(
            "measure",
            raise_at,
            f"the label, in column {quoted(column)}, is the number {show(item)}: numbers are predicted "
            "with `task: {classify: {regression: true}}`; if they are classes, give their names with `label_names`; "
            "if the labels are in another column, name it with `label_column`",
        )


def _number(item: Any) -> float | None:
    if isinstance(item, str):
        return float(item) if _NUMBER.fullmatch(item.strip()) else None
    if isinstance(item, bool):
        return None
    try:
        return float(item)
    except (TypeError, ValueError, OverflowError):
        return None


def _of_flags(rows: Rows, columns: Sequence[int], faults: Faults, *, several: bool) -> list[tuple[str, ...]]:
    """Labels of a column each: those whose cell is 1."""
    labels = []
    for place, row in zip(rows.places, rows.cells, strict=True):
        on = []
        for at in columns:
            cell = row[at]
            flag = flag_of(cell)
            if flag is None:
                name = quoted(rows.columns[at])
                faults.add("flag", place, f"column {name} must be 0 or 1, found {show(cell)}")
            elif flag:
                on.append(rows.columns[at])
        if not several and len(on) != 1:
            faults.add(
                "several",
                place,
                f"{len(on)} of the {len(columns)} columns of `label_column` are 1; any number is `multi_label: true`",
            )
        labels.append(tuple(on))
    return labels


def _split(cells: Sequence[Any], rows: Rows, options: TextOptions, notes: list[str]) -> list[Sequence[Any]]:
    """The labels of each cell: a list, a list that is written as text, or names with a separator."""
    lists = [_as_list(cell) for cell in cells]
    rest = [cell for cell, items in zip(cells, lists, strict=True) if items is None and isinstance(cell, str)]
    separator = options.label_separator or _separator(rest, options.label_names or ())
    if separator and not options.label_separator:
        notes.append(
            f"{rows.name}: labels are parted at `{separator}`; another separator is named with `label_separator`"
        )
    return [items if items is not None else _parts(cell, separator) for cell, items in zip(cells, lists, strict=True)]


def _as_list(cell: Any) -> Sequence[Any] | None:
    if is_list(cell):
        return list(cell)
    found = read_written(cell)
    return found if isinstance(found, list) else None


def _parts(cell: Any, separator: str) -> Sequence[Any]:
    if is_missing(cell):
        return []
    if not isinstance(cell, str) or not separator:
        return [] if isinstance(cell, str) and not cell.strip() else [cell]
    return [part for part in map(str.strip, cell.split(separator)) if part]


def _separator(cells: Iterable[str], names: Sequence[str]) -> str:
    """The separator that leaves the fewest different labels; empty for none.

    Args:
        cells: Labels as they stand.
        names: Of classes, where they are known: they are not parted.
    """
    whole = set(cells) - set(names)
    found = []
    for order, separator in enumerate(_SEPARATORS):
        if any(separator in cell for cell in whole):
            parts = {part.strip() for cell in whole for part in cell.split(separator)}
            found.append((len(parts), order, separator))
    return min(found)[-1] if found else ""


def read_values(rows: Rows, columns: Sequence[int], faults: Faults) -> list[float]:
    """The numbers of a regression.

    Args:
        rows: What was read.
        columns: The column of the numbers, and no other.
        faults: What is wrong is added here.
    """
    if len(columns) > 1:
        raise DataError(f"{rows.name}: `label_column` names {len(columns)} columns; a regression predicts one number")
    (at,) = columns
    values = []
    for place, row in zip(rows.places, rows.cells, strict=True):
        value = _value(row[at])
        if value is None:
            cell = row[at]
            if is_missing(cell) or (isinstance(cell, str) and not cell.strip()):
                fault = "the number is missing" if not isinstance(cell, float) else "the number is NaN"
            elif is_list(cell):
                fault = f"found {type_name(cell)} where a number is expected"
            else:
                comma = isinstance(cell, str) and _NUMBER.fullmatch(cell.strip().replace(",", ".", 1))
                fault = f"found {show(cell)} where a finite number is expected"
                fault += (
                    "; write a point for the decimal comma" if comma else _NOT_NUMBERS.format(quoted(rows.columns[at]))
                )
            faults.add("number", place, fault)
        values.append(value if value is not None else math.nan)
    return values


def _value(cell: Any) -> float | None:
    """A finite number, also as a text; None for anything else."""
    if isinstance(cell, bool) or cell is None or is_list(cell):
        return None
    try:
        value = float(cell.strip()) if isinstance(cell, str) else float(cell)
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
