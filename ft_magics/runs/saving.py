"""`Run.save`: a folder that is written whole before it has its name, and that replaces nothing of another's."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ft_magics.errors import RunError
from ft_magics.runs.files import foreign_files, new_folder, open_new, read_text, swap
from ft_magics.runs.folder import is_model_file

__all__ = ["INSIDE_SAVED", "check_target", "copy_model", "save_folder"]

INSIDE_SAVED = "run"  # a saved folder keeps the run's own files below this
_MANIFEST = f"{INSIDE_SAVED}/files.json"  # what was written
_MARKS = ("config.json", "ft_magics.json", f"{INSIDE_SAVED}/events.jsonl")
_RECORD_FILES = re.compile(  # before there was a manifest
    rf"{INSIDE_SAVED}/(config\.yaml|events\.jsonl|report\.(json|html)|facts\.json|surfaces\.json|provenance\.yaml|error\.txt"
    r"|predictions\.\w+\.jsonl|test_looks\.jsonl)"
)
_MOST_LISTED = 5


def check_target(path: str | Path, home: Path, *, overwrite: bool) -> Path:
    """The folder that a model may be saved in, so that nothing is lost by it.

    Args:
        path: What the user said.
        home: The folder of the run.
        overwrite: Whether a saved model may be replaced.

    Raises:
        RunError: It cannot be a folder, or it is taken.
    """
    try:
        target = Path(path).expanduser()
        if not str(path).strip():
            raise RunError("save: an empty text is no folder; name one, as in `save('my_model')`")
        place, home = target.resolve(), home.resolve()
        there = os.path.lexists(place)
        taken = there and (not place.is_dir() or any(place.iterdir()))
    except (TypeError, ValueError, OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RunError(f"save: {path!r:.80} cannot be a folder: {reason}") from error
    if place == home or place in home.parents or home in place.parents:
        raise RunError(f"{target} holds the run itself or lies in its folder; choose another folder")
    if taken and not overwrite:
        raise RunError(f"{target} is taken; choose another folder, or say `overwrite=True`")
    if taken:
        _check_saved(target)
    return target


def _check_saved(target: Path) -> None:
    """See that a folder is one that `save_folder` wrote, and holds nothing else."""
    if not all((target / mark).is_file() for mark in _MARKS):
        raise RunError(f"{target} holds no saved model, and would be lost; choose another folder")
    foreign = foreign_files(target, _ours(target))
    if foreign:
        more = f" and {len(foreign) - _MOST_LISTED} more" if len(foreign) > _MOST_LISTED else ""
        raise RunError(
            f"{target} holds files that saving did not write, and they would be lost: "
            f"{', '.join(foreign[:_MOST_LISTED])}{more}; move them away, or choose another folder"
        )


def _ours(target: Path) -> Callable[[str], bool]:
    with suppress(RunError, ValueError, RecursionError):
        names = json.loads(read_text(target / _MANIFEST))
        if isinstance(names, list):
            known = {name for name in names if isinstance(name, str)}
            return lambda path: path in known or path == _MANIFEST
    return lambda path: is_model_file(path) or _RECORD_FILES.fullmatch(path) is not None


def save_folder(target: Path, fill: Callable[[Path], None]) -> None:
    """Write a folder under a name of its own, then give it the name of the target.

    Whatever ends the process on the way, the target holds all of what it held, or all of what is new.

    Args:
        target: From `check_target`.
        fill: Writes the files into the folder that it is given.

    Raises:
        RunError: The disk is full, or something there cannot be written.
    """
    fresh: Path | None = None
    try:
        place = target.resolve()
        fresh = new_folder(place.parent, place.name)
        fill(fresh)
        written = [path.relative_to(fresh).as_posix() for path in sorted(fresh.rglob("*")) if path.is_file()]
        (fresh / _MANIFEST).unlink(missing_ok=True)  # of a saved run that is saved again
        with open_new(fresh / _MANIFEST) as stream:
            json.dump(written, stream, indent=1)
        before = _put(fresh, place)
    except BaseException as error:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
        if isinstance(error, OSError):
            faults = error.args[0] if isinstance(error, shutil.Error) else None  # of a whole folder: one for each file
            why = faults[0][-1] if isinstance(faults, list) else error.strerror or error
            raise RunError(f"{target} cannot be written: {why}") from error
        raise
    if before is not None:
        shutil.rmtree(before, ignore_errors=True)


def copy_model(model: Path, home: Path, fresh: Path) -> None:
    """Copy a run's model and its record.

    Args:
        model: The model's folder.
        home: The run's.
        fresh: To write into.
    """

    def without_record(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if name == INSIDE_SAVED and Path(folder) == model]

    shutil.copytree(model, fresh, dirs_exist_ok=True, ignore=without_record)
    inside = fresh / INSIDE_SAVED
    inside.mkdir()
    for file in home.iterdir():
        if file.is_file() and not file.is_symlink():
            shutil.copy2(file, inside / file.name)


def _put(fresh: Path, place: Path) -> Path | None:
    """Give a folder its name; returns where what had the name is now."""
    if not os.path.lexists(place):
        fresh.rename(place)
        return None
    if not any(place.iterdir()):
        if os.name == "nt":  # where no folder takes the place of another
            place.rmdir()
        fresh.rename(place)
        return None
    if swap(fresh, place):
        return fresh
    aside = new_folder(place.parent, place.name) / place.name
    try:
        place.rename(aside)
        fresh.rename(place)
    except BaseException:
        if os.path.lexists(aside):
            aside.rename(place)
        aside.parent.rmdir()
        raise
    return aside.parent
