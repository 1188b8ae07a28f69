"""Tables of scores, whatever the task measures."""

from __future__ import annotations

from collections.abc import Mapping

from ft_magics.evaluation.report import Score
from ft_magics.markup import measured, percent
from ft_magics.metrics import Metric
from ft_magics.sections import Cell, Filter, Row, Table

__all__ = ["count_cell", "number", "range_text", "score_table", "share_cell"]

Range = tuple[float, float] | None


def number(metric: Metric, value: float | None) -> str:
    """A score as it is shown: a share in percent, another number with four digits, as the run's own page has it."""
    return measured(value, metric)


def range_text(metric: Metric, ends: Range) -> str:
    """An interval as it is shown."""
    if ends is None:
        return "–"
    between = " to " if ends[0] < 0 else "–"  # a dash before a minus reads as two of them
    return f"{number(metric, ends[0])}{between}{number(metric, ends[1])}"


def share_cell(value: float | None, chosen: Filter | None = None) -> Cell:
    """A share in percent."""
    return Cell(text=percent(value), value=value, filter=chosen if value is not None else None)


def count_cell(count: int, chosen: Filter | None = None) -> Cell:
    """A count that opens its examples."""
    return Cell(text=f"{count:,}", value=count, filter=chosen if count else None)


def score_table(scores: Mapping[str, Score], *, resamples: int, mistakes: Filter | None = None) -> Table:
    """Every score with its interval.

    Args:
        scores: The headline first.
        resamples: Of the bootstrap.
        mistakes: What a click on the headline opens.
    """
    rows = [
        Row(
            cells=[
                Cell(text=score.metric.label),
                Cell(text=number(score.metric, score.value), value=score.value, filter=None if at else mistakes),
                Cell(
                    text=range_text(score.metric, score.interval),
                    interval=score.interval if score.metric.unit == "share" else None,
                ),
            ],
            strong=at == 0,
        )
        for at, score in enumerate(scores.values())
    ]
    bare = [score.metric.label for score in scores.values() if score.interval is None and score.value is not None]
    notes = [f"95 % intervals from {resamples} bootstrap resamples"] if resamples else ["no intervals were computed"]
    if resamples and bare:
        notes.append(f"without an interval, being no sum over examples: {', '.join(bare)}")
    lower = [score.metric.label for score in scores.values() if not score.metric.higher_is_better]
    notes += [f"lower is better: {', '.join(lower)}"] if lower else []
    return Table(title="Scores", columns=["score", "value", "95 %"], rows=rows, note="; ".join(notes))
