"""One door for every stop: the button, the interrupt, `%ft stop` and the STOP file."""

from __future__ import annotations

import threading
from pathlib import Path

__all__ = ["StopSignal"]


class StopSignal:
    """Set once, never cleared.

    Args:
        file: A file whose existence means stop, for other processes.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._event = threading.Event()
        self.reason = ""

    def set(self, reason: str) -> None:
        """Ask for a stop; the first reason stays."""
        self.reason = self.reason or reason
        self._event.set()

    def is_set(self) -> bool:
        """Whether someone asked."""
        if not self._event.is_set() and self._file.exists():
            self.set("stopped by the STOP file")
        return self._event.is_set()
