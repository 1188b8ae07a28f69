"""Evaluations on dev as tables: all of them, and the headline for each label over them."""

from __future__ import annotations

from collections.abc import Sequence

from ft_magics.display.run_figures import loss_text
from ft_magics.display.run_wire import DevRow, DevTable, LabelRow, LabelTable
from ft_magics.evaluation.label_colors import colors_of
from ft_magics.events import Evaluated
from ft_magics.markup import column_head, decimal, measured
from ft_magics.metrics import Metric
from ft_magics.runs.history import place_of

__all__ = ["dev_table", "label_table"]

_MOST_ROWS = 100  # of the dev table
_MOST_COLUMNS = 10  # of the table of labels; the line in front of them has more
_MOST_LABELS = 100
_MOST_POINTS = 16  # of a line


def dev_table(
    dev: Sequence[Evaluated], metrics: Sequence[Metric], *, without: bool, by_steps: bool = False
) -> DevTable:
    """Evaluations on dev; of very many the newest, and the best.

    Args:
        dev: In order.
        metrics: What they measure, the headline first.
        without: Whether the run has no dev data.
        by_steps: Whether evaluations are named by their steps, and not by their epochs.
    """
    best = next((event for event in reversed(dev) if event.best), None)
    shown = [event for event in dev if event is best or event in dev[-_MOST_ROWS:]]
    left = len(dev) - len(shown)

    def places(event: Evaluated) -> list[str]:
        return [decimal(event.epoch), f"{event.step:,}"][:: -1 if by_steps else 1]

    rows = [
        DevRow(
            cells=[
                *places(event),
                loss_text(event.loss),
                *(measured(event.metrics.get(metric.name), metric) for metric in metrics),
                "★ best" if event is best else "",
            ],
            best=event is best,
        )
        for event in shown
    ]
    note = f"{left} earlier evaluations are in events.jsonl" if left else ""
    if without and not rows:
        note = "No dev data: nothing is evaluated on the way."
    first = ["step", "epoch"] if by_steps else ["epoch", "step"]
    return DevTable(heads=[*first, "dev loss", *map(column_head, metrics), ""], rows=rows, note=note)


def label_table(
    dev: Sequence[Evaluated], metrics: Sequence[Metric], model: Sequence[str] = (), *, by_steps: bool = False
) -> LabelTable | None:
    """The headline for each label at the newest evaluations, with a line of all; None where there is none.

    Args:
        dev: In order.
        metrics: What they measure, the headline first.
        model: The labels that the model knows, for their colours.
        by_steps: Whether evaluations are named by their steps, and not by their epochs.
    """
    labels = list(dict.fromkeys(label for event in dev for label in event.by_label))
    if not labels or not metrics:
        return None
    headline = metrics[0]
    shown, colors = dev[-_MOST_COLUMNS:], colors_of(labels, model)
    low, high = _span(dev, headline)
    rows = [
        LabelRow(
            label=label,
            color=colors[label],
            line=[
                None if value is None else round((value - low) / ((high - low) or 1.0), 3)
                for value in _thinned([event.by_label.get(label) for event in dev])
            ],
            cells=[measured(event.by_label.get(label), headline) for event in shown],
        )
        for label in labels[:_MOST_LABELS]
    ]
    return LabelTable(
        title=f"Dev {headline.by_label or headline.label} by label over {'steps' if by_steps else 'epochs'}",
        heads=["label", "", *(place_of(event, by_steps) for event in shown)],
        rows=rows,
        note=f"the first {_MOST_LABELS} of {len(labels)} labels" if len(labels) > _MOST_LABELS else "",
    )


def _span(dev: Sequence[Evaluated], headline: Metric) -> tuple[float, float]:
    """What the lines reach over: all of a share, so that they compare from run to run; else what was measured."""
    values = [value for event in dev for value in event.by_label.values() if value is not None]
    return (0.0, 1.0) if headline.unit == "share" or not values else (min(values), max(values))


def _thinned(values: Sequence[float | None]) -> list[float | None]:
    """Evenly chosen ones of many, with the first and the last."""
    if len(values) <= _MOST_POINTS:
        return list(values)
    step = (len(values) - 1) / (_MOST_POINTS - 1)
    return [values[round(at * step)] for at in range(_MOST_POINTS)]
