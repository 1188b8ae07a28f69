"""How many parameters a run's model has, how many of them training changes, and what both cost."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from ft_magics.events import MemoryMeasured, RunEvent, RunStarted
from ft_magics.markup import size_text

__all__ = ["Parameters", "kept_bytes", "parameters_of"]


class Parameters(NamedTuple):
    """Counts of a model's parameters, and bytes; those that are not known are None.

    Attributes:
        trainable: Parameters that training changes.
        all: All of them.
        disk_bytes: What the folder of the best model takes.
        memory_bytes: What the training took at its highest; where it computed on a CPU, by how much the process grew,
            with what the allocator holds back and what is imported on the way.
        memory_estimate_bytes: What its tensors were said to take before its first step.
    """

    trainable: int
    all: int
    disk_bytes: int | None = None
    memory_bytes: int | None = None
    memory_estimate_bytes: int | None = None

    @property
    def share(self) -> float:
        """Of those that are trainable, from 0 to 1."""
        return self.trainable / self.all if self.all else 0.0

    def __str__(self) -> str:
        text = f"{self.trainable:,} of {self.all:,} are trainable ({100 * self.share:.2f} %)"
        if self.disk_bytes is not None:
            text += f", {size_text(self.disk_bytes)} on disk"
        if self.memory_bytes is not None:
            text += f", {size_text(self.memory_bytes)} of memory in training"
        if self.memory_estimate_bytes is not None:
            text += f", {size_text(self.memory_estimate_bytes)} estimated for tensors"
        return text


def kept_bytes(folder: Path) -> int | None:
    """What the files of a model take; None where there are none."""
    try:
        sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    except OSError:
        return None
    return sum(sizes) or None


def parameters_of(events: Iterable[RunEvent], model: Path | None = None) -> Parameters:
    """As a run's events have them; zeros before there is one.

    Args:
        events: Of the run.
        model: The folder of its best model.
    """
    started: RunStarted | None = None
    memory = MemoryMeasured(time=0.0)
    for event in events:
        if isinstance(event, RunStarted) and started is None:
            started = event
        elif isinstance(event, MemoryMeasured):
            memory = event
    return Parameters(
        started.trainable_parameters if started else 0,
        started.parameters if started else 0,
        None if model is None else kept_bytes(model),
        memory.used_bytes,
        memory.estimate_bytes,
    )
