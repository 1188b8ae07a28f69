"""`Study`: runs of one cell, one after the other, steered and shown as one."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.errors import RunError
from ft_magics.events import Notice, RunEvent
from ft_magics.markup import terminal_line
from ft_magics.runs.earlier import name_in_folder
from ft_magics.runs.folder import FolderGoneError, RunFolder
from ft_magics.runs.history import headline_of
from ft_magics.runs.lock import is_held
from ft_magics.runs.run import Run
from ft_magics.runs.waiting import wait_with_notice
from ft_magics.sections import Card

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["RECORD", "Study"]

RECORD = "study.json"
SCHEMA = 1


class Study:
    """Runs of one cell, one after the other.

    Args:
        name: The name in the notebook.
        folder: Where they live, each in a folder of its own below it.
        config: What the cell said.
        names: Of the runs, in their order; each is that of its folder too.
        runs: Those that were begun.
        ended: How the study ended, and why; empty while it trains, or if its process died.

    Attributes:
        runs: Those that were begun, in their order; each is a run like any other.
        notices: What was said before the first of them began.
        waits: Whether asking for a report or predictions waits for the end; else it is an error.
        noun: What it counts its runs as.
        compares: Whether its runs are of several systems, so that it is no system itself.
    """

    noun: ClassVar[str] = "runs"
    compares: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        folder: RunFolder,
        config: AnyConfig | None,
        names: Sequence[str],
        *,
        runs: Sequence[Run] = (),
        ended: tuple[str, str] = ("", ""),
    ) -> None:
        self.name = name
        self.folder = folder
        self.config = config
        self.names = tuple(names)
        self.runs = list(runs)
        self.notices: list[Notice] = []
        self.exception: BaseException | None = None
        self.finished = threading.Event()
        self.waits = True
        self.stop_reason = ""
        self._ended = ended
        self._pause_reason = ""
        self._steering = threading.Lock()

    def __repr__(self) -> str:
        done = f"{len(self.done)} of {len(self.names)} {self.noun}"
        facts = [self.status, done, str(self.folder.shown)]
        return terminal_line(f"<{type(self).__name__} {self.name}: {', '.join(facts)}>")

    @property
    def dir(self) -> Path:
        """The folder that the runs' own folders are in."""
        return self.folder.path

    @property
    def title(self) -> str:
        """Its name; of an earlier one of a name, with the time that its folder has."""
        return self.dir.name if name_in_folder(self.dir.name) == self.name else self.name

    @property
    def task_name(self) -> str:
        """What the cell has as `task:`; empty where no run began."""
        return self.config.task if self.config is not None else self.runs[0].task_name if self.runs else ""

    @property
    def done(self) -> list[Run]:
        """The runs that are done."""
        return [run for run in self.runs if run.status == "done"]

    @property
    def current(self) -> Run | None:
        """The run that trains now."""
        last = self.runs[-1] if self.runs else None
        return last if last is not None and last.is_active else None

    @property
    def failed(self) -> Run | None:
        """The run that failed; None where none did."""
        return next((run for run in self.runs if run.status == "failed"), None)

    @property
    def status(self) -> str:
        """`running`, `paused`, `done`, `stopped`, `failed`, or `crashed` where its process is gone."""
        if not self.finished.is_set() or is_held(self.dir):
            now = self.current
            return "paused" if now is not None and now.status == "paused" else "running"
        if len(self.done) == len(self.names):
            return "done"
        return self._ended[0] or "crashed"

    @property
    def reason(self) -> str:
        """Why it ended as it did; empty where there is nothing to say."""
        return self._ended[1]

    @property
    def is_active(self) -> bool:
        """Whether it is under way, paused or not."""
        return self.status in ("running", "paused")

    @property
    def events(self) -> list[RunEvent]:
        """What all of its runs said, one run after the other; it only grows while they train."""
        return [*self.notices, *(event for run in self.runs for event in run.events)]

    @property
    def best_run(self) -> Run | None:
        """The run whose best model is the best by dev; without dev the first. None before one has a model."""
        there = [run for run in self.runs if run.model_dir.is_dir()]
        headline = headline_of(there[0].events) if there else None
        scored = [run for run in there if run.best is not None]
        if headline is None or not scored:
            return there[0] if there else None
        return max(scored, key=lambda run: headline.gain(run.best or 0.0, 0.0))

    @property
    def model_dir(self) -> Path:
        """The folder of the best model by dev, of all runs."""
        best = self.best_run
        return best.model_dir if best is not None else self.dir / "model"

    def splits(self) -> list[str]:
        """Splits that every run that is done has predictions of; before one is done, every run that has any."""
        counted = [set(run.folder.splits()) for run in self.counted()]
        return [split for split in ("dev", "test") if counted and all(split in each for each in counted)]

    def counted(self) -> list[Run]:
        """The runs that a report is of: one that was stopped is no sample of those that were not."""
        return self.done or [run for run in self.runs if run.folder.splits()]

    def report(self, split: str | None = None, *, wait: bool | None = None, **options: Any) -> Any:
        """What the runs scored on a split.

        Args:
            split: `dev` or `test`; None for test, or dev where there is no test.
            wait: Whether to wait for a study that trains; None for what `waits` says.
            options: The task's own, such as `mode` and `scheme` for entities.

        Raises:
            RunError: No run has predictions for it.
        """
        raise NotImplementedError

    def read_report(self, split: str) -> Any:
        """The same for the study's own page, which is no look at the test split."""
        raise NotImplementedError

    def why_no_report(self) -> str:
        """Why there is nothing to report, and what to do."""
        resume = f"`%ft resume {self.folder.handle}` trains those that are missing"
        return f"{self.name} ({self.status}) has no run with predictions yet, so there is nothing to report; {resume}"

    def predict(self, inputs: Any) -> Any:
        """What the best model by dev, of all runs, says of new inputs; see `Run.predict`."""
        return self._best().predict(inputs)

    def predict_file(self, path: str | Path, **options: Any) -> Path:
        """What the best model by dev, of all runs, says of every row of a file; see `Run.predict_file`."""
        return self._best().predict_file(path, **options)

    def cards(self, inputs: Sequence[Any]) -> list[Card]:
        """The same, as a page shows it."""
        return self._best().cards(inputs)

    def converses(self, *, wait: bool | None = None) -> bool:
        """Whether an answer can be answered in turn, as in a dialogue."""
        self.settle(wait)
        return self._best().converses()

    def say(self, text: str, former: Any = None) -> tuple[Any, Card]:
        """Continue a dialogue with the best model by dev, of all runs; see `Run.say`."""
        return self._best().say(text, former)

    def labels(self, *, wait: bool | None = None) -> list[str]:
        """What the models can say, in the order of their ids."""
        self.settle(wait)
        return self._best().labels()

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Copy the best model by dev, of all runs, with its run's record into a folder of its own."""
        return self._best().save(path, overwrite=overwrite)

    def _best(self) -> Run:
        self.settle()
        best = self.best_run
        if best is None:
            raise RunError(f"{self.name} ({self.status}) has no model yet")
        return best

    def stop(self, reason: str = "stopped by hand") -> None:
        """Ask the run that trains to stop after its step; no other one begins."""
        with self._steering:
            self.stop_reason = self.stop_reason or reason
            if (now := self.current) is not None:
                now.stop(reason)

    def pause(self, reason: str = "paused by hand") -> None:
        """Ask the training to stand still after the step it is at."""
        with self._steering:
            self._pause_reason = reason
            if (now := self.current) is not None:
                now.pause(reason)

    def unpause(self) -> None:
        """End a pause."""
        with self._steering:
            self._pause_reason = ""
            if (now := self.current) is not None:
                now.unpause()

    def save_now(self) -> None:
        """Ask for a checkpoint after the step that is being done."""
        if (now := self.current) is not None:
            now.save_now()

    def took(self, run: Run) -> None:
        """A run has begun: what was asked of the study meanwhile is asked of it."""
        with self._steering:
            self.runs = [*(each for each in self.runs if each.dir != run.dir), run]
            if self._pause_reason:
                run.pause(self._pause_reason)
            if self.stop_reason:
                run.stop(self.stop_reason)

    def ended(self, status: str, reason: str) -> None:
        """Note how it ended, here and in the folder."""
        self._ended = (status, reason)
        order = {name: at for at, name in enumerate(self.names)}
        self.runs.sort(key=lambda run: order.get(run.dir.name, len(order)))
        with suppress(OSError, FolderGoneError, RunError):  # a full disk: it is over all the same
            self.write_record()

    def write_record(self) -> None:
        """Write what the study is, and how it ended, into its folder."""
        status, reason = self._ended
        record = {"schema": SCHEMA, "name": self.name, **self.to_record(), "status": status, "reason": reason}
        self.folder.write_text(self.dir / RECORD, json.dumps(record, ensure_ascii=False, indent=1))

    def word_for(self, run: Run) -> str:
        """What a page calls one of its runs."""
        return str(run.name)

    def to_record(self) -> Mapping[str, Any]:
        """What the study is, as plain data."""
        raise NotImplementedError

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        return self.finished.wait(timeout_s)

    def wait_with_notice(self, why: str = "") -> None:
        """Say that one waits for the end, and wait; see `waiting.wait_with_notice`."""
        wait_with_notice(self, why)

    def settle(self, wait: bool | None = None) -> None:
        """Wait for the end of a study that trains, so that a notebook that is run as a whole is right.

        Raises:
            RunError: It trains, and it was said not to wait, or it trains in another kernel.
        """
        if not self.is_active:
            return
        if not (self.waits if wait is None else wait) or self.finished.is_set():
            where = " in another kernel" if self.finished.is_set() else ""
            raise RunError(f"{self.name} is still training{where}; stop it or wait for it (`{self.name}.wait()`)")
        self.wait_with_notice()
