"""Waiting for the end of a training, so that a person knows why nothing happens."""

from __future__ import annotations

import threading
from typing import Protocol

from ft_magics.errors import RunError
from ft_magics.runs.interrupts import interrupts_noted

__all__ = ["wait_with_notice"]

_LOOK_EVERY_S = 0.25


class _Trains(Protocol):
    """A run, or several as one."""

    @property
    def name(self) -> str: ...

    @property
    def status(self) -> str: ...

    @property
    def finished(self) -> threading.Event: ...


def wait_with_notice(one: _Trains, why: str = "") -> None:
    """Say that one waits for the end, and wait.

    Args:
        one: A run, or several as one.
        why: One does, where that is not plain; in brackets, with a leading space.

    Raises:
        RunError: The waiting was interrupted.
    """
    print(f"Waiting for {one.name}, which is {one.status}{why}; the interrupt ends the waiting.", flush=True)
    with interrupts_noted() as interrupts:
        interrupted = False
        while not interrupted and not one.finished.wait(_LOOK_EVERY_S):
            interrupted = interrupts.take() > 0
    if interrupted:
        raise RunError(f"the waiting for {one.name} was interrupted; {one.name} keeps training")
