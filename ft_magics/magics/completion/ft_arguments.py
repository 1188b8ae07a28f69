"""What may stand behind `%ft`: its words, and behind each what its placeholders stand for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ft_magics.config.keys import keys_below
from ft_magics.display.examples_page import find_notebooks
from ft_magics.magics.completion import files, objects
from ft_magics.magics.completion.body import dotted_keys, meaning_of, note_of
from ft_magics.magics.completion.choices import Choice
from ft_magics.magics.ft_words import WORDS
from ft_magics.magics.keys import every_key
from ft_magics.tasks.registry import task_names

__all__ = ["ft_arguments"]

_PLACEHOLDER = re.compile(r"[A-Z]+")


def ft_arguments(given: Sequence[str], typed: str, namespace: Mapping[str, Any]) -> list[Choice]:
    """What may be written next.

    Args:
        given: The words that are complete.
        typed: What there is of the next one.
        namespace: Of the notebook.
    """
    if not given:
        return [Choice(name, word.summary) for name, word in WORDS.items()]
    word = WORDS.get(given[0])
    if word is None:
        return []
    wanted = [*word.needs, *word.may_have]
    left = wanted[len(given) - 1 :] or [last for last in wanted[-1:] if last.endswith("…")]
    if len(given) <= len(word.needs):
        left = left[:1]  # what must come now; of what may come, one may be left out
    names = dict.fromkeys(name for what in left for name in _PLACEHOLDER.findall(what))
    found = [choice for name in names for choice in _meant(name, typed, namespace)]
    return [choice for choice in {choice.text: choice for choice in found}.values() if choice.text not in given]


def _meant(name: str, typed: str, namespace: Mapping[str, Any]) -> list[Choice]:
    """What a placeholder of `ft_words.py` stands for; nothing for one that is not known here."""
    meant: Mapping[str, Callable[[], list[Choice]]] = {
        **dict.fromkeys(("NAME", "A", "B", "MORE"), lambda: objects.runs(namespace)),
        "DATA": lambda: [*objects.data_objects(namespace), *files.paths(typed), *files.demo_files()],
        "KEY": _keys,
        "NOTEBOOK": lambda: [Choice(notebook.path.stem, "notebook") for notebook in find_notebooks()],
        "PATH": lambda: files.paths(typed),
        "TASK": lambda: [Choice(task, "task") for task in task_names()],
    }
    return meant[name]() if name in meant else []


def _keys() -> list[Choice]:
    sections = [Choice(key.name, "section") for key in keys_below(every_key(), ()) if "section" in key.kinds]
    keys = dotted_keys(every_key()).items()
    return [*sections, *(Choice(name, note_of(key), meaning=meaning_of(key)) for name, key in keys)]
