"""When a checkpoint is due, and making what the Trainer wrote a whole one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from transformers import TrainerControl, TrainerState

from ft_magics.config.schema import SaveConfig
from ft_magics.events import CheckpointSaved, Notice
from ft_magics.runs.folder import RunFolder
from ft_magics.training.checkpoints import Checkpoints, CheckpointState
from ft_magics.training.guard import Say, is_fatal

__all__ = ["SavePolicy", "epoch_is_whole"]


def epoch_is_whole(state: TrainerState) -> bool:
    """Whether the step that was done is the last of its epoch."""
    return float(state.epoch or 0).is_integer()


class SavePolicy:
    """Decides when the Trainer writes a checkpoint, and seals it.

    Args:
        config: The `save:` section.
        folder: The run's.
        say: Takes each event.
    """

    def __init__(self, config: SaveConfig, folder: RunFolder, say: Say) -> None:
        self._config, self._folder, self._say = config, folder, say
        self._saved = time.monotonic()
        self._after_epoch = False

    @property
    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(self._folder.checkpoints)

    def begin(self) -> None:
        """The training begins, or is resumed: `minutes` count from now."""
        self._saved = time.monotonic()

    def leave_out(self, seconds: float) -> None:
        """A pause is no reason for a checkpoint."""
        self._saved += seconds

    def is_due(self, state: TrainerState) -> bool:
        """Whether the step that was done is one to write a checkpoint after."""
        every = self._config.every
        if every is None:
            return False
        if every.minutes is not None and time.monotonic() - self._saved >= 60 * every.minutes:
            return True
        if every.epochs is not None and epoch_is_whole(state):
            return round(state.epoch or 0) % every.epochs == 0
        return every.steps is not None and state.global_step % every.steps == 0

    def end_step(self, state: TrainerState, control: TrainerControl, *, wanted: bool) -> None:
        """Have a wanted checkpoint written: at once, or with the evaluation of the epoch in it."""
        if epoch_is_whole(state):
            self._after_epoch = wanted
        elif wanted:
            control.should_save = True

    def end_epoch(self, control: TrainerControl) -> None:
        """The epoch was evaluated: write the checkpoint that waited for that."""
        control.should_save = self._after_epoch
        self._after_epoch = False

    def seal(
        self, step: int, snapshot: Callable[[], CheckpointState], write: Callable[[Path], None] = lambda _: None
    ) -> bool:
        """Make the Trainer's checkpoint a whole one; whether it is. A fault in that ends no training.

        Args:
            step: Of the checkpoint.
            snapshot: Gives what a resumed run needs beside what the Trainer keeps.
            write: Writes what else it needs into the checkpoint's folder.
        """
        try:
            self._folder.to_disk()  # what the log says of the steps before outlives a power cut as the checkpoint does
            write(self._checkpoints.path(step))
            self._checkpoints.seal(step, snapshot(), self._folder.model, self._config.keep)
        except Exception as error:
            if is_fatal(error):
                raise
            self._continue_without(step, error)
            return False
        self._saved = time.monotonic()
        return True

    def say(self, step: int) -> None:
        """Say where the checkpoint of a step is."""
        self._say(lambda: CheckpointSaved(step=step, path=f"checkpoints/checkpoint-{step}"))

    def say_again(self, step: int) -> None:
        """Say it where that is the newest one: nothing has changed since."""
        if self._checkpoints.newest() == self._checkpoints.path(step):
            self.say(step)

    def _continue_without(self, step: int, error: Exception) -> None:
        self._checkpoints.drop_torn()
        newest = self._checkpoints.newest()
        kept = f"the last whole one is {newest.name}" if newest else "there is none yet"
        fault = f"{type(error).__name__}: {error}"
        text = f"the checkpoint of step {step} could not be written ({fault}); {kept}; training continues"
        self._say(lambda: Notice(level="warning", text=text))
