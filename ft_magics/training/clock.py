"""The one clock of a training."""

from __future__ import annotations

import time

__all__ = ["Clock"]


class Clock:
    """How long a training has taken: all of it, evaluations and saves too, but not its pauses.

    Args:
        elapsed_s: Seconds that a resumed run had taken before.
        paused_s: Seconds that it had been paused before.

    Attributes:
        paused_s: Seconds of all pauses so far.
    """

    def __init__(self, elapsed_s: float = 0.0, paused_s: float = 0.0) -> None:
        self.paused_s = paused_s
        self._began = time.monotonic() - elapsed_s

    @property
    def elapsed_s(self) -> float:
        """Seconds of the training so far, without pauses."""
        return time.monotonic() - self._began

    def leave_out(self, seconds: float) -> None:
        """Take a pause out of the time of the training."""
        self._began += seconds
        self.paused_s += seconds
