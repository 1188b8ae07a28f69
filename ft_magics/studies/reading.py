"""`ft_magics.load`: a run, or the runs of one cell, come back from their folder."""

from __future__ import annotations

import json
from collections.abc import Sequence
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
from ft_magics.studies.seeds import SeedStudy, run_name
from ft_magics.studies.study import RECORD, Study
from ft_magics.studies.transfer import Part, TransferStudy

__all__ = ["is_study", "load", "load_study"]

_OF_A_PART = {"run": (str,), "model": (str,), "share": (float, int), "seed": (int,), "examples": (int,)}


def is_study(folder: Path) -> bool:
    """Whether several runs of one cell are in a folder."""
    return (folder / RECORD).is_file()


def load(path: str | Path) -> Run | Study:
    """Bring a run back, from its own folder or from one that `Run.save` wrote; of a cell with several, all of them.

    Raises:
        RunError: There is no run in the folder, or its files are broken.
    """
    try:
        folder = Path(path).expanduser()
        several = is_study(folder)
    except (OSError, TypeError, ValueError, RuntimeError):
        return load_run(path)  # says what is wrong with it
    return load_study(folder) if several else load_run(path)


def load_study(folder: Path) -> Study:
    """Bring the runs of one cell back.

    Raises:
        RunError: Their files are broken.
    """
    place = RunFolder(folder)
    record = _record(folder / RECORD)
    name = record["name"] or name_in_folder(folder.name)
    plain = place.read_config()
    try:
        config = config_of(plain) if plain else None
    except (ValidationError, ValueError):
        config = None  # of a newer version; the runs have their own
    ended = (record["status"], record["reason"])
    study: Study
    if "parts" in record:
        parts, models, own = record["parts"], record["models"], record["own"]
        runs = _begun(folder, [part.run for part in parts])
        study = TransferStudy(name, place, config, parts, models=models, own=own, runs=runs, ended=ended)
    else:
        seeds = record["seeds"]
        runs = _begun(folder, [run_name(name, seed) for seed in seeds])
        study = SeedStudy(name, place, config, seeds, runs=runs, ended=ended)
    study.finished.set()
    return study


def _begun(folder: Path, names: Sequence[str]) -> list[Run]:
    places = [folder / name for name in names]
    return [load_run(each) for each in places if (each / "events.jsonl").is_file()]


def _record(path: Path) -> dict[str, Any]:
    """What study.json says, as far as it is believed.

    Raises:
        RunError: It says something else than that.
    """
    try:
        record = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise RunError(f"{path} cannot be read ({error}); was the file edited?") from error
    whole = _parts_in(record) if isinstance(record, dict) and "parts" in record else _seeds_in(record)
    texts = [record.get(key) for key in ("status", "reason")] if whole else []
    if whole is None or not all(isinstance(text, str) for text in texts):
        raise RunError(f"{path} is no record of several runs; was the file edited?")
    if texts[0] not in ("", "done", "stopped", "failed"):
        raise RunError(f"{path}: there is no status `{texts[0]:.40}`; was the file edited?")
    name = record.get("name")
    named = name if isinstance(name, str) and name.isidentifier() else ""  # a path leads nowhere from here
    return {"name": named, **whole, "status": texts[0], "reason": texts[1]}


def _seeds_in(record: Any) -> dict[str, Any] | None:
    """The seeds of a study; None where there are none."""
    seeds = record.get("seeds") if isinstance(record, dict) else None
    whole = isinstance(seeds, list) and len(seeds) > 0 and all(type(seed) is int and seed >= 0 for seed in seeds)
    return {"seeds": seeds} if whole else None


def _parts_in(record: dict[str, Any]) -> dict[str, Any] | None:
    """What a study compares; None where it says something else."""
    parts, models, own = (record.get(key) for key in ("parts", "models", "own"))
    if not (isinstance(parts, list) and parts and isinstance(models, list) and own in models):
        return None
    found = []
    for part in parts:
        if not isinstance(part, dict) or part.keys() != _OF_A_PART.keys():
            return None
        if not all(type(part[key]) in kinds for key, kinds in _OF_A_PART.items()):
            return None
        if not part["run"].isidentifier() or part["model"] not in models or not 0 < part["share"] <= 1:
            return None
        found.append(Part(**part))
    return {"parts": found, "models": models, "own": own}
