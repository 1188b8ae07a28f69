"""What few tasks have beside the methods of `Task`: a second model within the first, answers that take long."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import Task

__all__ = ["CompletesModel", "WritesTexts", "complete_model"]


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
class WritesTexts(Protocol):
    """A task whose predictions are generated, which takes far longer than a pass through the model."""

    dev_examples: int  # of dev that an evaluation predicts, where the cell does not say how many


def complete_model(task: Task[Any, Any, Any], model: Any, folder: str, *, fresh: bool, seed: int = 0) -> list[str]:
    """What `complete` says; nothing for a task that has none."""
    if not isinstance(task, CompletesModel):
        return []
    return guarded(task.name, "complete", lambda: task.complete(model, folder, fresh=fresh, seed=seed))
