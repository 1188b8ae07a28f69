"""Everything that can go wrong, drawn as a tree.

FineTuneError                 anything ft_magics says about the user's input or machine
├── CellError                 mistakes in a cell: all of them at once, each with its line
├── DataError                 a file or object that cannot be read as labelled data
│   ├── EncodingError         bytes in another encoding than was thought
│   └── SchemeError           tags that are no tagging scheme
├── AlignmentError            labels and tokens that do not belong together
├── TaskError                 a task that is not there, or whose package cannot be used
├── MethodError               a method of tuning that is not there, or whose package cannot be used
├── ModelError                a model that cannot be found or cannot do the task
├── DeviceError               a device or precision that this machine lacks
├── TrackerError              a tracker that is not installed here, or cannot be used
├── RunError                  a run's name or folder that cannot be used
├── TrainingError             training broke; the run's folder says how far it got
├── FaultsError               several of these at once, each of which would stop a run
└── UnexpectedError           a fault that no other class describes, most likely ours

A message says what is wrong, where, and what to do next. In a notebook the message is all that is shown; the whole
traceback is one `%ft debug` away.
"""

from __future__ import annotations

import difflib
import itertools
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = [
    "AlignmentError",
    "CellError",
    "DataError",
    "DeviceError",
    "EncodingError",
    "FaultsError",
    "FineTuneError",
    "MethodError",
    "ModelError",
    "Problem",
    "RunError",
    "SchemeError",
    "TaskError",
    "TrackerError",
    "TrainingError",
    "UnexpectedError",
    "did_you_mean",
    "drop_frames",
    "type_name",
]

_LONGEST_NAME = 100
_MOST_NAMES = 2000


class FineTuneError(Exception):
    """The base of all errors of ft_magics; its text is written for the person at the keyboard."""

    def _render_traceback_(self) -> list[str]:
        """What IPython shows instead of a traceback (its documented hook). Lines of text."""
        return [f"{type(self).__name__}: {self}"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One mistake in a cell.

    Args:
        line: Line in the cell, the magic's own line being 1; None when the mistake has no line.
        where: Dotted key, such as `train.learning_rate`.
        text: What was found, what was expected, what to do.
    """

    line: int | None
    where: str
    text: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else "cell"
        return f"{place:>8}  {self.where}: {self.text}" if self.where else f"{place:>8}  {self.text}"


class CellError(FineTuneError):
    """Mistakes in a cell, all of them at once.

    Args:
        problems: At least one.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = sorted(problems, key=lambda problem: problem.line or 0)
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        lines = [f"{count} in this cell; nothing was started.", *map(str, self.problems)]
        super().__init__("\n".join(lines))


class DataError(FineTuneError):
    """A file or object that cannot be read as labelled data."""


class EncodingError(DataError):
    """Bytes in another encoding than was thought.

    Args:
        text: The message.
        codec: The encoding that they most likely have; empty where nobody knows.
    """

    def __init__(self, text: str, codec: str = "") -> None:
        super().__init__(text)
        self.codec = codec


class SchemeError(DataError):
    """Tags that are no tagging scheme."""


class AlignmentError(FineTuneError):
    """Labels and tokens that do not belong together."""


class TaskError(FineTuneError):
    """A task that is not there, or whose package cannot be used."""


class MethodError(FineTuneError):
    """A method of tuning that is not there, or whose package cannot be used."""


class ModelError(FineTuneError):
    """A model that cannot be found or cannot do the task."""


class DeviceError(FineTuneError):
    """A device or precision that this machine lacks."""


class TrackerError(FineTuneError):
    """A tracker that is not installed here, or cannot be used."""


class RunError(FineTuneError):
    """A run's name or folder that cannot be used."""


class TrainingError(FineTuneError):
    """Training broke; the run's folder says how far it got."""


class FaultsError(FineTuneError):
    """Several faults at once, so that they can be mended at once.

    Args:
        faults: At least one. Those of such an error among them are taken out of it.

    Attributes:
        faults: Each by itself.
    """

    def __init__(self, faults: Sequence[FineTuneError]) -> None:
        self.faults: list[FineTuneError] = []
        for fault in faults:
            self.faults += fault.faults if isinstance(fault, FaultsError) else [fault]
        super().__init__("\n".join(["several things are wrong; nothing was started.", *map(str, self.faults)]))


class UnexpectedError(FineTuneError):
    """A fault that no other class describes, most likely ours."""


def drop_frames(error: BaseException) -> str:
    """Keep the traceback of an error, and of the errors behind it, as a note on each; the whole text is given.

    A traceback that is kept alive keeps the tensors of its frames in memory (ipython#11572).
    """
    text = "".join(traceback.format_exception(error))
    seen: set[int] = set()
    part: BaseException | None = error
    while part is not None and id(part) not in seen:
        seen.add(id(part))
        if part.__traceback__ is not None:
            part.add_note("In the training's thread:\n" + "".join(traceback.format_tb(part.__traceback__)))
            traceback.clear_frames(part.__traceback__)
            part.__traceback__ = None  # a frame that is cleared keeps its function, and what that closes over
        part = part.__cause__ or part.__context__
    return text


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest right name as a sentence with a leading space, or an empty string.

    Names of over 100 characters, and all after the first 2,000 known ones, are left out: comparing takes time.
    """
    if len(name) > _LONGEST_NAME:
        return ""
    names = [candidate for candidate in itertools.islice(known, _MOST_NAMES) if len(candidate) <= _LONGEST_NAME]
    by_folded = {candidate.lower(): candidate for candidate in names}
    near = difflib.get_close_matches(name.lower(), by_folded, n=1, cutoff=0.6)
    return f" Did you mean `{by_folded[near[0]]}`?" if near else ""


def type_name(value: object) -> str:
    """The type of an object of the user's, with its article: `an int`, `a DataFrame`."""
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"
