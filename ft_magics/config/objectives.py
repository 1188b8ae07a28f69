"""`objective:` in a cell: one name, a name with settings, or a list of those that are trained together.

Objectives that are trained together are one task, whose name joins theirs and whose settings are a section for each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.config.explain import describe
from ft_magics.config.references import Reference
from ft_magics.config.section import JoinedSection, Section
from ft_magics.config.tree import Path, Tree

__all__ = ["as_parts", "joined_name", "parts_in", "spread_objective"]

_WORD = "objective"
_FORMS = "the name of an objective, one with settings, `{mlm: {mask: 0.2}}`, or a list such as `[mlm, nsp]`"


def spread_objective(tree: Tree) -> None:
    """`objective: [{mlm: {mask: 0.2}}, nsp]` becomes `{mlm: {…}, nsp: {}}`, each with its line."""
    said = tree.data.get(_WORD)
    if not isinstance(said, list) or not said:
        return
    spread: dict[str, Any] = {}
    for at, item in enumerate(said):
        here: Path = (_WORD, at)
        parts = {item: None} if isinstance(item, str) and item else item
        if not isinstance(parts, dict) or len(parts) != 1 or not all(isinstance(name, str) for name in parts):
            if not (isinstance(item, Reference) and item.value is None):  # what is not defined is said already
                tree.complain(here, f"found {describe(item)}, expected {_FORMS}")
            continue
        for name, settings in parts.items():
            if name in spread:
                tree.complain(here, f"`{name}` is named twice; keep one of them")
            spread[name] = {} if settings is None else settings
            line = tree.line(here)
            for path in [path for path in tree.lines if path[:3] == (*here, name)]:
                tree.lines[_WORD, *path[2:]] = tree.lines[path]
            if line is not None:
                tree.lines.setdefault((_WORD, name), line)
    tree.data[_WORD] = spread


def as_parts(named: Any) -> dict[str, Any]:
    """Objectives by name with their settings, from any of the forms; empty for what is none of them."""
    found: dict[str, Any] = {}
    for item in named if isinstance(named, list) else [named]:
        parts = {item: None} if isinstance(item, str) else item if isinstance(item, Mapping) else {}
        found |= {str(name): {} if settings is None else settings for name, settings in parts.items()}
    return found


def joined_name(names: Sequence[str], joined: Mapping[str, Sequence[str]]) -> str | None:
    """The one task that some objectives are together, in whatever order they are named; None where there is none."""
    return next((name for name, parts in joined.items() if sorted(parts) == sorted(names)), None)


def parts_in(settings: type[Section], task: str) -> dict[str, type[Section]]:
    """The sections that a cell may have below its objective, by name: of several where they are trained together."""
    if not issubclass(settings, JoinedSection):
        return {task: settings}
    found: dict[str, Any] = {name: info.annotation for name, info in settings.model_fields.items()}
    return found
