"""Files as a run writes them: none through a link, none over another's, each on the disk when it must be."""

from __future__ import annotations

import ctypes
import errno
import os
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import IO, Any, cast

from ft_magics.errors import RunError
from ft_magics.runs.full_disk import is_disk_full

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # it has nothing of the kind

__all__ = [
    "foreign_files",
    "move_aside",
    "new_folder",
    "open_new",
    "open_to_append",
    "open_to_mend",
    "open_to_read",
    "read_text",
    "refuse_links",
    "remove_or_move_aside",
    "swap",
    "to_disk",
]

_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)  # Windows has no such flag, and makes links for administrators only
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer would let us wait for ever
_MOST_LISTED = 5
_MOST_TEXT_BYTES = 1 << 26  # 64 MB: more than any text file of a run holds
_EXCHANGE, _HERE = 2, -100  # RENAME_EXCHANGE and AT_FDCWD of Linux


def open_new(path: Path) -> IO[str]:
    """A text file that is not there yet.

    Raises:
        FileExistsError: Something has this name, be it a link that leads nowhere.
    """
    return cast(
        "IO[str]", open(path, "x", encoding="utf-8", errors="backslashreplace", opener=_without_links)
    )  # half a surrogate is no reason to fail


def open_to_append(path: Path) -> FileIO:
    """A file to write at the end of, unbuffered; it is made where there is none.

    Raises:
        OSError: It is a link, or no plain file, or has a second name elsewhere.
    """
    return _open_own(path, "ab")


def open_to_mend(path: Path) -> FileIO:
    """A file to read and change, unbuffered.

    Raises:
        OSError: It is a link, or no plain file, or has a second name elsewhere.
    """
    return _open_own(path, "rb+")


def _open_own(path: Path, mode: str) -> FileIO:
    stream = FileIO(path, mode, opener=_without_links)
    found = os.fstat(stream.fileno())
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1:
        stream.close()
        raise OSError(errno.EPERM, "it is no plain file, or has a second name elsewhere; put a copy in its place")
    return stream


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | _NO_FOLLOW | _NO_WAIT, 0o666)


def open_to_read(path: Path) -> FileIO:
    """A file to read, unbuffered.

    Raises:
        OSError: It is not there, or no plain file.
    """
    stream = FileIO(path, "rb", opener=lambda name, flags: os.open(name, flags | _NO_WAIT))
    if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
        stream.close()
        raise OSError(errno.EINVAL, "it is no plain file")
    return stream


def read_text(path: Path) -> str:
    """A text file of a run's folder.

    Raises:
        RunError: It is not there, no plain file, too large, or no UTF-8; with its path.
    """
    try:
        with open_to_read(path) as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > _MOST_TEXT_BYTES:
                raise RunError(f"{path} has {size >> 20} MB, more than any such file of a run; move it away")
            return stream.readall().decode()
    except OSError as error:
        raise RunError(f"{path} cannot be read: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise RunError(f"{path} cannot be read: byte {error.start} is not UTF-8; was the file edited?") from error


def new_folder(parent: Path, name: str) -> Path:
    """A folder that nobody else has, hidden, with the rights that new folders have here.

    Raises:
        OSError: It cannot be made.
    """
    folder = parent / f".{name[:32]}-{secrets.token_hex(6)}"
    folder.mkdir(parents=True)
    return folder


def refuse_links(folder: Path) -> None:
    """See that no link below a folder leads out of it: what is written or removed there would be another's.

    Raises:
        RunError: With the links.
    """
    home = folder.resolve()
    leaving = [path for path in _links(folder) if not _leads_into(path, home)]
    if leaving:
        listed = ", ".join(f"{path.relative_to(folder)} -> {path.readlink()}" for path in leaving[:_MOST_LISTED])
        more = f" and {len(leaving) - _MOST_LISTED} more" if len(leaving) > _MOST_LISTED else ""
        raise RunError(
            f"{folder} holds links that lead out of it: {listed}{more}. A run writes and removes files in its folder, "
            "and would do so there; put what they lead to in their place, or remove them"
        )


def _links(folder: Path) -> Iterator[Path]:
    for here, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(here, name)
            if path.is_symlink() or getattr(path, "is_junction", bool)():
                yield path


def _leads_into(link: Path, home: Path) -> bool:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # it leads nowhere, or in a circle
        return False
    return home in target.parents


def foreign_files(folder: Path, is_ours: Callable[[str], bool]) -> list[str]:
    """What a folder holds that we did not write, as paths in it; links and special files are always another's.

    Args:
        folder: To look through.
        is_ours: Whether we write a file of this path, which has `/` between its parts.
    """
    found = []
    for here, folders, files in os.walk(folder):
        place = Path(here)
        odd = [place / name for name in folders if (place / name).is_symlink()]
        for path in (*odd, *(place / name for name in files)):
            inside = path.relative_to(folder).as_posix()
            if not is_ours(inside) or not stat.S_ISREG(path.lstat().st_mode):
                found.append(inside)
    return sorted(found)


def remove_or_move_aside(folder: Path, is_ours: Callable[[str], bool]) -> None:
    """Clear a name of ours: remove what we wrote there, and keep under another name what holds anything else.

    Raises:
        OSError: It cannot be moved.
    """
    if not os.path.lexists(folder):
        return
    if folder.is_symlink() or not folder.is_dir() or foreign_files(folder, is_ours):
        move_aside(folder)
    else:
        shutil.rmtree(folder, ignore_errors=True)


def move_aside(path: Path) -> Path:
    """Give what is at a path its name with the time of its last change; returns where it is now.

    Raises:
        OSError: It cannot be moved.
    """
    changed = time.strftime("%Y-%m-%dT%H-%M-%S", time.localtime(path.lstat().st_ctime))
    aside = path.with_name(f"{path.name}@{changed}")
    count = 2
    while os.path.lexists(aside):
        aside = path.with_name(f"{path.name}@{changed}-{count}")
        count += 1
    path.rename(aside)
    return aside


def swap(one: Path, other: Path) -> bool:
    """Let two folders change names in one operation, so that neither name is ever missing; False where that cannot be.

    Source: renameat2(2), RENAME_EXCHANGE.
    """
    if not sys.platform.startswith("linux"):
        return False
    rename: Any = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return rename is not None and rename(_HERE, os.fsencode(one), _HERE, os.fsencode(other), _EXCHANGE) == 0


def to_disk(path: Path) -> None:
    """Wait until a file or folder is on the disk, so that a power cut cannot take it back.

    Raises:
        OSError: The disk is full or broken.
    """
    handle = _open_to_sync(path)
    if handle is None:
        return
    try:
        os.fsync(handle)
        if hasattr(fcntl, "F_FULLFSYNC"):  # macOS, where fsync leaves it in the drive's cache
            fcntl.fcntl(handle, fcntl.F_FULLFSYNC)
    except OSError as error:
        if error.errno == errno.EIO or is_disk_full(error):
            raise
    finally:
        os.close(handle)


def _open_to_sync(path: Path) -> int | None:
    """Open for writing, which Windows asks of those who sync; a folder, for reading; None where that cannot be done."""
    for flags in (os.O_RDWR, os.O_RDONLY):
        with suppress(OSError):
            return os.open(path, flags)
    return None
