"""`Run`: everything a person wants during and after a training."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.config.schema import AnyConfig
from ft_magics.errors import RunError, drop_frames
from ft_magics.evaluation.answer_list import Answers
from ft_magics.events import PauseChanged, RunEnded, RunEvent, RunResumed, RunStarted, StopAsked
from ft_magics.markup import terminal_line
from ft_magics.models.memory import free_memory
from ft_magics.runs import merging
from ft_magics.runs.earlier import name_in_folder
from ft_magics.runs.files import refuse_links
from ft_magics.runs.folder import FolderGoneError, RunFolder
from ft_magics.runs.history import best_of, best_text, dev_history, headline_of, history_table
from ft_magics.runs.loaded import give_way, note_loaded
from ft_magics.runs.lock import is_held
from ft_magics.runs.looks import note_look
from ft_magics.runs.parameters import Parameters, parameters_of
from ft_magics.runs.predictions import read_report
from ft_magics.runs.saving import INSIDE_SAVED, check_target, copy_model, save_folder
from ft_magics.runs.steering import Steering
from ft_magics.runs.unevaluated import why_no_report
from ft_magics.runs.waiting import wait_with_notice
from ft_magics.sections import Card
from ft_magics.tasks.optional import Converses, is_one
from ft_magics.tasks.registry import find_task, guarded
from ft_magics.tasks.task import Task

if TYPE_CHECKING:
    import pandas as pd

    from ft_magics.models.base import Base
    from ft_magics.runs.predictor import TrainedModel

__all__ = ["Run"]


class Run:
    """One training, running, finished or read back from its folder.

    Args:
        name: The name in the notebook.
        folder: Where it lives.
        config: What the cell said.
        trained: The model, where it is in memory.

    Attributes:
        waits: Whether asking a running run for its report or predictions waits for its end; else it is an error.
    """

    def __init__(
        self, name: str, folder: RunFolder, config: AnyConfig | None = None, trained: TrainedModel | None = None
    ) -> None:
        self.name = name
        self.folder = folder
        self.config = config
        self.exception: BaseException | None = None
        self.events: list[RunEvent] = folder.read_events()
        self.finished = threading.Event()
        self._trained = trained
        # How it computed, for when it is loaded again; fp32 is possible anywhere, and gives the digits of the training
        self._used: dict[str, Any] = {"precision": "fp32"} if config and config.train.precision == "fp32" else {}
        self._emitting = threading.Lock()
        self.steering = Steering(folder.stop_file)
        self.waits = True

    def __repr__(self) -> str:
        facts = [self.status, best_text(headline_of(self.events), self.best), str(self.folder.shown)]
        return terminal_line(f"<Run {self.name}: {', '.join(filter(None, facts))}>")

    @property
    def dir(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def title(self) -> str:
        """Its name; of an earlier run of a name, with the time that its folder has."""
        return self.dir.name if name_in_folder(self.dir.name) == self.name else self.name

    @property
    def model_dir(self) -> Path:
        """The folder of the best model; plain `from_pretrained` loads it too."""
        return self.folder.best_model()

    @property
    def status(self) -> str:
        """`running`, `paused`, `done`, `stopped`, `failed`, or `crashed` for a run whose process is gone."""
        last = self.events[-1] if self.events else None
        if isinstance(last, RunEnded):
            return last.status
        if self.finished.is_set() and not is_held(self.dir):
            return "crashed"
        change = next((event for event in reversed(self.events) if isinstance(event, PauseChanged)), None)
        return "paused" if change is not None and change.paused else "running"

    @property
    def base(self) -> Base | None:
        """What the model in memory was tuned from; None where none is in memory, or it is whole."""
        return None if self._trained is None else self._trained.base

    @property
    def is_active(self) -> bool:
        """Whether it is under way, paused or not."""
        return self.status in ("running", "paused")

    @property
    def best(self) -> float | None:
        """The best value of the headline metric on dev so far; None without an evaluation."""
        return best_of(self.events)

    @property
    def history(self) -> pd.DataFrame:
        """A row per evaluation on dev: epoch, step, loss, the run's metrics by their names, best."""
        return history_table(self.events)

    @property
    def parameters(self) -> Parameters:
        """How many parameters are trainable, of how many; bytes on disk, and of memory in training."""
        return parameters_of(self.events, self.model_dir)

    def splits(self) -> list[str]:
        """Splits with predictions, test last."""
        return self.folder.splits()

    def stop(self, reason: str = "stopped by hand") -> None:
        """Ask the training to stop after the step it is at; the best model and a checkpoint are kept."""
        if self.is_active and not self.steering.stopping:
            self.steering.stop(reason)
            with contextlib.suppress(OSError, FolderGoneError):  # a full disk: it stops all the same
                self.emit(StopAsked(reason=reason))

    def pause(self, reason: str = "paused by hand") -> None:
        """Ask the training to stand still after the step it is at."""
        if self.is_active:
            self.steering.pause(reason)

    def unpause(self) -> None:
        """End a pause."""
        self.steering.unpause()

    def save_now(self) -> None:
        """Ask for a checkpoint after the step that is being done."""
        if self.is_active:
            self.steering.save()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        return self.finished.wait(timeout_s)

    def wait_with_notice(self, why: str = "") -> None:
        """Say that one waits for the end, and wait; see `waiting.wait_with_notice`."""
        wait_with_notice(self, why)

    def emit(self, event: RunEvent) -> None:
        """Write an event down, where a dashboard and a later kernel read it."""
        with self._emitting:  # a click comes on a thread of its own
            if self.events and isinstance(self.events[-1], RunEnded) and not isinstance(event, RunResumed):
                return  # what comes too late for the run is no part of it
            self.events.append(event)
            self.folder.append_event(event)

    def report(self, split: str | None = None, *, wait: bool | None = None, **options: Any) -> Any:
        """The evaluation of a split's predictions: a `Report`, of the class that the run's task has.

        Args:
            split: `dev` or `test`; None for test, or dev where there is no test.
            wait: Whether to wait for a run that trains; None for what `waits` says.
            options: The task's own, such as `mode` and `scheme` for entities.

        Raises:
            RunError: There are no predictions for it.
            DataError: There is no such option.
            TaskError: The run's task is not installed here.
        """
        self.settle(wait)
        there = self.folder.splits()
        chosen = split or (there[-1] if there else "test")
        if chosen not in there:
            raise RunError(why_no_report(self, chosen, there))
        report = self.read_report(chosen, **options)
        if chosen == "test":
            note_look(self.folder, "report")
        return report

    def read_report(self, split: str, **options: Any) -> Any:
        """The same for the run's own page, which is no look at the test split; see `report`."""
        title = f"{self.title} · {split}"
        task = self._task()
        return read_report(self.folder, split, task, title=title, history=dev_history(self.events), **options)

    @property
    def task_name(self) -> str:
        """What the cell has as `task:`; empty where the run never began."""
        started = next((event for event in self.events if isinstance(event, RunStarted)), None)
        return self.config.task if self.config is not None else started.task if started is not None else ""

    def _task(self) -> type[Task[Any, Any, Any]]:
        return find_task(self.task_name)

    def predict(self, inputs: Any) -> Any:
        """What the best model says of new inputs.

        Args:
            inputs: One input, or a list of them, as the run's task takes them: texts, or lists of words for entities;
                texts, or pairs of texts, for classification.

        Returns:
            An answer per input, in the task's own form, in a list that a notebook draws; a single answer for a single
            text.

        Raises:
            RunError: The run is still training.
            DataError: They are not what the task takes.
        """
        trained = self._model()
        task = trained.task
        if is_one(task, inputs):
            return self.predict([inputs])[0]
        examples = task.parse(inputs)
        predictions = guarded(task.name, "predict", lambda: trained.predict(examples))
        pairs = list(zip(examples, predictions, strict=True))
        answers = guarded(task.name, "answer", lambda: [task.answer(*pair) for pair in pairs])
        return Answers(answers, lambda at: task.drawn(*pairs[at]), task.head().labels)

    def predict_file(
        self,
        path: str | Path,
        *,
        output: str | Path | None = None,
        column: str | int | Sequence[str | int] | None = None,
        format: str | None = None,  # noqa: A002  # the option's name in a cell
        delimiter: str | None = None,
        encoding: str | None = None,
        header: bool | None = None,
        overwrite: bool = False,
        progress: bool = True,
    ) -> Path:
        """What the best model says of every row of a file, which may be larger than memory.

        The answers are those of `predict`, a line `{"line": 12, "answer": …}` for each row; `line` is where the row
        begins in the file, from 1. They are written while they are made: after an interrupt or a kill the same call
        continues behind the last whole line, and for a file that is done it does nothing.

        Args:
            path: Lines of text (`.txt`, each line an input), `.jsonl` (a line is an input, or an object of columns),
                `.csv` or `.tsv`.
            output: Where the answers go; None for `predicted/NAME.jsonl` in the run's folder.
            column: That holds the input, or a list of those of its parts, such as `["question", "context"]`: names, or
                numbers from 1; None for those that the run's `data:` names, or that are called so.
            format: `text`, `jsonl`, `csv` or `tsv`; None for what the file's name ends with.
            delimiter: Of a CSV file's cells, one character; None to see it.
            encoding: Of the file; None for its byte-order mark, or UTF-8.
            header: Whether a CSV file's first row names the columns; None to see it.
            overwrite: Replace answers of another file or another model that are there.
            progress: Whether to print how many rows are done.

        Returns:
            The file of answers.

        Raises:
            RunError: The run is still training; what is there is of another file or model; it cannot be written.
            DataError: The file or a row is not what the task takes, with its line; all rows are read before the first
                is predicted.
        """
        trained = self._model()
        from ft_magics.runs import file_predictions as files  # noqa: PLC0415  # torch only when it is needed

        job = files.FileJob(
            source=str(path),
            how=files.HowToRead(column=column, format=format, delimiter=delimiter, encoding=encoding, header=header),
            data=None if self.config is None else self.config.data,
            model=self.model_dir,
            output=Path(output) if output is not None else files.usual_output(self.dir, str(path)),
            overwrite=overwrite,
        )
        return files.predict_file(trained, job, progress=progress)

    def cards(self, inputs: Sequence[Any]) -> list[Card]:
        """What the best model says of new inputs, as a page shows it.

        Raises:
            RunError: The run is still training.
            DataError: They are not what the task takes.
        """
        trained = self._model()
        task = trained.task
        examples = task.parse(inputs)
        predictions = guarded(task.name, "predict", lambda: trained.predict(examples))
        pairs = list(zip(examples, predictions, strict=True))
        return guarded(task.name, "drawn", lambda: [task.drawn(*pair) for pair in pairs])

    def converses(self, *, wait: bool | None = None) -> bool:
        """Whether an answer can be answered in turn, as in a dialogue.

        Raises:
            RunError: The run is still training.
        """
        self.settle(wait)
        return isinstance(self._model().task, Converses)

    def say(self, text: str, former: Any = None) -> tuple[Any, Card]:
        """Continue a dialogue by a turn of the user's and one of the best model's.

        Args:
            text: What the user says.
            former: What this gave first for the turn before; None for a new dialogue.

        Returns:
            What was said until now, and the same as a page shows it.

        Raises:
            RunError: The run is still training, or is none of dialogues.
        """
        task = self._model().task
        if not isinstance(task, Converses):
            raise RunError(f"{self.name}: `task: {task.name}` has no dialogues; `predict` answers texts one by one")
        asked = task.with_turn(former, text)
        answers = self.predict([asked])
        return task.with_answer(asked, answers[0]), answers.card(0)

    def labels(self, *, wait: bool | None = None) -> list[str]:
        """What the best model can say, in the order of its ids.

        Raises:
            RunError: The run is still training.
        """
        self.settle(wait)
        return list(self._model().task.head().labels)

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Copy the best model and the run's record into a folder of its own.

        Plain `from_pretrained(path)` of transformers loads it, and `ft_magics.load(path)` brings the
        run back. Of a run whose folder was renamed or deleted, the model in memory is saved: that of its last step.

        Args:
            path: A folder that is not there yet, or is empty.
            overwrite: Replace a saved model, if there is nothing else in its folder.

        Raises:
            RunError: There is no model yet, the folder is taken or cannot be written.
        """
        self.settle()
        target = check_target(path, self.dir, overwrite=overwrite)
        save_folder(target, self._filling())
        return target

    def _filling(self) -> Callable[[Path], None]:
        if self.model_dir.is_dir():
            refuse_links(self.model_dir)
            return lambda fresh: copy_model(self.model_dir, self.dir, fresh)
        trained = self._trained
        if trained is not None:
            return lambda fresh: self.write_into(fresh, trained)
        raise RunError(f"run {self.name} ({self.status}) has no model yet, so there is nothing to save")

    def write_into(self, fresh: Path, trained: TrainedModel) -> None:
        """Write a model and the run's record into a folder, as `save` does."""
        trained.save(fresh)
        (fresh / INSIDE_SAVED).mkdir()
        inside = RunFolder(fresh / INSIDE_SAVED)
        if self.config is not None:
            inside.write_config(self.config.to_plain())
        inside.write_lines(inside.log, (event.to_json() for event in self.events))

    def merge(self, path: str | Path | None = None, *, overwrite: bool = False) -> Path:
        """Write the best model with plain weights, which load without base and peft; see `merging.merge`."""
        self.settle()
        return merging.merge(self, path, overwrite=overwrite)

    def release(self) -> None:
        """Free the memory that the model takes; it is loaded again when it is used.

        A model that is nowhere but in memory stays.
        """
        if self._trained is not None and not self.is_active and self.model_dir.is_dir():
            self._used = {name: getattr(self._trained, name) for name in ("device", "precision", "batch_size")}
            self._trained = None
            free_memory()

    def fail(self, error: BaseException) -> None:
        """Note what ended the training, and release the memory that its frames and the model hold."""
        self.exception = error
        self._trained = None
        text = drop_frames(error)
        with contextlib.suppress(OSError, FolderGoneError):
            self.folder.write_text(self.folder.error, text)

    def settle(self, wait: bool | None = None) -> None:
        """Wait for the end of a run that trains, so that a notebook that is run as a whole is right.

        Raises:
            RunError: It trains, and it was said not to wait, or it trains in another kernel.
        """
        if not self.is_active:
            return
        if not (self.waits if wait is None else wait) or self.finished.is_set():
            where = " in another kernel" if self.finished.is_set() else ""
            raise RunError(f"run {self.name} is still training{where}; stop it or wait for it (`{self.name}.wait()`)")
        self.wait_with_notice()

    def _model(self) -> TrainedModel:
        self.settle()
        if self._trained is None:
            from ft_magics.runs.model_settings import base_in  # noqa: PLC0415  # torch only when it is needed
            from ft_magics.runs.predictor import load_trained  # noqa: PLC0415  # the same

            give_way(self, base_in(self.model_dir))
            self._trained = load_trained(str(self.model_dir), task=self._task().name, **self._used)
            note_loaded(self)
        return self._trained
