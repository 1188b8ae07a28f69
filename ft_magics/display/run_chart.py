"""What a run's chart shows: losses and the headline over all steps that are planned, and earlier runs of the name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from ft_magics.display.run_wire import Curve, Key, RunChart
from ft_magics.events import Evaluated, RunEvent, RunStarted, StepDone
from ft_magics.metrics import Metric
from ft_magics.runs.earlier import EarlierRun
from ft_magics.runs.history import dev_evaluations

__all__ = ["DEV_LOSS", "SCORE", "SMOOTHING", "TRAIN_LOSS", "axis_range", "chart_of", "shown_value", "smoothed"]

TRAIN_LOSS, DEV_LOSS, SCORE = "#338FCC", "#E69F00", "#009E73"  # all stand out on light grounds and on dark ones
SMOOTHING = 0.6  # the share of the past
_MOST_POINTS = 400
_ROOM = 0.05  # of an axis, above and below its values

Point = tuple[float, float]
Range = tuple[float, float]


def chart_of(
    events: Sequence[RunEvent], steps: Sequence[StepDone], headline: Metric | None, earlier: Sequence[EarlierRun]
) -> RunChart:
    """The lines beside the training loss, and the axes of all.

    Args:
        events: Of the run.
        steps: Of these the steps.
        headline: The metric that chooses the best model; None where it is not known.
        earlier: Runs of the same name.
    """
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    planned = max(started.total_steps if started else 0, steps[-1].step if steps else 0, 1)
    dev = dev_evaluations(events)
    curves = list(_faint(headline, earlier))
    losses = _points((event.step, event.loss) for event in dev)
    if losses:
        curves.append(Curve(name="dev loss", color=DEV_LOSS, axis="loss", points=losses, faint=False))
    label = f"dev {headline.label}" if headline else ""
    scores = _scores(headline, dev)
    if scores:
        curves.append(Curve(name=label, color=SCORE, axis="score", points=scores, faint=False))
    train = [event.loss for event in steps if math.isfinite(event.loss)]
    return RunChart(
        steps=planned,
        curves=curves,
        keys=_keys(curves, trained=bool(train)),
        loss_range=axis_range([*train, *_values(curves, "loss", planned)]),
        score_range=axis_range(_values(curves, "score", planned)),
    )


def _keys(curves: Sequence[Curve], *, trained: bool) -> list[Key]:
    """What the colours mean; all earlier runs have one key."""
    keys = [Key(name="training loss", color=TRAIN_LOSS, faint=False)] if trained else []
    keys += [Key(name=curve.name, color=curve.color, faint=False) for curve in curves if not curve.faint]
    faint = [curve for curve in curves if curve.faint]
    if faint:
        name = "an earlier run" if len(faint) == 1 else f"{len(faint)} earlier runs"
        keys.append(Key(name=name, color=faint[0].color, faint=True))
    return keys


def _scores(headline: Metric | None, dev: Sequence[Evaluated]) -> list[Point]:
    if headline is None:
        return []
    return _points((event.step, shown_value(event.metrics.get(headline.name), headline)) for event in dev)


def shown_value(value: float | None, metric: Metric) -> float | None:
    """A value as it stands on an axis: a share in percent."""
    return None if value is None else 100 * value if metric.unit == "share" else value


def _faint(headline: Metric | None, earlier: Sequence[EarlierRun]) -> Iterable[Curve]:
    """Of each earlier run its headline, or where it has none its training loss."""
    for run in earlier:
        if headline is not None and run.headline == headline.name and run.scores:
            points = _points((step, shown_value(value, headline)) for step, value in run.scores)
            yield Curve(name=run.folder, color=SCORE, axis="score", points=points, faint=True)
        elif run.losses:
            yield Curve(name=run.folder, color=TRAIN_LOSS, axis="loss", points=_points(run.losses), faint=True)


def _points(pairs: Iterable[tuple[float, float | None]]) -> list[Point]:
    """Those that can be drawn; of very many, evenly chosen ones, with the last."""
    known = [(float(step), float(value)) for step, value in pairs if value is not None and math.isfinite(value)]
    every = math.ceil(len(known) / _MOST_POINTS) or 1
    return known[(len(known) - 1) % every :: every] if known else []


def _values(curves: Sequence[Curve], axis: str, planned: int) -> list[float]:
    return [value for curve in curves if curve.axis == axis for step, value in curve.points if step <= planned]


def axis_range(values: Sequence[float]) -> Range | None:
    """Ends of an axis that has room for some values; never of no length, and from 0 to 1 where all are 0."""
    if not values:
        return None
    if not any(values):
        return 0.0, 1.0
    low, high = min(values), max(values)
    room = _ROOM * (high - low) or abs(low) * 0.1
    return low - room, high + room


def smoothed(values: Sequence[float], weight: float = SMOOTHING) -> list[float]:
    """Exponential moving average that begins without a bias; what is not finite is left out, and stays.

    Args:
        values: In order.
        weight: The share of the past, from 0 to 1.
    """
    mean = mass = 0.0
    result = []
    for value in values:
        if not math.isfinite(value):
            result.append(value)
            continue
        mean = weight * mean + (1 - weight) * value
        mass = weight * mass + (1 - weight)
        result.append(mean / mass)
    return result
