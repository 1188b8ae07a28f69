"""A cell whose `%%finetune` or `%%predict` is not its first line.

IPython looks for a cell magic in the first line only; anywhere else it reports a syntax error somewhere in the YAML.
"""

from __future__ import annotations

import io
import re
import tokenize

__all__ = ["magic_first"]

_MAGIC = re.compile(r"\s*(%%(?:finetune|predict|pretrain))\b(.*)", re.DOTALL)
_ONE_SIGN = re.compile(r"%(finetune|pretrain)\b")
_NOTHING = re.compile(r"\s*(#.*)?")


def magic_first(lines: list[str]) -> list[str]:
    """Put the magic's line first where only blank lines, or comments before `%%finetune`, are above it.

    They follow it then, so that every line below keeps its number. What else stands above cannot be meant: such a cell
    becomes one that says so. Other cells, and those in which the magic's line is part of a text, stay as they are.

    Args:
        lines: Of the cell, each with its end.
    """
    first = next((line for line in lines if not _NOTHING.fullmatch(line.rstrip("\n"))), "")
    one = _ONE_SIGN.match(first)
    if one and len([line for line in lines if line.strip()]) > 1:
        return _refusal(f"write `%%{one[1]}` with two percent signs: it is the magic of a whole cell")
    at = next((index for index, line in enumerate(lines) if _MAGIC.match(line)), None)
    if at is None:
        return lines
    above, found = lines[:at], _MAGIC.match(lines[at])
    assert found is not None  # noqa: S101  # it is the line that matched
    if not any(line.strip() for line in above) or (found[1] in ("%%finetune", "%%pretrain") and first is lines[at]):
        return [f"{found[1]}{found[2]}", *above, *lines[at + 1 :]]
    if next(line for line in above if line.strip()).startswith("%%") or not _ends("".join(above)):
        return lines
    return _refusal(
        f"`{found[1]}` must be the first line of its cell, and here it is line {at + 1}; put what is above it "
        f"(`{next(line for line in above if line.strip()).strip():.60}`) into a cell of its own"
    )


def _ends(code: str) -> bool:
    """Whether no text and no bracket is left open."""
    try:
        for _ in tokenize.generate_tokens(io.StringIO(code).readline):
            pass
    except (tokenize.TokenError, SyntaxError):
        return False
    return True


def _refusal(text: str) -> list[str]:
    """Code that says it, without a traceback and without a name of its own."""
    error = '__import__("IPython.core.error", fromlist=["UsageError"]).UsageError'
    return [f"raise {error}({text!r})\n"]
