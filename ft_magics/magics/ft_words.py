"""The words of `%ft`: what each is called with, what it does, and where it is written. A new word is a new line."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from IPython.core.error import UsageError

__all__ = ["WORDS", "Word", "usage"]


@dataclass(frozen=True)
class Word:
    """One word of `%ft`.

    Args:
        summary: What it does.
        where: `module:function`, called with the session and what stands behind the word.
        needs: Names of what must stand behind it, such as "NAME".
        may_have: Names of what may follow those; the last may end in "…" for any number.
    """

    summary: str
    where: str
    needs: tuple[str, ...] = ()
    may_have: tuple[str, ...] = ()

    def check(self, word: str, rest: Sequence[str]) -> None:
        """See that the right number of things stands behind the word.

        Raises:
            UsageError: It does not.
        """
        if len(rest) < len(self.needs):
            what = "a run" if self.needs[0] == "NAME" else " and ".join(self.needs)
            raise UsageError(f"name {what}: {usage(word, self)}")
        most = len(self.needs) + len(self.may_have)
        endless = bool(self.may_have) and self.may_have[-1].endswith("…")
        if len(rest) > most and not endless:
            takes = "no name" if most == 0 else "one name" if most == 1 else f"at most {most} words"
            raise UsageError(f"`%ft {word}` takes {takes}; leave `{rest[most]}` out")

    def load(self) -> Callable[..., Any]:
        """The function, imported now: `%load_ext` stays quick."""
        module, _, function = self.where.partition(":")
        found: Callable[..., Any] = getattr(importlib.import_module(module), function)
        return found


def usage(name: str, word: Word) -> str:
    """How it is written, such as `%ft report NAME`."""
    return " ".join(["%ft", name, *word.needs, *(f"[{what}]" for what in word.may_have)])


_ACTIONS = "ft_magics.magics.actions"

WORDS = {
    "new": Word(
        "write a %%finetune cell that fits a file or $object, below; without one, for the demo corpus",
        "ft_magics.magics.new_cell:new_cell",
        (),
        ("TASK", "DATA"),
    ),
    "script": Word(
        "the plain Python of a run or of a cell tried with --dry-run: a cell below, or a file at PATH",
        "ft_magics.magics.script:write_script",
        ("NAME",),
        ("PATH",),
    ),
    "examples": Word(
        "the notebooks that come with ft_magics; with a name, a copy of one here",
        "ft_magics.magics.examples:examples",
        (),
        ("NOTEBOOK",),
    ),
    "doctor": Word(
        "versions, machine, models and front end, and what needs attention", "ft_magics.magics.doctor:doctor"
    ),
    "debug": Word("the whole traceback of the last error", "ft_magics.magics.ft:show_last_error"),
    "runs": Word("the runs of this notebook and those below ft_runs", f"{_ACTIONS}:list_runs"),
    "compare": Word(
        "runs side by side, the first being the baseline, with significance",
        "ft_magics.magics.compare:compare",
        ("A", "B"),
        ("MORE…",),
    ),
    "report": Word("a run's page, from its folder, in any kernel", f"{_ACTIONS}:show_run", ("NAME",)),
    "status": Word("how far a run is, in any kernel", f"{_ACTIONS}:status", ("NAME",)),
    "settings": Word(
        "every key of a cell, with its default, range and meaning; of a task, or one key",
        "ft_magics.magics.settings:show_settings",
        may_have=("TASK or KEY",),
    ),
    "stop": Word("stop a run after its step; the best model and a checkpoint are kept", f"{_ACTIONS}:stop", ("NAME",)),
    "resume": Word("resume a run that stopped or died, from its last checkpoint", f"{_ACTIONS}:resume", ("NAME",)),
}
