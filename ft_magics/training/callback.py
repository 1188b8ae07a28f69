"""The Trainer's life → events; and the way in for a stop."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ft_magics.config.schema import EarlyStopping
from ft_magics.errors import TrainingError
from ft_magics.evaluation.entities.evaluate import entity_report
from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.events import CheckpointSaved, Evaluated, Notice, PauseChanged, RunEvent, StepDone
from ft_magics.models.memory import device_memory_bytes, process_memory_bytes
from ft_magics.runs.folder import FolderGoneError, RunFolder, shown_path
from ft_magics.runs.full_disk import is_disk_full
from ft_magics.runs.steering import Steering
from ft_magics.training.batch_watch import BatchWatch
from ft_magics.training.best import Best
from ft_magics.training.checkpoints import Checkpoints, CheckpointState, ThreadsState
from ft_magics.training.guard import is_fatal
from ft_magics.training.prepare import Prepared
from ft_magics.training.threads import Threads

__all__ = ["RunCallback", "no_log"]


_LOGS_KEPT = 20


def no_log(_: dict[str, float]) -> None:
    """Where nothing tracks the training."""


@dataclass(eq=False)
class RunCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy
    """Turns one training into events, keeps the best model, seals checkpoints, and carries what was asked of the run.

    Args:
        prepared: The run.
        folder: Where the best model and the checkpoints go.
        emit: Takes each event.
        steering: Asked after each step.
        log: Takes metrics by name, for whatever tracks the training.
    """

    prepared: Prepared
    folder: RunFolder
    emit: Callable[[RunEvent], None]
    steering: Steering
    log: Callable[[dict[str, float]], None] = no_log
    best: Best = field(default_factory=Best)
    batches: BatchWatch = field(init=False)
    threads: Threads = field(init=False)
    _tokens: int = 0
    _tokens_before: int = 0
    _began: float = field(default_factory=time.monotonic)
    _last: tuple[float, int] = (0.0, 0)
    _saved: float = field(default_factory=time.monotonic)
    _evaluated_at: int = -1
    _save_after_epoch: bool = False
    _stands_still: bool = False

    def __post_init__(self) -> None:
        self.batches = BatchWatch(self.prepared)
        self.threads = Threads(self.prepared.config.train.threads, self.prepared.trained.device)

    @property
    def _checkpoints(self) -> Checkpoints:
        return Checkpoints(self.folder.checkpoints)

    def snapshot(self, state: TrainerState) -> CheckpointState:
        """What a resumed run needs of this one."""
        return CheckpointState(
            step=state.global_step,
            epoch=float(state.epoch or 0),
            best=self.best,
            tokens=self._tokens,
            elapsed_s=time.monotonic() - self._began,
            evaluated_at=self._evaluated_at,
            first_loss=self.batches.first_loss,
            data=self.prepared.fingerprint,
            threads=ThreadsState(**self.threads.snapshot()),
        )

    def restore(self, snapshot: CheckpointState) -> None:
        """Go on from a snapshot."""
        self.best = snapshot.best
        self._tokens, self._evaluated_at = snapshot.tokens, snapshot.evaluated_at
        self.batches.first_loss = snapshot.first_loss
        self._began = time.monotonic() - snapshot.elapsed_s
        self._last = (snapshot.elapsed_s, self._tokens)
        if snapshot.threads is not None:
            self.threads.restore(snapshot.threads.model_dump())
        else:
            self.threads.keep()

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock, unless a resumed run's is running."""
        self.batches.step = state.global_step
        self._saved = time.monotonic()

    def on_step_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Go on with a pause that a save has broken; then a step is being done."""
        while self._stands_still:
            self._stand_still()
            step = state.global_step
            if self.steering.take_save() and self._checkpoints.newest() == self._checkpoints.path(step):
                self._say_checkpoint(step)  # nothing has changed since
        self.batches.begin_step()
        self._tokens_before = self._tokens
        self.threads.begin_step()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count the tokens of the step, and do what was requested."""
        self.folder.check_there()
        self._tokens += self.batches.take()
        self.batches.step, self.batches.computing = state.global_step, False
        told = self.threads.end_step(state.global_step, self._tokens - self._tokens_before)
        if told is not None:
            self._say(lambda: told)
        self._stand_still()
        wanted = self.steering.take_save() or self._checkpoint_is_due(state)
        if self.steering.stopping:
            control.should_training_stop = wanted = True
        if wanted or control.should_training_stop or state.global_step >= state.max_steps:
            control.should_log = True  # the last step is said, wherever it falls; and no mean reaches over a checkpoint
        if _epoch_is_whole(state):
            self._save_after_epoch = wanted  # the evaluation of the epoch belongs into the checkpoint
        elif wanted:
            control.should_save = True

    def on_substep_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count a batch whose gradient is only accumulated."""
        self._tokens += self.batches.take()

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: Any
    ) -> None:
        """Say how the last steps went."""
        del state.log_history[:-_LOGS_KEPT]  # the Trainer writes all of it at every checkpoint; events.jsonl has it
        if not logs or "loss" not in logs:
            return
        elapsed_s = time.monotonic() - self._began
        before_s, before = self._last
        self._last = (elapsed_s, self._tokens)
        self._say(
            lambda: StepDone(
                step=state.global_step,
                epoch=float(state.epoch or 0),
                loss=float(logs["loss"]),
                learning_rate=float(logs.get("learning_rate", 0)),
                grad_norm=float(logs["grad_norm"]) if "grad_norm" in logs else None,
                tokens_per_s=(self._tokens - before) / max(elapsed_s - before_s, 1e-9),
                elapsed_s=elapsed_s,
                process_memory_bytes=process_memory_bytes(),
                device_memory_bytes=device_memory_bytes(self.prepared.trained.device),
            )
        )

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Evaluate dev, keep the model if it is the best so far, stop if it has not risen for long enough."""
        self.folder.check_there()
        if not _epoch_is_whole(state):
            return  # stopped on the way; `on_train_end` evaluates
        self._evaluate(state, control)
        control.should_save = self._save_after_epoch
        self._save_after_epoch = False

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Make the Trainer's checkpoint a whole one, and say where it is."""
        step = state.global_step
        try:
            self.folder.to_disk()  # what the log says of the steps before outlives a power cut as the checkpoint does
            keep = self.prepared.config.save.keep
            self._checkpoints.seal(step, self.snapshot(state), self.folder.model, keep)
        except Exception as error:
            if is_fatal(error):
                raise
            self._go_on_without_checkpoint(step, error)
            return
        self._saved = time.monotonic()
        self._last = (self._saved - self._began, self._tokens)  # the time that a save takes makes no step slower
        self._say_checkpoint(step)

    def _say_checkpoint(self, step: int) -> None:
        self._say(lambda: CheckpointSaved(step=step, path=f"checkpoints/checkpoint-{step}"))

    def _go_on_without_checkpoint(self, step: int, error: Exception) -> None:
        self._checkpoints.drop_torn()
        newest = self._checkpoints.newest()
        kept = f"the last whole one is {newest.name}" if newest else "there is none yet"
        fault = f"{type(error).__name__}: {error}"
        self.warn(f"the checkpoint of step {step} could not be written ({fault}); {kept}; training continues")

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Do what comes after the last step."""
        self.finish(state, control)

    def finish(self, state: TrainerState, control: TrainerControl) -> None:
        """Evaluate what the last, unfinished epoch left; without dev, keep the last weights."""
        if state.global_step != self._evaluated_at:
            self._evaluate(state, control)
        if "dev" not in self.prepared.features or not self.folder.model.is_dir():
            self._keep_model()

    def _stand_still(self) -> None:
        """Stand still while a pause lasts, or until a save is asked for: the Trainer writes only after a step."""
        if self.steering.pausing:
            began = time.monotonic()
            if not self._stands_still:
                self._say(lambda: PauseChanged(paused=True, reason=self.steering.pause_reason))
            self._stands_still = True
            self.steering.wait_while_paused()
            paused_s = time.monotonic() - began
            self._began += paused_s
            self._saved += paused_s
        if self._stands_still and (self.steering.stopping or not self.steering.pausing):
            self._say(lambda: PauseChanged(paused=False, reason=""))
            self._stands_still = False

    def _checkpoint_is_due(self, state: TrainerState) -> bool:
        every = self.prepared.config.save.every
        if every is None:
            return False
        if every.minutes is not None and time.monotonic() - self._saved >= 60 * every.minutes:
            return True
        if every.epochs is not None and _epoch_is_whole(state):
            return round(state.epoch or 0) % every.epochs == 0
        return every.steps is not None and state.global_step % every.steps == 0

    def _evaluate(self, state: TrainerState, control: TrainerControl) -> None:
        """Evaluate dev. A fault in that is said and does not end the training."""
        began = time.monotonic()
        try:
            self._evaluate_dev(state, control)
            self._last = (self._last[0] + time.monotonic() - began, self._last[1])  # nor does that of an evaluation
        except Exception as error:
            if is_fatal(error):
                raise
            text = "dev could not be evaluated; training continues"
            logging.getLogger(__name__).exception(text, extra={"said": True})
            fault = f"{type(error).__name__}: {error}"
            self.warn(f"dev could not be evaluated at step {state.global_step} ({fault}); training continues")

    def _evaluate_dev(self, state: TrainerState, control: TrainerControl) -> None:
        dev = self.prepared.corpus.dev
        self._evaluated_at = state.global_step
        if dev is None:
            return
        trained, features = self.prepared.trained, self.prepared.features["dev"]
        logits, loss = trained.logits(features)
        predictions = trained.task.decode(dev.examples, features, logits)
        report = entity_report(
            [example.tags for example in dev.examples], [item.tags for item in predictions], resamples=0
        )
        early: EarlyStopping | None = self.prepared.config.train.early_stopping
        epoch = float(state.epoch or 0)
        best = self.best.improve(epoch, report.micro.f1 or 0.0, early.min_delta if early else 0.0)
        if best:
            self._keep_model()
        self._say(
            lambda: Evaluated(
                step=state.global_step,
                epoch=epoch,
                split="dev",
                loss=loss,
                precision=report.micro.precision,
                recall=report.micro.recall,
                f1=report.micro.f1,
                per_type_f1={kind: scores.f1 for kind, scores in report.per_type.items()},
                best=best,
            )
        )
        self._track(loss, report)
        if early is not None and self.best.waiting >= early.patience:
            control.should_training_stop = control.should_log = True
            text = f"dev F1 has not risen for {early.patience} evaluations: stopped early at epoch {epoch:g}"
            self._say(lambda: Notice(level="info", text=text))

    def _track(self, loss: float | None, report: EntityReport) -> None:
        """Hand the scores to the trackers, under the names that the Trainer's own evaluation has there."""
        values = {"loss": loss, **{name: getattr(report.micro, name) for name in ("precision", "recall", "f1")}}
        self.log({f"eval_{name}": value for name, value in values.items() if value is not None})

    def _keep_model(self) -> None:
        try:
            with self.folder.new_model() as fresh:
                self.prepared.trained.save(fresh)
        except Exception as error:
            if is_fatal(error):
                raise
            fault = f"{type(error).__name__}: {error}"
            raise TrainingError(
                f"the best model cannot be saved in {shown_path(self.folder.model)} ({fault})"
            ) from error

    def warn(self, text: str) -> None:
        """Say something that the user should know."""
        self._say(lambda: Notice(level="warning", text=text))

    def _say(self, make: Callable[[], RunEvent]) -> None:
        """Emit an event. What is wrong with saying it is logged, and never ends the training; but a full disk does."""
        try:
            self.emit(make())
        except Exception as error:
            if is_disk_full(error) or isinstance(error, FolderGoneError):
                raise
            logging.getLogger(__name__).exception("an event could not be said; training continues")


def _epoch_is_whole(state: TrainerState) -> bool:
    """Whether the step that was done is the last of its epoch."""
    return float(state.epoch or 0).is_integer()
