"""Which column is meant by a name or a number in a cell, or holds what it usually holds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from ft_magics.data.cells import Rows, fold
from ft_magics.data.faults import list_names, quoted, show
from ft_magics.errors import DataError, did_you_mean

__all__ = ["TEXT_COLUMNS", "column_named", "named_column", "named_in", "usual_columns"]

TEXT_COLUMNS = ("text", "content", "document", "body", "article", "passage", "sentence")  # as a text's is called


def named_column(rows: Rows, option: str, column: int | str | None, faults: list[str]) -> int | None:
    """The index of a column that a cell names.

    Args:
        rows: What was read.
        option: The key that names it.
        column: Its name, or its number from 1, from the end with -1; None for none.
        faults: A sentence is added here where there is no such column.

    Returns:
        None where none is named, or where there is none.
    """
    if column is None:
        return None
    header = list(rows.columns)
    if isinstance(column, int):
        at = column - 1 if column > 0 else len(header) + column
        if 0 <= at < len(header):
            return at
        faults.append(f"{rows.name}: `{option}: {column}`: there is no such column; there are {len(header)}")
        return None
    count = header.count(column)
    if count == 1:
        return header.index(column)
    if count:
        faults.append(f"{rows.name}: {count} columns are called {quoted(column)}; name one by its number")
    elif rows.named:
        near = did_you_mean(column, header)
        faults.append(
            f"{rows.name}: no column called {quoted(column)} for `{option}`; the columns are {list_names(header)}."
            f"{near}"
        )
    else:
        faults.append(
            f"{rows.name}: `{option}: {quoted(column)}`: nothing names the columns here; give its number, from 1 to "
            f"{len(header)}, such as `{option}: 1`"
            + (", or say `header: true`" if rows.places[:1] == [f"{rows.name}, line 1"] else "")
        )
    return None


def column_named(columns: Sequence[str], name: str | int) -> str:
    """The column of a name, or of a number from 1.

    Raises:
        DataError: There is none; the message lists those that there are.
    """
    if name in columns:
        return str(name)
    if isinstance(name, int) and not isinstance(name, bool) and 1 <= abs(name) <= len(columns):
        return columns[name - 1 if name > 0 else name]
    near = did_you_mean(name, columns) if isinstance(name, str) else ""
    raise DataError(f"no column called {show(name)}; the columns are {list_names(columns)}.{near}")


def named_in(data: Any, option: str) -> str | int | None:
    """The column that a `data:` section names, for all splits or for train; None where it names none."""
    of_all = getattr(data, option, None)
    found = getattr(getattr(data, "train", None), option, None) if of_all is None else of_all
    return found if isinstance(found, (str, int)) else None


def usual_columns(
    columns: Sequence[str], named: Sequence[str | int | None], usual: Iterable[Sequence[str]]
) -> list[str] | None:
    """The columns that hold something: those that the data name, else the first usual ones that are all there.

    Args:
        columns: Their names.
        named: What a `data:` section says; None at first for nothing. What is None further on is left out.
        usual: Names that belong together, the surest first.
    """
    if named and named[0] is not None:
        wanted = [name for name in named if name is not None]
        if all(name in columns or (isinstance(name, int) and 1 <= abs(name) <= len(columns)) for name in wanted):
            return [column_named(columns, name) for name in wanted]
    places = {fold(name): name for name in reversed(columns)}
    return next(
        ([places[fold(name)] for name in names] for names in usual if all(fold(name) in places for name in names)), None
    )
