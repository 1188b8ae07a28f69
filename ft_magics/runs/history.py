"""A run's evaluations on dev: all of them as a table, and the best of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ft_magics.events import Evaluated, RunEvent, described_metrics
from ft_magics.markup import measured
from ft_magics.metrics import Metric

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["best_of", "best_text", "dev_evaluations", "headline_of", "history_table"]


def dev_evaluations(events: Sequence[RunEvent]) -> list[Evaluated]:
    """Those on dev, in order."""
    return [event for event in events if isinstance(event, Evaluated) and event.split == "dev"]


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
