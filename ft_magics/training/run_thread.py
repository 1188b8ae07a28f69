"""The thread in which a run trains, and how the run ends, whatever ends it."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from ft_magics.errors import drop_frames
from ft_magics.events import Notice, RunEnded
from ft_magics.models.memory import free_memory
from ft_magics.runs.folder import FolderGoneError, RunFolder
from ft_magics.runs.run import Run
from ft_magics.training.best import Best
from ft_magics.training.captured_warnings import capture_warnings
from ft_magics.training.checkpoints import Resumption
from ft_magics.training.clock import Clock
from ft_magics.training.turns import begin_turn, end_turn

if TYPE_CHECKING:
    from filelock import FileLock

    from ft_magics.training.prepare import Prepared

__all__ = ["train_in_thread"]

_DELETING_S, _LOOK_EVERY_S = 2.0, 0.05


def train_in_thread(run: Run, prepared: Prepared, lock: FileLock, resume: Resumption | None = None) -> Run:
    """Begin training in a thread; the run is returned at once, and when the thread ends it is `finished`.

    Args:
        run: Whose folder is ready.
        prepared: What is trained.
        lock: Of the folder; it is released when the thread ends, or when there can be none.
        resume: The checkpoint to resume from; None for a new run.
    """
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
