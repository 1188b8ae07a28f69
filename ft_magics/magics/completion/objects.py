"""Objects and runs of the notebook that a cell or a line may name. No object's own code runs but its length's."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ft_magics.magics.completion.choices import Choice
from ft_magics.magics.names import is_run, run_folders

__all__ = ["data_objects", "models", "plain_objects", "runs", "splits"]

_MOST_NAMES = 5000
_OF_THE_SHELL = frozenset({"In", "Out", "exit", "quit", "get_ipython"})
_MOST_FOLDERS = 100
_MOST_PARTS = 12


def data_objects(namespace: Mapping[str, Any]) -> list[Choice]:
    """`$name` of objects that hold labelled data: DataFrames, data sets, lists of records, mappings of these."""
    found = []
    for name, value in _names(namespace):
        note = _data_note(value)
        if note:
            found += [Choice(f"${name}", note), *_parts(name, value)]
    return found


def splits(namespace: Mapping[str, Any]) -> list[Choice]:
    """`$name` of mappings that hold whole splits, which `data:` itself takes."""
    return [Choice(f"${name}", _data_note(value)) for name, value in _names(namespace) if _parts(name, value)]


def _parts(name: str, value: Any) -> list[Choice]:
    """`$name.train` of what a mapping holds by name."""
    try:
        if not isinstance(value, Mapping) or not any(map(_table_note, value.values())):
            return []
        parts = [(str(key), _table_note(part)) for key, part in list(value.items())[:_MOST_PARTS]]
    except Exception:  # noqa: BLE001  # an object of the user's can raise anything
        return []
    return [Choice(f"${name}.{key}", note) for key, note in parts if note and key.isidentifier()]


def models(namespace: Mapping[str, Any]) -> list[Choice]:
    """`$name` of runs, whose best model is continued from, and of paths."""
    found = [Choice(f"${name}", _run_note(value)) for name, value in _names(namespace) if is_run(value)]
    return [*found, *(Choice(f"${name}", "path") for name, value in _names(namespace) if isinstance(value, Path))]


def plain_objects(namespace: Mapping[str, Any]) -> list[Choice]:
    """`$name` of numbers and texts."""
    return [
        Choice(f"${name}", f"{type(value).__name__} {str(value)[:40]}")
        for name, value in _names(namespace)
        if isinstance(value, (bool, int, float, str))
    ]


def runs(namespace: Mapping[str, Any]) -> list[Choice]:
    """Names of runs: of the notebook, then of folders below `ft_runs`, the newest first."""
    here = {name: Choice(name, _run_note(value)) for name, value in _names(namespace) if is_run(value)}
    saved: list[tuple[float, str]] = []
    for folder in run_folders()[:_MOST_FOLDERS]:
        with suppress(OSError):
            saved.append((_written(folder), folder.name))
    for written, name in sorted(saved, reverse=True):
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(written))
        here.setdefault(name, Choice(name, f"run, saved {when}"))
    return list(here.values())


def _run_note(run: Any) -> str:
    try:
        return f"run, {run.status}"
    except Exception:  # noqa: BLE001  # its folder may be broken or gone
        return "run"


def _written(folder: Path) -> float:
    log = folder / "events.jsonl"
    return os.stat(log if log.exists() else folder).st_mtime  # noqa: PTH116  # either of the two


def _names(namespace: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The user's names, the last ones first: what was made just now is what is meant."""
    for name, value in list(reversed(list(namespace.items())))[:_MOST_NAMES]:
        if isinstance(name, str) and not name.startswith("_") and name not in _OF_THE_SHELL:
            yield name, value


def _data_note(value: Any) -> str:
    """What an object is, where it can hold labelled data; else nothing."""
    try:
        return _table_note(value) or _list_note(value)
    except Exception:  # noqa: BLE001  # an object of the user's can raise anything
        return ""


def _table_note(value: Any) -> str:
    kind = type(value)
    if hasattr(kind, "iloc") and hasattr(kind, "columns"):
        rows, columns = value.shape
        return f"{kind.__name__}, {rows:,} × {columns}"
    if hasattr(kind, "features") and hasattr(kind, "column_names"):
        return f"{kind.__name__}, {len(value):,} rows" if hasattr(kind, "__len__") else kind.__name__
    return ""


def _list_note(value: Any) -> str:
    name = type(value).__name__
    if isinstance(value, Mapping) and value and _holds_rows(next(iter(value.values()))):
        return f"{name} of {', '.join(map(str, list(value)[:4]))}"
    if isinstance(value, (list, tuple)) and value and _is_record(value[0]):
        return f"{name} of {len(value):,}"
    return "path" if isinstance(value, Path) and value.is_file() else ""


def _is_record(value: Any) -> bool:
    return isinstance(value, (Mapping, list, tuple)) and bool(value)


def _holds_rows(value: Any) -> bool:
    kind = type(value)
    return isinstance(value, list) or hasattr(kind, "iloc") or hasattr(kind, "column_names")
