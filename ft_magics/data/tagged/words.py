"""Raw text → words with their places, the same way for training data with spans and for prediction.

White space separates words; punctuation at a word's edges is a word of its own; a CJK character is a word; anything
inside a word (`don't`, `3.5`, `U.S.`) stays.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from ft_magics.data.letters import CJK

__all__ = ["Word", "split_words"]

Word = tuple[int, int]  # character offsets, end not included

_CHUNK = re.compile(r"\S+")
_ABBREVIATION = re.compile(r"(?:[^\W\d_]\.){2,}", re.UNICODE)  # U.S. keeps its last point


def split_words(text: str, cuts: Iterable[int] = ()) -> list[Word]:
    """The words of a text.

    Args:
        text: Any text.
        cuts: Character offsets at which a word must end, such as the borders of annotated spans.

    Returns:
        Offsets (start, end) in order; white space belongs to no word.
    """
    borders = sorted(set(cuts))
    words: list[Word] = []
    for chunk in _CHUNK.finditer(text):
        inner = borders[bisect_right(borders, chunk.start()) : bisect_left(borders, chunk.end())]
        edges = [chunk.start(), *inner, chunk.end()]
        for start, end in itertools.pairwise(edges):
            words.extend(_split_chunk(text, start, end))
    return words


def _split_chunk(text: str, start: int, end: int) -> list[Word]:
    pieces: list[Word] = []
    at = start
    for match in CJK.finditer(text, start, end):
        if at < match.start():
            pieces.extend(_peel(text, at, match.start()))
        pieces.append(match.span())
        at = match.end()
    if at < end:
        pieces.extend(_peel(text, at, end))
    return pieces


def _peel(text: str, start: int, end: int) -> list[Word]:
    head, tail = start, end
    while head < tail and _is_mark(text[head]):
        head += 1
    if not _ABBREVIATION.fullmatch(text, head, end):
        while tail > head and _is_mark(text[tail - 1]):
            tail -= 1
    before = [(at, at + 1) for at in range(start, head)]
    after = [(at, at + 1) for at in range(tail, end)]
    return [*before, *([(head, tail)] if head < tail else []), *after]


def _is_mark(letter: str) -> bool:
    # @ and # open user names and hashtags; a combining mark or joiner belongs to what stands before it.
    return unicodedata.category(letter)[0] in "PS" and letter not in "@#"
