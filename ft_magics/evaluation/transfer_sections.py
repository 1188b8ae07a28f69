"""`TransferReport` → a chart of score over labelled examples, and the tables behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.evaluation.cells import signed_interval_text
from ft_magics.evaluation.report import Figure
from ft_magics.evaluation.score_tables import number, range_text
from ft_magics.evaluation.seed_sections import half_width_text, spread_text
from ft_magics.sections import Cell, Chart, Lines, Row, Section, Series, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.over_seeds import Spread
    from ft_magics.evaluation.scores import Interval
    from ft_magics.evaluation.transfer import ModelDifference, TransferPoint, TransferReport
    from ft_magics.metrics import Metric

__all__ = ["difference_text", "examples_text", "figures_of", "sections_of"]

_DEV = "Dev chooses the best epoch and stops early, so with a small share more labels are used than the number says."
_SCORED_ON_DEV = "Dev chooses the best epoch of each run and scores it too, so all scores are a little too high."
_RATES = (
    "Each model has the learning rate and the number of epochs that the cell says, or that fit its size and the share "
    "where the cell leaves them open; nothing was searched for any of them."
)
_INTERVALS = (
    "± is Student's t over seeds; of a difference over the differences, one a seed. “Seeds and examples” resamples "
    "both (two-level bootstrap, Sellam et al. 2022); of a difference, one draw serves both models."
)


def examples_text(share: float, examples: int) -> str:
    """`125 (1 %)`; of all just how many."""
    return f"{examples:,}" if share == 1 else f"{examples:,} ({100 * share:.3g} %)"


def difference_text(spread: Spread) -> str:
    """A difference with half of its interval over seeds, such as `+12.30 ± 1.20`."""
    half = half_width_text(spread)
    return f"{_signed(spread.metric, spread.mean)} ± {half}" if half else _signed(spread.metric, spread.mean)


def figures_of(report: TransferReport) -> list[Figure]:
    """The mean of each model on the largest share that it was trained on, `own` first."""
    order = [report.own, *(model for model in report.models if model != report.own)]
    found = []
    for model in order:
        there = [point for point in report.points if point.model == model]
        if there:
            last = max(there, key=lambda point: point.share)
            half = half_width_text(last.spread)
            about = f"{examples_text(last.share, last.examples)} examples{f', ± {half} over seeds' if half else ''}"
            label = f"{model}, {last.spread.metric.label}"
            found.append(Figure(label=label, text=number(last.spread.metric, last.spread.mean), about=about))
    return found


def sections_of(report: TransferReport) -> list[Section]:
    """The chart, the means, the differences, and what the intervals are."""
    parts: list[Section] = [_chart(report), _scores(report)]
    if report.differences:
        parts.append(_differences(report))
    parts.append(Lines(title="How sure this is", lines=_lines(report), open=False))
    return parts


def _chart(report: TransferReport) -> Chart:
    metric = report.metric
    factor = 100.0 if metric.unit == "share" else 1.0
    unit = ", %" if metric.unit == "share" else ""
    return Chart(
        title=f"{metric.label} on {report.split} over labelled examples",
        x_label="labelled examples in train (logarithmic)",
        y_label=f"{metric.label}{unit}",
        series=[_series(report, model, factor) for model in report.models],
        x_log=True,
        note="mean over seeds, with its 95 % interval (Student's t) where two or more seeds are done",
    )


def _series(report: TransferReport, model: str, factor: float) -> Series:
    points = [point for point in report.points if point.model == model]
    return Series(
        name=model,
        x=[float(point.examples) for point in points],
        y=[None if point.spread.mean is None else factor * point.spread.mean for point in points],
        intervals=[_scaled(point.spread.ends, factor) for point in points],
    )


def _scaled(ends: Interval | None, factor: float) -> Interval | None:
    return None if ends is None else (factor * ends[0], factor * ends[1])


def _scores(report: TransferReport) -> Table:
    metric, models = report.metric, report.models
    rows = []
    for share, examples in report.shares:
        known = [report.point(model, share) for model in models]
        cells = [Cell(text=examples_text(share, examples), value=examples), *map(_mean, known)]
        rows.append(Row(cells=cells))
    unit = f"{metric.label}, %" if metric.unit == "share" else metric.label
    lower = "" if metric.higher_is_better else "; lower is better"
    return Table(
        title=f"{unit} on {report.split}, mean over seeds",
        columns=["labelled examples", *models],
        rows=rows,
        note=f"±: half of the 95 % interval of the mean over seeds{lower}",
    )


def _mean(point: TransferPoint | None) -> Cell:
    return Cell(text="–") if point is None else Cell(text=spread_text(point.spread), value=point.spread.mean)


def _differences(report: TransferReport) -> Table:
    return Table(
        title="Differences between models, on the same examples",
        columns=["models", "labelled examples", "difference", "±", "95 %"],
        rows=[_difference(each) for each in report.differences],
        note="the first model minus the second, seed by seed; ± over seeds, 95 % over seeds and examples",
    )


def _difference(each: ModelDifference) -> Row:
    spread = each.spread
    ends = each.interval
    shown = "–" if ends is None else _ends(spread.metric, ends)
    cells = [
        Cell(text=f"{each.model} – {each.other}"),
        Cell(text=examples_text(each.share, each.examples), value=each.examples),
        Cell(text=_signed(spread.metric, spread.mean), value=spread.mean),
        Cell(text=half_width_text(spread) or "–", value=spread.half_width),
        Cell(text=shown, value=None if ends is None else ends[0]),
    ]
    return Row(cells=cells)


def _ends(metric: Metric, ends: Interval) -> str:
    return signed_interval_text(ends) if metric.unit == "share" else range_text(metric, ends)


def _signed(metric: Metric, value: float | None) -> str:
    text = number(metric, value)
    return f"+{text}" if value is not None and value > 0 else text


def _lines(report: TransferReport) -> list[str]:
    dev = [] if not report.has_dev else [_SCORED_ON_DEV if report.split == "dev" else _DEV]
    return [_drawn(report), *dev, _RATES, _INTERVALS]


def _drawn(report: TransferReport) -> str:
    seeds = sorted({seed for point in report.points for seed in point.report.seeds})
    held_out = "Dev and test are" if report.has_dev and report.split == "test" else f"{report.split.capitalize()} is"
    return (
        f"Each seed ({', '.join(map(str, seeds))}) draws its own share of train, the same examples for every model; a "
        f"smaller share is a part of a larger one. {held_out} whole for all shares."
    )
