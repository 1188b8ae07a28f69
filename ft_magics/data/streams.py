"""A file of any size → its rows, one after the other: lines of text, JSON lines, CSV and TSV.

What may be seen in a whole file elsewhere is seen in its beginning here: the delimiter, and whether a header names the
columns. How cells are quoted is found by going through the file once.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from ft_magics.data.cells import fold
from ft_magics.data.delimited import LONGEST_CELL, find_delimiter, looks_like_header
from ft_magics.data.faults import list_names, printable, quoted
from ft_magics.data.json_text import loads
from ft_magics.data.paths import find_file
from ft_magics.data.source_file import SourceFile
from ft_magics.errors import DataError

__all__ = ["FORMATS", "StreamedRow", "stream_rows"]

FORMATS = ("text", "jsonl", "csv", "tsv")
_BY_SUFFIX = {
    ".csv": "csv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".tab": "tsv",
    ".text": "text",
    ".tsv": "tsv",
    ".txt": "text",
}
_LONGEST_LINE = 64_000_000  # bytes
_SAMPLE = 65_537  # characters by which the delimiter is seen
_HEADER_ROWS = 200  # by which a header is seen


class StreamedRow(NamedTuple):
    """A row of a file.

    Attributes:
        line: The line that it begins in, from 1.
        value: A text, what a JSON line holds, or the cells of a row by the names of their columns (by their numbers
            from 1 where nothing names them).
    """

    line: int
    value: Any


class _Rows:
    """The rows of a file, from the first each time."""

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        self.name = file.name
        self.notes: list[str] = []  # sentences on what was seen and chosen

    def __iter__(self) -> Iterator[StreamedRow]:
        for line, text in self._lines():
            yield StreamedRow(line, text.rstrip("\r\n"))

    def _lines(self) -> Iterator[tuple[int, str]]:
        """Each line with its end, and its number."""
        for line, offset, raw in self._file.lines(_LONGEST_LINE):
            if len(raw) >= _LONGEST_LINE - 4 and not raw.endswith(b"\n"):
                raise DataError(f"{self.name}, line {line}: the line has over {_LONGEST_LINE >> 20} MB; cut it up")
            yield line, self._file.decode(raw, line, offset)

    def check_unchanged(self) -> None:
        """See that the file is what it was.

        Raises:
            DataError: It is not.
        """
        self._file.open().close()


class _JsonLines(_Rows):
    """A JSON value a line; empty lines are no rows."""

    def __iter__(self) -> Iterator[StreamedRow]:
        for line, text in self._lines():
            if text.strip():
                yield StreamedRow(line, loads(text, f"{self.name}, line {line}"))


class _Delimited(_Rows):
    """Rows of cells; lines with nothing in them are no rows."""

    def __init__(self, file: SourceFile, *, delimiter: str | None, header: bool | None, known: Collection[str]) -> None:
        super().__init__(file)
        self._delimiter = delimiter or find_delimiter(self._beginning(), known)
        self._quoting = self._find_quoting()
        first, *below = list(islice((cells for _, cells in self._cells(self._quoting)), _HEADER_ROWS)) or [[]]
        names = [cell.strip() for cell in first]
        below = [cells[: len(first)] for cells in below]
        self._header = looks_like_header(names, below, known) if header is None else header
        if header is None and not any(fold(name) in known for name in names):
            what, other = ("the names of the columns", "False") if self._header else ("data", "True")
            self.notes.append(f"{self.name}: the first row was read as {what}; if it is not, say `header={other}`")
        numbers = [str(number) for number in range(1, len(first) + 1)]
        self.columns = [name or number for name, number in zip(names, numbers, strict=True)]
        if not self._header:
            self.columns = numbers
        twice = sorted({name for name in self.columns if self.columns.count(name) > 1})
        if twice:
            raise DataError(f"{self.name}: {list_names(twice)} names more than one column; give each a name of its own")
        if not below and self._header:
            raise DataError(f"{self.name}: there are no rows in it, only the names of the columns")

    def __iter__(self) -> Iterator[StreamedRow]:
        width = len(self.columns)
        rows = self._cells(self._quoting)
        for line, cells in islice(rows, int(self._header), None):
            yield StreamedRow(line, dict(zip(self.columns, cells[:width], strict=True)))

    def _beginning(self) -> str:
        """The first lines of the file, as they stand."""
        parts: list[str] = []
        size = 0
        for _, text in self._lines():
            parts.append(text)
            size += len(text)
            if size >= _SAMPLE:
                break
        return "".join(parts)

    def _find_quoting(self) -> int:
        """In quotation marks as RFC 4180 has it, or none where marks are letters like others: what fits every row.

        Raises:
            DataError: Neither does; the message has the first line that does not fit.
        """
        ways = [csv.QUOTE_MINIMAL, csv.QUOTE_NONE]
        if self._delimiter == "\t" and '""' not in self._beginning():
            ways.reverse()  # in TSV a quotation mark most often is just that
        faults = {}
        for way in ways:
            marked = 0
            try:
                for line, cells in self._cells(way):
                    marked = marked or line * any(cell.startswith('"') for cell in cells)
            except DataError as error:
                faults[way] = error
            else:
                if marked and way == csv.QUOTE_NONE:
                    self.notes.append(
                        f"{self.name}, line {marked}: quotation marks do not enclose cells here; they were read as "
                        "they stand"
                    )
                return way
        raise faults[csv.QUOTE_MINIMAL]

    def _cells(self, quoting: int) -> Iterator[tuple[int, list[str]]]:
        """Each row with the line that it begins in.

        Raises:
            DataError: A row has more or fewer cells than the first, or a quotation mark is never closed.
        """
        width = line = 0
        with _long_cells():
            reader = csv.reader(
                (text for _, text in self._lines()),
                delimiter=self._delimiter,
                strict=True,
                quoting=quoting,  # type: ignore[arg-type]  # the stubs know its values only
            )
            while True:
                line = reader.line_num + 1
                try:
                    cells = next(reader, None)
                except csv.Error as error:
                    raise DataError(
                        f"{self.name}, line {line}: the row that begins there cannot be read ({error}); a cell with a "
                        "quotation mark or a delimiter in it must be in quotation marks, its own written twice"
                    ) from error
                if cells is None:
                    return
                if not cells:
                    continue
                width = width or len(cells)
                if len(cells) < width or any(cell.strip() for cell in cells[width:]):
                    raise DataError(
                        f"{self.name}, line {line}: found {len(cells)} cells where the first row has {width}; a cell "
                        f"that holds the delimiter, {quoted(self._delimiter)!r}, must be in quotation marks"
                    )
                yield line, cells


@contextmanager
def _long_cells() -> Iterator[None]:
    """The usual limit of `csv` refuses texts of over 131,072 characters."""
    limit = csv.field_size_limit(LONGEST_CELL)
    try:
        yield
    finally:
        csv.field_size_limit(limit)


def stream_rows(
    source: str,
    *,
    format: str | None = None,  # noqa: A002  # the option's name in a cell
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    known: Collection[str] = (),
) -> _Rows:
    """The rows of a file, which can be gone through more than once; none of them stays in memory.

    Args:
        source: A path, or `demo:…` for a file of the demo corpus.
        format: One of `FORMATS`; None for what its name ends with.
        delimiter: Of a CSV file; None to see it.
        encoding: None for its byte-order mark, or UTF-8.
        header: Whether a CSV file's first row names the columns; None to see it.
        known: Names that a column may be expected to have.

    Raises:
        DataError: It cannot be read in this way; the message has the line.
    """
    path = find_file(source)
    kind = format or _kind(path)
    if kind not in FORMATS:
        raise DataError(f"format is {kind!r:.60}; expected one of {', '.join(FORMATS)}")
    file = SourceFile(path, printable(path.name), encoding)
    if kind == "text":
        return _Rows(file)
    if kind == "jsonl":
        return _JsonLines(file)
    delimiter = delimiter or ("\t" if kind == "tsv" else None)
    return _Delimited(file, delimiter=delimiter, header=header, known=frozenset(map(fold, known)))


def _kind(path: Path) -> str:
    kind = _BY_SUFFIX.get(path.suffix.lower())
    if kind is None:
        raise DataError(
            f"{printable(path.name)}: its name does not end with {', '.join(sorted(_BY_SUFFIX))}, which are read a row "
            f"at a time; save it as one of these, or say what it is with `format`: {', '.join(FORMATS)}"
        )
    return kind
