"""What is known of the word at a place of a cell: a key with its value, a flag, a word of `%ft`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from html import escape
from typing import Any

from ft_magics.magics.completion.body import key_at
from ft_magics.magics.completion.cells import find_magic
from ft_magics.magics.completion.lines import flag_at
from ft_magics.magics.settings_pages import key_bundle
from ft_magics.markup import element, heading

__all__ = ["help_at"]

_WORD = re.compile(r"[\w-]*")


def help_at(code: str, offset: int, magics: Mapping[str, Any]) -> dict[str, str] | None:
    """Help on what is at an offset of a cell, by MIME type; None where that is nothing of ours.

    Args:
        code: The whole cell.
        offset: 0 <= offset <= len(code).
        magics: Ours by name, each with its `parser`.
    """
    found = find_magic(code, offset, magics)
    if found is None:
        return None
    if found.body is not None:
        key = _key(found.body, found.offset, found.word)
        return None if key is None else key_bundle([key])
    assert found.line is not None  # noqa: S101  # one of the two
    rest = _WORD.match(code, offset)
    flag = flag_at(found.line, found.line.typed + (rest.group() if rest else ""))
    if flag is None:
        return None
    written, meaning = flag
    return {
        "text/html": element("div", heading(written), escape(meaning)),
        "text/plain": f"{written}\n{meaning}",
    }


def _key(body: str, offset: int, word: str) -> Any:
    """The key at an offset; just behind a key's colon or a bracket, where a tooltip is often asked for, that key."""
    found = key_at(body, offset, word)
    if found is not None and found[1].whole:
        return found[0]
    line = body.rfind("\n", 0, offset) + 1
    before = body[line:offset].rstrip(" \t:{[,")
    near = key_at(body, line + len(before), word) if before.strip() else None
    return near[0] if near is not None else found[0] if found is not None else None
