"""YAML text → plain data, with the cell line of every key.

The tree is built from ruamel.yaml's nodes, so that a duplicate key is one mistake among the others and not the end of
reading. YAML 1.2: `no` is text, `2e-4` is a number, `010` is ten.

A few lines of aliases can stand for millions of values. So the parser's events are counted as they come, an alias as
all that it repeats, and reading ends at a limit before anything is built.
"""

from __future__ import annotations

import re
import sys
import warnings
from dataclasses import dataclass, replace
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionEndEvent, CollectionStartEvent, Event, ScalarEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.parser import Parser
from ruamel.yaml.reader import ReaderError

from ft_magics.config.slips import explain_syntax, slip_hint
from ft_magics.errors import CellError, Problem

__all__ = [
    "Path",
    "Tree",
    "dotted",
    "first_problems",
    "is_broken",
    "is_in_range",
    "read_plain",
    "read_tree",
    "read_value",
    "shorten",
]

Path = tuple[str | int, ...]

FIRST_BODY_LINE = 2  # the magic itself is line 1 of the cell

_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TAGS = frozenset({"bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value"})
_MOST_DIGITS = 400  # a longer number is a slip, and Python does not print it
_MOST_CHARACTERS = 200_000  # of a cell, and of its texts with every alias written out; parsed in under a second
_MOST_VALUES = 10_000  # with every alias written out
_MOST_LEVELS = 64  # of sections and lists
_MOST_PROBLEMS = 50  # in one message
_MOST_SHOWN = 60  # characters of a text in a message
# What ruamel.yaml raises beside errors of its own, for broken directives and escapes
_FOREIGN: tuple[type[Exception], ...] = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
)
_HALF_PAIR = re.compile("[\ud800-\udfff]")


class Tree:
    """Plain data and where it stood.

    Attributes:
        data: Mappings, lists and scalars.
        lines: Cell line per path; a path is the keys and indices from the root.
        written: The path written in the cell, for those that were understood as another.
        problems: Mistakes found while reading; reading continues after each.
    """

    def __init__(self) -> None:
        self.data: Any = None
        self.lines: dict[Path, int] = {}
        self.written: dict[Path, Path] = {}
        self.problems: list[Problem] = []

    def line(self, path: Path) -> int | None:
        """The line of a path, or of the nearest ancestor that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def complain(self, path: Path, text: str) -> None:
        """Note a mistake at a path."""
        self.problems.append(Problem(line=self.line(path), where=dotted(path), text=text))


def dotted(path: Path) -> str:
    """A path as one writes it, `train.learning_rate`, with long keys shortened."""
    return ".".join(shorten(str(step)) for step in path)


def shorten(text: str) -> str:
    """A text's beginning, where all of it would fill the page; half surrogate pairs as escapes."""
    shown = text if len(text) <= _MOST_SHOWN else f"{text[: _MOST_SHOWN - 1]}…"
    return shown.encode(errors="backslashreplace").decode()


def read_tree(text: str) -> Tree:
    """Read the body of a cell.

    Raises:
        CellError: The text is no YAML, or no mapping.
    """
    root = _compose(text)
    if root is None:
        raise CellError([Problem(line=None, where="", text="the cell is empty; write at least " + _LEAST)])
    if not isinstance(root, MappingNode):
        found = "a list" if isinstance(root, SequenceNode) else "a text"
        wanted = (
            f"expected `key: value` lines, found {found}; write at least {_LEAST}.{slip_hint(text, FIRST_BODY_LINE)}"
        )
        raise CellError([Problem(line=_line(root), where="", text=wanted)])
    tree = Tree()
    tree.data = _build(root, (), tree, ())
    if tree.data is None:
        raise CellError(first_problems(tree.problems))
    return tree


def read_plain(text: str) -> dict[str, Any]:
    """Read a file of settings, such as a run's config.yaml: dict, list, str, int, float, bool and None.

    Returns:
        The mapping; empty where the text holds nothing.

    Raises:
        CellError: The text is no YAML, no mapping, or over the limits of a cell. Lines count from 1.
    """
    try:
        return _plain(_compose(text))
    except CellError as error:
        raise CellError([replace(item, line=_line_in_file(item.line)) for item in error.problems]) from error


def _plain(root: Node | None) -> dict[str, Any]:
    if root is None:
        return {}
    if not isinstance(root, MappingNode):
        raise CellError([Problem(line=_line(root), where="", text="expected `key: value` lines")])
    tree = Tree()
    plain: dict[str, Any] = _build(root, (), tree, ())
    if tree.problems:
        raise CellError(first_problems(tree.problems))
    return plain


def first_problems(problems: list[Problem]) -> list[Problem]:
    """As many problems as a person reads, by line, and the number of the others."""
    ordered = sorted(problems, key=lambda problem: problem.line or 0)
    others = ordered[_MOST_PROBLEMS:]
    if not others:
        return ordered
    more = Problem(line=others[0].line, where="", text=f"{len(others):,} more mistakes from here on; mend these first")
    return [*ordered[:_MOST_PROBLEMS], more]


def _line_in_file(line: int | None) -> int | None:
    return None if line is None else line - FIRST_BODY_LINE + 1


def _compose(text: str) -> Node | None:
    if len(text) > _MOST_CHARACTERS:
        raise _over(None, f"{len(text):,} characters, and at most {_MOST_CHARACTERS:,} are read")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # YAML allows it: the name means the last one
            root: Node | None = _yaml().compose(text)
    except MarkedYAMLError as error:
        slip = explain_syntax(error, text, FIRST_BODY_LINE)
        line, complaint = slip.at + FIRST_BODY_LINE, f"this is not YAML: {slip.text}"
        raise CellError([Problem(line=line, where="", text=complaint)]) from error
    except ReaderError as error:
        letter = error.character if isinstance(error.character, int) else ord(str(error.character))
        line = text.count("\n", 0, error.position) + FIRST_BODY_LINE
        complaint = f"this is not YAML: it holds the control character U+{letter:04X}; take it out"
        raise CellError([Problem(line=line, where="", text=complaint)]) from error
    except YAMLError as error:
        raise CellError([Problem(line=None, where="", text=f"this is not YAML: {error!s:.200}")]) from error
    except _FOREIGN as error:
        complaint = "this is not YAML: a directive (`%…`) or an escape (`\\…`) in it cannot be read; take it out"
        raise CellError([Problem(line=None, where="", text=complaint)]) from error
    return root


def _yaml() -> YAML:
    yaml = YAML(typ="safe", pure=True)  # without the comments, which take time that grows with their square
    yaml.Parser = _CountingParser
    return yaml


def _over(line: int | None, found: str) -> CellError:
    return CellError([Problem(line=line, where="", text=f"found {found}; put data into a file and name it here")])


@dataclass(frozen=True, slots=True)
class _Size:
    """How much a value holds, with every alias in it written out.

    Args:
        values: Keys, scalars, lists and mappings.
        characters: Of its scalars.
        levels: Of lists and mappings, one inside the other; 0 for a scalar.
    """

    values: int = 1
    characters: int = 0
    levels: int = 0


@dataclass(slots=True)
class _Open:
    """A list or mapping that has not ended: its name, what was counted before it, and the levels inside it."""

    anchor: str | None
    values: int
    characters: int
    levels: int = 0


class _CountingParser(Parser):
    """YAML's parser with a limit on what its events stand for; an alias counts as the value that it repeats."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self._values = self._characters = 0
        self._open: list[_Open] = []
        self._named: dict[str | None, _Size] = {}

    def get_event(self) -> Event:
        """The next event.

        Raises:
            CellError: The text up to here is over a limit; with the line.
        """
        event: Event = super().get_event()
        if isinstance(event, CollectionStartEvent):
            self._named.pop(event.anchor, None)  # the name has no value until this one ends
            self._open.append(_Open(event.anchor, self._values, self._characters))
            self._count(_Size(), event)
        elif isinstance(event, CollectionEndEvent):
            self._close()
        elif isinstance(event, ScalarEvent):
            _check_letters(event)
            self._named[event.anchor] = _Size(characters=len(event.value))
            self._count(self._named[event.anchor], event)
        elif isinstance(event, AliasEvent):
            self._count(self._named.get(event.anchor, _Size()), event)
        return event

    def _close(self) -> None:
        ended = self._open.pop()
        levels = ended.levels + 1
        self._named[ended.anchor] = _Size(self._values - ended.values, self._characters - ended.characters, levels)
        if self._open:
            self._open[-1].levels = max(self._open[-1].levels, levels)

    def _count(self, size: _Size, event: Event) -> None:
        self._values += size.values
        self._characters += size.characters
        if self._open:
            self._open[-1].levels = max(self._open[-1].levels, size.levels)
        line = int(event.start_mark.line) + FIRST_BODY_LINE
        if len(self._open) + size.levels > _MOST_LEVELS:
            raise _over(line, f"lists or sections that are nested too deeply, more than {_MOST_LEVELS} levels")
        for found, most, what in (
            (self._values, _MOST_VALUES, "values"),
            (self._characters, _MOST_CHARACTERS, "characters"),
        ):
            if found > most:
                raise _over(line, f"more than {most:,} {what} (an alias, `*name`, counts as all that it repeats)")


def _check_letters(event: ScalarEvent) -> None:
    if is_broken(event.value):
        complaint = f"{event.value[:40]!a} holds half a surrogate pair, which is no letter; mend the text"
        raise CellError([Problem(line=int(event.start_mark.line) + FIRST_BODY_LINE, where="", text=complaint)])


def is_broken(text: str) -> bool:
    """Whether a text holds half a surrogate pair, which no file, page or tokenizer takes."""
    return not text.isascii() and _HALF_PAIR.search(text) is not None


def read_value(text: str) -> Any:
    """One value as YAML reads it: `--set train.epochs=3` gives the number 3.

    Raises:
        ValueError: The text is no YAML.
    """
    try:
        node = _compose(text)
    except CellError as error:
        raise ValueError(f"`{shorten(text[:40])}` is no YAML value") from error
    tree = Tree()
    value = None if node is None else _build(node, (), tree, ())
    if tree.problems:
        raise ValueError(tree.problems[0].text)
    return value


_LEAST = "`task: ner`, `model: minilm` and `data: {train: …}`"


def _line(node: Node) -> int:
    return int(node.start_mark.line) + FIRST_BODY_LINE


def _build(node: Node, path: Path, tree: Tree, ancestors: tuple[Node, ...]) -> Any:
    tree.lines.setdefault(path, _line(node))
    if any(node is ancestor for ancestor in ancestors):
        tree.complain(path, "an alias (`*name`) is part of what it names; write the value out")
        return None
    if str(node.tag).rpartition(":")[2] not in _TAGS:
        tree.complain(path, f"the YAML tag `{_short(node)}` means nothing here; take it out")
        return None
    inside = (*ancestors, node)
    if isinstance(node, MappingNode):
        return _build_mapping(node, path, tree, inside)
    if isinstance(node, SequenceNode):
        return [_build(item, (*path, index), tree, inside) for index, item in enumerate(node.value)]
    try:
        return _scalar(node)
    except ValueError:
        tree.complain(path, f"`{node.value:.40}` cannot be read as `{_short(node)}`")
        return None


def _short(node: Node) -> str:
    """A tag as one writes it: `!!float`."""
    return shorten(str(node.tag).replace("tag:yaml.org,2002:", "!!"))


def _build_mapping(node: MappingNode, path: Path, tree: Tree, ancestors: tuple[Node, ...]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, ScalarNode) else None
        if key is None:
            line, text = _line(key_node), "a key must be a single word"
            tree.problems.append(Problem(line=line, where=dotted(path), text=text))
            continue
        place = (*path, key)
        if key in mapping:
            first = tree.lines[place]
            line = _line(key_node)
            tree.problems.append(
                Problem(line=line, where=dotted(place), text=f"stands twice; the first is on line {first}")
            )
            continue
        tree.lines[place] = _line(key_node)
        mapping[key] = _build(value_node, place, tree, ancestors)
    return mapping


def _scalar(node: Node) -> Any:
    text = str(node.value)
    kind = str(node.tag).rpartition(":")[2]
    if kind in ("bool", "null"):
        return _CONSTANTS.get(text.lower(), text)
    if kind in ("int", "float") and len(text) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(text)} digits")
    if kind == "int":
        return _whole(text.replace("_", ""))
    if kind == "float":
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _whole(digits: str) -> int:
    number = int(digits, 0) if digits.lstrip("+-").startswith(("0x", "0o")) else int(digits)
    if not is_in_range(number):
        raise ValueError(f"a number of {len(digits)} digits")
    return number


def is_in_range(number: int) -> bool:
    """Whether a whole number is within the range of floats, so that it can be compared, printed and rounded."""
    return abs(number) <= sys.float_info.max
