"""Which evaluation was the best."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Best"]


@dataclass(slots=True)
class Best:
    """The best evaluation so far, and how long it has not been bettered."""

    epoch: float | None = None
    f1: float | None = None
    waiting: int = 0

    def improve(self, epoch: float, f1: float, min_delta: float) -> bool:
        """Whether this evaluation is the best; only a rise by more than `min_delta` ends the waiting."""
        patient = self.f1 is not None and f1 <= self.f1 + min_delta
        self.waiting = self.waiting + 1 if patient else 0
        if self.f1 is not None and f1 <= self.f1:
            return False
        self.epoch, self.f1 = epoch, f1
        return True
