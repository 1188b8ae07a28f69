"""Bytes → text. A byte-order mark decides; without one it is UTF-8 or a clear refusal, never mojibake."""

from __future__ import annotations

import codecs

from ft_magics.errors import DataError

__all__ = ["decode"]

# UTF-32 first: its little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def decode(raw: bytes, name: str, encoding: str | None = None) -> str:
    """Text of a file.

    Args:
        raw: The whole file.
        name: For the message.
        encoding: What the user said; None to look for a byte-order mark and else take UTF-8.

    Raises:
        DataError: The bytes are not in that encoding, with the line and a guess at the right one.
    """
    marked = next((codec for mark, codec in _MARKS if raw.startswith(mark)), None)
    if raw.startswith(codecs.BOM_UTF8 + b"\t"):
        marked = None  # an empty cell cannot be meant: the mark is the first word of a column file
    try:
        return raw.decode(marked or encoding or "utf-8")
    except LookupError as error:
        raise DataError(f"{name}: Python knows no encoding `{encoding}`. Common ones: utf-8, gb18030, big5") from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{name}, line {line}: the bytes are not {marked or encoding or 'UTF-8'}. {_guess(raw)}"
        ) from error


def _guess(raw: bytes) -> str:
    for codec in ("gb18030", "big5", "shift_jis"):
        try:
            text = raw.decode(codec)
        except UnicodeDecodeError:
            continue
        ideographs = sum("\u4e00" <= letter <= "\u9fff" for letter in text)
        if ideographs * 10 > len(text):
            return f"It reads as Chinese or Japanese in {codec}: if that is right, say `encoding: {codec}`"
    return "Save it as UTF-8, or name its encoding, for example `encoding: cp1252`"
