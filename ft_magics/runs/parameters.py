"""How many parameters a run's model has, and how many of them training changes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ft_magics.events import RunEvent, RunStarted

__all__ = ["Parameters", "parameters_of"]


class Parameters(NamedTuple):
    """Counts of a model's parameters."""

    trainable: int
    all: int

    @property
    def share(self) -> float:
        """Of those that are trainable, from 0 to 1."""
        return self.trainable / self.all if self.all else 0.0

    def __str__(self) -> str:
        return f"{self.trainable:,} of {self.all:,} are trainable ({100 * self.share:.2f} %)"


def parameters_of(events: Iterable[RunEvent]) -> Parameters:
    """As a run's first event has them; zeros before there is one."""
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    return Parameters(started.trainable_parameters, started.parameters) if started else Parameters(0, 0)
