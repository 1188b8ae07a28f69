"""A run is started or resumed: its folder, its lock, the thread that trains."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError, drop_frames
from ft_magics.evaluation.label_colors import named_by
from ft_magics.events import CheckpointSaved, Notice, RunEnded, RunResumed, RunStarted
from ft_magics.models.memory import free_memory
from ft_magics.runs.files import refuse_links
from ft_magics.runs.folder import FolderGoneError, RunFolder, handle_of, shown_path
from ft_magics.runs.interrupts import interrupts_kept
from ft_magics.runs.lock import hold_run
from ft_magics.runs.reading import load
from ft_magics.runs.repetition import Repetition
from ft_magics.runs.run import Run
from ft_magics.runs.settings import leaves
from ft_magics.training.best import Best
from ft_magics.training.captured_warnings import capture_warnings
from ft_magics.training.checkpoints import Checkpoints, Resumption
from ft_magics.training.clock import Clock
from ft_magics.training.fitting import keep_chosen
from ft_magics.training.inputs import read_inputs, shown_model
from ft_magics.training.turns import Trains, begin_turn, check_turn, end_turn, wait_for_turn

if TYPE_CHECKING:
    from filelock import FileLock

    from ft_magics.config.schema import AnyConfig
    from ft_magics.training.prepare import Prepared

__all__ = ["begin", "find_unfinished", "prepare_in_turn", "resume_run", "start_run", "where_it_went"]

_DELETING_S, _LOOK_EVERY_S = 2.0, 0.05
_PARTS = ("train.batch_size", "train.gradient_accumulation")


def prepare_in_turn(config: AnyConfig, before: Run | None = None) -> Prepared:
    """Wait until no run trains in this process, then prepare one; interrupts that come meanwhile end that.

    Args:
        config: As the cell says.
        before: The run to resume, whose settings are taken where the cell leaves them open.

    Raises:
        FineTuneError: See `prepare`.
    """
    if before is not None and before.config is not None:
        config = keep_chosen(config, before.config)
    with interrupts_kept():
        wait_for_turn()
        inputs = read_inputs(config)
        from ft_magics.training.prepare import prepare  # noqa: PLC0415  # torch only for a cell without mistakes

        return prepare(config, inputs)


def begin(name: str, prepared: Prepared, before: Run | None = None, repeats: Repetition | None = None) -> Run:
    """Start a run, or resume the one before it; it trains in a thread of its own and is returned at once.

    Args:
        name: Of the run.
        prepared: What `prepare` made of its config.
        before: The run to resume; None to start one.
        repeats: The run that a new one does again.

    Raises:
        RunError: See `start_run` and `resume_run`.
    """
    return (
        start_run(name, prepared, repeats=repeats) if before is None else resume_run(name, prepared, folder=before.dir)
    )


def start_run(
    name: str,
    prepared: Prepared,
    *,
    folder: Path | None = None,
    within: Trains | None = None,
    repeats: Repetition | None = None,
) -> Run:
    """Begin training in a thread of its own; the run is returned at once.

    Args:
        name: Of the run.
        prepared: What `prepare` made of its config.
        folder: Where the run will be; None for below `save.dir`.
        within: What has this process's turn, where the run is a part of that.
        repeats: The run that this one does again.

    Raises:
        RunError: Its folder cannot be made, another kernel trains a run there, or this process trains another run.
    """
    check_turn(name, within)
    path = (
        folder or Path(prepared.config.save.dir).expanduser() / name
    ).absolute()  # the notebook may change its directory
    from ft_magics.training.provenance import provenance_of  # noqa: PLC0415  # torch is here by now, not before

    provenance = provenance_of(prepared)
    if repeats is not None:
        prepared = replace(prepared, threads_plan=repeats.threads_plan)
        provenance["repeats"] = repeats.of
    lock = hold_run(path)
    try:
        with RunFolder.create(path) as fresh:
            started = _started(name, prepared, provenance)
            fresh.write_config(started.config)
            fresh.write_provenance({"run": name, **provenance, "config": started.config})
            run = Run(name, fresh, prepared.config, prepared.trained)
            run.emit(started)
            for text in repeats.differences(provenance) if repeats is not None else ():
                run.emit(Notice(level="warning", text=text))
            if fresh.moved_aside is not None:
                run.emit(Notice(level="info", text=where_it_went(run.name, fresh)))
    except BaseException:
        lock.release()
        raise
    return _begin(run, prepared, lock)


def _started(name: str, prepared: Prepared, provenance: dict[str, Any]) -> RunStarted:
    config = prepared.config
    return RunStarted(
        name=name,
        task=config.task,
        model=shown_model(config.model),
        method=config.method_name,
        device=prepared.trained.device,
        precision=prepared.trained.precision,
        epochs=prepared.train.epochs,
        total_steps=prepared.total_steps,
        parameters=prepared.parameters,
        trainable_parameters=prepared.trainable_parameters,
        metrics=list(prepared.metrics),
        examples=len(prepared.corpus.train.examples),
        config=config.to_plain(),
        chosen=list(prepared.chosen),
        labels=list(named_by(prepared.trained.task.head().labels)),
        embedding_rows=[rows.used, rows.all] if (rows := prepared.vocabulary) else [],
        provenance=provenance,
    )


def where_it_went(name: str, folder: RunFolder) -> str:
    """Where the folder of an earlier run is now that a new one has its name.

    Args:
        name: Of both.
        folder: Of the new one.
    """
    moved = folder.moved_aside or folder.path
    if not (moved / "events.jsonl").is_file() and not (moved / "study.json").is_file():
        return f"What was in {folder.shown} is now in {shown_path(moved)}"
    compare = f"`%ft compare {name} {handle_of(moved)}` compares the two"
    return f"The earlier run {name} is now in {shown_path(moved)}; {compare}"


def find_unfinished(parent: str, name: str) -> Run | None:
    """The run that `--resume` means; None where it never began.

    Raises:
        RunError: Its files cannot be read.
    """
    folder = Path(parent).expanduser() / name
    if not (folder / "events.jsonl").is_file():
        return None
    run = load(folder)
    return run if run.config is not None else None


def resume_run(name: str, prepared: Prepared, *, folder: Path | None = None, within: Trains | None = None) -> Run:
    """Resume a run that stopped, failed or died, from its newest whole checkpoint.

    Args:
        name: Of the run.
        prepared: What `prepare` made of its config.
        folder: Where the run is; None for below `save.dir`.
        within: As in `start_run`.

    Raises:
        RunError: There is no such run, it is done, its settings are others, another kernel trains it, or this process
            trains another run.
    """
    check_turn(name, within)
    path = (folder or Path(prepared.config.save.dir).expanduser() / name).absolute()
    lock = hold_run(path)
    try:
        refuse_links(path)
        run = load(path)
        _check_same(run, prepared.config)
        resume = Checkpoints(run.folder.checkpoints).choose(
            prepared.fingerprint, base.sha256 if (base := prepared.trained.base) else None
        )
        if resume.checkpoint:
            prepared = prepared.as_begun(resume.trained_rows, frozen_once=resume.frozen_once)
        run.folder.mend_events()
        run.folder.write_config(prepared.config.to_plain())
        run.emit(RunResumed(step=resume.step, epoch=resume.epoch))
        said = any(isinstance(event, CheckpointSaved) and event.step == resume.step for event in run.events)
        if resume.checkpoint and not said:  # the process died between the two
            run.emit(CheckpointSaved(step=resume.step, path=f"checkpoints/{resume.checkpoint.name}"))
        run.folder.stop_file.unlink(missing_ok=True)
        run.folder.error.unlink(missing_ok=True)
    except BaseException as error:
        lock.release()
        if isinstance(error, OSError):
            raise RunError(f"run {name} cannot be resumed: {path} cannot be written: {error.strerror}") from error
        raise
    fresh = Run(name, run.folder, prepared.config, prepared.trained)
    return _begin(fresh, prepared, lock, resume)


def _check_same(run: Run, config: AnyConfig) -> None:
    """A run is resumed with the settings that it was started with.

    Where and how often it saves may change, with how many threads it computes, and how a step's rows are parted into
    batches.
    """
    if run.status == "done":
        raise RunError(f"run {run.name} is done; there is nothing to resume")
    if run.config is None:
        raise RunError(f"run {run.name} has no settings in {run.folder.shown}/config.yaml, so it cannot be resumed")
    if run.config.method_name != config.method_name:
        raise RunError(
            f"run {run.name} was started with `method: {run.config.method_name}`, so it cannot be resumed with "
            f"`method: {config.method_name}`; start again without `--resume`, or under another name"
        )
    before, now = (dict(leaves(item.to_plain())) for item in (run.config, config))  # of older versions with defaults
    free = {"train.threads", *(key for key in {*before, *now} if key.startswith("save."))}
    if _rows_a_step(before) == _rows_a_step(now) and not config.train.batch_tokens:
        free |= set(_PARTS)
    odd = [key for key in sorted({*before, *now} - free) if before.get(key) != now.get(key)]
    if odd:
        listed = "; ".join(f"{key}: {before.get(key)} before, {now.get(key)} now" for key in odd)
        raise RunError(
            f"run {run.name} was started with other settings ({listed}); it can be resumed with the same ones only"
        )


def _rows_a_step(settings: Mapping[str, Any]) -> int:
    return int(math.prod(settings.get(key, 1) for key in _PARTS))


def _begin(run: Run, prepared: Prepared, lock: FileLock, resume: Resumption | None = None) -> Run:
    begin_turn(run)
    handed_over = [prepared]  # a thread keeps its arguments; a model that is given up must not stay in memory for that
    arguments = (run, handed_over, lock, resume)
    from ft_magics.models.omp_threads import give_back_threads  # noqa: PLC0415  # torch is here by now, not before

    try:
        give_back_threads()
        threading.Thread(target=_work, args=arguments, name=f"ft_magics-{run.name}", daemon=True).start()
    except BaseException:
        _let_go(run, lock)
        raise
    return run


def _let_go(run: Run, lock: FileLock) -> None:
    """Another run may train here, and another kernel this one."""
    end_turn(run)
    lock.release()


def _work(run: Run, handed_over: list[Prepared], lock: FileLock, resume: Resumption | None) -> None:
    """All that the thread does. Whatever goes wrong, those who wait for the run hear that it is over."""
    with ExitStack() as in_the_end:
        in_the_end.callback(run.finished.set)
        in_the_end.callback(_let_go, run, lock)
        ended = _trained(run, handed_over, resume)
        with suppress(Exception):  # a full disk, a folder that is gone: the run ends in memory at least
            run.emit(ended)
        run.release()


def _trained(run: Run, handed_over: list[Prepared], resume: Resumption | None) -> RunEnded:
    """Train, and say how it ended."""
    clock = Clock(resume.elapsed_s, resume.paused_s) if resume else Clock()
    status, reason, best = "done", "", Best()
    try:
        from ft_magics.training.worker import train  # noqa: PLC0415  # the Trainer takes seconds to import

        with capture_warnings(lambda text: run.emit(Notice(level="warning", text=text))):
            best = train(run.name, handed_over.pop(), run.folder, run.emit, run.steering, resume=resume, clock=clock)
        if run.steering.stop_reason:
            status, reason = "stopped", run.steering.stop_reason
    except BaseException as error:  # noqa: BLE001  # whatever it is, the folder and the notebook must hear of it
        if _is_of_a_folder_that_goes(error, run.folder):
            status, reason = "stopped", _without_folder(run)
            drop_frames(error)
        else:
            status, reason = "failed", f"{type(error).__name__}: {error}"
            with suppress(Exception):
                run.fail(error)
        free_memory()
    return RunEnded(
        status=status,
        reason=reason,
        best_epoch=best.epoch,
        best=best.value,
        elapsed_s=clock.elapsed_s,
        paused_s=clock.paused_s,
    )


def _is_of_a_folder_that_goes(error: BaseException, folder: RunFolder) -> bool:
    """Whether the run's folder was renamed or deleted, or is being deleted: then a file in it is missed first."""
    chain = [error, *(each for each in (error.__cause__, error.__context__) if each)]
    if any(isinstance(each, FileNotFoundError) or "No such file" in str(each) for each in chain):
        until = time.monotonic() + _DELETING_S
        while folder.is_there and time.monotonic() < until:
            time.sleep(_LOOK_EVERY_S)
    return isinstance(error, FolderGoneError) or not folder.is_there


def _without_folder(run: Run) -> str:
    return (
        f"its folder {run.folder.shown}, or what was in it, was renamed or deleted; the model of the last step is in "
        f"memory, and `{run.name}.save('a_folder')` keeps it"
    )
