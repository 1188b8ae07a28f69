"""Bytes → text. A byte-order mark decides; without one it is UTF-8 or a clear refusal, never mojibake."""

from __future__ import annotations

import codecs

from ft_magics.data.encoding_guess import guess_encoding
from ft_magics.data.faults import printable
from ft_magics.errors import DataError, EncodingError

__all__ = ["codec_of", "decode", "wrong_bytes"]

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


# How files begin that people take for text, as far as they have a name that helps.
_BINARY = {
    b"%PDF": "a PDF file",
    b"BZh": "a bzip2 archive",
    b"PAR1": "a Parquet file",
    b"PK\x03\x04": "a zip archive (or an Excel or Word file)",
    b"SQLite": "an SQLite data base",
    b"\x1f\x8b": "a gzip archive",
    b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x89PNG": "a picture",
    b"\xd0\xcf\x11\xe0": "an old Office file",
    b"\xfd7zXZ": "an xz archive",
    b"\xff\xd8\xff": "a picture",
}
_SHOWN_BYTES = 30  # before and behind the first that does not fit
_WAY_OUT = "unpack it, or read it into a DataFrame and give that as `$name`"
_PANDAS = {  # what reads a file of this name
    (".xls", ".xlsx", ".xlsm", ".ods"): "read_excel",
    (".csv.gz", ".csv.bz2", ".csv.xz", ".csv.zip", ".csv.zst"): "read_csv",
}


def decode(raw: bytes, name: str, encoding: str | None = None) -> str:
    """Text of a file.

    Args:
        raw: The whole file.
        name: For the message.
        encoding: What the user said; None to look for a byte-order mark and else take UTF-8.

    Raises:
        EncodingError: The bytes are not in that encoding, with the line and a guess at the right one.
        DataError: They are no text, or there is no such encoding.
    """
    marked = next((codec for mark, codec in _MARKS if raw.startswith(mark)), None)
    if raw.startswith(codecs.BOM_UTF8 + b"\t"):
        marked = None  # an empty cell cannot be meant: the mark is the first word of a column file
    codec = marked or encoding or "utf-8"
    try:
        text = raw.decode(codec)
    except UnicodeError as error:
        if no_text := _no_text(raw, name):
            raise DataError(no_text) from error
        raise _wrong_encoding(raw, name, codec, getattr(error, "start", 0)) from error
    except (LookupError, ValueError) as error:
        raise DataError(f"{name}: Python knows no encoding `{encoding}`. Common ones: utf-8, gb18030, big5") from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError(
            _no_text(raw, name)
            or f"{name}, line {line}: there is a zero byte, so this is no text, or text in another encoding than "
            f"{codec}; {_WAY_OUT}, or name its encoding, for example `encoding: utf-16-le`"
        )
    return text


def codec_of(beginning: bytes, name: str, encoding: str | None = None) -> tuple[str, int]:
    """The encoding of a file that is read in parts, and the length of its byte-order mark.

    Args:
        beginning: Its first bytes.
        name: For the message.
        encoding: What the user said; None to look for a byte-order mark and else take UTF-8.

    Raises:
        DataError: It is no text, there is no such encoding, or one whose lines cannot be found before it is decoded.
    """
    mark, codec = next(((mark, codec) for mark, codec in _MARKS if beginning.startswith(mark)), (b"", None))
    if codec is None and (no_text := _no_text(beginning, name)):
        raise DataError(no_text)
    chosen = "utf-8" if codec == "utf-8-sig" else codec or encoding or "utf-8"
    try:
        by_lines = "\n".encode(chosen) == b"\n"
    except LookupError as error:
        raise DataError(f"{name}: Python knows no encoding `{encoding}`. Common ones: utf-8, gb18030, big5") from error
    if not by_lines:
        raise DataError(
            f"{name} is in {chosen}, which is not read in parts; save it as UTF-8: `Path(…).write_text(Path(…)."
            f'read_text("{chosen}"), "utf-8")`'
        )
    return chosen, len(mark)


def wrong_bytes(raw: bytes, at: int, name: str, codec: str, *, line: int, offset: int) -> EncodingError:
    """What to say of a part of a file that is in another encoding.

    Args:
        raw: The part.
        at: Of the first byte in it that does not fit.
        name: Of the file.
        codec: That it is not in.
        line: Of that byte in the file.
        offset: Of that byte in the file, from 0.
    """
    return _guessed(raw, at, codec, f"{name}, line {line}, byte {offset:,}: the bytes are not {codec}")


def _no_text(raw: bytes, name: str) -> str | None:
    """What the file is, for the usual files that are no text."""
    kind = next((kind for start, kind in _BINARY.items() if raw.startswith(start)), None)
    reader = next((reader for ends, reader in _PANDAS.items() if name.lower().endswith(ends)), None)
    way = f"read it with `frame = pd.{reader}(…)` in another cell and write `$frame` here" if reader else _WAY_OUT
    return f"{name}: this is {kind} and no text; {way}" if kind else None


def _wrong_encoding(raw: bytes, name: str, codec: str, start: int) -> EncodingError:
    """What to say of bytes that are in another encoding.

    Args:
        raw: The whole file.
        name: For the message.
        codec: That it is not in.
        start: Of the first byte that does not fit.
    """
    line = raw.count(b"\n", 0, start) + 1
    return _guessed(raw, start, codec, f"{name}, line {line}: the bytes are not {codec}")


def _guessed(raw: bytes, start: int, codec: str, fault: str) -> EncodingError:
    guess = guess_encoding(raw)
    if guess is None or guess == codec:
        return EncodingError(f"{fault}. Save it as UTF-8, or name its encoding, for example `encoding: cp1252`")
    begin = max(raw.rfind(b"\n", 0, start) + 1, start - _SHOWN_BYTES)
    shown = raw[begin:].partition(b"\n")[0][: 2 * _SHOWN_BYTES].decode(guess, errors="ignore").strip()
    return EncodingError(
        f"{fault}. In {guess} it reads `{printable(shown)}`: if that is right, say `encoding: {guess}`", codec=guess
    )
