"""A run that is done again: what it was made with, and in what a new one differs from that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.data.paths import find_file
from ft_magics.errors import DataError
from ft_magics.events import RunEvent, RunStarted, ThreadsChosen, drop_superseded
from ft_magics.runs.run import Run

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["Repetition", "check_data_there", "repetition_of"]

_DIGITS = 12  # of a hash, in a sentence
_HARDWARE = ("system", "cpu", "cores", "device", "gpu", "precision")  # what digits may depend on
_COMPUTES = ("threads",)  # where the number is the process's, not chosen

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Repetition:
    """What a new run takes from the one that it does again, beside the settings.

    Args:
        name: Of the run that is done again.
        folder: Its own.
        began: When, in seconds since 1970.
        provenance: What it was made with; empty for a run of an earlier version.
        threads_plan: With how many threads each of its first steps computed, the last number for all others.
    """

    name: str
    folder: str
    began: float
    provenance: Record
    threads_plan: tuple[int, ...]

    @property
    def of(self) -> dict[str, Any]:
        """What the new run's record says of the other one."""
        return {"run": self.name, "folder": self.folder, "began": round(self.began)}

    def differences(self, now: Record) -> list[str]:
        """A sentence for each kind of thing that may give other numbers.

        Args:
            now: What the new run is made with.
        """
        if not self.provenance:
            text = "was made by an earlier version, which kept no versions and hashes: whether they are the same"
            return [f"{self.name} {text} is not known"]
        parts = [
            self._versions(_part(now, "versions")),
            self._model(_part(now, "model")),
            *self._data(_part(now, "data"), same_model=self._has_same_model(now)),
            self._hardware(_part(now, "hardware")),
        ]
        return [text for text in parts if text]

    def _versions(self, now: Record) -> str:
        then = _part(self.provenance, "versions")
        odd = [f"{name} {then.get(name)} then, {now.get(name)} now" for name in now if then.get(name) != now.get(name)]
        return f"The versions are not those of {self.name}: {'; '.join(odd)}" if odd else ""

    def _has_same_model(self, now: Record) -> bool:
        return _part(self.provenance, "model").get("sha256") == _part(now, "model").get("sha256")

    def _model(self, now: Record) -> str:
        then = _part(self.provenance, "model")
        if then.get("sha256") == now.get("sha256"):
            return ""
        if then.get("model") != now.get("model"):
            return f"The model is {now.get('model')}; {self.name} began from {then.get('model')}"
        hashes = f"sha256 {_short(then, 'sha256')} then, {_short(now, 'sha256')} now"
        return f"The files of the model {now.get('model')} have changed since {self.name} ({hashes})"

    def _data(self, now: Record, *, same_model: bool) -> list[str]:
        then = _part(self.provenance, "data")
        gone = [f"{self.name} had data.{split}, which is left out here" for split in then if split not in now]
        new = [f"data.{split} is new: {self.name} had none" for split in now if split not in then]
        both = [split for split in then if split in now]
        found = [self._split(split, _part(then, split), _part(now, split), same_model=same_model) for split in both]
        return [*gone, *new, *filter(None, found)]

    def _split(self, split: str, then: Record, now: Record, *, same_model: bool) -> str:
        if then.get("source") != now.get("source"):
            return f"data.{split} is {now.get('source')}; {self.name} had {then.get('source')}"
        same_file = then.get("file_sha256") == now.get("file_sha256")
        same_rows = then.get("encoded_sha256") == now.get("encoded_sha256")
        where = f"data.{split}: {now.get('source')}"
        if same_rows and same_file:
            return ""
        if same_rows:
            return f"{where} has changed since {self.name}, and gives the same examples"
        if same_file and now.get("file"):
            why = "as the model sees them" if same_model else "for the model is another one"
            return f"{where} is the same file as for {self.name}, and gives other examples, {why}"
        return (
            f"{where} has changed since {self.name}: {then.get('examples')} examples then, {now.get('examples')} now, "
            "and not the same ones"
        )

    def _hardware(self, now: Record) -> str:
        then = _part(self.provenance, "hardware")
        names = _HARDWARE if self.threads_plan else (*_HARDWARE, *_COMPUTES)
        odd = [name for name in names if then.get(name) != now.get(name)]
        if not odd:
            return ""
        told = "; ".join(f"{name} {_said(then.get(name))} then, {_said(now.get(name))} now" for name in odd)
        return f"The hardware is not that of {self.name}, so the last digits may differ: {told}"


def repetition_of(run: Run) -> Repetition:
    """What a new run takes from one that it does again."""
    started = next((event for event in run.events if isinstance(event, RunStarted)), None)
    return Repetition(
        name=run.title,
        folder=str(run.dir),
        began=started.time if started is not None else 0.0,
        provenance=started.provenance if started is not None else {},
        threads_plan=_threads_plan(run.events),
    )


def check_data_there(again: Repetition, config: AnyConfig) -> None:
    """See that the files are there that a run is done again with.

    Args:
        again: The run.
        config: Of the new one. A split that it has from elsewhere is no matter.

    Raises:
        DataError: Of one that is gone: where it was, and what to do.
    """
    for split, kept in _part(again.provenance, "data").items():
        said = getattr(config.data, split, None)
        record = kept if isinstance(kept, Mapping) else {}
        source, file = getattr(said, "path", said), record.get("file")
        if isinstance(source, str) and file and source == record.get("source") and not _is_there(source):
            where = f"it was {file}"
            moved = f" That file is still there: `--set data.{split}={file}`" if Path(file).is_file() else ""
            raise DataError(
                f"data.{split}: {source}, which {again.name} was made with, is gone ({where}). Put it back, or name "
                f"another file in the cell.{moved}"
            )


def _is_there(source: str) -> bool:
    try:
        find_file(source)
    except DataError:
        return False
    return True


def _threads_plan(events: Sequence[RunEvent]) -> tuple[int, ...]:
    """Empty where the number was not chosen, or a version that did not say each step's wrote the log."""
    told = [event for event in drop_superseded(events) if isinstance(event, ThreadsChosen)]
    return (*told[-1].used, told[-1].threads) if told and told[-1].used else ()


def _part(record: Record, name: str) -> Record:
    part = record.get(name)
    return part if isinstance(part, Mapping) else {}


def _short(record: Record, name: str) -> str:
    return f"{str(record.get(name))[:_DIGITS]}…"


def _said(value: Any) -> str:
    return "none" if value is None else str(value)
