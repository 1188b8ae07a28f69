"""Curves of several seeds: each faint, the mean of those that are done strong, as far as all of them go."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import fmean

from ft_magics.display.run_chart import DEV_LOSS, SCORE, TRAIN_LOSS, axis_range, shown_value, smoothed
from ft_magics.display.run_wire import Curve, Key, RunChart
from ft_magics.events import Evaluated, StepDone, drop_superseded
from ft_magics.metrics import Metric
from ft_magics.runs.history import dev_evaluations
from ft_magics.runs.run import Run

__all__ = ["chart_of_seeds"]

_MOST_POINTS = 100  # of a faint line

Points = list[tuple[float, float]]


def chart_of_seeds(chart: RunChart, runs: Sequence[Run], current: Run | None, headline: Metric | None) -> RunChart:
    """The chart of the run that trains, with the other runs faint and their mean.

    Args:
        chart: Of that run.
        runs: All that were begun.
        current: That run; its training loss is drawn from its steps.
        headline: The metric that chooses the best model; None where it is not known.
    """
    done = [run for run in runs if run.status == "done"]
    if not done:
        return chart
    curves = [
        Curve(name=run.name, color=SCORE, axis="score", points=_scores(run, headline), faint=True)
        for run in runs
        if headline is not None
    ]
    curves += [
        Curve(name=run.name, color=TRAIN_LOSS, axis="loss", points=_losses(run), faint=True)
        for run in runs
        if run is not current
    ]
    many = f", mean of {len(done)} seeds" if len(done) > 1 else ""
    losses = _mean([_points(run, lambda event: event.loss) for run in done])
    scores = _mean([_scores(run, headline) for run in done]) if headline is not None else []
    if losses:
        curves.append(Curve(name=f"dev loss{many}", color=DEV_LOSS, axis="loss", points=losses, faint=False))
    if scores and headline is not None:
        unit = ", %" if headline.unit == "share" else ""
        name = f"dev {headline.label}{unit}{many}"
        curves.append(Curve(name=name, color=SCORE, axis="score", points=scores, faint=False))
    curves = [curve for curve in curves if curve.points]
    of_loss = [value for curve in curves if curve.axis == "loss" for _, value in curve.points]
    of_score = [value for curve in curves if curve.axis == "score" for _, value in curve.points]
    ends = [*of_loss, *(chart.loss_range or ())]
    return replace(
        chart, curves=curves, keys=_keys(curves), loss_range=axis_range(ends), score_range=axis_range(of_score)
    )


def _keys(curves: Sequence[Curve]) -> list[Key]:
    strong = [Key(name=curve.name, color=curve.color, faint=False) for curve in curves if not curve.faint]
    return [
        Key(name="training loss of the newest seed", color=TRAIN_LOSS, faint=False),
        *strong,
        Key(name="each seed", color=SCORE, faint=True),
    ]


def _scores(run: Run, headline: Metric | None) -> Points:
    if headline is None:
        return []
    return _points(run, lambda event: shown_value(event.metrics.get(headline.name), headline))


def _points(run: Run, value: Callable[[Evaluated], float | None]) -> Points:
    events = dev_evaluations(drop_superseded(list(run.events)))
    found = [(float(event.step), value(event)) for event in events]
    return [(step, there) for step, there in found if there is not None]


def _losses(run: Run) -> Points:
    steps = [event for event in drop_superseded(list(run.events)) if isinstance(event, StepDone)]
    mean = smoothed([event.loss for event in steps])
    every = max(1, len(steps) // _MOST_POINTS)
    return [(float(event.step), value) for event, value in zip(steps, mean, strict=True)][every - 1 :: every]


def _mean(lines: Sequence[Points]) -> Points:
    """At the steps that all of them have: a mean over fewer and fewer would leap where one ends."""
    known = [dict(line) for line in lines]
    common = set.intersection(*(set(line) for line in known)) if known else set()
    return [(step, fmean(line[step] for line in known)) for step in sorted(common)]
