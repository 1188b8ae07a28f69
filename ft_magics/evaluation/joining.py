"""Words of a sentence → text as a person reads it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from ft_magics.data.letters import CJK

__all__ = ["join_words", "joint"]

_JOINERS = "\u200d\ufe0e\ufe0f"  # belong to what stands before them, as marks do


def join_words(words: Sequence[str], *, spaces: bool = True) -> str:
    """The words in one text.

    Args:
        words: Words, or single characters.
        spaces: Whether spaces part them.
    """
    if not words:
        return ""
    joints = (joint(before, after, spaces=spaces) for before, after in pairwise(words))
    return words[0] + "".join(between + word for between, word in zip(joints, words[1:], strict=True))


def joint(before: str, after: str, *, spaces: bool) -> str:
    """What stands between two words: a space, but not between characters of scripts that write none."""
    if after and (after[0] in _JOINERS or unicodedata.category(after[0])[0] == "M"):
        return ""
    if not spaces or (CJK.match(before[-1:]) and CJK.match(after[:1])):
        return ""
    return " "
