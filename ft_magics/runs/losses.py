"""The mean loss of a split, from the losses of its batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from ft_magics.tasks.task import IGNORE_INDEX, SeveralLosses, Task

__all__ = ["Losses", "losses_of"]


def losses_of(task: Task[Any, Any, Any], outputs: Any, labels: torch.Tensor) -> tuple[list[float], list[int]]:
    """Of each kind of thing that a batch asks for the sum of their losses, and how many there are."""
    if isinstance(task, SeveralLosses):
        return task.sums(outputs, labels).tolist(), task.items(labels).tolist()
    count = int((labels != IGNORE_INDEX).sum())
    return [float(task.loss(outputs, labels)) * count], [count]


class Losses:
    """Adds up the losses of batches, each kind on its own."""

    def __init__(self) -> None:
        self._sums: list[float] = []
        self._counts: list[int] = []

    def add(self, sums: Sequence[float], counts: Sequence[int]) -> None:
        """Of a batch, as `losses_of` gave them."""
        self._sums = [before + more for before, more in zip(self._sums or [0.0] * len(sums), sums, strict=True)]
        self._counts = [before + more for before, more in zip(self._counts or [0] * len(counts), counts, strict=True)]

    def mean(self) -> float | None:
        """The sum of the kinds' means; None where nothing was asked for."""
        means = [total / count for total, count in zip(self._sums, self._counts, strict=True) if count]
        return sum(means) if means else None
