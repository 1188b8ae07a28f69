"""YAML text → plain data, with the cell line of every key.

The tree is built from ruamel.yaml's nodes, so that a duplicate key is one mistake among the others and not the end of
reading. YAML 1.2: `no` is text, `2e-4` is a number, `010` is ten.
"""

from __future__ import annotations

from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ft_magics.errors import CellError, Problem

__all__ = ["Path", "Tree", "read_tree", "read_value"]

Path = tuple[str | int, ...]

FIRST_BODY_LINE = 2  # the magic itself is line 1 of the cell

_CONSTANTS = {"true": True, "false": False, "null": None, "~": None, "": None}


class Tree:
    """Plain data and where it stood.

    Attributes:
        data: Mappings, lists and scalars.
        lines: Cell line per path; a path is the keys and indices from the root.
        problems: Mistakes found while reading; reading goes on after each.
    """

    def __init__(self) -> None:
        self.data: Any = None
        self.lines: dict[Path, int] = {}
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
    tree = Tree()
    try:
        root = YAML().compose(text)
    except MarkedYAMLError as error:
        raise CellError([_syntax_problem(error, text)]) from error
    except YAMLError as error:
        raise CellError([Problem(line=None, where="", text=f"this is not YAML: {error}")]) from error
    if root is None:
        raise CellError([Problem(line=None, where="", text="the cell is empty; write at least " + _LEAST)])
    if not isinstance(root, MappingNode):
        found = "a list" if isinstance(root, SequenceNode) else "a text"
        raise CellError(
            [
                Problem(
                    line=_line(root),
                    where="",
                    text=f"expected `key: value` lines, found {found}; write at least {_LEAST}",
                )
            ]
        )
    tree.data = _build(root, (), tree, ())
    return tree


def read_value(text: str) -> Any:
    """One value as YAML reads it: `--set train.epochs=3` gives the number 3.

    Raises:
        ValueError: The text is no YAML.
    """
    try:
        node = YAML().compose(text)
    except YAMLError as error:
        raise ValueError(f"`{text}` is no YAML value") from error
    return None if node is None else _build(node, (), Tree(), ())


_LEAST = "`task: ner`, `model: minilm` and `data: {train: …}`"


def _line(node: Node) -> int:
    return int(node.start_mark.line) + FIRST_BODY_LINE


def _build(node: Node, path: Path, tree: Tree, ancestors: tuple[Node, ...]) -> Any:
    tree.lines.setdefault(path, _line(node))
    if any(node is ancestor for ancestor in ancestors):
        tree.complain(path, "an alias (`*name`) stands inside what it names; write the value out")
        return None
    inside = (*ancestors, node)
    if isinstance(node, MappingNode):
        return _build_mapping(node, path, tree, inside)
    if isinstance(node, SequenceNode):
        return [_build(item, (*path, index), tree, inside) for index, item in enumerate(node.value)]
    return _scalar(node) if isinstance(node, ScalarNode) else None


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


def _scalar(node: ScalarNode) -> Any:
    text = str(node.value)
    kind = str(node.tag).rpartition(":")[2]
    if kind in ("bool", "null"):
        return _CONSTANTS.get(text.lower(), text)
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
    hint = "YAML indents with spaces, never with tabs. " if "\\t" in str(error.problem) else ""
    return Problem(
        line=line + FIRST_BODY_LINE,
        where="",
        text=f"this is not YAML: {error.problem or error.context}. {hint}Look at `{shown}` and the line above it",
    )
