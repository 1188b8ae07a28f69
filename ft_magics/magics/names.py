"""Names of runs: what may be one, and which run a name means."""

from __future__ import annotations

import builtins
import keyword
import os
import re
import sys
import unicodedata
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, cast

from ft_magics.config.schema import DEFAULT_FOLDER
from ft_magics.errors import RunError, did_you_mean, type_name
from ft_magics.markup import terminal_line

if TYPE_CHECKING:
    from ft_magics.runs.run import Run
    from ft_magics.studies.study import Study

__all__ = [
    "all_runs",
    "as_folder",
    "check_folder",
    "check_name",
    "find_one",
    "find_run",
    "is_run",
    "is_study",
    "load_run",
    "named_run",
    "run_folders",
]

_MARKS_OF_A_RUN = ("config.yaml", "events.jsonl")
_MOST_RUNS = 12  # of a study, that a message names
_PROPOSED = 60  # letters of a name that is too wrong to be taken
_LONGEST_BYTES = 200  # of the 255 that a file name may have, the time is wanted when it moves aside


def check_name(name: str, namespace: Mapping[str, Any], *, folder: Path | None = None) -> str:
    """See that a run may take this name; returns it as Python takes it.

    Args:
        name: What the user, or a run's record, said.
        namespace: Of the notebook.
        folder: Of the run, if it is there already: its own name is no other's.

    Raises:
        RunError: It is no identifier, belongs to Python, is taken by something else, or by a run that still trains.
    """
    folded = unicodedata.normalize("NFKC", name)  # the variable has this name: Python's reference, section 2.3
    if keyword.iskeyword(folded):
        raise RunError(
            f"`{folded}` cannot name a run: the run becomes a variable, and this is a keyword of Python; write "
            f"`{folded}_1`, for example"
        )
    if not folded.isidentifier():
        raise RunError(
            f"`{terminal_line(name):.80}` cannot name a run: it becomes a variable, so use letters, digits and _, as "
            f"in `{_as_a_name(folded)}`"
        )
    if len(os.fsencode(folded)) > _LONGEST_BYTES:
        raise RunError(
            f"`{folded:.40}…` is too long for a run's folder ({len(os.fsencode(folded))} bytes); take at most "
            f"{_LONGEST_BYTES}"
        )
    if hasattr(builtins, folded) or folded == "get_ipython":
        raise RunError(f"`{folded}` is a name of Python's own; choose another name for the run")
    there = namespace.get(folded)
    if is_run(there):
        if there.is_active:
            raise RunError(
                f"run {folded} is still training; stop it first (`%ft stop {folded}`) or choose another name"
            )
        if folder is not None and there.dir.resolve() != folder.resolve():
            raise RunError(
                f"`{folded}` is another run in this notebook, of {there.folder.shown}, and would be lost; "
                f"`del {folded}`"
            )
    elif folded in namespace:
        kind = type_name(there)
        raise RunError(
            f"`{folded}` is {kind} in this notebook and would be lost; choose another name, or `del {folded}`"
        )
    return folded


def _as_a_name(text: str) -> str:
    """The nearest name that a variable may have."""
    words = re.sub(r"\W+", "_", text[:_PROPOSED]).strip("_")
    name = words if not words[:1].isdigit() else f"run_{words}"
    return name if name.isidentifier() and not keyword.iskeyword(name) else "ner_1"


def is_run(value: Any) -> TypeGuard[Run | Study]:
    """Whether an object is a run, or several as one; without the code of runs, when there can be none yet."""
    return _is_of(value, "ft_magics.runs.run", "Run") or _is_of(value, "ft_magics.studies.study", "Study")


def is_study(value: Any) -> TypeGuard[Study]:
    """Whether an object is several runs of one cell."""
    return _is_of(value, "ft_magics.studies.study", "Study")


def _is_of(value: Any, module: str, name: str) -> bool:
    there = sys.modules.get(module)
    return there is not None and isinstance(value, getattr(there, name))


def check_folder(parent: str, name: str) -> None:
    """See that a new run may have this folder. An earlier run's folder will move aside; anything else stays.

    Raises:
        RunError: It cannot be made, or it is there and holds something that is no run.
    """
    if "\0" in parent:
        raise RunError("save.dir: a folder's name has no zero character; take it out")
    try:
        folder = Path(parent).expanduser() / name
        if folder.is_dir() and any(folder.iterdir()) and not any((folder / file).exists() for file in _MARKS_OF_A_RUN):
            raise RunError(
                f"{folder} is there and holds no run, so it is not touched; choose another name, or another place with "
                "`save: {dir: …}`"
            )
        nearest = next(place for place in (folder, *folder.parents) if place.exists())
    except (OSError, RuntimeError) as error:
        raise RunError(f"save.dir: `{parent:.80}` cannot be a folder: {getattr(error, 'strerror', error)}") from error
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        why = "may not be written to" if nearest.is_dir() else "is a file"
        raise RunError(f"the run's folder {folder} cannot be made: {nearest} {why}; choose another: `save: {{dir: …}}`")


def find_one(name: str, namespace: Mapping[str, Any]) -> Run:
    """The same where several runs are none: the best of them by dev is not what is meant.

    Raises:
        RunError: There is no such run, or it is several.
    """
    run = find_run(name, namespace)
    if not is_study(run):
        return cast("Run", run)
    names = ", ".join(each.name for each in run.runs[:_MOST_RUNS]) or "none of them has begun"
    more = f" and {len(run.runs) - _MOST_RUNS} more" if len(run.runs) > _MOST_RUNS else ""
    raise RunError(f"`{name}` is {len(run.names)} runs of one cell; name one of them: {names}{more}")


def find_run(name: str, namespace: Mapping[str, Any]) -> Run | Study:
    """The run that a name or path means: in the notebook, below `ft_runs`, or a folder; or several runs of one cell.

    Raises:
        RunError: None of these.
    """
    run = named_run(name, namespace)
    if run is not None:
        return run
    folder = as_folder(name)
    if folder is not None:
        return load_run(folder)
    if namespace.get(name) is not None:
        raise RunError(f"`{name}` is {type_name(namespace[name])}, not a run.{_runs(namespace)}")
    near = did_you_mean(name.removeprefix("$"), _known(namespace))
    raise RunError(f"there is no run `{name}`.{near}{_runs(namespace)}")


def named_run(name: str, namespace: Mapping[str, Any]) -> Run | Study | None:
    """The run of this name in the notebook or below `ft_runs`, also one of a study; None when there is none."""
    there = namespace.get(unicodedata.normalize("NFKC", name))
    if is_run(there):
        return there
    plain = there is None and name not in ("", "..") and Path(name).name == name
    folder = as_folder(f"{DEFAULT_FOLDER}/{name}") if plain else None
    if folder is None and plain and "_seed_" in name:
        there = next((each for each in namespace.values() if is_study(each) and _part_of(each, name)), None)
        if there is not None:
            return _part_of(there, name)
        within = (as_folder(str(place / name)) for place in run_folders() if name.startswith(f"{place.name}_"))
        folder = next(filter(None, within), None)
    return load_run(folder) if folder else None


def _part_of(study: Study, name: str) -> Run | None:
    """A study's own run of a name."""
    return next((run for run in study.runs if run.name == name), None)


def as_folder(text: str) -> Path | None:
    """The folder that a text names; None when there is none."""
    try:
        folder = Path(text).expanduser()
        return folder if folder.is_dir() else None
    except (OSError, RuntimeError):  # a name that is too long; ~name, and no such user
        return None


def load_run(folder: Path) -> Run | Study:
    """A run from its folder, or several runs of one cell from theirs.

    Raises:
        RunError: There is none, or its files are broken.
    """
    from ft_magics.studies.reading import load  # noqa: PLC0415  # magics load without the training code

    return load(folder)


def all_runs(namespace: Mapping[str, Any]) -> tuple[list[Run], list[str]]:
    """The runs of the notebook and those below `ft_runs`, and what is wrong with folders that hold none."""
    here = [run for value in namespace.values() if is_run(value) for run in _parts(value)]
    here.sort(key=lambda run: run.events[0].time if run.events else 0.0)  # of two with one folder, the newer has it now
    runs = {run.dir.resolve(): run for run in here}
    faults: list[str] = []
    for folder in run_folders():
        try:
            if folder.resolve() not in runs:
                for run in _parts(load_run(folder)):
                    runs.setdefault(run.dir.resolve(), run)
        except RunError as error:
            faults.append(str(error))
        except Exception as error:  # noqa: BLE001  # one odd folder must not hide the other runs
            faults.append(f"{folder} cannot be read ({type(error).__name__}: {error})")
    return list(runs.values()), faults


def _parts(run: Run | Study) -> list[Run]:
    """A run, or each of a study."""
    return list(run.runs) if is_study(run) else [cast("Run", run)]


def run_folders() -> list[Path]:
    """What lies below `ft_runs`: folders, but not what is being written or hidden."""
    with suppress(OSError):
        return sorted(path for path in Path(DEFAULT_FOLDER).iterdir() if path.is_dir() and path.name[0] != ".")
    return []


def _known(namespace: Mapping[str, Any]) -> list[str]:
    runs = [key for key, value in namespace.items() if is_run(value) and not key.startswith("_")]
    saved = [path.name for path in run_folders()]
    return sorted({*runs, *saved})


def _runs(namespace: Mapping[str, Any]) -> str:
    known = _known(namespace)
    return f" Runs here: {', '.join(known)}." if known else " There are no runs yet; `%%finetune` makes one."
