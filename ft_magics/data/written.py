"""Lists and objects that a cell holds as text, as `to_csv` writes them: JSON, Python's and NumPy's way."""

from __future__ import annotations

import ast
import io
import json
import re
import tokenize
import warnings
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from ft_magics.data.cells import Rows
from ft_magics.data.faults import Faults, list_names, show

__all__ = ["is_python", "read_written", "with_written"]

_LONGEST_LITERAL = 1_000_000  # characters; Python's parser is slow, JSON's is not
_OPENS = {"[": "]", "{": "}"}
_TEXTS_BESIDE = re.compile(r"['\"]\s+['\"]")  # which Python joins and NumPy keeps apart
_ITEM = r"(?:'[^']*'|\"[^\"]*\"|-?[\d.]+),?"
_CUT = re.compile(rf"\[\s*{_ITEM}(?:\s+{_ITEM})*\s+\.\.\.,?(?:\s+{_ITEM})+\s*\]")  # what NumPy writes of a long array
_VALUES = ("True", "False", "None", "nan")
_MADE_OF = ("array", "list", "tuple")


def read_written(cell: Any) -> Any:
    """The list or the object that a text holds; anything else as it is.

    Args:
        cell: Of a table. An `array([...], dtype=object)` within it is the list in that, and `['a' 'b']` has two texts.
    """
    text = cell.strip() if isinstance(cell, str) else ""
    if not text or not text.endswith(_OPENS.get(text[0], "\0")):
        return cell
    for read in (json.loads, _literal):
        try:
            with warnings.catch_warnings(action="ignore"):  # Python's, of a backslash in somebody's text
                value = read(text)
        except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError, tokenize.TokenError):
            continue
        if isinstance(value, (list, dict)):
            return value
    return cell


def is_python(cell: Any) -> bool:
    """Whether a text is a list or an object in Python's or NumPy's spelling, and not in JSON's, which may be a text."""
    if not isinstance(cell, str) or read_written(cell) is cell:
        return False
    try:
        json.loads(cell)
    except (ValueError, RecursionError):
        return True
    return False


def with_written(
    rows: Rows, accepts: Callable[[Any], bool], *, columns: Collection[int] | None = None, python: bool = False
) -> Rows:
    """The rows with the columns read whose cells are mostly lists or objects, and a note that says which.

    Args:
        rows: As read.
        accepts: Whether a list or object is one that belongs into a cell here.
        columns: Which may be read; None for all.
        python: Whether a column is only read where a cell of it is spelled as Python or NumPy do: JSON may be a text.

    Raises:
        DataError: In some rows of such a column a list is broken or cut; the message has their places.
    """
    faults = Faults()
    chosen = {}
    for at in range(len(rows.columns)) if columns is None else columns:
        read = _read_column(rows, at, accepts, faults, python=python)
        if read is not None:
            chosen[at] = read
    faults.raise_all()
    if not chosen:
        return rows
    cells = [
        tuple(chosen[at][number] if at in chosen else cell for at, cell in enumerate(row))
        for number, row in enumerate(rows.cells)
    ]
    names = list_names([rows.columns[at] for at in chosen])
    note = f"{rows.name}: lists that {names} {'has' if len(chosen) == 1 else 'have'} as text were read as lists"
    return replace(rows, cells=cells, notes=[*rows.notes, note])


def _read_column(
    rows: Rows, at: int, accepts: Callable[[Any], bool], faults: Faults, *, python: bool
) -> list[Any] | None:
    """The cells, lists read; None where few of them are lists."""
    found: list[Any] = []
    broken: list[tuple[str, str]] = []
    lists, others, as_python, cut = 0, 0, False, False
    for place, row in zip(rows.places, rows.cells, strict=True):
        cell = row[at]
        value = read_written(cell) if isinstance(cell, str) else cell
        if value is not cell and isinstance(value, (list, Mapping)) and accepts(value):
            lists += 1
            as_python = as_python or not python or is_python(cell)
            found.append(value)
            continue
        found.append(cell)
        if isinstance(cell, str) and cell:
            others += 1
            if cell.lstrip()[:1] == "[":
                broken.append((place, cell))
                cut = cut or bool(_CUT.fullmatch(cell.strip()))
    if not cut and (lists == 0 or lists < others or not as_python):
        return None
    for place, cell in broken:
        how = "NumPy left a part out of it; write `.tolist()` of it" if "..." in cell else "mend it"
        faults.add(f"list {at}", place, f"{rows.columns[at]} is {show(cell)}, expected a list as in other rows; {how}")
    return found


def _literal(text: str) -> Any:
    """A literal of Python, with NumPy's arrays and numbers as what is in them.

    Raises:
        ValueError: It is none, or a part was left out of it (`...`).
        SyntaxError: It is no Python.
    """
    if len(text) > _LONGEST_LITERAL:
        raise ValueError("it is too long")
    if not _TEXTS_BESIDE.search(text) and "..." not in text:
        try:
            return ast.literal_eval(text)
        except (ValueError, SyntaxError):  # NumPy's, or none
            pass
    tree = _Plain().visit(ast.parse(_with_commas(text), mode="eval"))
    if any(isinstance(node, ast.Constant) and node.value is ... for node in ast.walk(tree)):
        raise ValueError("a part of it was left out")
    return ast.literal_eval(tree)


def _with_commas(text: str) -> str:
    """With a comma between items that stand beside each other."""
    parts: list[str] = []
    ended, end = False, (0, 0)  # whether an item ends before this place, and where
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER)
    ]
    for at, token in enumerate(tokens):
        begins = token.type in (tokenize.STRING, tokenize.NUMBER, tokenize.NAME) or token.string in ("[", "{")
        negative = token.string == "-" and token.start != end and tokens[at + 1].start == token.end
        if ended and (begins or negative):
            parts.append(",")
        parts.append(token.string)
        ended = token.type in (tokenize.STRING, tokenize.NUMBER) or token.string in ("]", "}", ")", *_VALUES)
        end = token.end
    return " ".join(parts)


class _Plain(ast.NodeTransformer):
    """Takes what is in them out of `array(…, dtype=…)` and `np.int64(…)`, and makes None of `nan`."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call that only says what kind of array or number it is."""
        kind = isinstance(node.func, ast.Attribute) or getattr(node.func, "id", "") in _MADE_OF
        if kind and len(node.args) == 1:
            made: ast.AST = self.visit(node.args[0])
            return made
        return node

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        """`np.True_` and `np.False_`."""
        return ast.Constant(node.attr == "True_") if node.attr in ("True_", "False_") else node

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """A number that is none."""
        return ast.Constant(None) if node.id == "nan" else node
