"""Runs side by side: what each costs and what it scores, above the comparison of their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ft_magics.display.run_clock import duration
from ft_magics.evaluation.page import comparison_html, comparison_text
from ft_magics.evaluation.report import Comparison, Figure, Report, Score
from ft_magics.evaluation.score_tables import number, range_text
from ft_magics.events import RunEnded, RunStarted, StepDone
from ft_magics.markup import size_text
from ft_magics.metrics import Metric
from ft_magics.runs.parameters import kept_bytes
from ft_magics.runs.run import Run
from ft_magics.sections import Cell, Chart, Row, Section, Series, Table
from ft_magics.studies.study import Study

__all__ = ["RunComparison", "RunCosts", "costs_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCosts:
    """A run's score and what it took. What is not known, such as of a run of an older version, is None.

    Args:
        title: Of the run.
        method: By which it was tuned.
        score: The headline, on the split that is compared.
        trainable: Parameters that training changed.
        parameters: All of them.
        elapsed_s: Of the training, evaluations included.
        kept_bytes: Of the model that it keeps.
    """

    title: str
    method: str
    score: Score
    trainable: int | None = None
    parameters: int | None = None
    elapsed_s: float | None = None
    kept_bytes: int | None = None

    @property
    def share(self) -> float | None:
        """Of the parameters, those that are trainable; above 0 where it is known."""
        return self.trainable / self.parameters if self.trainable and self.parameters else None


def costs_of(run: Run | Study, report: Report) -> RunCosts:
    """What a run took.

    Args:
        run: That has ended; of several seeds the time is the mean of theirs, and the model the best by dev.
        report: Of the split that is compared.
    """
    started = next((event for event in run.events if isinstance(event, RunStarted)), None)
    times = [_elapsed_s(each) for each in ([run] if isinstance(run, Run) else run.done or run.runs)]
    told = [each for each in times if each is not None]
    known = started is not None and started.parameters > 0
    return RunCosts(
        title=str(run.title),
        method=started.method if started is not None else "",
        score=report.headline,
        trainable=started.trainable_parameters if started is not None and known else None,
        parameters=started.parameters if started is not None and known else None,
        elapsed_s=sum(told) / len(told) if told else None,
        kept_bytes=kept_bytes(run.model_dir),
    )


def _elapsed_s(run: Run) -> float | None:
    last = next((event for event in reversed(run.events) if isinstance(event, (RunEnded, StepDone))), None)
    return None if last is None else last.elapsed_s


@dataclass(frozen=True, slots=True, kw_only=True)
class RunComparison:
    """Runs against the first of them: their costs, and the comparison of what they predict.

    Args:
        costs: Of each run, the baseline first.
        split: That is compared.
        predictions: The comparison of what they predict.
    """

    costs: Sequence[RunCosts]
    split: str
    predictions: Comparison

    @property
    def title(self) -> str:
        """What is compared."""
        return self.predictions.title

    @property
    def reports(self) -> tuple[Report, ...]:
        """Of the runs, where they are in memory."""
        return getattr(self.predictions, "reports", ())

    def figures(self) -> Sequence[Figure]:
        """The headline of each run, the baseline first."""
        return self.predictions.figures()

    def sections(self) -> list[Section]:
        """Costs, then what is different in the predictions."""
        chart = _chart(self.costs, self.split)
        return [_table(self.costs, self.split), *([chart] if chart else []), *self.predictions.sections()]

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some examples that a run gained or lost."""
        compared: Any = self.predictions
        found: dict[str, Any] = compared.page(request)
        return found

    def to_json(self) -> dict[str, Any]:
        """Plain data: that of the predictions' comparison, with the costs beside it."""
        return {**self.predictions.to_json(), "split": self.split, "costs": [asdict(item) for item in self.costs]}

    def to_html(self) -> str:
        """The comparison as HTML without script or style sheet."""
        return comparison_html(self)

    def to_text(self) -> str:
        """The comparison as text, for a terminal."""
        return comparison_text(self)


def _headline(costs: Sequence[RunCosts]) -> Metric:
    return costs[0].score.metric


def _unit(metric: Metric) -> str:
    return f"{metric.label}, %" if metric.unit == "share" else metric.label


def _table(costs: Sequence[RunCosts], split: str) -> Table:
    metric = _headline(costs)
    return Table(
        title="Score and cost",
        columns=("run", "method", _unit(metric), "95 %", "trainable", "training time", "model on disk"),
        rows=[_row(item) for item in costs],
        note=f"scores on {split}; time includes evaluations, and depends on what else the machine did",
    )


def _row(item: RunCosts) -> Row:
    score = item.score
    ends = range_text(score.metric, score.interval) if score.interval is not None else "–"
    share = item.share
    cells = [
        Cell(text=item.title),
        Cell(text=item.method or "–"),
        Cell(text=number(score.metric, score.value), value=score.value),
        Cell(text=ends, value=score.interval[0] if score.interval else None),
        Cell(text="–" if share is None else f"{100 * share:.3g} %", value=share),
        Cell(text="–" if item.elapsed_s is None else duration(item.elapsed_s), value=item.elapsed_s),
        Cell(text=size_text(item.kept_bytes), value=item.kept_bytes),
    ]
    return Row(cells=cells)


def _chart(costs: Sequence[RunCosts], split: str) -> Chart | None:
    """Score over trainable share; None where less than two runs have both."""
    metric = _headline(costs)
    factor = 100.0 if metric.unit == "share" else 1.0
    drawn = [item for item in costs if item.share is not None and item.score.value is not None]
    if len(drawn) < 2:
        return None
    left_out = [item.title for item in costs if item not in drawn]
    scaled = [None if item.score.interval is None else _scaled(item.score.interval, factor) for item in drawn]
    return Chart(
        title=f"{metric.label} over trainable share",
        x_label="trainable parameters, % of all (logarithmic)",
        y_label=_unit(metric),
        series=[
            Series(
                name=f"{metric.label} on {split}, with its 95 % interval",
                x=[100 * (item.share or 0.0) for item in drawn],
                y=[factor * (item.score.value or 0.0) for item in drawn],
                shape="dots",
                names=[item.title for item in drawn],
                intervals=scaled,
            )
        ],
        x_log=True,
        note=f"not drawn, for a figure is missing: {', '.join(left_out)}" if left_out else "",
    )


def _scaled(ends: tuple[float, float], factor: float) -> tuple[float, float]:
    return factor * ends[0], factor * ends[1]
