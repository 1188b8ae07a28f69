"""What a person should know of how a run went, a sentence each, from its events alone.

Nothing here knows a task: a remark rests on the headline metric, the way that is better, and the losses. A normal run
has none, so each rule asks for a difference that one would act on.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean
from typing import Literal

from ft_magics.events import Evaluated, RunEvent, RunStarted, StepDone, described_metrics
from ft_magics.markup import measured
from ft_magics.metrics import Metric
from ft_magics.runs.history import counts_steps, dev_evaluations, place_of

__all__ = ["Remark", "remarks_of"]

Kind = Literal["no_dev", "predicts_nothing", "still_rising", "overfitting", "loss_flat", "dev_above_test", "tie"]
Interval = tuple[float, float]

_NOTABLE_POINTS, _NOTABLE_PART = 0.01, 0.02  # a change that one would act on: of a share, of another number
_FAR_POINTS, _FAR_PART = 0.05, 0.2  # from dev to test
_TWICE = 2.0  # so much farther, where no interval says what chance can do
_FLAT = 0.05  # of the loss at the beginning
_LEAST_STEPS = 10  # reports of steps, before anything is said of their losses
_LEAST_EVALUATIONS = 3
_MOST_NAMED = 4


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing to know.

    Args:
        kind: What it is about.
        text: The sentence.
    """

    kind: Kind
    text: str


def remarks_of(events: Sequence[RunEvent], status: str, *, test_interval: Interval | None = None) -> list[Remark]:
    """What is to be said of a run; while it is under way, only that there is no dev.

    Args:
        events: Those that no resumption made void.
        status: As `Run.status` says.
        test_interval: Of the headline on test, where it is known.
    """
    dev, metrics = dev_evaluations(events), described_metrics(events)
    if not metrics:
        return []
    if status in ("running", "paused"):
        return _no_dev(events, dev)
    headline, by_steps = metrics[0], counts_steps(events)
    test = next((event for event in reversed(events) if isinstance(event, Evaluated) and event.split == "test"), None)
    nothing = _predicts_nothing(headline, dev or ([test] if test else []), _length_unit(events))
    flat = _loss_flat(headline, events, dev)
    if nothing:
        return [*nothing, *flat, *_no_dev(events, dev)]
    rising = _still_rising(headline, dev, _length_unit(events)) if status == "done" else []
    return [
        *rising,
        *_overfitting(headline, dev, by_steps, _length_unit(events)),
        *flat,
        *_dev_above_test(headline, dev, test, test_interval),
        *_tie(headline, dev, by_steps),
        *_no_dev(events, dev),
    ]


def _length_unit(events: Sequence[RunEvent]) -> str:
    """What the cell counts its training in."""
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    train = started.config.get("train") if started is not None else None
    return "steps" if isinstance(train, dict) and train.get("max_steps") else "epochs"


def _value(event: Evaluated, headline: Metric) -> float | None:
    return event.metrics.get(headline.name)


def _best(headline: Metric, dev: Sequence[Evaluated]) -> float | None:
    values = [value for event in dev if (value := _value(event, headline)) is not None]
    return (max if headline.higher_is_better else min)(values, default=None)


def _is_notable(headline: Metric, gain: float, of: float, *, points: float, part: float) -> bool:
    return gain >= (points if headline.unit == "share" else part * abs(of)) and gain > 0


def _no_dev(events: Sequence[RunEvent], dev: Sequence[Evaluated]) -> list[Remark]:
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    data = started.config.get("data") if started is not None else None
    if dev or not isinstance(data, dict) or data.get("dev"):
        return []
    return [Remark("no_dev", "There is no dev data, so nothing was selected: the model is that of the last step.")]


def _predicts_nothing(headline: Metric, evaluated: Sequence[Evaluated], unit: str) -> list[Remark]:
    """Not one evaluation with a headline above nothing."""
    best = _best(headline, evaluated)
    if not evaluated or (best is not None and not (headline.unit == "share" and headline.higher_is_better)):
        return []
    if best is not None and best > 0:
        return []
    last = evaluated[-1]
    absent = [name for name, value in last.metrics.items() if value is None and name != headline.name]
    what = (
        f"{headline.label} on {last.split} does not exist at any evaluation: the predictions may all be the same."
        if best is None
        else f"The model predicts nothing at all: {headline.label} on {last.split} is 0, and there is no "
        f"{' and no '.join(absent)}."
        if absent
        else f"Nothing on {last.split} is predicted right: {headline.label} is 0 at every evaluation."
    )
    advice = f" Train for more {unit} or at a higher learning rate; are the labels those of {last.split}?"
    return [Remark("predicts_nothing", what + advice)]


def _still_rising(headline: Metric, dev: Sequence[Evaluated], unit: str) -> list[Remark]:
    """The last evaluation is the best, by a gain that is notable and more than the curve went down before."""
    values = [_value(event, headline) for event in dev]
    last = values[-1] if values else None
    earlier = _best(headline, dev[:-1])
    if last is None or earlier is None:
        return []
    known = [value for value in values if value is not None]
    tail = known[max(0, len(known) // 2 - 1) :]
    fall = max((headline.gain(one, two) for one, two in pairwise(tail)), default=0.0)
    gain = headline.gain(last, earlier)
    notable = _is_notable(headline, gain, earlier, points=_NOTABLE_POINTS, part=_NOTABLE_PART)
    if not notable or gain <= fall:
        return []
    change = f"{measured(earlier, headline)} → {measured(last, headline)}"
    text = (
        f"Dev {headline.label} was still improving when training ended ({change} at the last evaluation): more {unit} "
        "or a higher learning rate may give a better model."
    )
    return [Remark("still_rising", text)]


def _overfitting(headline: Metric, dev: Sequence[Evaluated], by_steps: bool, unit: str) -> list[Remark]:
    """The first evaluation is the best, all others are worse, and the loss does not say otherwise."""
    values = [_value(event, headline) for event in dev]
    first, last = (values[0], values[-1]) if values else (None, None)
    if len(dev) < _LEAST_EVALUATIONS or first is None or last is None:
        return []
    if any(value is not None and headline.gain(value, first) >= 0 for value in values[1:]):
        return []
    fall = headline.gain(first, last)
    losses = dev[0].loss, dev[-1].loss
    improved = losses[0] is not None and losses[1] is not None and losses[1] < losses[0]
    if improved or not _is_notable(headline, fall, first, points=_NOTABLE_POINTS, part=_NOTABLE_PART):
        return []
    change = f"{measured(first, headline)} → {measured(last, headline)}"
    text = (
        f"Dev {headline.label} was best at the first evaluation ({place_of(dev[0], by_steps)}) and got worse since "
        f"({change}): the model overfits. Fewer {unit}, a lower learning rate or more data may help."
    )
    return [Remark("overfitting", text)]


def _loss_flat(headline: Metric, events: Sequence[RunEvent], dev: Sequence[Evaluated]) -> list[Remark]:
    """The training loss did not fall, and no evaluation says that something was learned all the same."""
    losses = [event.loss for event in events if isinstance(event, StepDone) and math.isfinite(event.loss)]
    if len(losses) < _LEAST_STEPS:
        return []
    part = max(2, len(losses) // 5)
    first, last = fmean(losses[:part]), fmean(losses[-part:])
    if first <= 0 or first - last >= _FLAT * first:
        return []
    begun, best = _value(dev[0], headline) if dev else None, _best(headline, dev)
    if begun is not None and best is not None:
        gain = headline.gain(best, begun)
        if _is_notable(headline, gain, begun, points=_NOTABLE_POINTS, part=_NOTABLE_PART):
            return []
    rose = last - first >= _FLAT * first
    what = f"The training loss {'rose' if rose else 'hardly changed'} (from {first:.3g} to {last:.3g})"
    advice = "the learning rate may be too high" if rose else "the learning rate may be too low, or too high"
    return [Remark("loss_flat", f"{what}: {advice}; see also whether the labels fit the inputs.")]


def _dev_above_test(
    headline: Metric, dev: Sequence[Evaluated], test: Evaluated | None, interval: Interval | None
) -> list[Remark]:
    best, value = _best(headline, dev), None if test is None else _value(test, headline)
    if best is None or value is None:
        return []
    factor = 1.0 if interval is not None else _TWICE
    gap = headline.gain(best, value)
    if not _is_notable(headline, gap, value, points=factor * _FAR_POINTS, part=factor * _FAR_PART):
        return []
    if interval is not None and interval[0] <= best <= interval[1]:
        return []  # chance alone can do that
    text = (
        f"Dev {headline.label} {measured(best, headline)} is far better than test {headline.label} "
        f"{measured(value, headline)}: dev may be more like the training data, or settings were fitted to it."
    )
    return [Remark("dev_above_test", text)]


def _tie(headline: Metric, dev: Sequence[Evaluated], by_steps: bool) -> list[Remark]:
    best = _best(headline, dev)
    same = [event for event in dev if best is not None and _value(event, headline) == best]
    kept = next((event for event in reversed(same) if event.best), None)
    if len(same) < 2 or best is None or kept is None:
        return []
    unit = "steps" if by_steps else "epochs"
    places = [place_of(event, by_steps).partition(" ")[2] for event in same]
    named = ", ".join(places[:_MOST_NAMED]) + (f" and {len(places) - _MOST_NAMED} more" * (len(places) > _MOST_NAMED))
    losses = [event.loss for event in same if event.loss is not None]
    lowest = kept.loss is not None and len(losses) > 1 and kept.loss <= min(losses)
    why = ", whose dev loss is the lowest" if lowest else ""
    text = (
        f"Dev {headline.label} is {measured(best, headline)} at {unit} {named} alike; kept is the model of "
        f"{place_of(kept, by_steps)}{why}."
    )
    return [Remark("tie", text)]
