"""Tables of scores, whatever the task measures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ft_magics.evaluation.cells import interval_cell
from ft_magics.evaluation.report import Score
from ft_magics.markup import measured, percent
from ft_magics.metrics import Metric
from ft_magics.sections import Cell, Filter, Row, Table

__all__ = ["bar_table", "count_cell", "number", "range_text", "score_table", "share_cell"]

_MOST_BARS = 20  # labels; of more those are drawn that have the least scores

Range = tuple[float, float] | None
Bar = tuple[str, float | None, Range, Filter | None]  # name, share, its interval, what a click opens


def number(metric: Metric, value: float | None) -> str:
    """A score as it is shown: a share in percent, another number with four digits, as the run's own page has it."""
    return measured(value, metric)


def range_text(metric: Metric, ends: Range) -> str:
    """An interval as it is shown: of shares in percent, with one decimal, since resampling knows no more."""
    if ends is None:
        return "–"
    if metric.unit == "share":
        return interval_cell(ends).text
    between = " to " if ends[0] < 0 else "–"  # a dash before a minus reads as two of them
    return f"{number(metric, ends[0])}{between}{number(metric, ends[1])}"


def share_cell(value: float | None, chosen: Filter | None = None) -> Cell:
    """A share in percent."""
    return Cell(text=percent(value), value=value, filter=chosen if value is not None else None)


def count_cell(count: int, chosen: Filter | None = None) -> Cell:
    """A count that opens its examples."""
    return Cell(text=f"{count:,}", value=count, filter=chosen if count else None)


def bar_table(bars: Sequence[Bar], averages: Sequence[Bar], *, noun: str, score: str) -> Table:
    """A share of each label as a bar with its interval; of very many labels the least.

    Args:
        bars: Of the labels, in order.
        averages: Over them.
        noun: What a label is called, such as `entity type`.
        score: What the share is called, such as `F1`.
    """
    known = [bar for bar in bars if bar[1] is not None]
    shown = known if len(known) <= _MOST_BARS else sorted(known, key=lambda bar: bar[1] or 0.0)[:_MOST_BARS]
    left = len(known) - len(shown)
    return Table(
        title=f"{score} per {noun}",
        columns=(noun, "0–100", score, f"{score}, 95 %"),
        rows=[*(_bar_row(bar, is_label=True) for bar in shown), *(_bar_row(bar, is_label=False) for bar in averages)],
        note=f"the {len(shown)} least of {len(known)}; the table of scores has all" if left else "",
    )


def _bar_row(bar: Bar, *, is_label: bool) -> Row:
    name, share, ends, chosen = bar
    label = name if is_label else ""
    cells = [
        Cell(text=name, label=label, filter=chosen),
        Cell(text="", value=share, interval=ends, label=label, bar=True),
        share_cell(share),
        replace(interval_cell(ends), interval=None),  # the bar has it
    ]
    return Row(cells=cells, strong=not is_label)


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
