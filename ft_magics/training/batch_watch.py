"""The batches on their way, and whether their loss and gradients are finite."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.errors import TrainingError
from ft_magics.training.prepare import Prepared

__all__ = ["BatchWatch"]

_EXPLODED = 100  # times the first loss, or 1: entropy over labels begins at log(C)


@dataclass(frozen=True, slots=True)
class _Batch:
    """How large it is, and of which examples."""

    rows: int
    longest: int
    tokens: int
    examples: tuple[int, ...]


class BatchWatch:
    """Knows the batches from the moment they are made, which is ahead of the steps that use them.

    Args:
        prepared: The run.

    Attributes:
        first_loss: Of the run; None before there is one.
        step: Optimiser steps that are done.
        computing: Whether a step is being done.
        begun: Whether one ever was.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._coming: deque[_Batch] = deque()
        self._of_step: list[_Batch] = []
        self.first_loss: float | None = None
        self.step = 0
        self.computing = self.begun = False

    @property
    def trying(self) -> tuple[int, int]:
        """Rows, and tokens of each, of the batch that is being computed; (0, 0) for none."""
        if not (self.computing and self._coming):
            return (0, 0)
        return self._coming[0].rows, self._coming[0].longest

    def made(self, features: Sequence[Any], tokens: int) -> None:
        """Note a batch.

        Args:
            features: Its rows.
            tokens: Real ones, without padding.
        """
        longest = max(feature.tokens for feature in features)
        self._coming.append(_Batch(len(features), longest, tokens, tuple(item.example for item in features)))

    def begin_step(self) -> None:
        """A step is begun; it may have several batches."""
        self._of_step.clear()
        self.computing = self.begun = True

    def take(self) -> int:
        """The next batch was computed; its real tokens."""
        batch = self._coming.popleft()
        self._of_step.append(batch)
        return batch.tokens

    def check_loss(self, loss: Any) -> None:
        """See that the loss of a batch is finite; on a GPU this waits for it.

        Args:
            loss: A tensor with one number.

        Raises:
            TrainingError: It is NaN or infinite, or has exploded; with the step and the batch's row ids.
        """
        value = float(loss.detach())
        if self.first_loss is None and math.isfinite(value):
            self.first_loss = value
        if not math.isfinite(value) or value > _EXPLODED * max(self.first_loss or 0.0, 1.0):
            raise self._hopeless(f"the loss is {value:g}", [self._coming[0]])

    def check_gradient(self, norm: Any) -> None:
        """See that the gradient of a step is finite.

        Args:
            norm: Its norm before clipping: a tensor with one number.

        Raises:
            TrainingError: It is NaN or infinite; with the step and the row ids of its batches.
        """
        value = float(norm)
        if not math.isfinite(value):
            raise self._hopeless(f"the gradient's norm is {value:g}", [*self._of_step, *list(self._coming)[:1]])

    def _hopeless(self, what: str, batches: Sequence[_Batch]) -> TrainingError:
        examples = self._prepared.corpus.train.examples
        rows = ", ".join(dict.fromkeys(examples[at].id for batch in batches for at in batch.examples))
        train = self._prepared.train
        return TrainingError(
            f"{what} at step {self.step + 1}, so training was stopped before it changed the model. The batch: {rows}. "
            f"A lower `learning_rate` (now {train.learning_rate:g}), more `warmup`, or `precision: fp32` (now "
            f"{self._prepared.trained.precision}) mostly helps; a run with other settings starts from the beginning"
        )
