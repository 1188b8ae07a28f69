"""`TransferReport`: what several models scored after fine-tuning on growing shares of the same labelled data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from ft_magics.errors import DataError
from ft_magics.evaluation.bootstrap import LEVEL
from ft_magics.evaluation.over_seeds import SeedsReport, Spread, spread_of
from ft_magics.evaluation.report import Figure
from ft_magics.evaluation.scores import Interval
from ft_magics.evaluation.seed_comparison import tally_name
from ft_magics.evaluation.two_levels import mean_differences
from ft_magics.metrics import Metric
from ft_magics.sections import Section

__all__ = ["ModelDifference", "TransferPoint", "TransferReport"]

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPoint:
    """A model on a share of the labelled data.

    Args:
        model: As the cell calls it.
        share: Of train.
        examples: How many that is.
        report: Over the seeds that are done.
    """

    model: str
    share: float
    examples: int
    report: SeedsReport

    @property
    def spread(self) -> Spread:
        """Of the headline."""
        return self.report.spread


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDifference:
    """A model's mean minus another's on the same examples, by the seeds that both have.

    Args:
        model: The one.
        other: The other.
        share: Of train.
        examples: How many that is.
        spread: Of the differences, a seed each: both models saw the same examples with it.
        interval: Of the mean over seeds and examples (two-level bootstrap); None where there is none.
    """

    model: str
    other: str
    share: float
    examples: int
    spread: Spread
    interval: Interval | None


@dataclass(frozen=True, kw_only=True)
class TransferReport:
    """Scores over labelled examples, a line for each model.

    Args:
        title: What was compared, such as `bought · 3 models · test`.
        split: That was scored.
        own: The model that the others are held against.
        points: In the order of the models, then of the shares.
        has_dev: Whether the best epoch of each run was chosen on dev.
        notes: Sentences that a reader of the numbers should know.
    """

    title: str
    split: str
    own: str
    points: tuple[TransferPoint, ...]
    has_dev: bool = False
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.points:
            raise DataError("points: found none, expected a model on a share at least")

    @property
    def metric(self) -> Metric:
        """The headline."""
        return self.points[0].spread.metric

    @property
    def models(self) -> list[str]:
        """In the cell's order."""
        return list(dict.fromkeys(point.model for point in self.points))

    @property
    def shares(self) -> list[tuple[float, int]]:
        """Each with its number of examples, the smallest first."""
        return sorted({(point.share, point.examples) for point in self.points})

    def point(self, model: str, share: float) -> TransferPoint | None:
        """What a model scored on a share; None where no run of it is done."""
        return next((each for each in self.points if (each.model, each.share) == (model, share)), None)

    @cached_property
    def differences(self) -> list[ModelDifference]:
        """Every two models on every share, the smallest share first; `own` is the first of its pairs."""
        order = [self.own, *(model for model in self.models if model != self.own)]
        found = []
        for share, _ in self.shares:
            for one, other in combinations(order, 2):
                ours, theirs = self.point(one, share), self.point(other, share)
                if ours is not None and theirs is not None:
                    found += _difference(ours, theirs)
        return found

    def figures(self) -> list[Figure]:
        """The mean of each model on the largest share, `own` first."""
        from ft_magics.evaluation.transfer_sections import figures_of  # noqa: PLC0415  # it knows this class

        return figures_of(self)

    def sections(self) -> list[Section]:
        """The chart, the tables behind it, and what the intervals are."""
        from ft_magics.evaluation.transfer_sections import sections_of  # noqa: PLC0415  # it knows this class

        return sections_of(self)

    def table(self) -> list[dict[str, Any]]:
        """A row for each model and share: means are shares from 0 to 1 where the score is one."""
        return [
            {
                "model": point.model,
                "share": point.share,
                "examples": point.examples,
                "score": point.spread.metric.name,
                "seeds": list(point.report.seeds),
                "values": list(point.spread.values),
                "mean": point.spread.mean,
                "half_width": point.spread.half_width,
                "interval": point.spread.interval,
            }
            for point in self.points
        ]

    def to_pandas(self) -> Any:
        """The same as a pandas DataFrame.

        Raises:
            DataError: pandas is not installed.
        """
        try:
            from pandas import DataFrame  # noqa: PLC0415  # only where it is asked for
        except ImportError as error:
            raise DataError("pandas is not installed here; `table()` gives the same rows without it") from error
        return DataFrame(self.table())

    def to_json(self) -> dict[str, Any]:
        """Plain data; scores that do not exist are null."""
        return {
            "schema": SCHEMA,
            "level": LEVEL,
            "title": self.title,
            "split": self.split,
            "points": self.table(),
            "differences": [
                {
                    "model": each.model,
                    "other": each.other,
                    "share": each.share,
                    "examples": each.examples,
                    "values": list(each.spread.values),
                    "mean": each.spread.mean,
                    "half_width": each.spread.half_width,
                    "interval": each.interval,
                }
                for each in self.differences
            ],
            "notes": list(self.notes),
        }

    def to_html(self) -> str:
        """Every section as HTML without script or style sheet."""
        from ft_magics.evaluation.page import comparison_html  # noqa: PLC0415  # a kernel that only trains draws nothing

        return comparison_html(self)

    def to_text(self) -> str:
        """The tables as text, for a terminal."""
        from ft_magics.evaluation.page import comparison_text  # noqa: PLC0415  # a kernel that only trains draws nothing

        return comparison_text(self)


def _difference(one: TransferPoint, other: TransferPoint) -> list[ModelDifference]:
    """Nothing where no seed is done of both."""
    ours, theirs = _by_seed(one.report), _by_seed(other.report)
    seeds = [seed for seed in ours if seed in theirs]
    if not seeds:
        return []
    metric = one.spread.metric
    values = [_less(_value(ours[seed], metric), _value(theirs[seed], metric)) for seed in seeds]
    interval = _interval([ours[seed] for seed in seeds], [theirs[seed] for seed in seeds], one.report, metric)
    return [
        ModelDifference(
            model=one.model,
            other=other.model,
            share=one.share,
            examples=one.examples,
            spread=spread_of(metric, values),
            interval=interval,
        )
    ]


def _by_seed(report: SeedsReport) -> Mapping[int, Any]:
    return dict(zip(report.seeds, report.reports, strict=True))


def _value(report: Any, metric: Metric) -> float | None:
    value: float | None = report.scores[metric.name].value if metric.name in report.scores else None
    return value


def _less(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one - other


def _interval(ours: Sequence[Any], theirs: Sequence[Any], report: SeedsReport, metric: Metric) -> Interval | None:
    """Of the mean difference, over seeds and examples; None for what is no sum over examples."""
    tallies = [[each.tally for each in side] for side in (theirs, ours)]
    if any(tally is None for side in tallies for tally in side):
        return None
    name = tally_name(tallies[0][0], metric.name)
    if not name:
        return None
    (found,) = mean_differences(tallies[0], tallies[1], [name], report.resamples, 0, paired=True)
    return found.interval
