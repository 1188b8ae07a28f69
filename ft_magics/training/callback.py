"""The Trainer's life → events; and the way in for a stop."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from ft_magics.config.schema import EarlyStopping
from ft_magics.evaluation.evaluate import entity_report
from ft_magics.events import CheckpointSaved, Evaluated, Notice, RunEvent, StepDone
from ft_magics.training.folder import RunFolder
from ft_magics.training.prepare import Prepared
from ft_magics.training.stopping import StopSignal

__all__ = ["Best", "RunCallback"]


@dataclass(slots=True)
class Best:
    """The best evaluation so far, and how long it has not been bettered."""

    epoch: float | None = None
    f1: float | None = None
    waiting: int = 0

    def improve(self, epoch: float, f1: float, min_delta: float) -> bool:
        """Whether this evaluation is the best; only a rise by more than `min_delta` ends the waiting."""
        patient = self.f1 is not None and f1 <= self.f1 + min_delta
        self.waiting = self.waiting + 1 if patient else 0
        if self.f1 is not None and f1 <= self.f1:
            return False
        self.epoch, self.f1 = epoch, f1
        return True


@dataclass(eq=False)
class RunCallback(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy
    """Turns one training into events, keeps the best model, and carries the stop.

    Args:
        prepared: The run.
        folder: Where the best model goes.
        emit: Takes each event.
        stop: Asked after each step.
    """

    prepared: Prepared
    folder: RunFolder
    emit: Callable[[RunEvent], None]
    stop: StopSignal
    best: Best = field(default_factory=Best)
    _collated: deque[int] = field(default_factory=deque)
    _tokens: int = 0
    _began: float = field(default_factory=time.monotonic)
    _last: tuple[float, int] = (0.0, 0)
    _evaluated_at: int = -1
    _epochs_done: int = 0

    def batch_collated(self, tokens: int) -> None:
        """Note the real tokens of a batch; batches are made ahead of the steps that use them."""
        self._collated.append(tokens)

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count what was learned from, and stop if asked to."""
        self._tokens += self._collated.popleft()
        if self.stop.is_set():
            control.should_training_stop = True

    def on_substep_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Count a batch whose gradient is only accumulated."""
        self._tokens += self._collated.popleft()

    def on_log(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, logs: Any = None, **_: Any
    ) -> None:
        """Say how the last steps went."""
        if not logs or "loss" not in logs:
            return
        elapsed_s = time.monotonic() - self._began
        before_s, before = self._last
        self._last = (elapsed_s, self._tokens)
        self.emit(
            StepDone(
                step=state.global_step,
                epoch=float(state.epoch or 0),
                loss=float(logs["loss"]),
                learning_rate=float(logs.get("learning_rate", 0)),
                grad_norm=float(logs["grad_norm"]) if "grad_norm" in logs else None,
                tokens_per_s=(self._tokens - before) / max(elapsed_s - before_s, 1e-9),
                elapsed_s=elapsed_s,
            )
        )

    def on_epoch_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Evaluate dev, keep the model if it is the best so far, stop if it has not risen for long enough."""
        self._epochs_done += 1
        self._evaluate(state, control)
        every = self.prepared.config.save.every
        if every is not None and self._epochs_done % every.epochs == 0:
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Say where the checkpoint is."""
        self.emit(CheckpointSaved(step=state.global_step, path=f"checkpoints/checkpoint-{state.global_step}"))

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        """Evaluate what the last, unfinished epoch left; without dev, keep the last weights."""
        if state.global_step != self._evaluated_at:
            self._evaluate(state, control)
        if "dev" not in self.prepared.features:
            self._keep_model()

    def _evaluate(self, state: TrainerState, control: TrainerControl) -> None:
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
        self.emit(
            Evaluated(
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
        if early is not None and self.best.waiting >= early.patience:
            control.should_training_stop = True
            text = f"dev F1 has not risen for {early.patience} evaluations: stopped early at epoch {epoch:g}"
            self.emit(Notice(level="info", text=text))

    def _keep_model(self) -> None:
        with self.folder.new_model() as fresh:
            self.prepared.trained.save(fresh)
