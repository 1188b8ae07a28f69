"""Dev, evaluated on the way: what each evaluation measured, the best model kept, early stopping."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from transformers import TrainerControl, TrainerState

from ft_magics.config.eval_section import EvalEvery
from ft_magics.errors import TrainingError
from ft_magics.evaluation.report import Report
from ft_magics.events import Evaluated, Notice
from ft_magics.runs.folder import RunFolder, shown_path
from ft_magics.tasks.registry import guarded
from ft_magics.training.best import Best
from ft_magics.training.dev_part import DevPart
from ft_magics.training.guard import Say, is_fatal
from ft_magics.training.prepare import Prepared
from ft_magics.training.save_policy import epoch_is_whole

__all__ = ["DevScores", "as_plain", "is_due", "measured"]

# Metrics, by label, loss, samples.
Scored = tuple[dict[str, float | None], dict[str, float | None], float | None, list[dict[str, Any]]]


def measured(report: Report, prepared: Prepared) -> tuple[dict[str, float | None], dict[str, float | None]]:
    """What a report says of the run's metrics, and of each label: Python's own numbers, None for NaN and infinity."""
    scores = {metric.name: report.scores[metric.name].value for metric in prepared.metrics}
    return as_plain(scores), as_plain(report.by_label)


def as_plain(values: Mapping[str, float | None]) -> dict[str, float | None]:
    """Values as events hold them: Python's own numbers, and None for what is NaN or infinite."""
    return {name: None if value is None or not math.isfinite(value) else float(value) for name, value in values.items()}


def is_due(every: EvalEvery, state: TrainerState) -> bool:
    """Whether dev is to be evaluated after the step that was done.

    Args:
        every: How often.
        state: The Trainer's. Where its epoch is whole, all that belongs to the epoch is done.
    """
    if every.steps is not None:
        return int(state.global_step) % every.steps == 0
    return epoch_is_whole(state) and round(state.epoch or 0) % (every.epochs or 1) == 0


def _score_dev(prepared: Prepared, part: DevPart) -> Scored:
    """Predict dev, or a part of it, and score that."""
    predictions, loss = part.predict()
    kind, examples = type(prepared.trained.task), part.examples
    report = guarded(
        kind.name,
        "report",
        lambda: kind.report(examples, predictions, title="dev", facts=prepared.facts, resamples=0),
    )
    tell = getattr(kind, "samples", None)  # a task need not have any
    samples = guarded(kind.name, "samples", lambda: tell(examples, predictions)) if tell is not None else []
    return *measured(report, prepared), loss, samples


class DevScores:
    """Evaluates dev, keeps the model where it is better than before, and stops a training that no longer improves.

    Args:
        prepared: The run.
        folder: Where the best model goes.
        say: Takes each event.
        log: Takes values by name, for whatever tracks the training.
        averaged: Lets the model have the weights that are evaluated and kept.

    Attributes:
        best: The best evaluation so far.
        evaluated_at: The step of the newest evaluation; -1 without one.
        part: The examples that an evaluation predicts.
    """

    def __init__(
        self,
        prepared: Prepared,
        folder: RunFolder,
        say: Say,
        log: Callable[[dict[str, float]], None],
        averaged: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self._averaged = averaged
        self._prepared, self._folder, self._say, self._log = prepared, folder, say, log
        self.part = DevPart(prepared)
        self.best = Best()
        self.evaluated_at = -1

    def evaluate(self, state: TrainerState, control: TrainerControl) -> None:
        """Evaluate dev. A fault in that is said and does not end the training."""
        try:
            with self._averaged():
                self._evaluate(state, control)
        except Exception as error:
            if is_fatal(error):
                raise
            text = "dev could not be evaluated; training continues"
            logging.getLogger(__name__).exception(text, extra={"said": True})
            fault = f"{type(error).__name__}: {error}"
            said = f"dev could not be evaluated at step {state.global_step} ({fault}); training continues"
            self._say(lambda: Notice(level="warning", text=said))

    def keep_last(self) -> None:
        """Keep the model of the last step where no evaluation has chosen one."""
        if "dev" not in self._prepared.features or not self._folder.model.is_dir():
            with self._averaged():
                self._keep_model()

    def _evaluate(self, state: TrainerState, control: TrainerControl) -> None:
        self.evaluated_at = state.global_step
        if self._prepared.corpus.dev is None:
            return
        metrics, by_label, loss, samples = _score_dev(self._prepared, self.part)
        headline = self._prepared.metrics[0]
        early = self._prepared.train.early_stopping
        epoch = float(state.epoch or 0)
        min_delta = early.min_delta if early else 0.0
        best = self.best.improve(headline, epoch, metrics[headline.name], min_delta, loss)
        if best:
            self._keep_model()
            self.part.keep()
        self._say(
            lambda: Evaluated(
                step=state.global_step,
                epoch=epoch,
                split="dev",
                loss=loss,
                metrics=metrics,
                by_label=by_label,
                samples=samples,
                best=best,
            )
        )
        self._track({"loss": loss, **metrics})
        if early is not None and self.best.waiting >= early.patience:
            control.should_training_stop = control.should_log = True
            waited = "1 evaluation" if early.patience == 1 else f"{early.patience} evaluations"
            where = f"epoch {epoch:g}" if epoch_is_whole(state) else f"step {state.global_step:,}"
            text = f"dev {headline.label} has not improved for {waited}: stopped early at {where}"
            self._say(lambda: Notice(level="info", text=text))

    def _track(self, values: Mapping[str, float | None]) -> None:
        """Hand the scores to the trackers, under the names that the Trainer's own evaluation has there."""
        self._log({f"eval_{name}": value for name, value in values.items() if value is not None})

    def _keep_model(self) -> None:
        try:
            with self._folder.new_model() as fresh:
                self._prepared.trained.save(fresh)
        except Exception as error:
            if is_fatal(error):
                raise
            fault = f"{type(error).__name__}: {error}"
            raise TrainingError(
                f"the best model cannot be saved in {shown_path(self._folder.model)} ({fault})"
            ) from error
