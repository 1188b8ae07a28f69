"""Tokens and time of a training, and how its steps went."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from transformers import TrainerState

from ft_magics.events import StepDone
from ft_magics.models.memory import device_memory_bytes, process_memory_bytes
from ft_magics.training.clock import Clock
from ft_magics.training.guard import Say

__all__ = ["Throughput"]


class Throughput:
    """Counts tokens and seconds. What is no step, such as an evaluation, a save or a pause, makes no step slower.

    Args:
        say: Takes each event.
        device: Whose memory is told.
        clock: Of the training.

    Attributes:
        tokens: Real ones, without padding, that were trained on so far.
    """

    def __init__(self, say: Say, device: str, clock: Clock) -> None:
        self._say, self._device = say, device
        self._clock = clock
        self.tokens = 0
        self._before_step = 0
        self._told = (clock.elapsed_s, 0)  # seconds and tokens at the last event

    @property
    def step_tokens(self) -> int:
        """Tokens of the step that is being done, or was just done."""
        return self.tokens - self._before_step

    def restore(self, tokens: int) -> None:
        """Continue from what a checkpoint has."""
        self.tokens = tokens
        self._told = (self._clock.elapsed_s, tokens)

    def begin_step(self) -> None:
        """A step begins."""
        self._before_step = self.tokens

    def add(self, tokens: int) -> None:
        """A batch was computed."""
        self.tokens += tokens

    @contextmanager
    def between_steps(self) -> Iterator[None]:
        """Take what is done in the block out of the time of the steps, though not out of that of the training."""
        began = time.monotonic()
        yield
        self._told = (self._told[0] + time.monotonic() - began, self._told[1])

    def saved(self) -> None:
        """A checkpoint was written right after an event of steps: the next steps' time begins now."""
        self._told = (self._clock.elapsed_s, self.tokens)

    def say_steps(self, state: TrainerState, logs: Mapping[str, Any]) -> None:
        """Say how the steps since the last event went.

        Args:
            state: The Trainer's.
            logs: What the Trainer logs of them: means.
        """
        elapsed_s, paused_s = self._clock.elapsed_s, self._clock.paused_s
        before_s, before = self._told
        self._told = (elapsed_s, self.tokens)
        self._say(
            lambda: StepDone(
                step=state.global_step,
                epoch=float(state.epoch or 0),
                loss=float(logs["loss"]),
                learning_rate=float(logs.get("learning_rate", 0)),
                grad_norm=float(logs["grad_norm"]) if "grad_norm" in logs else None,
                tokens_per_s=(self.tokens - before) / max(elapsed_s - before_s, 1e-9),
                elapsed_s=elapsed_s,
                paused_s=paused_s,
                process_memory_bytes=process_memory_bytes(),
                device_memory_bytes=device_memory_bytes(self._device),
            )
        )
