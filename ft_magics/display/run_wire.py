"""A run's page as plain data. Every number is worded here, so that the live page and the saved one show the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ft_magics.evaluation.card_shown import ShownText

__all__ = [
    "Curve",
    "DevRow",
    "DevTable",
    "Figure",
    "Key",
    "LabelRow",
    "LabelTable",
    "RunChart",
    "RunPage",
    "State",
    "Told",
]

State = Literal["running", "paused", "stopping", "done", "stopped", "failed", "crashed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number with its name; a wide one has room for a longer text."""

    name: str
    label: str
    text: str
    wide: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DevRow:
    """An evaluation on dev."""

    cells: Sequence[str]
    best: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DevTable:
    """Evaluations on dev; the note says why there are none, or how many are left out."""

    heads: Sequence[str]
    rows: Sequence[DevRow]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow:
    """The headline of one label over the evaluations; the line is scaled to 0 to 1, with null for a hole."""

    label: str
    color: str
    line: Sequence[float | None]
    cells: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelTable:
    """The headline by label over the evaluations."""

    title: str
    heads: Sequence[str]
    rows: Sequence[LabelRow]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A line by step, on the axis of the losses or on that of the scores; earlier runs are faint."""

    name: str
    color: str
    axis: Literal["loss", "score"]
    points: Sequence[tuple[float, float]]
    faint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What a colour means."""

    name: str
    color: str
    faint: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RunChart:
    """What is drawn beside the training loss, over all steps that are planned; a share is in percent.

    The ranges are the ends of the two axes; None where there is nothing on one.
    """

    steps: int
    curves: Sequence[Curve]
    keys: Sequence[Key]
    loss_range: tuple[float, float] | None
    score_range: tuple[float, float] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A message; level is `info` or `warning`."""

    level: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """Everything but the steps.

    Args:
        name: The run's name.
        state: What it is doing, or how it ended.
        badge: The state as a person reads it.
        color: Of the badge, dark enough for white letters.
        about: Model, method, device.
        score: The headline, large.
        score_about: What it is of, and what a reader of it should know; lines.
        say: What else there is to say of the state; may be empty.
        step: That was done last.
        steps: That are planned.
        figures: In order; always the same ones.
        remarks: What a person should know, a sentence each.
        samples: Some predictions of the newest evaluation, each in one or more texts.
        messages: Warnings and messages, newest last.
        log: What was done by the way, a line each, newest last.
        settings: Of the run, as the lines that a cell would have.
        saved_at: Step of the newest checkpoint; -1 without one.
        folder: Where everything is, as a person calls it.
        place: The same from the root of the file system.
    """

    name: str
    state: State
    badge: str
    color: str
    about: str
    score: str
    score_about: Sequence[str]
    say: str
    step: int
    steps: int
    figures: Sequence[Figure]
    chart: RunChart
    dev: DevTable
    labels: LabelTable | None
    remarks: Sequence[str]
    samples: Sequence[Sequence[ShownText]]
    messages: Sequence[Told]
    log: Sequence[str]
    settings: str
    saved_at: int
    folder: str
    place: str
