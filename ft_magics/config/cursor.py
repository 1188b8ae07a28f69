"""Where the cursor stands in the body of a cell that is still being written.

Half-written YAML is the normal case here, so nothing of YAML's own parser is used: lines are read one after the other,
brackets, quotation marks and comments are followed as far as they go, and nothing is ever a mistake.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ft_magics.config.keys import KeyPath

__all__ = ["Place", "place_at", "values_in"]

_MOST_CHARACTERS = 200_000  # as many as a cell may have
_MOST_LEVELS = 64  # of brackets, likewise
_TAB = 4  # columns; YAML has no tabs, but people do
_KEY = re.compile(r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}\[\],#&*!|>%@`:-][^\n:#]*?|-[^\s:#][^\n:#]*?)[ \t]*:(?=[ \t]|$)""")
_WORD = re.compile(r"\w[\w-]*[ \t]*(:[ \t]|:?$)")
_FLOW_KEY = re.compile(r"""(?:"[^"\n]*"|'[^'\n]*'|[^\s"'{}\[\],#:][^{}\[\],\n#:]*?)[ \t]*:(?=[ \t,\]}]|$)""")
_REFERENCE = re.compile(r"""\$\w+(?:\.\w*|\[["']?[^\[\]\n{},]*\]?)*""")
_SPACE = " \t"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What the cursor is about to write.

    Args:
        section: Keys above it.
        key: The key whose value it writes; empty where it writes a key.
        typed: What stands before the cursor of the word or value that it is in.
        whole: All of that word or value, what stands behind the cursor too.
        there: The other keys of the section.
        values: Values of the cell by path: as they are written, without quotation marks.
        flow: Whether it is within brackets.
        listed: Whether it is an item of a list.
        lead: What is to be written before a value: a space, where one is still missing behind the colon.
        behind: What follows in the line.
    """

    section: KeyPath = ()
    key: str = ""
    typed: str = ""
    whole: str = ""
    there: frozenset[str] = frozenset()
    values: Mapping[KeyPath, str] = field(default_factory=dict)
    flow: bool = False
    listed: bool = False
    lead: str = ""
    behind: str = ""

    @property
    def path(self) -> KeyPath:
        """Of the key that is written, or whose value is."""
        return (*self.section, self.key or self.whole.strip(" \t\"'"))


def place_at(body: str, offset: int) -> Place | None:
    """Where an offset of a cell's body is; None in a comment, in a block of text, and in what is no cell.

    Args:
        body: All lines behind the magic's own.
        offset: 0 <= offset <= len(body); front ends that count otherwise are taken to mean the nearest.
    """
    offset = min(max(offset, 0), len(body))
    if len(body) > _MOST_CHARACTERS:
        return None
    here = _Reader(body, offset).read()
    if here is None:
        return None
    everything = _Reader(body, None)
    everything.read()
    there = {
        path[-1]
        for path, (start, _) in everything.entries.items()
        if path[:-1] == here.section and (here.key or start != here.start)
    }
    return Place(
        section=here.section,
        key=here.key,
        typed=body[here.start : offset],
        whole=body[here.start : _end_of(body, offset, value=bool(here.key), flow=here.flow)],
        there=frozenset(there - {here.key}),
        values={path: value for path, (_, value) in everything.entries.items()},
        flow=here.flow,
        listed=here.listed,
        lead=here.lead,
        behind=body[offset:].partition("\n")[0],
    )


def values_in(body: str) -> Mapping[KeyPath, str]:
    """The values of a cell by path, as they are written."""
    if len(body) > _MOST_CHARACTERS:
        return {}
    reader = _Reader(body, None)
    reader.read()
    return {path: value for path, (_, value) in reader.entries.items()}


def _end_of(body: str, offset: int, *, value: bool, flow: bool) -> int:
    """Where the word or value ends that the cursor is in."""
    ends = "\n\r" if value else "\n\r:"
    ends += "{}[]," if flow else ""
    end = offset
    while end < len(body) and body[end] not in ends and not (body[end] == "#" and body[end - 1 : end] in (" ", "\t")):
        end += 1
    return offset + len(body[offset:end].rstrip())


@dataclass(frozen=True, slots=True)
class _Here:
    section: KeyPath
    key: str
    start: int
    flow: bool
    lead: str = ""
    listed: bool = False


@dataclass(slots=True)
class _Bracket:
    """A bracket that is open: what it is the value of, and what is being written in it."""

    sign: str
    path: KeyPath
    indent: int  # of the line that it was opened in
    key: str = ""
    start: int = -1  # of the word that is being written
    spaced: bool = True  # whether there is a space behind the key's colon


class _Reader:
    """Reads a body up to an offset, or all of it.

    Args:
        body: Of the cell.
        stop: The offset; None for the end.
    """

    def __init__(self, body: str, stop: int | None) -> None:
        self.body = body
        self.stop = len(body) if stop is None else stop
        self.entries: dict[KeyPath, tuple[int, str]] = {}
        self._levels: list[tuple[int, KeyPath]] = []
        self._brackets: list[_Bracket] = []
        self._text_below = -1  # indentation of the key whose value is a block of text

    def read(self) -> _Here | None:
        """Where the offset is; None where nothing can be said."""
        at = 0
        while at <= len(self.body):
            end = self.body.find("\n", at)
            end = len(self.body) if end < 0 else end
            if at <= self.stop <= end:
                return self._line(at, self.stop, whole=end == self.stop)
            self._line(at, end, whole=True)
            at = end + 1
        return None

    def _line(self, start: int, end: int, *, whole: bool) -> _Here | None:
        """Read a line, or its part before the cursor."""
        line = self.body[start:end].rstrip("\r") if whole else self.body[start:end]
        text = line.lstrip(_SPACE)
        indent = _width(line[: len(line) - len(text)])
        if self._brackets and self._is_left(indent, text):
            self._brackets.clear()
        if self._brackets:
            bracket = self._brackets[-1]
            if bracket.key and self.entries.get((*bracket.path, bracket.key), (0, ""))[1] and _FLOW_KEY.match(text):
                bracket.key, bracket.start, bracket.spaced = "", -1, True  # the comma before it is missing
            return self._in_brackets(start, start + len(line))
        if self._text_below >= 0:
            if not text or indent > self._text_below:
                return None
            self._text_below = -1
        if text.startswith("#"):
            return None
        return self._in_block(start + len(line) - len(text), start + len(line), indent)

    def _is_left(self, indent: int, text: str) -> bool:
        """Whether a bracket was never closed: a word no further right than its line says so."""
        return indent <= self._brackets[0].indent and _WORD.match(text) is not None

    def _in_block(self, at: int, end: int, indent: int) -> _Here | None:
        body = self.body
        while body.startswith("- ", at) and at + 2 <= end:  # an item of a list
            at, indent = at + 2, indent + 2
        while self._levels and self._levels[-1][0] >= indent:
            self._levels.pop()
        above = self._levels[-1][1] if self._levels else ()
        found = _KEY.match(body, at, end)
        if found is None:
            listed = at >= 2 and body[at - 2 : at] == "- " and above
            if listed:
                return _Here(above[:-1], above[-1], at, flow=False, listed=True)
            return None if _comment(body, at, end) else _Here(above, "", at, flow=False)
        key = found.group()[:-1].strip(" \t\"'")
        path = (*above, key)
        if len(path) > _MOST_LEVELS:
            return None
        self._levels.append((indent, path))
        return self._value(path, at, found.end(), end, indent)

    def _value(self, path: KeyPath, at: int, colon: int, end: int, indent: int) -> _Here | None:
        """What follows a key's colon in its line."""
        body = self.body
        start = colon
        while start < end and body[start] in _SPACE:
            start += 1
        self.entries[path] = (at, "")
        if start < end and body[start] in "{[":
            self._brackets.append(_Bracket(body[start], path, indent))
            return self._in_brackets(start + 1, end)
        if start < end and body[start] in "|>":
            self._text_below = indent
            return None
        comment = _comment(body, start, end)
        value = body[start : comment or end].strip()
        self.entries[path] = (at, value.strip("\"'"))
        if comment:
            return None
        return _Here(path[:-1], path[-1], start, flow=False, lead="" if start > colon else " ")

    def _in_brackets(self, at: int, end: int) -> _Here | None:
        """Read within brackets, as far as the line goes."""
        body = self.body
        while at < end and self._brackets:
            bracket, sign = self._brackets[-1], body[at]
            if sign in _SPACE:
                at += 1
            elif sign == "#" and body[at - 1 : at] in ("", " ", "\t", "\n"):
                return None
            elif sign in "{[":
                if len(self._brackets) >= _MOST_LEVELS:
                    return None
                path = (*bracket.path, bracket.key) if bracket.key else bracket.path
                self._brackets.append(_Bracket(sign, path, bracket.indent))
                at += 1
            elif sign in "}]":
                self._brackets.pop()
                if self._brackets:
                    self._brackets[-1].start = end  # what follows is no word of its own
                at += 1
            elif sign == ",":
                bracket.key, bracket.start, bracket.spaced = "", -1, True
                at += 1
            else:
                at = self._word(bracket, at, end)
        if not self._brackets:
            return None  # nothing is written behind brackets that are closed
        bracket = self._brackets[-1]
        start = bracket.start if bracket.start >= 0 else at
        if bracket.sign == "[" and not bracket.key:
            if not bracket.path:
                return None
            return _Here(bracket.path[:-1], bracket.path[-1], start, flow=True, listed=True)
        lead = "" if bracket.spaced or start < at else " "
        bracket.start = -1 if not bracket.key else bracket.start  # a key does not continue in the next line
        return _Here(bracket.path, bracket.key, start, flow=True, lead=lead)

    def _word(self, bracket: _Bracket, at: int, end: int) -> int:
        """Read a key with its colon, or a value; gives where it ends."""
        body = self.body
        found = _FLOW_KEY.match(body, at, end) if not bracket.key else None
        if found is not None:
            bracket.key, bracket.start = found.group()[:-1].strip(" \t\"'"), -1
            bracket.spaced = found.end() < end and body[found.end()] in _SPACE
            self.entries[(*bracket.path, bracket.key)] = (at, "")
            return found.end()
        stop = _word_end(body, at, end)
        bracket.start = at
        path = (*bracket.path, bracket.key)
        value = body[at:stop].strip().strip("\"'")
        if bracket.key and path in self.entries:
            self.entries[path] = (self.entries[path][0], value)
        elif bracket.sign == "{" and stop <= end and value:
            self.entries[(*bracket.path, value)] = (at, "")  # a key without its colon yet
        return stop


def _word_end(body: str, at: int, end: int) -> int:
    """Where a value within brackets ends; one in quotation marks ends with them, or with the line."""
    if body[at] in "\"'":
        close = body.find(body[at], at + 1, end)
        return end if close < 0 else close + 1
    stop = at
    if body[at] == "$":  # `$splits["train"]`: the bracket is no list
        found = _REFERENCE.match(body, at, end)
        stop = found.end() if found is not None else at
    while stop < end and body[stop] not in "{}[],":
        if body[stop] == "#" and body[stop - 1] in _SPACE:
            break
        stop += 1
    return stop


def _comment(body: str, start: int, end: int) -> int:
    """Where a comment begins in what follows a key; 0 for nowhere."""
    quote = ""
    for at in range(start, end):
        sign = body[at]
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'" and at == start:
            quote = sign
        elif sign == "#" and body[at - 1] in _SPACE:
            return at
    return 0


def _width(blanks: str) -> int:
    return len(blanks.expandtabs(_TAB))
