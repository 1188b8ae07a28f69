"""Functions of ours → one text of plain Python that defines them, with all that they use.

What a function uses is found by name in its module: other functions and classes, constants, imports. What it imports
from us is copied too, from where it is defined; other imports stay imports.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Collection, Iterable
from types import ModuleType
from typing import Any

__all__ = ["Bundle"]

_OURS = "ft_magics"
_FOR_TOOLS = re.compile(r"  # (?:noqa|type: ignore)\b.*$")  # what a checker of ours is told


class Bundle:
    """Collects definitions in an order in which each stands behind what it uses.

    Args:
        given: Names that the text has already, such as constants at its head; they are not copied.
    """

    def __init__(self, given: Collection[str] = ()) -> None:
        self._given = set(given)
        self._seen: set[tuple[str, str]] = set()
        self._whole: set[str] = set()  # modules, imported as such
        self._imports: dict[str, set[str]] = {"__future__": {"annotations"}}  # module → names out of it
        self._definitions: list[str] = []

    @property
    def imports(self) -> str:
        """The imports as people write them: of the future, of the standard library, of packages."""
        groups: dict[int, list[str]] = {}
        lines = [(module, f"import {module}") for module in sorted(self._whole)]
        lines += [(key, f"from {key} import {', '.join(sorted(self._imports[key]))}") for key in sorted(self._imports)]
        for module, line in lines:
            first = module.partition(".")[0].partition(" ")[0]
            groups.setdefault(0 if first == "__future__" else 1 if first in sys.stdlib_module_names else 2, []).append(
                line
            )
        return "\n\n".join("\n".join(groups[at]) for at in sorted(groups))

    @property
    def definitions(self) -> str:
        """The text of all definitions, two empty lines between them."""
        return "\n\n\n".join(self._definitions)

    def add(self, functions: Iterable[Callable[..., Any]]) -> None:
        """Take in functions or classes."""
        for function in functions:
            module = inspect.getmodule(function)
            if module is None:
                raise LookupError(f"{function!r} is of no module")
            self._take(module, function.__name__)

    def need(self, line: str) -> None:
        """Take in an import: `import MODULE`, or `from MODULE import NAME`."""
        words = line.split(maxsplit=3)
        if words[0] == "import":
            self._whole.add(line.removeprefix("import ").strip())
        else:
            self._imports.setdefault(words[1], set()).add(words[3])

    def _take(self, module: ModuleType, name: str) -> None:
        """Take in what a name means in a module; nothing for a builtin or a local variable."""
        if name in self._given or (module.__name__, name) in self._seen:
            return
        self._seen.add((module.__name__, name))
        source = inspect.getsource(module)
        for statement in ast.parse(source).body:
            if isinstance(statement, (ast.Import, ast.ImportFrom)):
                self._take_import(statement, name)
            elif name in _defined_by(statement):
                for used in _names_in(statement):
                    if used != name:
                        self._take(module, used)
                self._definitions.append(_text_of(statement, source))

    def _take_import(self, statement: ast.Import | ast.ImportFrom, name: str) -> None:
        for alias in statement.names:
            if (alias.asname or alias.name.partition(".")[0]) != name:
                continue
            renamed = f" as {alias.asname}" if alias.asname else ""
            if isinstance(statement, ast.Import):
                self.need(f"import {alias.name}{renamed}")
            elif (statement.module or "").partition(".")[0] == _OURS:
                self._take(importlib.import_module(statement.module or ""), alias.name)
            else:
                self.need(f"from {statement.module} import {alias.name}{renamed}")


def _defined_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {node.id for target in statement.targets for node in ast.walk(target) if isinstance(node, ast.Name)}
    if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
        return {statement.target.id}
    return set()


def _names_in(statement: ast.stmt) -> list[str]:
    """Names that a statement reads, in the order in which they stand there; those in annotations too."""
    return list(dict.fromkeys(node.id for node in ast.walk(statement) if isinstance(node, ast.Name)))


def _text_of(statement: ast.stmt, source: str) -> str:
    """A statement as it is written, its decorators included."""
    decorators = getattr(statement, "decorator_list", [])
    first = min([statement.lineno, *(decorator.lineno for decorator in decorators)])
    return "\n".join(_FOR_TOOLS.sub("", line) for line in source.splitlines()[first - 1 : statement.end_lineno])
