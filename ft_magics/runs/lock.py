"""One writer a run: a lock that the operating system releases when its owner dies."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ft_magics.errors import RunError
from ft_magics.runs.folder import handle_of, shown_path

__all__ = ["hold_run", "is_held"]


def _lock(folder: Path) -> FileLock:
    # Beside the folder, since the folder of an earlier run of the same name moves aside.
    return FileLock(folder.with_name(f".{folder.name}.lock"), thread_local=False, is_singleton=False)


def hold_run(folder: Path) -> FileLock:
    """The lock of a run's folder, held until it is released or the process ends.

    Raises:
        RunError: Another kernel trains this run, or the lock cannot be made.
    """
    lock = _lock(folder)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _make(lock.lock_file)
        lock.acquire(timeout=0)
    except Timeout as error:
        raise RunError(
            f"the run in {shown_path(folder)} is training in another kernel (or another run of this one); stop it "
            f"there, `%ft stop {handle_of(folder)}` does that from here, or choose another name"
        ) from error
    except OSError as error:
        raise RunError(
            f"the run's folder {shown_path(folder)} cannot be made, nor its lock {Path(lock.lock_file).name} beside it "
            f"({error.strerror}); choose another place: `save: {{dir: …}}`"
        ) from error
    return lock


def _make(lock_file: str) -> None:
    """Make the file of a lock: what is in the way of that is no other kernel's training.

    Raises:
        OSError: It cannot be made, or a link has its name.
    """
    if Path(lock_file).is_symlink():
        raise OSError(errno.ELOOP, "it is a link, which may lead anywhere; remove it")
    with suppress(FileExistsError):
        os.close(os.open(lock_file, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o666))


def is_held(folder: Path) -> bool:
    """Whether some process is training this run now."""
    lock = _lock(folder)
    path = Path(lock.lock_file)
    if not path.is_file() or path.is_symlink():
        return False
    try:
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        return True
    lock.release()
    return False
