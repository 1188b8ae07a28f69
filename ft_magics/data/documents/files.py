"""Text files and JSON lines of any size: read once from end to end, then each document where it stands.

What stays in memory is where each document begins. A file that changes meanwhile is refused, not misread.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ft_magics.data.cells import is_missing
from ft_magics.data.documents.document import Document, Documents, Found, Ints, cut, number_runs
from ft_magics.data.encoding import codec_of, wrong_bytes
from ft_magics.data.faults import printable, show
from ft_magics.data.json_text import loads
from ft_magics.errors import DataError

__all__ = ["SEPARATORS", "JsonLines", "TextFile"]

SEPARATORS = ("blank_line", "line", "file")
_LONGEST_BYTES = 32_000  # of a document, or of a part of one, and of what is read at once of a line
_LONGEST_RECORD = 64_000_000
_CONTROL = frozenset({*range(1, 9), *range(14, 27), *range(28, 32), 127})  # but for white space and terminals' colours
_MOST_CONTROL = 0.05  # of the first bytes: text has none, of random bytes a tenth are such
_BEGINNING = 8192  # bytes by which a file's kind and encoding are seen


@dataclass(frozen=True, slots=True)
class _State:
    """What a file was when it was read first."""

    size: int
    changed_ns: int

    @classmethod
    def of(cls, path: Path) -> _State:
        found = path.stat()
        return cls(found.st_size, found.st_mtime_ns)


class _File:
    """A file, opened when something is read of it."""

    def __init__(self, path: Path, name: str, encoding: str | None) -> None:
        self.path, self.name = path, name
        try:
            self._state = _State.of(path)
            with path.open("rb") as stream:
                beginning = stream.read(_BEGINNING)
        except OSError as error:
            raise DataError(f"{name}: the file cannot be read: {error.strerror}") from error
        if not beginning.strip(b" \t\r\n\xef\xbb\xbf"):
            whole = self._state.size <= len(beginning)
            if whole:
                raise DataError(f"{name}: the file is empty")
        self.codec, self.mark = codec_of(beginning, name, encoding)
        strange = sum(byte in _CONTROL for byte in beginning) / max(1, len(beginning) - beginning.count(0))
        if encoding is None and not self.mark and strange > _MOST_CONTROL:
            raise DataError(
                f"{name}: this is no text ({100 * strange:.0f} % of its first bytes are control characters); leave it "
                "out, or save what is written in it as text, in UTF-8"
            )

    def open(self) -> IO[bytes]:
        """The file, if it is still what it was.

        Raises:
            DataError: It is not.
        """
        try:
            if _State.of(self.path) != self._state:
                raise DataError(f"{self.name} has changed since it was read; run the cell again")
            return self.path.open("rb")
        except OSError as error:
            raise DataError(f"{self.name}: the file cannot be read: {error.strerror}") from error

    def decode(self, raw: bytes, line: int, offset: int) -> str:
        """Text of some bytes.

        Raises:
            EncodingError: They are in another encoding; the message has line and byte.
            DataError: They are no text.
        """
        try:
            text = raw.decode(self.codec)
        except UnicodeError as error:
            at = getattr(error, "start", 0)
            raise wrong_bytes(
                raw, at, self.name, self.codec, line=line + raw.count(b"\n", 0, at), offset=offset + at
            ) from error
        if "\0" in text:
            at = raw.index(b"\0")
            line += raw.count(b"\n", 0, at)
            raise DataError(
                f"{self.name}, line {line}, byte {offset + at:,}: there is a zero byte, so this is no text, or text in "
                "another encoding such as utf-16; save it as UTF-8"
            )
        return text

    def lines(self, most: int) -> Iterator[tuple[int, int, bytes]]:
        """Line number from 1, offset, and bytes of every line; of a longer line pieces of whole characters."""
        with self.open() as stream:
            stream.seek(self.mark)
            offset, number = self.mark, 1
            while raw := stream.readline(most):
                whole = raw.endswith(b"\n")
                if not whole and len(raw) == most:
                    raw = raw[: len(raw) - self._torn(raw)] or raw
                    stream.seek(offset + len(raw))
                yield number, offset, raw
                offset += len(raw)
                number += whole

    def _torn(self, raw: bytes) -> int:
        """Bytes of a character whose rest is not there."""
        decoder = codecs.getincrementaldecoder(self.codec)("replace")
        decoder.decode(raw)
        pending: bytes = decoder.getstate()[0]
        return len(pending)


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
        self._file = _File(path, name, encoding)
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
        self._file = _File(path, name, encoding)
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
