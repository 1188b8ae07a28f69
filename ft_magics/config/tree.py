"""YAML text → plain data, with the cell line of every key.

The tree is built from ruamel.yaml's nodes, so that a duplicate key is one mistake among the others and not the end of
reading. YAML 1.2: `no` is text, `2e-4` is a number, `010` is ten.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, ReusedAnchorWarning, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.reader import ReaderError

from ft_magics.errors import CellError, Problem

__all__ = ["Path", "Tree", "read_tree", "read_value"]

Path = tuple[str | int, ...]

FIRST_BODY_LINE = 2  # the magic itself is line 1 of the cell

_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}
_TAGS = frozenset({"bool", "float", "int", "map", "merge", "null", "seq", "str", "timestamp", "value"})
_MOST_DIGITS = 400  # a longer number is a slip, and Python does not print it
_COLON_WITHOUT_SPACE = re.compile(r"\s*[\w.]+:[^\s:/]")


class Tree:
    """Plain data and where it stood.

    Attributes:
        data: Mappings, lists and scalars.
        lines: Cell line per path; a path is the keys and indices from the root.
        written: The path that stands in the cell, for those that were understood as another.
        problems: Mistakes found while reading; reading goes on after each.
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
        self.problems.append(Problem(line=self.line(path), where=".".join(map(str, path)), text=text))


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
        wanted = f"expected `key: value` lines, found {found}; write at least {_LEAST}.{_colon_hint(text)}"
        raise CellError([Problem(line=_line(root), where="", text=wanted)])
    tree = Tree()
    tree.data = _build(root, (), tree, ())
    if tree.data is None:
        raise CellError(tree.problems)
    return tree


def _compose(text: str) -> Node | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ReusedAnchorWarning)  # YAML allows it: the name means the last one
            root: Node | None = YAML().compose(text)
    except MarkedYAMLError as error:
        raise CellError([_syntax_problem(error, text)]) from error
    except ReaderError as error:
        letter = error.character if isinstance(error.character, int) else ord(str(error.character))
        line = text.count("\n", 0, error.position) + FIRST_BODY_LINE
        complaint = f"this is not YAML: it holds the control character U+{letter:04X}; take it out"
        raise CellError([Problem(line=line, where="", text=complaint)]) from error
    except YAMLError as error:
        raise CellError([Problem(line=None, where="", text=f"this is not YAML: {error}")]) from error
    except RecursionError as error:
        raise CellError([Problem(line=None, where="", text="brackets are nested too deeply")]) from error
    return root


def read_value(text: str) -> Any:
    """One value as YAML reads it: `--set train.epochs=3` gives the number 3.

    Raises:
        ValueError: The text is no YAML.
    """
    try:
        node = YAML().compose(text)
    except (YAMLError, RecursionError) as error:
        raise ValueError(f"`{text:.40}` is no YAML value") from error
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
        tree.complain(path, "an alias (`*name`) stands inside what it names; write the value out")
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
    return str(node.tag).replace("tag:yaml.org,2002:", "!!")


def _build_mapping(node: MappingNode, path: Path, tree: Tree, ancestors: tuple[Node, ...]) -> dict[str, Any]:
    mapping: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value) if isinstance(key_node, ScalarNode) else None
        if key is None:
            tree.complain(path, "a key must be a single word")
            continue
        place = (*path, key)
        if key in mapping:
            first = tree.lines[place]
            line = _line(key_node)
            tree.problems.append(
                Problem(line=line, where=".".join(map(str, place)), text=f"stands twice; the first is on line {first}")
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
        digits = text.replace("_", "")
        return int(digits, 0) if digits.lstrip("+-").startswith(("0x", "0o")) else int(digits)
    if kind == "float":
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    return text


def _syntax_problem(error: MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    line = int(mark.line) if mark else 0
    rows = text.splitlines()
    shown = rows[line].strip() if line < len(rows) else "the end of the cell"
    complaint = f"this is not YAML: {_complaint(error)}.{_hint(error, rows, line)}"
    return Problem(line=line + FIRST_BODY_LINE, where="", text=f"{complaint} Look at `{shown}` and the line above it")


def _complaint(error: MarkedYAMLError) -> str:
    """What YAML's parser says, with the line of what it was in the middle of."""
    problem = str(error.problem or error.context).replace("<stream end>", "the end of the cell")
    if "another document" in problem:
        return "a cell holds one document, and `---` begins another one"
    context, start = str(error.context or ""), error.context_mark
    if "flow" in context or "quoted" in context:
        opened = "bracket" if "flow" in context else "quotation mark"
        return f"{problem}; the {opened} was opened on line {int(start.line) + FIRST_BODY_LINE}"
    return problem


def _hint(error: MarkedYAMLError, rows: list[str], line: int) -> str:
    if "\\t" in str(error.problem):
        return " YAML indents with spaces, never with tabs."
    return _colon_hint("\n".join(rows[max(0, line - 1) : line + 1]))


def _colon_hint(text: str) -> str:
    """What is wrong with a colon that opens no value: a sentence with a leading space, or nothing."""
    if "\uff1a" in text:
        return " `\uff1a` is a full-width colon; YAML needs `: ` with a space after it."
    if any(_COLON_WITHOUT_SPACE.match(row) for row in text.splitlines()):
        return " A colon needs a space after it."
    return ""
