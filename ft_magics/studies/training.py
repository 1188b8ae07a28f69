"""Runs of one cell that differ in their seed: prepared, begun, resumed, one after the other in a thread."""

from __future__ import annotations

import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError, drop_frames
from ft_magics.events import Notice
from ft_magics.models.memory import free_memory
from ft_magics.runs.files import refuse_links
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.interrupts import interrupts_kept
from ft_magics.runs.lock import hold_run
from ft_magics.runs.reading import load
from ft_magics.runs.run import Run
from ft_magics.studies.seeds import SeedStudy, run_name
from ft_magics.training.fitting import keep_chosen
from ft_magics.training.inputs import Inputs, read_inputs
from ft_magics.training.launch import resume_run, start_run, where_it_went
from ft_magics.training.turns import begin_turn, check_turn, end_turn, wait_for_turn

if TYPE_CHECKING:
    from filelock import FileLock

    from ft_magics.config.schema import AnyConfig
    from ft_magics.training.prepare import Prepared

__all__ = ["ReadySeeds", "begin_seeds", "prepare_seeds"]

_LOOK_EVERY_S = 0.25


@dataclass(slots=True, kw_only=True)
class ReadySeeds:
    """Seeds of which the first is ready for its first step.

    Args:
        config: As the cell says.
        inputs: The data, read once for all of them.
        first: The run that is begun first, alone in a list: whoever begins it takes it out, since a model that is held
            twice stays in memory.
        missing: The seeds that are still to be trained, in order; the first run is of the first.
        before: The study to resume; None for a new one.
    """

    config: AnyConfig
    inputs: Inputs
    first: list[Prepared]
    missing: tuple[int, ...]
    before: SeedStudy | None = None


def prepare_seeds(config: AnyConfig, name: str, before: SeedStudy | None = None) -> ReadySeeds:
    """Wait until no run trains in this process, read the data, prepare the first run.

    Args:
        config: As the cell says.
        name: Of the study.
        before: The study to resume.

    Raises:
        FineTuneError: See `training.prepare.prepare`.
        RunError: The study to resume was one of other seeds.
    """
    seeds = tuple(config.seeds or ())
    if before is not None and before.seeds != seeds:
        raise RunError(
            f"{before.name} was started with `seeds: {list(before.seeds)}`, so it cannot be resumed with "
            f"`seeds: {list(seeds)}`; start again without `--resume`, or under another name"
        )
    done = [] if before is None else [run.dir.name for run in before.done]
    missing = tuple(seed for seed in seeds if run_name(before.name if before else name, seed) not in done)
    folder = Path(config.save.dir).expanduser() / name if before is None else before.dir
    with interrupts_kept():
        wait_for_turn()
        inputs = read_inputs(config)
        first = _config_of_seed(config, missing[0], folder, before.runs if before is not None else ())
        from ft_magics.training.prepare import prepare  # noqa: PLC0415  # torch only for a cell without mistakes

        prepared = prepare(first, inputs)
    return ReadySeeds(config=config, inputs=inputs, first=[prepared], missing=missing, before=before)


def _config_of_seed(config: AnyConfig, seed: int, folder: Path, begun: Any) -> AnyConfig:
    """The config of the run with a seed; what the cell leaves open is chosen once, for all of them.

    Args:
        config: Of the study.
        seed: Of the run.
        folder: Of the study.
        begun: Runs of the study that were begun.
    """
    one = config.with_seed(seed, str(folder))
    chosen = next((run.config for run in begun if run.config is not None), None)
    return one if chosen is None else keep_chosen(one, chosen)


def begin_seeds(name: str, ready: ReadySeeds) -> SeedStudy:
    """Begin to train in a thread of its own; the study is returned at once.

    Args:
        name: Of the study.
        ready: What `prepare_seeds` made.

    Raises:
        RunError: Its folder cannot be made, another kernel trains it, or this process trains another run.
    """
    check_turn(name)
    config, before = ready.config, ready.before
    path = before.dir if before is not None else (Path(config.save.dir).expanduser() / name).absolute()
    lock = hold_run(path)
    try:
        study = _resumed(name, ready) if before is not None else _created(name, config, path)
        worker = _Worker(study, ready, lock)
        begin_turn(study)
        try:
            threading.Thread(target=worker.work, name=f"ft_magics-{name}-seeds", daemon=True).start()
        except BaseException:
            end_turn(study)
            raise
    except BaseException:
        lock.release()
        raise
    return study


def _created(name: str, config: AnyConfig, path: Path) -> SeedStudy:
    with RunFolder.create(path) as folder:
        folder.write_config(config.to_plain())
        study = SeedStudy(name, folder, config, config.seeds or ())
        study.write_record()
        if folder.moved_aside is not None:
            study.notices.append(Notice(level="info", text=where_it_went(name, folder)))
        return study


def _resumed(name: str, ready: ReadySeeds) -> SeedStudy:
    before = ready.before
    if before is None:
        raise RunError(f"there is no study {name} to resume")
    refuse_links(before.dir)
    study = SeedStudy(name, before.folder, ready.config, before.seeds, runs=before.done)
    before.folder.stop_file.unlink(missing_ok=True)
    study.write_record()
    return study


class _Worker:
    """What the thread does: a run after the other, until all are done, one fails, or a stop is asked for."""

    def __init__(self, study: SeedStudy, ready: ReadySeeds, lock: FileLock) -> None:
        self._study = study
        self._config, self._inputs, self._missing = ready.config, ready.inputs, ready.missing
        self._known = list(ready.before.runs) if ready.before is not None else []
        self._first = ready.first
        self._encoded = ready.first[0].features
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
        for seed in self._missing:
            if self._asked_to_stop():
                break
            run = self._begin(seed)
            while not run.wait(_LOOK_EVERY_S):
                self._asked_to_stop()
            if run.status == "failed":
                self._study.exception = run.exception
                return "failed", f"seed {seed} failed"
            if run.status == "stopped" and not self._study.stop_reason:
                self._study.stop(run.steering.stop_reason or "a run was stopped")
        left = len(self._study.seeds) - len(self._study.done)
        return ("stopped", self._study.stop_reason) if left else ("done", "")

    def _asked_to_stop(self) -> bool:
        study = self._study
        with suppress(OSError):
            if not study.stop_reason and study.folder.stop_file.exists():
                study.stop("stopped by the STOP file")
        return bool(study.stop_reason)

    def _begin(self, seed: int) -> Run:
        study = self._study
        place = study.dir / run_name(study.name, seed)
        prepared = self._first.pop() if self._first else self._prepare(seed)
        before = _unfinished(place)
        if before is None:
            run = start_run(run_name(study.name, seed), prepared, folder=place, within=study)
        else:
            run = resume_run(before.name, prepared, folder=place, within=study)
        del prepared  # what this frame keeps would keep the model in memory
        study.took(run)
        return run

    def _prepare(self, seed: int) -> Prepared:
        from ft_magics.training.prepare import prepare  # noqa: PLC0415  # it is here by now

        begun = [*self._known, *self._study.runs]
        return prepare(_config_of_seed(self._config, seed, self._study.dir, begun), self._inputs, encoded=self._encoded)


def _unfinished(folder: Path) -> Run | None:
    """The run that was begun in a folder; None where it never began."""
    if not (folder / "events.jsonl").is_file():
        return None
    run = load(folder)
    return run if run.config is not None else None
