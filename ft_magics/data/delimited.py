"""CSV, TSV and their kin → rows: the delimiter, the quoting and the header are seen in the file itself.

Quoting is that of RFC 4180: a cell in quotation marks may hold delimiters, line feeds, and quotation marks written
twice. Files that never meant it so (a text that begins with a quotation mark) are read as they stand.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Sequence
from statistics import median
from typing import NamedTuple

from ft_magics.data.cells import Rows, fold
from ft_magics.data.faults import list_faults, quoted
from ft_magics.errors import DataError

__all__ = ["LONGEST_CELL", "find_delimiter", "looks_like_header", "read_delimited"]

_DELIMITERS = ("\t", ",", ";", "|")  # of two that fit a file equally well, the earlier
_NAMES = {"\t": "a tab", ",": "a comma", ";": "a semicolon", "|": "a bar"}
_SAMPLE = 65_536  # characters from which the delimiter is seen
_WORDLIKE = re.compile(r"[\w .#/()-]{1,40}")
_MOST_HEADER_WORDS = 4
LONGEST_CELL = 2**31 - 1  # characters; the most that `csv.field_size_limit` takes
_LONGER = 3  # times as long as its name, a text is at least
_REPEATS = 2  # rows for each different value, in a column of labels


class _Line(NamedTuple):
    number: int  # of the line that the row begins in, from 1
    cells: list[str]


def read_delimited(
    text: str, name: str, *, delimiter: str | None = None, header: bool | None = None, known: Collection[str] = ()
) -> Rows:
    """Read a file of rows.

    Args:
        text: The whole file.
        name: For messages.
        delimiter: One character; None to see it in the file.
        header: Whether the first row names the columns; None to see it.
        known: Folded names that a column may be expected to have.

    Raises:
        DataError: A quotation mark is never closed, or rows have more or fewer cells than the first.
    """
    notes: list[str] = []
    delimiter = delimiter or find_delimiter(text, known)
    lines = _parse(text, name, delimiter, notes)
    filled = [line for line in lines if any(cell.strip() for cell in line.cells)]
    if not filled:
        raise DataError(f"{name}: there are no rows in it")
    empty = sum(1 for line in lines if line.cells) - len(filled)
    if empty:
        notes.append(f"{name}: {empty} rows without any content were left out")
    width = len(filled[0].cells)
    _check_widths(filled, width, name, delimiter)
    first, body = [cell.strip() for cell in filled[0].cells], filled[1:]
    cells = [tuple(line.cells[:width]) for line in body]
    if header is None:
        header = looks_like_header(first, cells, known)
        if not header:
            notes.append(
                f"{name}: line {filled[0].number} was read as data; if it names the columns, say `header: true`"
            )
        elif not any(fold(cell) in known for cell in first):
            notes.append(
                f"{name}: line {filled[0].number} was read as the names of the columns; if it is data, say "
                "`header: false`"
            )
    elif header:
        _check_header(first, cells, f"{name}, line {filled[0].number}", known)
    if not header:
        body, cells = filled, [tuple(filled[0].cells), *cells]
    return Rows(
        name=name,
        columns=first if header else [str(number) for number in range(1, width + 1)],
        named=header,
        cells=cells,
        places=[f"{name}, line {line.number}" for line in body],
        notes=notes,
    )


def looks_like_header(first: Sequence[str], cells: Sequence[Sequence[str]], known: Collection[str]) -> bool:
    """Whether a row names the columns of those below it.

    Args:
        first: The row. Length C.
        cells: The rows below. (R, C).
        known: Folded names that a column may be expected to have.
    """
    columns = list(zip(*cells, strict=False)) or [()] * len(first)
    below = [set(column) for column in columns]
    again = [cell in values for cell, values in zip(first, below, strict=False)]
    if any(fold(cell) in known and not twice for cell, twice in zip(first, again, strict=False)):
        return True
    if not cells or any(twice and cell for cell, twice in zip(first, again, strict=False)):
        return False
    if any(_is_number(cell) for cell in first) or not _names_things(first):
        return False
    numbers = any(all(map(_is_number, values)) for values in below)
    labels = any(_REPEATS * len(values) <= len(cells) for values in below)
    texts = any(
        _LONGER * len(cell) < median(map(len, column)) for cell, column in zip(first, columns, strict=False) if cell
    )
    return numbers or labels or texts


def _names_things(first: Sequence[str]) -> bool:
    """Whether cells are short, different and without punctuation; the first may be empty, as pandas writes an index."""
    named = first[1:] if not first[0] else first
    short = all(_WORDLIKE.fullmatch(cell) and len(cell.split()) <= _MOST_HEADER_WORDS for cell in named)
    return bool(named) and short and len(set(first)) == len(first)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def _check_header(first: Sequence[str], cells: Sequence[Sequence[str]], place: str, known: Collection[str]) -> None:
    """See that what `header: true` makes names of is no data."""
    for at, cell in enumerate(first):
        times = sum(1 for row in cells if row[at].strip() == cell)
        if cell and fold(cell) not in known and times:
            raise DataError(
                f"{place}: this is data and no header: `{quoted(cell)}` is in {times} rows below it; "
                "say `header: false`, or take `header: true` out"
            )


def find_delimiter(text: str, known: Collection[str]) -> str:
    """The delimiter that parts the rows of a file evenly, first of all one that gives names that are expected."""
    sample = text[:_SAMPLE]
    cut = len(sample) < len(text)
    found: list[tuple[bool, float, int, str]] = []
    for order, delimiter in enumerate(_DELIMITERS):
        rows = [line.cells for line in _rows(sample, delimiter) or [] if any(line.cells)]
        rows = rows[:-1] if cut and len(rows) > 1 else rows
        if rows and len(rows[0]) > 1:
            width, count = Counter(map(len, rows)).most_common(1)[0]
            if width > 1:
                expected = any(fold(cell) in known for cell in rows[0])
                found.append((expected, count / len(rows), -order, delimiter))
    return max(found)[-1] if found else ","


def _parse(text: str, name: str, delimiter: str, notes: list[str]) -> list[_Line]:
    """Rows in the way of quoting that fits the file."""
    if '"' not in text:
        return _rows(text, delimiter, quoting=csv.QUOTE_NONE) or []
    strict, fault = _rows_or_fault(text, delimiter)
    # In TSV a quotation mark most often is just that, unless the file writes it twice, or encloses its whole first row.
    first = text.lstrip("\r\n").partition("\n")[0].rstrip("\r").split(delimiter)
    enclosed = '""' in text or all(len(cell) > 1 and cell[0] == cell[-1] == '"' for cell in first)
    certain = strict is not None and _is_even(strict) and (delimiter != "\t" or enclosed)
    literal = [] if certain else _rows(text, delimiter, quoting=csv.QUOTE_NONE) or []
    if strict is not None and not _is_even(literal):
        return strict
    if _is_even(literal):
        if any(cell.startswith('"') for line in literal for cell in line.cells):
            notes.append(f"{name}: quotation marks do not enclose cells here; they were read as they stand")
        return literal
    loose = _rows(text, delimiter, strict=False)
    if loose is None or "unexpected end" in fault.message:
        raise DataError(
            f"{name}, line {fault.line}: a quotation mark is opened there and never closed; inside a cell in quotation "
            "marks write each of its own twice"
        )
    notes.append(f"{name}, line {fault.line}: a quotation mark stands inside a cell and is not written twice")
    return loose


class _Fault(NamedTuple):
    line: int
    message: str


def _rows(text: str, delimiter: str, *, strict: bool = False, quoting: int = csv.QUOTE_MINIMAL) -> list[_Line] | None:
    return _rows_or_fault(text, delimiter, strict=strict, quoting=quoting)[0]


def _rows_or_fault(
    text: str, delimiter: str, *, strict: bool = True, quoting: int = csv.QUOTE_MINIMAL
) -> tuple[list[_Line] | None, _Fault]:
    """All rows with the lines that they begin in, or None and what is wrong: a cell may hold line feeds."""
    lines: list[_Line] = []
    number = 1
    limit = csv.field_size_limit(LONGEST_CELL)  # the usual one refuses texts of over 131,072 characters
    try:
        source = io.StringIO(text, newline="")
        reader = csv.reader(source, delimiter=delimiter, strict=strict, quoting=quoting)  # type: ignore[arg-type]
        for cells in reader:
            lines.append(_Line(number, cells))
            number = reader.line_num + 1
    except csv.Error as error:
        return None, _Fault(number, str(error))
    finally:
        csv.field_size_limit(limit)
    return lines, _Fault(0, "")


def _is_even(lines: Sequence[_Line]) -> bool:
    return len({len(line.cells) for line in lines if line.cells}) == 1


def _check_widths(lines: Sequence[_Line], width: int, name: str, delimiter: str) -> None:
    """See that every row has as many cells as the first, but for empty ones at its end."""
    faults = []
    for number, cells in lines:
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            hint = _hint(cells, width, delimiter)
            faults.append(
                (f"{name}, line {number}", f"found {len(cells)} cells where the first row has {width}; {hint}")
            )
    if faults:
        raise DataError(list_faults(faults))


def _hint(cells: Sequence[str], width: int, delimiter: str) -> str:
    if any("\n" in cell for cell in cells):
        return "a quotation mark may be opened there, so that the rows below run into the cell"
    mark = _NAMES.get(delimiter, quoted(delimiter))
    if len(cells) > width:
        return f"a cell that holds the delimiter, {mark}, must be in quotation marks"
    return f"the delimiter is {mark}; is one missing?"
