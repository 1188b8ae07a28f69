"""Methods that few tasks have beside those of `Task`: a second model within the first, a loss of several parts.

Shapes: K parts of a loss.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import Task

if TYPE_CHECKING:
    import torch

__all__ = ["CompletesModel", "CountsItems", "complete_model", "items_of"]


@runtime_checkable
class CompletesModel(Protocol):
    """A task that trains something within a model that its head does not name."""

    def complete(self, model: Any, folder: str, *, fresh: bool, seed: int) -> list[str]:
        """Add to a model what is trained with it and kept beside it.

        Args:
            model: As it was loaded; it is changed.
            folder: Of it.
            fresh: Whether it is going to be trained; else it only predicts.
            seed: Of what is new.

        Returns:
            Sentences on what was added.

        Raises:
            ModelError: That cannot be.
        """
        ...


@runtime_checkable
class CountsItems(Protocol):
    """A task whose loss is a sum of means over different numbers of labels."""

    def items(self, labels: torch.Tensor) -> torch.Tensor:
        """How many labels each part is a mean of.

        Args:
            labels: As `collate` made them.

        Returns:
            (K,). `loss` gets them, summed up over a step, as the number of items.
        """
        ...


def complete_model(task: Task[Any, Any, Any], model: Any, folder: str, *, fresh: bool, seed: int = 0) -> list[str]:
    """What `complete` says; nothing for a task that has none."""
    if not isinstance(task, CompletesModel):
        return []
    return guarded(task.name, "complete", lambda: task.complete(model, folder, fresh=fresh, seed=seed))


def items_of(task: Task[Any, Any, Any], labels: torch.Tensor) -> torch.Tensor | None:
    """What `items` counts; None for a task whose loss is one mean, over the labels that are not IGNORE_INDEX."""
    return guarded(task.name, "items", lambda: task.items(labels)) if isinstance(task, CountsItems) else None
