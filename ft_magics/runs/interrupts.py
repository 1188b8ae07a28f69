"""Interrupts of which none is lost.

Python raises an interrupt as KeyboardInterrupt wherever the main thread is. In a finalizer or a callback of the garbage
collector Python drops it; below an `except BaseException` a library does. So they are counted as well.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["Interrupts", "interrupts_kept", "interrupts_noted"]

_PATIENCE = 2  # unheeded interrupts: one more is raised after all, since whatever should heed them hangs

_Handler = Callable[[int, FrameType | None], object]


class Interrupts:
    """Those that came and were not taken yet. The signal's handler and the takers share the main thread."""

    def __init__(self) -> None:
        self._came = 0
        self._taken = 0

    def note(self) -> None:
        """Add one; no lock, since this is called between any two instructions of the same thread."""
        self._came += 1

    def take(self) -> int:
        """How many came since the last time this was called."""
        came = self._came  # read once: another may come before the next line, and is left for the next time
        new = came - self._taken
        self._taken = came
        return new

    @property
    def waiting(self) -> int:
        """How many came and were not taken."""
        return self._came - self._taken


@contextmanager
def interrupts_noted() -> Iterator[Interrupts]:
    """While it lasts, an interrupt is noted and not raised; one that nobody took is raised when it ends without error.

    After two that nobody took, the next one is raised at once. Nothing changes where interrupts are ignored, as in a
    job that a shell put into the background, and outside of the main thread, which hears none.
    """
    noted = Interrupts()
    with _handled(lambda before: _noting(noted, before)):
        yield noted
    if noted.take():
        signal.raise_signal(signal.SIGINT)


@contextmanager
def interrupts_kept() -> Iterator[None]:
    """While it lasts, an interrupt is raised at once; one that was dropped is raised when it ends without error."""
    noted = Interrupts()
    with _handled(lambda before: _raising(noted, before)):
        yield
    if noted.take():
        signal.raise_signal(signal.SIGINT)


@contextmanager
def _handled(make: Callable[[_Handler], _Handler]) -> Iterator[None]:
    """While it lasts, interrupts go to a handler that is made of the one before."""
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(before):
        yield
        return
    handle = make(before)
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is handle:  # else someone has set another since, and means it
            signal.signal(signal.SIGINT, before)


def _noting(noted: Interrupts, before: _Handler) -> _Handler:
    def handle(number: int, frame: FrameType | None) -> None:
        if noted.waiting < _PATIENCE:
            noted.note()
        else:
            before(number, frame)

    return handle


def _raising(noted: Interrupts, before: _Handler) -> _Handler:
    def handle(number: int, frame: FrameType | None) -> None:
        noted.note()
        before(number, frame)

    return handle
