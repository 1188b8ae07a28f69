"""`ft_magics.load`: a run, or the runs of several seeds, come back from their folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ft_magics.errors import RunError
from ft_magics.runs.cells import config_of
from ft_magics.runs.earlier import name_in_folder
from ft_magics.runs.files import read_text
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.reading import load as load_run
from ft_magics.runs.run import Run
from ft_magics.studies.seeds import RECORD, SeedStudy, run_name

__all__ = ["is_study", "load", "load_study"]


def is_study(folder: Path) -> bool:
    """Whether the runs of several seeds are in a folder."""
    return (folder / RECORD).is_file()


def load(path: str | Path) -> Run | SeedStudy:
    """Bring a run back, from its own folder or from one that `Run.save` wrote; of several seeds, all of them.

    Raises:
        RunError: There is no run in the folder, or its files are broken.
    """
    try:
        folder = Path(path).expanduser()
        several = is_study(folder)
    except (OSError, TypeError, ValueError, RuntimeError):
        return load_run(path)  # says what is wrong with it
    return load_study(folder) if several else load_run(path)


def load_study(folder: Path) -> SeedStudy:
    """Bring the runs of several seeds back.

    Raises:
        RunError: Their files are broken.
    """
    place = RunFolder(folder)
    record = _record(folder / RECORD)
    name, seeds = record["name"] or name_in_folder(folder.name), record["seeds"]
    plain = place.read_config()
    try:
        config = config_of(plain) if plain else None
    except (ValidationError, ValueError):
        config = None  # of a newer version; the runs have their own
    places = [folder / run_name(name, seed) for seed in seeds]
    runs = [load_run(each) for each in places if (each / "events.jsonl").is_file()]
    study = SeedStudy(name, place, config, seeds, runs=runs, ended=(record["status"], record["reason"]))
    study.finished.set()
    return study


def _record(path: Path) -> dict[str, Any]:
    """What study.json says, as far as it is believed.

    Raises:
        RunError: It says something else than that.
    """
    try:
        record = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read ({error}); was the file edited?") from error
    seeds = record.get("seeds") if isinstance(record, dict) else None
    whole = isinstance(seeds, list) and len(seeds) > 0 and all(type(seed) is int and seed >= 0 for seed in seeds)
    texts = [record.get(key) for key in ("status", "reason")] if whole else []
    if not whole or not all(isinstance(text, str) for text in texts):
        raise RunError(f"{path} is no record of several seeds; was the file edited?")
    if texts[0] not in ("", "done", "stopped", "failed"):
        raise RunError(f"{path}: there is no status `{texts[0]:.40}`; was the file edited?")
    name = record.get("name")
    named = name if isinstance(name, str) and name.isidentifier() else ""  # a path leads nowhere from here
    return {"name": named, "seeds": seeds, "status": texts[0], "reason": texts[1]}
