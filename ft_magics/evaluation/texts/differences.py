"""Where two texts differ, for the eye: words, or single characters of scripts without spaces."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ft_magics.data.letters import CJK

__all__ = ["Range", "other_parts"]

Range = tuple[int, int]  # characters, the end not included

_TOKEN = re.compile(rf"{CJK.pattern}|[^\W_]+|[^\w\s]|_")
_LONGEST = 1500  # tokens of a text; a longer one takes seconds to compare


def other_parts(first: str, second: str) -> tuple[list[Range], list[Range]]:
    """What each of two texts has that the other has not at that place; nothing for very long ones."""
    sides = [[(found.start(), found.end()) for found in _TOKEN.finditer(text)] for text in (first, second)]
    if any(len(side) > _LONGEST for side in sides):
        return [], []
    words = [
        [text[start:end].casefold() for start, end in side] for text, side in zip((first, second), sides, strict=True)
    ]
    found: tuple[list[Range], list[Range]] = ([], [])
    for kind, *ends in SequenceMatcher(None, words[0], words[1], autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for side, ranges, start, end in zip(sides, found, ends[::2], ends[1::2], strict=True):
            if end > start:
                ranges.append((side[start][0], side[end - 1][1]))
    return found
