"""Runs of one cell: begun and resumed, one after the other in a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ft_magics.errors import drop_frames
from ft_magics.events import Notice
from ft_magics.models.memory import free_memory
from ft_magics.runs.files import refuse_links
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.lock import hold_run
from ft_magics.runs.reading import load
from ft_magics.runs.run import Run
from ft_magics.studies.study import Study
from ft_magics.training.fitting import keep_chosen
from ft_magics.training.launch import resume_run, start_run, where_it_went
from ft_magics.training.turns import begin_turn, check_turn, end_turn

if TYPE_CHECKING:
    from filelock import FileLock

    from ft_magics.config.schema import AnyConfig
    from ft_magics.data.checks import DataCheck
    from ft_magics.training.prepare import Prepared

__all__ = ["MakeStudy", "PrepareRun", "Ready", "begin_study", "chosen_before"]

MakeStudy: TypeAlias = "Callable[[RunFolder, Sequence[Run]], Study]"
PrepareRun: TypeAlias = "Callable[[str, Sequence[Run]], Prepared]"
_LOOK_EVERY_S = 0.25


@dataclass(slots=True, kw_only=True)
class Ready:
    """Runs of which the first is ready for its first step.

    Args:
        config: As the cell says.
        study: Makes the study in a folder, with the runs that are done.
        missing: The names of the runs that are still to be trained, in order.
        check: What the data check found.
        first: The first of these, alone in a list: whoever begins it takes it out, since a model that is held twice
            stays in memory.
        prepare: Prepares one of the others, given those that were begun.
        before: The study to resume; None for a new one.
    """

    config: AnyConfig
    study: MakeStudy
    missing: tuple[str, ...]
    check: DataCheck
    first: list[Prepared]
    prepare: PrepareRun
    before: Study | None = None


def chosen_before(config: AnyConfig, begun: Sequence[Run]) -> AnyConfig:
    """A run's config; what the cell leaves open is chosen once, for all runs that differ in their seed alone.

    Args:
        config: Of the run.
        begun: Such runs that were begun.
    """
    chosen = next((run.config for run in begun if run.config is not None), None)
    return config if chosen is None else keep_chosen(config, chosen)


def begin_study(name: str, ready: Ready) -> Study:
    """Begin to train in a thread of its own; the study is returned at once.

    Args:
        name: Of the study.
        ready: What was prepared of it.

    Raises:
        RunError: Its folder cannot be made, another kernel trains it, or this process trains another run.
    """
    check_turn(name)
    config, before = ready.config, ready.before
    path = before.dir if before is not None else (Path(config.save.dir).expanduser() / name).absolute()
    lock = hold_run(path)
    try:
        study = _resumed(ready, before) if before is not None else _created(name, ready, path)
        worker = _Worker(study, ready, lock)
        begin_turn(study)
        try:
            threading.Thread(target=worker.work, name=f"ft_magics-{name}-study", daemon=True).start()
        except BaseException:
            end_turn(study)
            raise
    except BaseException:
        lock.release()
        raise
    return study


def _created(name: str, ready: Ready, path: Path) -> Study:
    with RunFolder.create(path) as folder:
        folder.write_config(ready.config.to_plain())
        study = ready.study(folder, ())
        study.write_record()
        if folder.moved_aside is not None:
            study.notices.append(Notice(level="info", text=where_it_went(name, folder)))
        return study


def _resumed(ready: Ready, before: Study) -> Study:
    refuse_links(before.dir)
    study = ready.study(before.folder, before.done)
    before.folder.stop_file.unlink(missing_ok=True)
    study.write_record()
    return study


class _Worker:
    """What the thread does: a run after the other, until all are done, one fails, or a stop is asked for."""

    def __init__(self, study: Study, ready: Ready, lock: FileLock) -> None:
        self._study = study
        self._missing, self._first, self._prepare = ready.missing, ready.first, ready.prepare
        self._known = list(ready.before.runs) if ready.before is not None else []
        self._lock = lock

    def work(self) -> None:
        """Whatever goes wrong, those who wait for the study hear that it is over."""
        study = self._study
        with ExitStack() as in_the_end:
            in_the_end.callback(study.finished.set)
            in_the_end.callback(self._lock.release)
            in_the_end.callback(end_turn, study)
            status, reason = "done", ""
            try:
                status, reason = self._all()
            except BaseException as error:  # noqa: BLE001  # whatever it is, the folder and the notebook must hear of it
                study.exception = error
                drop_frames(error)
                status, reason = "failed", f"{type(error).__name__}: {error}"
            study.ended(status, reason)
            free_memory()

    def _all(self) -> tuple[str, str]:
        for name in self._missing:
            if self._asked_to_stop():
                break
            run = self._begin(name)
            while not run.wait(_LOOK_EVERY_S):
                self._asked_to_stop()
            if run.status == "failed":
                self._study.exception = run.exception
                return "failed", f"{self._study.word_for(run)} failed"
            if run.status == "stopped" and not self._study.stop_reason:
                self._study.stop(run.steering.stop_reason or "a run was stopped")
        left = len(self._study.names) - len(self._study.done)
        return ("stopped", self._study.stop_reason) if left else ("done", "")

    def _asked_to_stop(self) -> bool:
        study = self._study
        with suppress(OSError):
            if not study.stop_reason and study.folder.stop_file.exists():
                study.stop("stopped by the STOP file")
        return bool(study.stop_reason)

    def _begin(self, name: str) -> Run:
        study = self._study
        place = study.dir / name
        prepared = self._first.pop() if self._first else self._prepare(name, [*self._known, *study.runs])
        before = _unfinished(place)
        if before is None:
            run = start_run(name, prepared, folder=place, within=study)
        else:
            run = resume_run(before.name, prepared, folder=place, within=study)
        del prepared  # what this frame keeps would keep the model in memory
        study.took(run)
        return run


def _unfinished(folder: Path) -> Run | None:
    """The run that was begun in a folder; None where it never began."""
    if not (folder / "events.jsonl").is_file():
        return None
    run = load(folder)
    return run if run.config is not None else None
