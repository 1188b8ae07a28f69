"""The Trainer's life → events; and the way in for a stop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ft_magics.events import Notice, RunEvent
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.steering import Steering
from ft_magics.training.averages import Averages
from ft_magics.training.batch_watch import BatchWatch
from ft_magics.training.best import Best
from ft_magics.training.checkpoints import CheckpointState, ThreadsState
from ft_magics.training.clock import Clock
from ft_magics.training.dev_scores import DevScores, is_due
from ft_magics.training.guard import Say, say_with_care
from ft_magics.training.pause import Pause
from ft_magics.training.prepare import Prepared
from ft_magics.training.save_policy import SavePolicy, epoch_is_whole
from ft_magics.training.threads import Threads
from ft_magics.training.throughput import Throughput
from ft_magics.training.tuned import tuning_of

__all__ = ["RunCallback", "no_log"]


_LOGS_KEPT = 20


def no_log(_: dict[str, float]) -> None:
    """Where nothing tracks the training."""


@dataclass(eq=False)
class RunCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy
    """Forwards what happens in a training to the parts that turn it into events, scores, checkpoints and pauses.

    Args:
        prepared: The run.
        folder: Where the best model and the checkpoints go.
        emit: Takes each event.
        steering: Asked after each step.
        clock: Of the training.
        log: Takes metrics by name, for whatever tracks the training.
    """

    prepared: Prepared
    folder: RunFolder
    emit: Callable[[RunEvent], None]
    steering: Steering
    clock: Clock = field(default_factory=Clock)
    log: Callable[[dict[str, float]], None] = no_log
    batches: BatchWatch = field(init=False)
    threads: Threads = field(init=False)
    throughput: Throughput = field(init=False)
    averages: Averages = field(init=False)
    dev: DevScores = field(init=False)
    saves: SavePolicy = field(init=False)
    pause: Pause = field(init=False)
    _say: Say = field(init=False)

    def __post_init__(self) -> None:
        prepared, say = self.prepared, say_with_care(self.emit)
        self._say = say
        self.batches = BatchWatch(prepared)
        self.threads = Threads(prepared.config.train.threads, prepared.trained.device, plan=prepared.threads_plan)
        self.throughput = Throughput(say, prepared.trained.device, self.clock)
        self.averages = Averages(prepared.trained, prepared.train.ema)
        self.dev = DevScores(prepared, self.folder, say, self._track, self._as_kept)
        self.saves = SavePolicy(prepared.config.save, self.folder, say)
        self.pause = Pause(self.steering, say)

    @property
    def best(self) -> Best:
        """The best evaluation so far."""
        return self.dev.best

    @contextmanager
    def _as_kept(self) -> Iterator[None]:
        """In the block the model has the weights that are evaluated and kept: all rows; averages, where asked for."""
        with self.prepared.whole(), self.averages.applied():
            yield

    def snapshot(self, state: TrainerState) -> CheckpointState:
        """What a resumed run needs of this one."""
        return CheckpointState(
            step=state.global_step,
            epoch=float(state.epoch or 0),
            best=self.dev.best,
            tokens=self.throughput.tokens,
            elapsed_s=self.clock.elapsed_s,
            paused_s=self.clock.paused_s,
            evaluated_at=self.dev.evaluated_at,
            first_loss=self.batches.first_loss,
            data=self.prepared.fingerprint,
            base=base.sha256 if (base := self.prepared.trained.base) else None,
            threads=ThreadsState(**self.threads.snapshot()),
            trained_rows=vocabulary.used if (vocabulary := self.prepared.vocabulary) else None,
            frozen_once=self.prepared.frozen is not None,
        )

    def restore(self, snapshot: CheckpointState) -> None:
        """Continue from a snapshot."""
        self.dev.best, self.dev.evaluated_at = snapshot.best, snapshot.evaluated_at
        self.throughput.restore(snapshot.tokens)
        self.batches.first_loss = snapshot.first_loss
        if snapshot.threads is not None:
            self.threads.restore(snapshot.threads.model_dump())
        else:
            self.threads.keep()

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock, unless a resumed run's is running."""
        self.batches.step = state.global_step
        self.averages.begin()
        self.saves.begin()

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Continue a pause that a save has broken; then a step is being done."""
        while self.pause.stands_still:
            self._stand_still()
            if self.steering.take_save():
                self.saves.say_again(state.global_step)
        self.batches.begin_step()
        self.throughput.begin_step()
        self.threads.begin_step()
        trained = self.prepared.trained
        tuning_of(trained).begin_step(trained.model, step=state.global_step, total_steps=self.prepared.total_steps)

    def on_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> None:
        """The parameters have changed, and their gradients are still there."""
        trained = self.prepared.trained
        tuning_of(trained).end_step(trained.model, step=state.global_step)
        self.averages.update(state.global_step)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count the tokens of the step, and do what was requested."""
        self.folder.check_there()
        self.throughput.add(self.batches.take())
        self.batches.step, self.batches.computing = state.global_step, False
        told = self.threads.end_step(state.global_step, self.throughput.step_tokens)
        if told is not None:
            self._say(lambda: told)
        self._stand_still()
        if not epoch_is_whole(state):
            self._evaluate_if_due(state, control)  # before a checkpoint of this step, which is then to know of it
        wanted = self.steering.take_save() or self.saves.is_due(state)
        if self.steering.stopping:
            control.should_training_stop = wanted = True
        if wanted or control.should_training_stop or state.global_step >= state.max_steps:
            control.should_log = True  # the last step is said, wherever it falls; and no mean reaches over a checkpoint
        self.saves.end_step(state, control, wanted=wanted)

    def on_substep_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count a batch whose gradient is only accumulated."""
        self.throughput.add(self.batches.take())

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: Any
    ) -> None:
        """Say how the last steps went."""
        del state.log_history[:-_LOGS_KEPT]  # the Trainer writes all of it at every checkpoint; events.jsonl has it
        if logs and "loss" in logs:
            self.throughput.say_steps(state, logs)

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Evaluate dev where that is due, keep the best model, stop if it has not improved for long enough."""
        self.folder.check_there()
        if not epoch_is_whole(state):
            return  # stopped on the way; `on_train_end` evaluates
        self._evaluate_if_due(state, control)
        self.saves.end_epoch(control)

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Make the Trainer's checkpoint a whole one, and say where it is."""
        if self.saves.seal(state.global_step, lambda: self.snapshot(state), self.averages.save):
            self.throughput.saved()
            self.saves.say(state.global_step)

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Do what comes after the last step."""
        told = self.threads.end(state.global_step)
        if told is not None:
            self._say(lambda: told)
        self.finish(state, control)

    def finish(self, state: TrainerState, control: TrainerControl) -> None:
        """Evaluate what the last, unfinished epoch left; without dev, keep the last weights."""
        if state.global_step != self.dev.evaluated_at:
            self._evaluate(state, control)
        self.dev.keep_last()

    def warn(self, text: str) -> None:
        """Say something that the user should know."""
        self._say(lambda: Notice(level="warning", text=text))

    def _track(self, values: dict[str, float]) -> None:
        self.log(values)  # which is another one once there is a trainer

    def _evaluate_if_due(self, state: TrainerState, control: TrainerControl) -> None:
        if is_due(self.prepared.config.eval.every, state):
            self._evaluate(state, control)

    def _evaluate(self, state: TrainerState, control: TrainerControl) -> None:
        with self.throughput.between_steps():
            self.dev.evaluate(state, control)

    def _stand_still(self) -> None:
        paused_s = self.pause.stand_still()
        self.clock.leave_out(paused_s)
        self.saves.leave_out(paused_s)
