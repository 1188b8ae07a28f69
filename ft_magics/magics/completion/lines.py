"""What Tab proposes on a magic's line: flags, their values, runs, and the words of `%ft`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from ft_magics.config.cursor import Place, values_in
from ft_magics.config.keys import KeyPath, keys_below
from ft_magics.magics.completion import files, objects
from ft_magics.magics.completion.body import dotted_keys, meaning_of, note_of, task_in, values_of
from ft_magics.magics.completion.choices import Answer, Choice, fitting, shell_word
from ft_magics.magics.completion.columns import columns_of
from ft_magics.magics.ft_words import WORDS, usage
from ft_magics.magics.keys import every_key, known_columns, task_keys
from ft_magics.tasks.registry import task_names

__all__ = ["Line", "complete_line", "flag_at"]

_WORD = re.compile(r"""(?:"[^"]*"?|'[^']*'?|[^\s"'])+""")
_SOURCES = ("data", "gold", "pred")
_RUNS = ("target", "run", "name")


@dataclass(frozen=True, slots=True)
class Line:
    """A magic's line up to the cursor.

    Args:
        magic: Its name, such as `evaluate`.
        before: What stands between the name and the cursor.
        actions: The arguments of the magic, as argparse has them.
        body: Of the cell; empty for a magic of one line.
    """

    magic: str
    before: str
    actions: Sequence[Any]
    body: str = ""

    @property
    def words(self) -> list[str]:
        """The words that are complete."""
        words = _WORD.findall(self.before)
        return words[:-1] if words and not self.before[-1].isspace() else words

    @property
    def typed(self) -> str:
        """The word that the cursor is in."""
        words = _WORD.findall(self.before)
        return "" if not words or self.before[-1].isspace() else words[-1]

    @property
    def values(self) -> dict[str, str]:
        """The value of each flag that was given."""
        words = self.words
        pairs = {flag.lstrip("-"): value for flag, value in pairwise(words) if flag[:2] == "--"}
        joined = (word.partition("=")[::2] for word in words if word.startswith("--") and "=" in word)
        return {**pairs, **{flag.lstrip("-"): value for flag, value in joined}}

    def flag(self, word: str) -> Any:
        """The argument that a word is the flag of; None for a word that is no flag."""
        return next((action for action in self.actions if word in action.option_strings), None)

    @property
    def arguments(self) -> list[str]:
        """The words that are neither flags nor their values."""
        found, skip = [], False
        for word in self.words:
            action = self.flag(word.partition("=")[0])
            if skip:
                skip = False
            elif action is not None:
                skip = action.nargs != 0 and "=" not in word
            else:
                found.append(word)
        return found


def complete_line(line: Line, namespace: Mapping[str, Any]) -> Answer | None:
    """What may be written at the end of what there is of a line; None where nothing is known."""
    typed, words = line.typed, line.words
    name, equals, value = typed.partition("=")
    action = line.flag(words[-1]) if words else None
    if action is not None and action.nargs != 0:
        return _value(line, action, typed, namespace)
    if equals and (action := line.flag(name)) is not None:
        return _value(line, action, value, namespace)
    flags = _flags(line)
    if typed.startswith("-"):
        return _answer(typed, flags)
    return _answer(typed, [*_arguments(line, typed, namespace), *(flags if not typed else [])])


def _answer(typed: str, choices: Sequence[Choice]) -> Answer | None:
    """Those that fit, in quotation marks where they have spaces."""
    bare = typed.lstrip("\"'")
    found = [replace(choice, text=shell_word(choice.text)) for choice in fitting(choices, bare)]
    return Answer(typed, found) if found else None


def _flags(line: Line) -> list[Choice]:
    """Flags that were not given yet, or may be given again."""
    given = {word.partition("=")[0] for word in line.words}
    again = {"append", "_AppendAction"}
    return [
        Choice(flag, _takes(action), meaning=action.help or "")
        for action in line.actions
        for flag in action.option_strings
        if type(action).__name__ in again or given.isdisjoint(action.option_strings)
    ]


def _takes(action: Any) -> str:
    """What stands behind a flag."""
    if action.nargs == 0:
        return "flag"
    return " or ".join(map(str, action.choices)) if action.choices else str(action.metavar or action.dest.upper())


def _value(line: Line, action: Any, typed: str, namespace: Mapping[str, Any]) -> Answer | None:
    """The value of a flag."""
    if action.dest == "set":
        return _setting(line, typed, namespace)
    bare = typed.lstrip("\"'")
    if action.choices:
        return _answer(
            typed,
            [Choice(str(choice), "default" if choice == action.default else "value") for choice in action.choices],
        )
    if action.dest in _SOURCES:
        return _answer(typed, [*objects.data_objects(namespace), *files.paths(bare), *files.demo_files()])
    if action.dest in ("from_run", "task"):
        known = (
            objects.runs(namespace) if action.dest == "from_run" else [Choice(name, "task") for name in task_names()]
        )
        return _answer(typed, known)
    if action.dest.endswith("_column"):
        values = line.values
        source = next((values[name] for name in _SOURCES if values.get(name)), "").strip("\"'")
        return _answer(typed, columns_of(source, values, known_columns(), namespace))
    return _answer(typed, [Choice(text) for text in _keys_called(action.dest)])


def _keys_called(name: str) -> list[str]:
    """The words that a key of `data:` with this name takes: `--scheme` is one of them."""
    keys = every_key().get(("data", name), ())
    return [choice for key in keys for choice in (*key.choices, *key.examples)]


def _setting(line: Line, typed: str, namespace: Mapping[str, Any]) -> Answer | None:
    """`--set KEY=VALUE`: a dotted key of a cell, or a reading option of `%evaluate`; then its values."""
    in_cell = line.magic != "evaluate"
    word = "objective" if line.magic == "pretrain" else "task"
    task = task_in(values_in(line.body), word) if in_cell else line.values.get("task")
    keys = task_keys(task, word)
    known = (
        dotted_keys(keys)
        if in_cell
        else {key.name: key for key in keys_below(keys, ("data",)) if "source" not in key.kinds}
    )
    name, equals, value = typed.partition("=")
    if not equals:
        return _answer(typed, [Choice(f"{each}=", note_of(key), each, meaning_of(key)) for each, key in known.items()])
    key = known.get(name)
    if key is None:
        return None
    values: dict[KeyPath, str] = dict(values_in(line.body))
    if not in_cell:
        values |= {("data", "train"): line.values.get("data", "")}
    place = Place(section=key.path[:-1], key=key.name, typed=value, values=values)
    return _answer(value, values_of(key, value, place, keys, namespace))


def _arguments(line: Line, typed: str, namespace: Mapping[str, Any]) -> list[Choice]:
    """What may stand on the line without a flag."""
    given = line.arguments
    if line.magic == "ft":
        from ft_magics.magics.completion.ft_arguments import ft_arguments  # noqa: PLC0415  # with what draws pages

        return ft_arguments(given, typed.lstrip("\"'"), namespace)
    positional = [action for action in line.actions if not action.option_strings]
    at = min(len(given), len(positional) - 1)
    if at < 0 or (len(given) > at and positional[at].nargs not in ("*", "+")) or positional[at].dest not in _RUNS:
        return []
    if line.magic in ("finetune", "pretrain") and "--resume" not in line.words:
        return []  # the name of a new run is the user's own
    known = [choice for choice in objects.runs(namespace) if choice.text not in given]
    return [*known, *(files.saved_models(typed) if "/" in typed else [])]


def flag_at(line: Line, whole: str) -> tuple[str, str] | None:
    """A flag, or a word of `%ft`, with its help.

    Args:
        line: Up to the cursor.
        whole: The word that the cursor is in.
    """
    if line.magic == "ft" and whole in WORDS and not line.arguments:
        return usage(whole, WORDS[whole]), WORDS[whole].summary
    action = line.flag(whole.partition("=")[0])
    if action is None:
        return None
    values = (
        f" {{{', '.join(map(str, action.choices))}}}" if action.choices else f" {action.metavar or action.dest.upper()}"
    )
    return f"{'/'.join(action.option_strings)}{values if action.nargs != 0 else ''}", action.help or ""
