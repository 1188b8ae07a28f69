"""Earlier runs of a name: their folders moved aside when a new run took the name."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from ft_magics.errors import RunError
from ft_magics.events import StepDone
from ft_magics.runs.event_log import read_events
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.history import dev_evaluations, headline_of
from ft_magics.runs.looks import count_looks

__all__ = ["EarlierRun", "earlier_folders", "earlier_looks", "earlier_runs", "name_in_folder"]

_STAMP = r"@\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d(-\d+)?"  # what `files.move_aside` adds
_MOVED = re.compile(rf"(?P<name>.+){_STAMP}")
_MOST_READ_BYTES = 1 << 24  # of a log that is read for a faint line
_MOST_POINTS = 100
_MOST_COUNTED = 100

Points = tuple[tuple[int, float], ...]  # step and value


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierRun:
    """What a chart shows of an earlier run.

    Args:
        folder: Its name beside the run's.
        headline: Name of the metric; empty where there is none.
        scores: Its headline on dev by step.
        losses: Its training loss by step, thinned.
    """

    folder: str
    headline: str
    scores: Points
    losses: Points


def name_in_folder(folder: str) -> str:
    """The name that a folder had before it moved aside; its own where it did not."""
    moved = _MOVED.fullmatch(folder)
    return moved["name"] if moved else folder


def earlier_folders(folder: Path) -> list[Path]:
    """Folders of runs that had this folder's name before, the newest first.

    Args:
        folder: Of a run; one that itself moved aside has those before it.
    """
    name = name_in_folder(folder.name)
    wanted = re.compile(re.escape(name) + _STAMP)
    with suppress(OSError):
        found = [path for path in folder.parent.iterdir() if wanted.fullmatch(path.name)]
        before = [path for path in found if folder.name == name or path.name < folder.name]
        logs = [path for path in before if (path / "events.jsonl").is_file()]
        return sorted(logs, key=lambda path: path.name, reverse=True)
    return []


def earlier_runs(folder: Path, most: int) -> list[EarlierRun]:
    """What can be read of the newest runs that had this folder's name before.

    Args:
        folder: Of a run.
        most: How many.
    """
    read = []
    for path in earlier_folders(folder)[:most]:
        with suppress(OSError, RunError):
            found = (path / "events.jsonl").stat()
            if found.st_size <= _MOST_READ_BYTES:
                read.append(_read(path, found.st_mtime_ns))
    return read


def earlier_looks(folder: Path) -> int:
    """How often the test split was looked at in runs that had this folder's name before."""
    return sum(count_looks(RunFolder(path)) for path in earlier_folders(folder)[:_MOST_COUNTED])


@lru_cache(maxsize=16)  # a page is drawn often, and these change no more
def _read(folder: Path, _changed: int) -> EarlierRun:
    events = read_events(folder / "events.jsonl")
    headline = headline_of(events)
    pairs = [(event.step, event.metrics.get(headline.name) if headline else None) for event in dev_evaluations(events)]
    losses = [(event.step, event.loss) for event in events if isinstance(event, StepDone)]
    every = max(1, len(losses) // _MOST_POINTS)
    return EarlierRun(
        folder=folder.name,
        headline=headline.name if headline else "",
        scores=tuple((step, value) for step, value in pairs if value is not None)[-_MOST_POINTS:],
        losses=tuple(losses[::every]),
    )
