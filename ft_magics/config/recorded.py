"""A run's recorded settings under those of a cell: what the cell says wins, the rest is as it was."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ft_magics.config.objectives import as_parts
from ft_magics.config.tree import Path, Tree

__all__ = ["is_empty", "lay_under"]

# A cell replaces these as a whole: parts of two ways to say the same thing make no third one.
_WHOLE: frozenset[Path] = frozenset(
    (
        ("method",),
        ("model",),
        ("tokenizer",),
        ("data", "train"),
        ("data", "dev"),
        ("data", "test"),
        ("eval", "every"),
        ("save", "every"),
    )
)


def is_empty(text: str) -> bool:
    """Whether a cell's body holds nothing but blank lines and comments."""
    return all(not line.strip() or line.lstrip().startswith("#") for line in text.splitlines())


def lay_under(tree: Tree, recorded: Mapping[str, Any], word: str) -> None:
    """Fill in what a cell leaves out.

    Args:
        tree: Of the cell, with its keys in our words.
        recorded: As `RunConfig.to_plain` gave it.
        word: `task` or `objective`, by the cell's magic.
    """
    base = deepcopy(dict(recorded))
    if word == "task" and tree.data.get("compare") is not None:
        tree.complain(("compare",), "makes several runs, and `--from` does one run again; leave one of them out")
        del tree.data["compare"]
    if word in tree.data:
        tree.data[word] = _task(tree.data[word], base.pop(word, None))
    was_new = isinstance(base.get("model"), dict)
    if was_new and "model" in tree.data and not isinstance(tree.data["model"], dict) and "tokenizer" not in tree.data:
        base.pop("tokenizer", None)  # of the new model that the cell replaces by one that is there
    if tree.data.get("seeds") is not None and isinstance(base.get("train"), dict):
        base["train"].pop("seed", None)  # each run has its own
    tree.data = _merged(tree.data, base, ())


def _task(said: Any, recorded: Any) -> Any:
    """The task that the cell names, with the recorded settings where it is the recorded one."""
    over, under = _as_section(said), _as_section(recorded)
    if over.keys() != under.keys() or not over:
        return said
    return {name: {**under[name], **over[name]} for name in over}


def _as_section(task: Any) -> dict[str, dict[str, Any]]:
    """A task by its name with its settings, or several objectives; empty for what is none."""
    return {name: settings or {} for name, settings in as_parts(task).items() if isinstance(settings or {}, dict)}


def _merged(over: dict[str, Any], under: Mapping[str, Any], path: Path) -> dict[str, Any]:
    found = {**under, **over}
    for key in over.keys() & under.keys():
        here = (*path, key)
        if here not in _WHOLE and isinstance(over[key], dict) and isinstance(under[key], Mapping):
            found[key] = _merged(over[key], under[key], here)
    return found
