"""Lists and objects that a cell holds as text, as `to_csv` writes them: JSON, Python's and NumPy's way."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from ft_magics.data.cells import Rows, fold, is_list, is_missing
from ft_magics.data.faults import list_names

__all__ = ["read_written", "with_written"]

_LONGEST = 1_000_000  # characters of a cell
_OPENS = {"[": "]", "{": "}"}
_WITHOUT_COMMAS = re.compile(r"['\"\d\]})]\s+['\"\d\[{-]")  # as `str` of an array has them
_MADE_OF = frozenset(("array", "list", "tuple", "int64", "int32", "float64", "float32", "str_", "bool_"))


def read_written(cell: Any) -> Any:
    """The list or the object that a text holds; anything else as it is.

    Args:
        cell: Of a table. `array([...], dtype=object)` is the list in it, and `['a' 'b']` has two texts.
    """
    text = cell.strip() if isinstance(cell, str) else ""
    if len(text) > _LONGEST or not text or not text.endswith(_OPENS.get(text[0], "\0")):
        return cell
    for read in (json.loads, _literal):
        try:
            value = read(text)
        except (ValueError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError):
            continue
        if isinstance(value, (list, dict)):
            return value
    return cell


def with_written(rows: Rows, accepts: Callable[[Any], bool], *, named: Collection[str] | None = None) -> Rows:
    """The rows with the columns whose every cell holds such a list or object read, and a note that says which.

    Args:
        rows: As read.
        accepts: Whether a list or object is one that belongs into a cell here.
        named: Folded names of columns that may be read; None for any.
    """
    chosen = {}
    for at, name in enumerate(rows.columns):
        if named is None or fold(name) in named:
            column = [row[at] for row in rows.cells]
            read = _read_column(column, accepts)
            if read is not None:
                chosen[at] = read
    if not chosen:
        return rows
    cells = [
        tuple(chosen[at][number] if at in chosen else cell for at, cell in enumerate(row))
        for number, row in enumerate(rows.cells)
    ]
    names = list_names([rows.columns[at] for at in chosen])
    note = f"{rows.name}: lists that {names} {'has' if len(chosen) == 1 else 'have'} as text were read as lists"
    return replace(rows, cells=cells, notes=[*rows.notes, note])


def _read_column(column: list[Any], accepts: Callable[[Any], bool]) -> list[Any] | None:
    """The cells read; None where one of them holds something else, or none holds anything."""
    found, seen = [], False
    for cell in column:
        if not is_list(cell) and is_missing(cell):
            found.append(cell)
            continue
        value = read_written(cell) if isinstance(cell, str) else None
        if not isinstance(value, (list, Mapping)) or not accepts(value):
            return None
        found.append(value)
        seen = True
    return found if seen else None


def _literal(text: str) -> Any:
    """A literal of Python, with NumPy's arrays and numbers as what is in them.

    Raises:
        ValueError: It is none, or a part was left out of it (`...`).
        SyntaxError: It is no Python.
    """
    if _WITHOUT_COMMAS.search(text):
        text = _with_commas(text)
    tree = _Plain().visit(ast.parse(text, mode="eval"))
    if any(isinstance(node, ast.Constant) and node.value is ... for node in ast.walk(tree)):
        raise ValueError("a part of it was left out")
    return ast.literal_eval(tree)


def _with_commas(text: str) -> str:
    """With a comma between items that stand beside each other."""
    parts: list[str] = []
    ended = False  # whether an item ends before this place
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER):
            continue
        of_one = token.type in (tokenize.STRING, tokenize.NUMBER)
        if ended and (of_one or token.string in ("-", "[", "{")):
            parts.append(",")
        parts.append(token.string)
        ended = of_one or token.string in ("]", "}", ")")
    return " ".join(parts)


class _Plain(ast.NodeTransformer):
    """Takes lists out of `array(…, dtype=…)`, and makes None of `nan`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call that only says what kind of array or number it is."""
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in _MADE_OF and len(node.args) == 1:
            made: ast.AST = self.visit(node.args[0])
            return made
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A number that is none."""
        return ast.Constant(None) if node.id in ("nan", "null") else node
