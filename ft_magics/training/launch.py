"""A run is started or resumed: its folder and its lock; `run_thread.py` trains it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError
from ft_magics.evaluation.label_colors import named_by
from ft_magics.events import CheckpointSaved, Notice, RunResumed, RunStarted
from ft_magics.runs.files import refuse_links
from ft_magics.runs.folder import RunFolder, handle_of, shown_path
from ft_magics.runs.interrupts import interrupts_kept
from ft_magics.runs.lock import hold_run
from ft_magics.runs.reading import load
from ft_magics.runs.repetition import Repetition
from ft_magics.runs.run import Run
from ft_magics.runs.settings import leaves
from ft_magics.training.checkpoints import Checkpoints
from ft_magics.training.fitting import keep_chosen
from ft_magics.training.inputs import read_inputs, shown_model
from ft_magics.training.run_thread import train_in_thread
from ft_magics.training.turns import Trains, check_turn, wait_for_turn

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig
    from ft_magics.training.prepare import Prepared

__all__ = ["begin", "find_unfinished", "prepare_in_turn", "resume_run", "start_run", "where_it_went"]

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
    return train_in_thread(run, prepared, lock)


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
    return train_in_thread(fresh, prepared, lock, resume)


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
