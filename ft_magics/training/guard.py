"""Faults in what only watches a training are said, and do not end it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ft_magics.errors import FineTuneError
from ft_magics.events import RunEvent
from ft_magics.models.memory import is_out_of_memory
from ft_magics.runs.folder import FolderGoneError
from ft_magics.runs.full_disk import is_disk_full

__all__ = ["Guarded", "Say", "is_fatal", "say_with_care"]

Say = Callable[[Callable[[], RunEvent]], None]  # takes what makes an event: making it may fail too


def is_fatal(error: Exception) -> bool:
    """Whether an error ends a training."""
    return isinstance(error, FineTuneError) or is_out_of_memory(error) or is_disk_full(error)


def say_with_care(emit: Callable[[RunEvent], None]) -> Say:
    """Emitting an event. What is wrong with saying it is logged, and never ends the training; but a full disk does."""

    def say(make: Callable[[], RunEvent]) -> None:
        try:
            emit(make())
        except Exception as error:
            if is_disk_full(error) or isinstance(error, FolderGoneError):
                raise
            logging.getLogger(__name__).exception("an event could not be said; training continues")

    return say


class Guarded:
    """A callback of the Trainer's, called with care.

    Args:
        callback: A `TrainerCallback`.
        warn: Takes a sentence for the user; a fault is said once for each of the callback's methods.
        ends: Whether an error ends the training. Of one that only watches nothing does, however fatal it sounds: its
            full disk, or its quota, is mostly another's.
    """

    def __init__(
        self, callback: Any, warn: Callable[[str], None], *, ends: Callable[[Exception], bool] = lambda _: False
    ) -> None:
        self._callback, self._warn, self._ends = callback, warn, ends
        self._said: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._callback, name)
        return self._carefully(name, found) if name.startswith("on_") else found

    def _carefully(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def careful(*arguments: Any, **named: Any) -> Any:
            try:
                return call(*arguments, **named)
            except Exception as error:
                if self._ends(error):
                    raise
                self._say(name, error)
                return None

        return careful

    def _say(self, name: str, error: Exception) -> None:
        where = f"{type(self._callback).__name__}.{name}"
        log = logging.getLogger(__name__)
        log.error("%s failed; training continues", where, exc_info=error, extra={"said": True})
        if name not in self._said:
            self._said.add(name)
            self._warn(f"{where} failed ({type(error).__name__}: {error}); training continues")
