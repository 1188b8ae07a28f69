"""`method:` in a cell: one name, a name with settings, or a list of them → a section with a field for each."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from pydantic import create_model

from ft_magics.config.explain import describe
from ft_magics.config.names import METHOD_SYNONYMS
from ft_magics.config.references import Reference
from ft_magics.config.section import OpenSection, Section, described
from ft_magics.config.tree import Path, Tree, shorten
from ft_magics.errors import FineTuneError, Problem, did_you_mean

__all__ = ["DEFAULT_METHOD", "Methods", "in_order", "method_of", "method_section", "spread_method"]

DEFAULT_METHOD = "full"
_FORMS = "a method's name, such as `lora`, one with settings, `{lora: {r: 8}}`, or a list of them"


class Methods(Protocol):
    """The methods of tuning that a cell may name."""

    def names(self) -> Sequence[str]:
        """Their names."""
        ...

    def section(self, name: str) -> type[Section]:
        """A method's settings.

        Raises:
            FineTuneError: The package that the method comes from cannot be used.
        """
        ...

    def refuse_together(self, names: Sequence[str]) -> str | None:
        """Why methods cannot be combined; None where they can."""
        ...


@functools.cache
def method_section(**sections: type[Section]) -> type[Section]:
    """A section whose fields are the settings of methods, by their names."""
    fields: dict[str, Any] = {
        name: (
            section,
            described(
                expected="its settings, such as `{key: value}`",
                description=_meaning(section),
                otherwise="not taken",
                default=None,  # those of a cell's section are all given
            ),
        )
        for name, section in sections.items()
    }
    made: type[Section] = create_model("Method", __base__=Section, **fields)
    return made


def _meaning(section: type[Section]) -> str:
    return (section.__doc__ or "").partition("\n")[0]


def spread_method(tree: Tree) -> None:
    """`method: lora`, `method: {lora: {r: 8}}` and `method: [lora]` become `{lora: {…}}`, each with its line."""
    if "method" not in tree.data:
        return
    said = tree.data["method"]
    spread: dict[str, Any] = {}
    for at, item in enumerate(said if isinstance(said, list) else [said]):
        here: Path = ("method", at) if isinstance(said, list) else ("method",)
        if isinstance(item, str) and item:
            named = {item: None}
            tree.lines.setdefault((*here, item), tree.line(here) or 1)
        elif isinstance(item, dict) and item and all(isinstance(name, str) for name in item):
            named = item
        else:
            if not (isinstance(item, Reference) and item.value is None):  # what is not defined is said already
                tree.complain(here, f"found {describe(item)}, expected {_FORMS}")
            continue
        for key, settings in named.items():
            name = METHOD_SYNONYMS.get(key.lower(), key)
            if name in spread:
                tree.complain((*here, key), "is named twice; keep one of them")
            _move_lines(tree, (*here, key), ("method", name))
            spread[name] = {} if settings is None else settings
    if said == []:
        tree.complain(("method",), f"found an empty list, expected {_FORMS}")
    tree.data["method"] = spread
    if not spread:
        del tree.data["method"]


def _move_lines(tree: Tree, here: Path, there: Path) -> None:
    """What stood at a place in the cell counts as if it stood at another."""
    if here == there:
        return
    for path in [path for path in tree.lines if path[: len(here)] == here]:
        tree.lines[(*there, *path[len(here) :])] = tree.lines[path]


def method_of(tree: Tree, methods: Methods) -> type[Section]:
    """The section of the methods that a cell names, or most likely means; what cannot be is taken out of the tree.

    Args:
        tree: After `spread_method`.
        methods: Those that there are.
    """
    said: dict[str, Any] = tree.data.setdefault("method", {DEFAULT_METHOD: {}})
    known = list(methods.names())
    found: dict[str, Any] = {}
    sections: dict[str, type[Section]] = {}
    strays = []
    for key, settings in said.items():
        name = key if key in known else _nearest(key, known)
        if name is None or (name != key and name in said):
            strays.append(key)
            continue
        if name != key:
            _complain(tree, key, f"is no method; there are {_listed(known)}. Did you mean `{name}`?")
            _move_lines(tree, ("method", key), ("method", name))
        try:
            sections[name] = methods.section(name)
        except FineTuneError as error:
            _complain(tree, key, f"cannot be used: {error}")
            sections[name] = OpenSection
        found[name] = settings
    for key in strays:
        owner = next((name for name, section in sections.items() if key in section.model_fields), None)
        text = f"is no method; there are {_listed(known)}"
        if owner is not None:
            text = f"is a setting of `{owner}`; write it there: `method: {{{owner}: {{{shorten(key)}: …}}}}`"
        _complain(tree, key, text)
    if not found:
        found, sections = {DEFAULT_METHOD: {}}, {DEFAULT_METHOD: methods.section(DEFAULT_METHOD)}
    elif OpenSection not in sections.values() and (refused := methods.refuse_together(list(found))):
        tree.complain(("method",), refused)
    tree.data["method"] = found
    return method_section(**in_order(sections, known))


def in_order(sections: Mapping[str, type[Section]], names: Sequence[str]) -> dict[str, type[Section]]:
    """Methods in the order that all have, since it matters nothing in which a cell names them."""
    places = {name: at for at, name in enumerate(names)}
    return dict(sorted(sections.items(), key=lambda item: places.get(item[0], len(places))))


def _complain(tree: Tree, name: str, text: str) -> None:
    line = tree.line(("method", name))
    tree.problems.append(Problem(line=line, where="method", text=f"`{shorten(name)}` {text}"))


def _nearest(key: str, known: Sequence[str]) -> str | None:
    guess = did_you_mean(key, [*known, *METHOD_SYNONYMS])
    named = guess.partition("`")[2].partition("`")[0]
    return METHOD_SYNONYMS.get(named, named) or None


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
