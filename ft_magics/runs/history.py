"""A run's evaluations on dev: all of them as a table, and the best of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ft_magics.events import Evaluated, RunEvent, RunStarted, described_metrics
from ft_magics.markup import decimal, measured
from ft_magics.metrics import Metric

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "best_of",
    "best_text",
    "counts_steps",
    "dev_evaluations",
    "dev_history",
    "headline_of",
    "history_table",
    "place_of",
]


def dev_evaluations(events: Sequence[RunEvent]) -> list[Evaluated]:
    """Those on dev, in order."""
    return [event for event in events if isinstance(event, Evaluated) and event.split == "dev"]


def counts_steps(events: Sequence[RunEvent]) -> bool:
    """Whether dev is evaluated every so many steps, and not by epochs: so its evaluations are named then."""
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    section = started.config.get("eval") if started is not None else None
    every = section.get("every") if isinstance(section, Mapping) else None
    return isinstance(every, Mapping) and bool(every.get("steps"))


def place_of(event: Evaluated, by_steps: bool) -> str:  # a fact
    """When it was evaluated, as a person says it: `epoch 2`, or `step 400`.

    Args:
        event: An evaluation.
        by_steps: What `counts_steps` says.
    """
    return f"step {event.step:,}" if by_steps else f"epoch {decimal(event.epoch)}"


def dev_history(events: Sequence[RunEvent]) -> list[dict[str, float | None]]:
    """What a report shows of the evaluations on dev: an entry each; with its step where they are counted so."""
    by_steps = counts_steps(events)
    return [
        {"epoch": event.epoch, **({"step": event.step} if by_steps else {}), "loss": event.loss, **event.metrics}
        for event in dev_evaluations(events)
    ]


def headline_of(events: Sequence[RunEvent]) -> Metric | None:
    """The metric that chooses the best model; None where it is not known."""
    return next(iter(described_metrics(events)), None)


def best_of(events: Sequence[RunEvent]) -> float | None:
    """The best value of the headline on dev, by the direction that is better; None where there is none."""
    headline = headline_of(events)
    if headline is None:
        return None
    values = [event.metrics.get(headline.name) for event in dev_evaluations(events)]
    there = [value for value in values if value is not None]
    return (max if headline.higher_is_better else min)(there, default=None)


def best_text(headline: Metric | None, value: float | None) -> str:
    """A best value with what it is of, such as `best dev F1 81.30`; empty where there is none."""
    if headline is None or value is None:
        return ""
    return f"best dev {headline.label} {measured(value, headline)}"


def history_table(events: Sequence[RunEvent]) -> pd.DataFrame:
    """A row per evaluation on dev: epoch, step, loss, the run's metrics by their names, best."""
    import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

    facts = ("epoch", "step", "loss", "best")
    rows = [{**event.metrics, **{name: getattr(event, name) for name in facts}} for event in dev_evaluations(events)]
    names = dict.fromkeys(["epoch", "step", "loss", *(metric.name for metric in described_metrics(events)), "best"])
    return pd.DataFrame(rows, columns=list(names))
