"""Which magic a cell or a line belongs to, and where in it the cursor is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.magics.completion.lines import Line

__all__ = ["BODIES", "CursorIn", "find_magic"]

BODIES = frozenset({"finetune", "pretrain"})  # magics whose body is a cell's YAML
_CELL = re.compile(r"%%(\w+)")
_LINE = re.compile(r"[ \t]*(?:[\w.,\[\]'\" \t]+=[ \t]*)?%(\w+)(?=[ \t])")  # `report = %evaluate …` too


@dataclass(frozen=True, slots=True)
class CursorIn:
    """Where the cursor is.

    Args:
        line: On the line of a magic; None in its body.
        body: In the body of a magic that is a cell of YAML; None on a line.
        offset: Of the cursor in the body.
        word: What a body of the magic says first: `task`, or `objective`.
    """

    line: Line | None = None
    body: str | None = None
    offset: int = 0
    word: str = "task"


def find_magic(code: str, offset: int, magics: Mapping[str, Any]) -> CursorIn | None:
    """The magic of ours that an offset of a cell belongs to; None where it is Python, or another's.

    Args:
        code: The whole cell.
        offset: Of the cursor, 0 <= offset <= len(code).
        magics: Ours by name, each with its `parser`.
    """
    begin = len(code) - len(code.lstrip())
    cell = _CELL.match(code, begin)
    if cell is not None:
        name = cell.group(1)
        end = code.find("\n", begin)
        end = len(code) if end < 0 else end
        if name not in magics or offset <= cell.end():
            return None
        if offset <= end:
            return CursorIn(line=_line(name, code[cell.end() : offset], magics, code[end + 1 :]))
        word = "objective" if name == "pretrain" else "task"
        return CursorIn(body=code[end + 1 :], offset=offset - end - 1, word=word) if name in BODIES else None
    start = code.rfind("\n", 0, offset) + 1
    line = _LINE.match(code, start, offset)
    if line is None or line.group(1) not in magics:
        return None
    return CursorIn(line=_line(line.group(1), code[line.end() : offset], magics, ""))


def _line(name: str, before: str, magics: Mapping[str, Any], body: str) -> Line:
    actions = magics[name].parser._actions  # noqa: SLF001  # argparse has no other list of them
    return Line(name, before, [action for action in actions if "-h" not in action.option_strings], body)
