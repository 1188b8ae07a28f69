"""One writer a run: a lock that the operating system lets go of when its owner dies."""

from __future__ import annotations

from pathlib import Path

from filelock import FileLock, Timeout

from ft_magics.errors import RunError
from ft_magics.training.folder import handle_of

__all__ = ["hold_run", "is_held"]


def _lock(folder: Path) -> FileLock:
    # Beside the folder, since the folder of an earlier run of the same name moves aside.
    return FileLock(folder.with_name(f".{folder.name}.lock"), thread_local=False, is_singleton=False)


def hold_run(folder: Path) -> FileLock:
    """The lock of a run's folder, held until it is released or the process ends.

    Raises:
        RunError: Another kernel trains this run, or the lock cannot be made.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(
            f"the run in {folder} is training in another kernel (or another run of this one); stop it there, "
            f"`%ft stop {handle_of(folder)}` does that from here, or choose another name"
        ) from error
    except OSError as error:
        raise RunError(f"the run's folder {folder} cannot be made: {error.strerror}") from error
    return lock


def is_held(folder: Path) -> bool:
    """Whether some process is training this run now."""
    lock = _lock(folder)
    if not Path(lock.lock_file).exists():
        return False
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False
