"""One door for whoever steers a run: buttons, the interrupt, `%ft`, and a STOP file for other processes."""

from __future__ import annotations

import threading
from pathlib import Path

__all__ = ["Steering"]

_LOOK_EVERY_S = 0.1


class Steering:
    """What was asked of a run. The training looks after each step; anyone may ask from any thread.

    Args:
        stop_file: A file whose existence means stop.
    """

    def __init__(self, stop_file: Path) -> None:
        self._stop_file = stop_file
        self._stop = threading.Event()
        self._pause = threading.Event()
        self._save = threading.Event()
        self.stop_reason = ""
        self.pause_reason = ""

    def stop(self, reason: str) -> None:
        """Ask for a stop; it stands, and the first reason stays."""
        self.stop_reason = self.stop_reason or reason
        self._stop.set()

    def pause(self, reason: str) -> None:
        """Ask for a pause between two steps."""
        self.pause_reason = reason
        self._pause.set()

    def unpause(self) -> None:
        """End the pause."""
        self._pause.clear()

    def save(self) -> None:
        """Ask for a checkpoint after this step."""
        self._save.set()

    @property
    def stopping(self) -> bool:
        """Whether someone asked for a stop."""
        if not self._stop.is_set() and self._stop_file.exists():
            self.stop("stopped by the STOP file")
        return self._stop.is_set()

    @property
    def pausing(self) -> bool:
        """Whether training should wait now."""
        return self._pause.is_set()

    def take_save(self) -> bool:
        """Whether a checkpoint was asked for since the last time this was called."""
        if not self._save.is_set():
            return False
        self._save.clear()  # only what was seen: a click meanwhile must not be lost
        return True

    def wait_while_paused(self) -> None:
        """Return when training should continue, stop, or save."""
        while self.pausing and not self.stopping and not self._save.is_set():
            self._stop.wait(_LOOK_EVERY_S)
