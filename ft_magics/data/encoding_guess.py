"""Bytes that are no UTF-8 → the encoding that they most likely have.

Two things are looked at. Where letters beyond ASCII stand side by side the text is in another script than the Latin
one. And in the right encoding most of those letters are common ones: East Asian character sets put the common
characters into rows of their own (GB 2312, KS X 1001, JIS X 0208 level 1; Big5's frequently used characters).
"""

from __future__ import annotations

import re

__all__ = ["guess_encoding"]

_SAMPLE_BYTES = 200_000
_BEYOND_ASCII = re.compile(rb"[\x80-\xff]+")
_DENSE = 0.7  # share of those bytes that stand beside another, in scripts that are not Latin
_COMMON = 0.7  # share of common characters, in the right East Asian encoding
_LIKELY = 0.5  # share of the letters that an encoding is known by
_KOREAN = 0.95  # in whose rows Chinese in GB 18030 has about two thirds
_KANA = 0.15  # share of kana in Japanese, at least

_CYRILLIC = "оеаинтсрвл"
_LATIN = {  # the letters beyond ASCII of the languages that are written in it
    "cp1252": "äöüßéèêëàâçîïôûùœæøåñíóúáãõìòÄÖÜÉÈÀÇÑÓÁÍÚÅØ",
    "cp1250": "ąćęłńśźżáčďéěíňóřšťúůýžőűöüäĄĆŁŚŻČŘŠŽÁÉÖÜ",
    "cp1254": "çğıöşüÇĞİÖŞÜâî",
}
_OTHER_SCRIPTS = {  # the most common letters: each of them is some letter in the others too
    "cp1251": _CYRILLIC,
    "koi8-r": _CYRILLIC,
    "cp1253": "αοιετσνηρυ",
    "cp1255": "יוהלאתרמבש",
    "cp1256": "اليمنوترةب",
}
_THAI = "านรกอเง่มลว้ยสทีิตัด"


_EAST_ASIAN = {  # rows of the common characters, as ranges of the first byte, and the least second byte
    "gb18030": (((0xB0, 0xD7),), 0xA1),
    "big5": (((0xA4, 0xC6),), 0x40),
    "shift_jis": (((0x82, 0x83), (0x88, 0x97)), 0x40),
    "euc_jp": (((0xA4, 0xA5), (0xB0, 0xCF)), 0xA1),
    "euc_kr": (((0xB0, 0xC8),), 0xA1),
}


def guess_encoding(raw: bytes) -> str | None:
    """The encoding that a text most likely has; None where none fits.

    Args:
        raw: Bytes that are no UTF-8.
    """
    raw = raw[:_SAMPLE_BYTES]
    raw = raw[: raw.rfind(b"\n") + 1] or raw  # no character is cut in two
    shares = {codec: _share_of_rows(raw, codec) for codec in _EAST_ASIAN}
    for codec in ("shift_jis", "euc_jp"):
        if shares[codec] >= _COMMON and _kana(raw, codec) >= _KANA:
            return codec
    runs = [len(run) for run in _BEYOND_ASCII.findall(raw)]
    dense = sum(length for length in runs if length > 1) / max(sum(runs), 1)
    if dense < _DENSE:
        return _best({codec: _share(raw, codec, letters) for codec, letters in _LATIN.items()})
    if _share(raw, "cp874", _THAI) >= _COMMON:
        return "cp874"
    if shares["euc_kr"] >= _KOREAN:
        return "euc_kr"
    east = _best({codec: shares[codec] for codec in ("gb18030", "big5") if shares[codec] >= _COMMON})
    return east or _best({codec: _share(raw, codec, letters) for codec, letters in _OTHER_SCRIPTS.items()})


def _best(shares: dict[str, float]) -> str | None:
    """The codec with the largest share, the earlier of two; None where all are small."""
    best = max(shares, key=lambda codec: shares[codec], default=None)
    return best if best is not None and shares[best] >= _LIKELY else None


def _decoded(raw: bytes, codec: str) -> str | None:
    try:
        return raw.decode(codec)
    except UnicodeDecodeError:
        return None


def _share(raw: bytes, codec: str, letters: str) -> float:
    """Share of an encoding's own letters among all beyond ASCII; 0 where the bytes are not in it."""
    text = _decoded(raw, codec)
    found = [letter for letter in text or "" if not letter.isascii() and (letter.isalnum() or letter in letters)]
    return sum(letter in letters for letter in found) / len(found) if found else 0.0


def _share_of_rows(raw: bytes, codec: str) -> float:
    """Share of common characters among those of two bytes, punctuation apart; 0 where the bytes are not in it."""
    rows, least = _EAST_ASIAN[codec]
    text = _decoded(raw, codec)
    pairs = [letter.encode(codec) for letter in text or "" if letter.isalpha() and not letter.isascii()]
    common = [
        pair
        for pair in pairs
        if len(pair) == 2 and pair[1] >= least and any(first <= pair[0] <= last for first, last in rows)
    ]
    return len(common) / len(pairs) if pairs else 0.0


def _kana(raw: bytes, codec: str) -> float:
    letters = [letter for letter in _decoded(raw, codec) or "" if not letter.isascii() and letter.isalpha()]
    return sum("぀" <= letter <= "ヿ" for letter in letters) / max(len(letters), 1)
