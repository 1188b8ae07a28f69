"""Text files and JSON lines of any size: read once from end to end, then each document where it stands.

What stays in memory is where each document begins. A file that changes meanwhile is refused, not misread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ft_magics.data.cells import is_missing
from ft_magics.data.documents.document import Document, Documents, Found, Ints, cut, number_runs
from ft_magics.data.faults import printable, show
from ft_magics.data.json_text import loads
from ft_magics.data.source_file import SourceFile
from ft_magics.errors import DataError

__all__ = ["SEPARATORS", "JsonLines", "TextFile"]

SEPARATORS = ("blank_line", "line", "file")
_LONGEST_BYTES = 32_000  # of a document, or of a part of one, and of what is read at once of a line
_LONGEST_RECORD = 64_000_000


class TextFile(Documents):
    """Documents of a plain text file.

    Args:
        path: Of the file.
        name: For messages.
        encoding: What the user said; None for its byte-order mark, or UTF-8.
        separator: What parts documents: `blank_line`, `line`, or `file` for none.

    Raises:
        DataError: It is empty, or no text.
        EncodingError: It is in another encoding.
    """

    def __init__(self, path: Path, name: str, *, encoding: str | None, separator: str) -> None:
        self._file = SourceFile(path, name, encoding)
        self._by_line = separator == "line"
        found = Found()
        for line, begin, raw in self._scan(separator):
            found.add(self._file.decode(raw, line, begin), begin, begin + len(raw), line)
        self._begins, self._ends, self._lines = found.columns(3)
        self.hashes, self.utf8_bytes, self.characters = found.hashes, found.utf8_bytes, found.characters
        self.notes: list[str] = []
        if not len(self):
            raise DataError(f"{name}: the file is empty")

    def _scan(self, separator: str) -> Iterator[tuple[int, int, bytes]]:
        """First line, offset and bytes of each document, or of each part of a long one."""
        parts: list[bytes] = []
        begin = first = size = 0
        for line, offset, raw in self._file.lines(_LONGEST_BYTES):
            ends = separator == "blank_line" and not raw.strip()
            if parts and (ends or size + len(raw) > _LONGEST_BYTES):
                yield first, begin, b"".join(parts)
                parts, size = [], 0
            if ends:
                continue
            if not parts:
                first, begin = line, offset
            parts.append(raw)
            size += len(raw)
            if separator == "line" and raw.endswith(b"\n"):
                yield first, begin, b"".join(parts)
                parts, size = [], 0
        if parts:
            yield first, begin, b"".join(parts)

    def origins(self) -> Ints:
        """A number per document, the same for the parts of a long one, which nothing parts. Length S."""
        if self._by_line:
            return number_runs(self._lines[1:] == self._lines[:-1])
        return number_runs(self._begins[1:] == self._ends[:-1])

    def __iter__(self) -> Iterator[Document]:
        with self._file.open() as stream:
            for at in range(len(self)):
                yield self._read(stream, at)

    def one(self, at: int) -> Document:
        """The document of an index from 0."""
        with self._file.open() as stream:
            return self._read(stream, at)

    def _read(self, stream: IO[bytes], at: int) -> Document:
        begin, end, line = int(self._begins[at]), int(self._ends[at]), int(self._lines[at])
        stream.seek(begin)
        text = self._file.decode(stream.read(end - begin), line, begin)
        return Document(text.strip(), f"{self._file.name}, line {line}")


class JsonLines(Documents):
    """Documents of a file with a JSON record a line.

    Args:
        path: Of the file.
        name: For messages.
        encoding: What the user said; None for its byte-order mark, or UTF-8.
        choose: The first record → the key whose value is the text.

    Raises:
        DataError: It is empty, no JSON, or a record has no text.
        EncodingError: It is in another encoding.
    """

    def __init__(
        self, path: Path, name: str, *, encoding: str | None, choose: Callable[[dict[str, Any], str], str]
    ) -> None:
        self._file = SourceFile(path, name, encoding)
        self._key = ""
        found = Found()
        records = 0
        for line, offset, raw in self._file.lines(_LONGEST_RECORD):
            if not raw.strip():
                continue
            records += 1
            record = self._record(raw, line, offset)
            if not self._key:
                self._key = choose(record, name)
            text = self._text(record, line)
            if not text:
                found.empty += 1
            for begin, end in cut(text) if text else ():
                found.add(text[begin:end], offset, line, begin, end)
        self._offsets, self._lines, self._begins, self._ends = found.columns(4)
        self.hashes, self.utf8_bytes, self.characters = found.hashes, found.utf8_bytes, found.characters
        self.notes = [f"{name}: {found.empty:,} of {records:,} records have no text and were left out"] * bool(
            found.empty
        )
        if not len(self):
            raise DataError(f"{name}: there is no text in it")

    def _record(self, raw: bytes, line: int, offset: int) -> dict[str, Any]:
        place = f"{self._file.name}, line {line}"
        record = loads(self._file.decode(raw, line, offset), place)
        if isinstance(record, str):
            return {"text": record}
        if not isinstance(record, dict):
            raise DataError(f'{place}: found {show(record)}, expected a record such as `{{"text": "…"}}`')
        return record

    def origins(self) -> Ints:
        """A number per document, the same for the parts of a long one. Length S."""
        return number_runs(self._offsets[1:] == self._offsets[:-1])

    def _text(self, record: dict[str, Any], line: int) -> str:
        text = record.get(self._key)
        if isinstance(text, str):
            return text
        if is_missing(text):
            return ""
        raise DataError(f"{self._file.name}, line {line}: `{printable(self._key)}` is {show(text)}, expected a text")

    def __iter__(self) -> Iterator[Document]:
        with self._file.open() as stream:
            for at in range(len(self)):
                yield self._read(stream, at)

    def one(self, at: int) -> Document:
        """The document of an index from 0."""
        with self._file.open() as stream:
            return self._read(stream, at)

    def _read(self, stream: IO[bytes], at: int) -> Document:
        offset, line = int(self._offsets[at]), int(self._lines[at])
        stream.seek(offset)
        text = self._text(self._record(stream.readline(), line, offset), line)
        return Document(text[self._begins[at] : self._ends[at]].strip(), f"{self._file.name}, line {line}")
