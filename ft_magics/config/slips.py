"""Lines that are no YAML: what was most likely meant by them."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ruamel.yaml.error import MarkedYAMLError

__all__ = ["Slip", "explain_syntax", "find_slip", "slip_hint", "slip_in_key"]

_FULL_WIDTH = {  # as Chinese and Japanese keyboards write them
    "：": ":",
    "，": ",",
    "｛": "{",
    "｝": "}",
    "［": "[",
    "］": "]",
}
_EQUALS = re.compile(r"(\s*)([A-Za-z_][\w.]*)\s*=\s*(\S.*)")
_NO_COLON = re.compile(r"(\s*)([A-Za-z_]\w*)[ \t]+([^\s:=].*)")
_KEY_ALONE = re.compile(r"(\s*)([A-Za-z_]\w*)\s*")
_TWO_KEYS = re.compile(r"\s*[A-Za-z_]\w*: *([^\s'\"\[{:,][^:,]*), *[A-Za-z_]\w*:( |$)")
_KEY_AND_VALUE = re.compile(r"\s*[\w.-]+: +[^\s#|>&].*")
_QUOTED = re.compile(r"""'[^']*'|"(\\.|[^"\\])*\"""")
_CALL = re.compile(r"\$\w[^\s,{}]*\(")
_SEMICOLON = re.compile(r"[\[{][^\]}]*; *\w+:")
_COMMENT = re.compile(r"(^|\s)#.*")
_COLON_WITHOUT_SPACE = re.compile(r"\s*[\w.]+:[^\s:/]")
_FIRST_KEYS = ("data", "method", "model", "save", "task", "train")
_SHOWN = 60  # characters of a line in a message


class Slip(NamedTuple):
    """A line that is no YAML.

    Args:
        at: Index of the line.
        text: What is wrong with it, and what to write.
    """

    at: int
    text: str


def find_slip(rows: Sequence[str], last: int) -> Slip | None:
    """The first line up to one at which YAML's parser gave up that is wrong in one of the usual ways.

    Args:
        rows: Lines of the cell's body.
        last: Index of the line at which the parser gave up; beyond the last one for the end of the cell.
    """
    before = ""
    for at, row, depth in _with_depth(rows[: last + 1]):
        text = _full_width(row) or _in_brackets(row) or (None if depth else _of_line(row, before, rows[at + 1 :]))
        if text:
            return Slip(at, text)
        before = row or before
    return None


def _with_depth(rows: Sequence[str]) -> Iterator[tuple[int, str, int]]:
    """Index and text of each line, without comments and quoted texts, and how many brackets are open before it."""
    depth = 0
    for at, row in enumerate(rows):
        bare = _COMMENT.sub("", _QUOTED.sub("''", row)).rstrip()
        yield at, bare, depth
        depth = max(0, depth + sum(map(bare.count, "[{")) - sum(map(bare.count, "]}")))


def _full_width(row: str) -> str | None:
    found = next((letter for letter in row if letter in _FULL_WIDTH), None)
    if found is None:
        return None
    space = " with a space after it" if _FULL_WIDTH[found] == ":" else ""
    name = {":": "colon", ",": "comma"}.get(_FULL_WIDTH[found], "bracket")
    return f"`{found}` is a full-width {name}; YAML needs `{_FULL_WIDTH[found]}`{space}"


def _in_brackets(row: str) -> str | None:
    if found := _CALL.search(row):
        return (
            f"`{found[0]}…)` would be code, and `$` stands for an object only: give it a name in another cell, "
            "and write `$name`"
        )
    return "within brackets a comma parts the keys, and here is a semicolon" if _SEMICOLON.search(row) else None


def slip_in_key(key: str) -> str | None:
    """What is wrong with a text that YAML took for a key: a full-width letter, or no colon where it belongs."""
    word, space, rest = key.partition(" ")
    if space and word.isidentifier() and rest.lstrip().startswith("{"):
        return f"there is no colon behind `{word}`; write `{word}: {{…}}`"
    if key.isdecimal():
        return "a number has a decimal point, such as 0.001; within brackets a comma parts the keys"
    return _full_width(key)


def _of_line(row: str, before: str, after: Sequence[str]) -> str | None:
    """What is wrong with a line outside brackets."""
    return _of_colons(row, after) or _of_columns(row, before)


def _of_colons(row: str, after: Sequence[str]) -> str | None:
    indent = row[: len(row) - len(row.lstrip())]
    if (found := _EQUALS.fullmatch(row)) and not keyword.iskeyword(found[2]):
        return f"a setting is written with a colon: {_as_written(found[2], found[3])}"
    if (found := _NO_COLON.fullmatch(row)) and ": " not in row and row[-1] != ":" and not keyword.iskeyword(found[2]):
        return f"there is no colon behind `{found[2]}`; write {_as_written(found[2], found[3])}"
    if (found := _KEY_ALONE.fullmatch(row)) and _opens_a_section(indent, after):
        return f"there is no colon behind `{found[2]}`; write `{found[2]}:`"
    if _TWO_KEYS.match(row):
        return "two keys stand on one line; give each a line of its own"
    return None


def _of_columns(row: str, before: str) -> str | None:
    indent = row[: len(row) - len(row.lstrip())]
    if "\t" in indent:
        return "this line is indented with a tab, and YAML indents with spaces, never with tabs"
    if before and _KEY_AND_VALUE.fullmatch(before) and len(indent) > len(before) - len(before.lstrip()):
        return (
            "this line is indented further than the one above it, which has its value already; keys of one section "
            "begin in the same column"
        )
    return None


def _as_written(key: str, value: str) -> str:
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}…"
    return f"`{key}: {shown}`"


def _opens_a_section(indent: str, after: Sequence[str]) -> bool:
    """Whether what follows a line is indented further."""
    following = next((row for row in after if row.strip()), "")
    return len(following) - len(following.lstrip()) > len(indent)


def explain_syntax(error: MarkedYAMLError, text: str, first_line: int) -> Slip:
    """What is wrong with a text that YAML's parser gave up at, and where.

    Args:
        error: The parser's.
        text: All of it.
        first_line: Number of its first line, for those that the message names.
    """
    mark = error.problem_mark or error.context_mark
    line = int(mark.line) if mark else 0
    rows = text.splitlines()
    slip = find_slip(rows, line)
    if slip is not None:
        return slip
    shown = rows[line].strip() if line < len(rows) else "the end of the cell"
    shown = shown if len(shown) <= _SHOWN else f"{shown[: _SHOWN - 1]}…"
    complaint = f"{_complaint(error, first_line)}.{_hint(error, rows, line)}"
    return Slip(line, f"{complaint} Look at `{shown}` and the line above it")


def _complaint(error: MarkedYAMLError, first_line: int) -> str:
    """What YAML's parser says, with the line of what it was in the middle of."""
    problem = f"{error.problem or error.context!s:.200}".replace("<stream end>", "the end of the cell")
    if "another document" in problem:
        return "a cell holds one document, and `---` begins another one"
    if "escape character" in problem:
        return (
            f"{problem}: within double quotation marks a backslash begins an escape; write the path with `/`, or in "
            "single quotation marks"
        )
    if "expected <block end>" in problem:
        return "this line begins in another column than the lines of the section that it is in"
    context, start = str(error.context or ""), error.context_mark
    if "flow" in context or "quoted" in context:
        opened = "bracket" if "flow" in context else "quotation mark"
        return f"{problem}; the {opened} was opened on line {int(start.line) + first_line}"
    return problem


def _hint(error: MarkedYAMLError, rows: list[str], line: int) -> str:
    if "\\t" in str(error.problem):
        return " YAML indents with spaces, never with tabs."
    return _colon_hint("\n".join(rows[max(0, line - 1) : line + 1]))


def slip_hint(text: str, first_line: int) -> str:
    """What is wrong with a text that is one value and no section: a sentence with a leading space, or nothing.

    Args:
        text: All of it.
        first_line: Number of its first line.
    """
    rows = text.splitlines()
    slip = find_slip(rows, len(rows))
    if slip is not None and text.split(maxsplit=1)[0] in _FIRST_KEYS:  # else it may be any text
        return f" On line {slip.at + first_line} {slip.text}."
    return _colon_hint(text)


def _colon_hint(text: str) -> str:
    """What is wrong with a colon that opens no value: a sentence with a leading space, or nothing."""
    if "\uff1a" in text:
        return " `\uff1a` is a full-width colon; YAML needs `: ` with a space after it."
    if any(_COLON_WITHOUT_SPACE.match(row) for row in text.splitlines()):
        return " A colon needs a space after it."
    return ""
