"""Which column is meant by a name or a number in a cell."""

from __future__ import annotations

from ft_magics.data.cells import Rows
from ft_magics.data.faults import list_names, quoted
from ft_magics.errors import DataError, did_you_mean

__all__ = ["named_column", "need_column"]


def named_column(
    rows: Rows, option: str, column: int | str | None, faults: list[str], *, header_key: bool = True
) -> int | None:
    """The index of a column that a cell names.

    Args:
        rows: What was read.
        option: The key that names it.
        column: Its name, or its number from 1, from the end with -1; None for none.
        faults: A sentence is added here where there is no such column.
        header_key: Whether a cell can say `header: true`.

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
            + (", or say `header: true`" if header_key and rows.places[:1] == [f"{rows.name}, line 1"] else "")
        )
    return None


def need_column(rows: Rows, option: str, column: int | str) -> int:
    """The index of a column that a cell without a key `header` names.

    Args:
        rows: What was read.
        option: The key that names it.
        column: Its name, or its number from 1, from the end with -1.

    Raises:
        DataError: There is no such column.
    """
    faults: list[str] = []
    at = named_column(rows, option, column, faults, header_key=False)
    if at is None:
        raise DataError(*faults)
    return at
