"""Names of runs: what may be one, and which run a name means."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import RunError, did_you_mean

if TYPE_CHECKING:
    from ft_magics.training.run import Run

__all__ = ["DEFAULT_FOLDER", "check_name", "find_run"]

DEFAULT_FOLDER = "ft_runs"


def check_name(name: str, namespace: Mapping[str, Any]) -> None:
    """See that a new run may take this name.

    Raises:
        RunError: It is no identifier, belongs to Python, is taken by something else, or by a run that still trains.
    """
    from ft_magics.training.run import Run  # noqa: PLC0415  # magics load without the training code

    if not name.isidentifier() or keyword.iskeyword(name):
        raise RunError(
            f"`{name}` cannot name a run: it becomes a variable, so use letters, digits and _, as in `ner_1`"
        )
    if hasattr(builtins, name):
        raise RunError(f"`{name}` is a name of Python's own; choose another name for the run")
    there = namespace.get(name)
    if isinstance(there, Run):
        if there.status == "running":
            raise RunError(f"run {name} is still training; stop it first (`%ft stop {name}`) or choose another name")
    elif name in namespace:
        kind = type(there).__name__
        raise RunError(f"`{name}` is a {kind} in this notebook and would be lost; choose another name, or `del {name}`")


def find_run(name: str, namespace: Mapping[str, Any]) -> Run:
    """The run that a name or path means: in the notebook, below `ft_runs`, or a folder.

    Raises:
        RunError: None of these.
    """
    from ft_magics.training.run import Run, load  # noqa: PLC0415  # magics load without the training code

    there = namespace.get(name)
    if isinstance(there, Run):
        return there
    if there is not None:
        raise RunError(
            f"`{name}` is a {type(there).__name__}, not a run. Tags of your own: `%ner_eval --gold $gold --pred $pred`"
        )
    for folder in (Path(DEFAULT_FOLDER) / name, Path(name).expanduser()):
        if folder.is_dir():
            return load(folder)
    runs = [key for key, value in namespace.items() if isinstance(value, Run) and not key.startswith("_")]
    saved = [path.name for path in Path(DEFAULT_FOLDER).glob("*") if path.is_dir()]
    known = sorted({*runs, *saved})
    listed = f" Runs here: {', '.join(known)}." if known else " There are no runs yet; `%%finetune` makes one."
    raise RunError(f"there is no run `{name}`.{did_you_mean(name, known)}{listed}")
