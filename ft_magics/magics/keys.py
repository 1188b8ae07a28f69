"""The keys of a cell, by task: what completion, help and the list of settings know."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache

from ft_magics.config.keys import Key, KeyPath, keys_of
from ft_magics.config.methods import method_section
from ft_magics.config.names import TASK_SYNONYMS
from ft_magics.config.schema import PretrainConfig
from ft_magics.config.section import OpenSection, Section
from ft_magics.errors import MethodError, TaskError
from ft_magics.runs.cells import schema_of
from ft_magics.tasks import registry
from ft_magics.tasks.classify.columns import KNOWN
from ft_magics.tuning import registry as methods

__all__ = ["every_key", "known_columns", "lists_of", "names_of", "parts_of", "task_keys"]

_OF_LABELS: tuple[KeyPath, ...] = (("compare",), ("train", "share"))  # what a cell on raw text refuses

Keys = Mapping[KeyPath, Sequence[Key]]


def task_keys(name: str | None, word: str = "task") -> Keys:
    """The keys of a cell with this task or objective; of all of them where it is none.

    Args:
        name: As in a cell; other words for a task are understood.
        word: `task`, or `objective` in a `%%pretrain` cell.
    """
    known = TASK_SYNONYMS.get((name or "").lower(), name or "")
    return _keys(known) if known in registry.known_names() else every_key(word)


@cache
def _keys(name: str) -> Keys:
    try:
        settings, data = registry.sections(name)
    except TaskError:  # of a package that cannot be used: what all tasks share is known
        settings, data = OpenSection, OpenSection
    schema = schema_of(name)
    of_text = schema is PretrainConfig
    found = keys_of(schema, {"settings": settings, "data": data, "method": _methods()}, name)
    refused = _OF_LABELS if of_text else ()
    return {path: keys for path, keys in found.items() if path[:1] not in refused and path not in refused}


@cache
def _methods() -> type[Section]:
    """The settings of all methods that can be used."""
    found: dict[str, type[Section]] = {}
    for name in methods.method_names():
        with suppress(MethodError):
            found[name] = methods.section(name)
    return method_section(**found)


def names_of(word: str) -> Sequence[str]:
    """The names of tasks, or of objectives; a run's name for several objectives is none that a cell has."""
    return registry.objective_names() if word == "objective" else registry.task_names()


def lists_of(word: str) -> Mapping[str, Sequence[str]]:
    """What a cell may say behind `objective:` for several at once, by the name that a run has for them."""
    return registry.joined_objectives() if word == "objective" else {}


def parts_of(word: str) -> Sequence[str]:
    """All names that a list may hold behind `objective:`."""
    return sorted({part for parts in lists_of(word).values() for part in parts})


def every_key(word: str = "task") -> Keys:
    """The keys of all tasks, or objectives, together; where two have one of a name, that of the first."""
    found: dict[KeyPath, Sequence[Key]] = {}
    for name in (*names_of(word), *lists_of(word)):
        for path, keys in _keys(name).items():
            found.setdefault(path, keys)
    return found


def known_columns() -> list[str]:
    """Names that columns are expected to have: those that classification finds, and those of options.

    `token_column` is expected to be called `token` or `tokens`.
    """
    options = {path[-1].removesuffix("_column") for path in every_key() if path[-1].endswith("_column")}
    return sorted({*KNOWN, *options, *(f"{name}s" for name in options)})
