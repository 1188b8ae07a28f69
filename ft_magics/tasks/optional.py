"""Methods that few tasks have beside those of `Task`: a second model within the first, tokens of their own."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import Task

__all__ = ["AddsTokens", "CompletesModel", "add_tokens", "complete_model"]


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


def complete_model(task: Task[Any, Any, Any], model: Any, folder: str, *, fresh: bool, seed: int = 0) -> list[str]:
    """What `complete` says; nothing for a task that has none."""
    if not isinstance(task, CompletesModel):
        return []
    return guarded(task.name, "complete", lambda: task.complete(model, folder, fresh=fresh, seed=seed))


@runtime_checkable
class AddsTokens(Protocol):
    """A task whose inputs hold special tokens that a model does not have.

    They are added whenever a base is loaded, so what they begin as must not depend on random numbers of the run.
    """

    def add_tokens(self, model: Any, tokenizer: Any) -> list[str]:
        """Give a model and its tokenizer the tokens that they lack.

        Args:
            model: As it was loaded; it is changed.
            tokenizer: Its own; it is changed too.

        Returns:
            Sentences on what was added; none where all are there.
        """
        ...


def add_tokens(task: Task[Any, Any, Any], model: Any, tokenizer: Any) -> list[str]:
    """What `add_tokens` says; nothing for a task that has none."""
    if not isinstance(task, AddsTokens):
        return []
    return guarded(task.name, "add_tokens", lambda: task.add_tokens(model, tokenizer))
