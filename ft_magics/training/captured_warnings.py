"""What libraries log and warn of while a run trains becomes part of its record: from a thread it reaches no cell."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

__all__ = ["capture_warnings"]

_MOST = 50  # a library that repeats itself with other numbers must not fill the record


@contextmanager
def capture_warnings(say: Callable[[str], None]) -> Iterator[None]:
    """While it lasts, what this thread logs as a warning or worse, or warns of, is said, once each.

    A record with a true `said` is left out. Warnings of other threads are not captured.

    Args:
        say: Takes a sentence; what it raises is ignored.
    """
    ear, root, show_others = _Ear(say), logging.getLogger(), warnings.showwarning

    def show(message: Any, category: type[Warning], *rest: Any, **named: Any) -> None:
        if threading.get_ident() == ear.thread:
            ear.tell(f"{category.__name__}: {message}")
        else:
            show_others(message, category, *rest, **named)

    root.addHandler(ear)
    warnings.showwarning = show  # documented as the way to be told
    try:
        yield
    finally:
        root.removeHandler(ear)
        if warnings.showwarning is show:
            warnings.showwarning = show_others


class _Ear(logging.Handler):
    """Hears one thread."""

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__(logging.WARNING)
        self.thread = threading.get_ident()
        self._say = say
        self._told: set[str] = set()
        self._telling = False

    def emit(self, record: logging.LogRecord) -> None:
        """Tell of this thread's records. Those of others go where they went without this handler."""
        if record.thread == self.thread:
            if not getattr(record, "said", False):
                self.tell(f"{record.name}: {record.getMessage()}")
        elif logging.getLogger().handlers == [self] and logging.lastResort is not None:
            logging.lastResort.handle(record)

    def tell(self, text: str) -> None:
        """Say something that was not said yet; what goes wrong in saying it is not told again."""
        if self._telling or text in self._told or len(self._told) >= _MOST:
            return
        self._told.add(text)
        self._telling = True
        with suppress(Exception):
            self._say(text)
        self._telling = False
