"""What a run says while it runs. Everything that a dashboard shows comes from these, live or replayed.

An event is a small frozen record; as JSON it is an object whose `kind` names the class. What is measured is described
once, in `RunStarted.metrics`; a value is a share from 0 to 1 or a number, as its metric says, or None where it does not
exist.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from ft_magics.metrics import Metric

__all__ = [
    "EVENT_KINDS",
    "CheckpointSaved",
    "DataChecked",
    "Evaluated",
    "MemoryMeasured",
    "Notice",
    "PauseChanged",
    "RunEnded",
    "RunEvent",
    "RunResumed",
    "RunStarted",
    "StepDone",
    "StopAsked",
    "ThreadsChosen",
    "described_metrics",
    "drop_superseded",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEvent:
    """The base of all events. `time` is in seconds since 1970."""

    kind: ClassVar[str] = ""
    time: float = field(default_factory=time.time)

    def to_json(self) -> dict[str, Any]:
        """An object of JSON types."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted(RunEvent):
    """Everything is read, checked and loaded; the first step comes next.

    Args:
        metrics: What each evaluation measures; the headline, which chooses the best model, comes first.
        examples: To train on.
        config: The resolved one.
        chosen: A sentence for each setting that the cell left open: what was chosen, and why.
        provenance: Versions, hardware, the model and the data with their hashes; and the run that it repeats.
        labels: What the model tells apart; of tags their types. A log of an earlier version has none.
        embedding_rows: How many rows of the embedding are trained, and how many there are; empty where all are trained.
    """

    kind: ClassVar[str] = "run_started"
    name: str
    task: str
    metrics: list[Metric]
    model: str
    method: str
    device: str
    precision: str
    epochs: float
    total_steps: int
    parameters: int
    trainable_parameters: int
    examples: int
    config: dict[str, Any] = field(default_factory=dict)
    chosen: list[str] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)
    labels: list[str] = field(default_factory=list)
    embedding_rows: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChecked(RunEvent):
    """The data check, as `DataCheck.to_json()` gives it."""

    kind: ClassVar[str] = "data_checked"
    check: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone(RunEvent):
    """Some steps are done: means since the last event of this kind.

    `elapsed_s` is the time of the training so far, evaluations and saves included; `paused_s` is its pauses.
    """

    kind: ClassVar[str] = "step"
    step: int
    epoch: float
    loss: float
    learning_rate: float
    grad_norm: float | None
    tokens_per_s: float
    elapsed_s: float
    paused_s: float = 0.0
    process_memory_bytes: int | None = None
    device_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluated(RunEvent):
    """A split was predicted and scored.

    Args:
        step: Optimiser steps that were done before.
        epoch: Epochs that were done before.
        split: `dev` or `test`.
        loss: The mean over the split.
        metrics: Values by the names of `RunStarted.metrics`.
        by_label: The headline, or what comes closest to it, for each label.
        samples: A few examples with what was predicted for them, as plain data.
        best: Whether the model is better than all before it.
    """

    kind: ClassVar[str] = "evaluated"
    step: int
    epoch: float
    split: str
    loss: float | None
    metrics: dict[str, float | None]
    by_label: dict[str, float | None]
    samples: list[dict[str, Any]] = field(default_factory=list)
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointSaved(RunEvent):
    """Something was written that a later run can resume from."""

    kind: ClassVar[str] = "checkpoint"
    step: int
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice(RunEvent):
    """A sentence for the user; level is `info` or `warning`."""

    kind: ClassVar[str] = "notice"
    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked(RunEvent):
    """Someone asked for a stop; it comes after the step that is being done."""

    kind: ClassVar[str] = "stop_asked"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseChanged(RunEvent):
    """Training is paused between two steps, or unpaused."""

    kind: ClassVar[str] = "pause"
    paused: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadsChosen(RunEvent):
    """The first steps were timed with several numbers of threads, and the steps after this one compute with `threads`.

    `tokens_per_s` has what was measured by number; the numbers are texts there, as JSON wants them. It is empty where
    nothing was: the run repeats another one. `used` has the number of each step up to this one.
    """

    kind: ClassVar[str] = "threads_chosen"
    step: int
    threads: int
    tokens_per_s: dict[str, float]
    used: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryMeasured(RunEvent):
    """Memory of the training: as measured on a few rows before the first step, and, when it is over, at its highest."""

    kind: ClassVar[str] = "memory"
    estimate_bytes: int | None = None
    used_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunResumed(RunEvent):
    """A run that had ended is resumed from a checkpoint: what the log says of later steps, and of an end, is void."""

    kind: ClassVar[str] = "resumed"
    step: int
    epoch: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded(RunEvent):
    """The last event of a run; status is `done`, `stopped` or `failed`. `best` is of the headline, on dev.

    `elapsed_s` and `paused_s` are as in `StepDone`.
    """

    kind: ClassVar[str] = "run_ended"
    status: str
    reason: str
    best_epoch: float | None
    best: float | None
    elapsed_s: float
    paused_s: float = 0.0


EVENT_KINDS: dict[str, type[RunEvent]] = {
    event.kind: event
    for event in (
        *(RunStarted, DataChecked, StepDone, Evaluated, CheckpointSaved),
        *(Notice, PauseChanged, StopAsked, ThreadsChosen, MemoryMeasured, RunResumed, RunEnded),
    )
}


def described_metrics(events: Sequence[RunEvent]) -> list[Metric]:
    """What a run measures, the headline first; where its beginning is not known, the bare names that were measured."""
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    if started is not None:
        return list(started.metrics)
    names = dict.fromkeys(name for event in events if isinstance(event, Evaluated) for name in event.metrics)
    return [Metric(name, name, unit="number") for name in names]


def drop_superseded(events: Sequence[RunEvent]) -> list[RunEvent]:
    """The events without those that a later resumption made void."""
    kept: list[RunEvent] = []
    earliest: int | None = None  # of the steps that a later resumption went back to
    for event, is_later in zip(reversed(events), reversed(_after_checkpoints(events)), strict=True):
        if earliest is None or not _is_void(event, earliest, is_later=is_later):
            kept.append(event)
        if isinstance(event, RunResumed):
            earliest = event.step if earliest is None else min(earliest, event.step)
    return kept[::-1]


def _after_checkpoints(events: Sequence[RunEvent]) -> list[bool]:
    """Whether each event is an evaluation that its step's checkpoint does not know of: it came first.

    So it is where a training was stopped. Where an evaluation is due at a step it comes before the checkpoint.
    """
    found: list[bool] = []
    saved: list[int] = []  # steps, growing: one look is quick, however long a log is
    for event in events:
        step = getattr(event, "step", 0)
        at = bisect_left(saved, step)
        is_saved = saved[at : at + 1] == [step]
        if isinstance(event, CheckpointSaved) and not is_saved:
            saved.insert(at, step)
        elif isinstance(event, RunResumed):
            del saved[at + is_saved :]
        found.append(isinstance(event, Evaluated) and (event.split == "test" or is_saved))
    return found


def _is_void(event: RunEvent, step: int, *, is_later: bool) -> bool:
    if isinstance(event, (StepDone, Evaluated, CheckpointSaved, ThreadsChosen)):
        return event.step > step or (event.step == step and is_later)
    return isinstance(event, (StopAsked, PauseChanged, RunEnded))
