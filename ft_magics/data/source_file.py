"""A text file of any size, read in parts; one that changes meanwhile is refused, not misread."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ft_magics.data.encoding import codec_of, wrong_bytes
from ft_magics.errors import DataError

__all__ = ["SourceFile"]

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


class SourceFile:
    """A file, opened when something is read of it.

    Args:
        path: Of the file.
        name: For messages.
        encoding: What the user said; None for its byte-order mark, or UTF-8.

    Raises:
        DataError: It is empty, no text, or in an encoding that is not read in parts.
    """

    def __init__(self, path: Path, name: str, encoding: str | None = None) -> None:
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
