"""`SeedsReport`: what several runs that differ in their seed scored on one split, as mean and spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.bootstrap import LEVEL
from ft_magics.evaluation.report import Report, Score
from ft_magics.evaluation.report_bases import DrawnReport
from ft_magics.evaluation.scores import Interval
from ft_magics.evaluation.seed_comparison import check_same_gold, compare_over_seeds, tally_name
from ft_magics.evaluation.tally import Tally
from ft_magics.evaluation.two_levels import mean_intervals, student_half_width
from ft_magics.metrics import Metric
from ft_magics.sections import Section

__all__ = ["SeedsReport", "Spread", "spread_of"]

SCHEMA = 1
_RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A score over seeds.

    Args:
        metric: What was measured.
        values: Of each seed; None where it does not exist. Length n.
        mean: Over the seeds; None where one of them has none.
        half_width: Of the 95 % interval of the mean over seeds (Student's t); None with one seed.
        interval: Of the mean over seeds and examples (two-level bootstrap); None for what is no sum over examples.
    """

    metric: Metric
    values: tuple[float | None, ...]
    mean: float | None
    half_width: float | None
    interval: Interval | None = None

    @property
    def ends(self) -> Interval | None:
        """The interval over seeds; a share stays between 0 and 1."""
        if self.mean is None or self.half_width is None:
            return None
        return _possible(self.metric, (self.mean - self.half_width, self.mean + self.half_width))


def _possible(metric: Metric, ends: Interval) -> Interval:
    """A share stays between 0 and 1, however little is known of it."""
    return (max(0.0, ends[0]), min(1.0, ends[1])) if metric.unit == "share" else ends


def spread_of(metric: Metric, values: Sequence[float | None], interval: Interval | None = None) -> Spread:
    """Mean and interval of a score.

    Args:
        metric: What was measured.
        values: Of each seed, at least one.
        interval: Over seeds and examples.
    """
    there = [value for value in values if value is not None]
    whole = len(there) == len(values)
    return Spread(
        metric=metric,
        values=tuple(values),
        mean=float(np.mean(there)) if whole else None,
        half_width=student_half_width(there) if whole else None,
        interval=_possible(metric, interval) if whole and interval is not None else None,
    )


@dataclass(frozen=True, kw_only=True)
class SeedsReport(DrawnReport):
    """Reports of one split, a run and seed each.

    Args:
        title: What was scored, such as `intents · 3 seeds · test`.
        seeds: Of the runs. Length n.
        reports: Of the runs, of the same gold. Length n.
        notes: Sentences that a reader of the numbers should know.
        resamples: Of the bootstrap over seeds and examples.
    """

    title: str
    seeds: tuple[int, ...]
    reports: tuple[Report, ...]
    notes: tuple[str, ...] = ()
    resamples: int = _RESAMPLES

    def __post_init__(self) -> None:
        if not self.reports or len(self.reports) != len(self.seeds):
            raise DataError(f"reports: found {len(self.reports)} for {len(self.seeds)} seeds, expected one for each")
        for other in self.reports[1:]:
            check_same_gold(self.reports[0], other)

    @cached_property
    def spreads(self) -> dict[str, Spread]:
        """Every score with its mean and spread, the headline first."""
        tallies = [report.tally for report in self.reports]
        there = [tally for tally in tallies if tally is not None]
        names = {name: tally_name(there[0], name) for name in self.reports[0].scores} if there else {}
        known = list(dict.fromkeys(name for name in names.values() if name))
        found: dict[str, Interval | None] = {}
        if len(there) == len(tallies) and known:
            found = dict(zip(known, mean_intervals(there, known, self.resamples, 0), strict=True))
        return {
            name: spread_of(
                score.metric,
                [report.scores[name].value if name in report.scores else None for report in self.reports],
                found.get(names.get(name, "")),
            )
            for name, score in self.reports[0].scores.items()
        }

    @property
    def headline(self) -> Score:
        """The mean of the score that chooses the best model, with its interval over seeds."""
        return self.scores[self._headline]

    @property
    def _headline(self) -> str:
        return self.reports[0].headline.metric.name

    @property
    def spread(self) -> Spread:
        """Of the headline."""
        return self.spreads[self._headline]

    @property
    def scores(self) -> dict[str, Score]:
        """The mean of every score, with its interval over seeds."""
        return {
            name: Score(metric=item.metric, value=item.mean, interval=item.ends) for name, item in self.spreads.items()
        }

    @property
    def label_spreads(self) -> dict[str, Spread]:
        """The headline, or what comes closest to it, of each label."""
        labels = dict.fromkeys(label for report in self.reports for label in report.by_label)
        return {
            label: spread_of(Metric(label, label), [report.by_label.get(label) for report in self.reports])
            for label in labels
        }

    @property
    def by_label(self) -> dict[str, float | None]:
        """The mean over seeds of each label."""
        return {label: item.mean for label, item in self.label_spreads.items()}

    @property
    def tally(self) -> Tally | None:
        """None: each of `reports` has its own."""
        return None

    @property
    def evidence(self) -> None:
        """None: each of `reports` has its own."""
        return

    def summary(self) -> str:
        """The scores in a line."""
        from ft_magics.evaluation.seed_sections import spread_text  # noqa: PLC0415  # it knows this class

        shown = [f"{item.metric.label} {spread_text(item)}" for item in list(self.spreads.values())[:3]]
        return f"{', '.join(shown)} · {len(self.seeds)} {'seed' if len(self.seeds) == 1 else 'seeds'}"

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: Takes no part.
            brief: Scores only.
        """
        from ft_magics.evaluation.seed_sections import sections_of  # noqa: PLC0415  # it knows this class

        del view
        return sections_of(self, brief=brief)

    def compare(self, others: Sequence[Any], *, resamples: int = _RESAMPLES, seed: int = 0) -> Any:
        """Hold reports of the same gold against this one, over seeds and examples together.

        Args:
            others: Of one run or of several seeds each.
            resamples: Of the two-level bootstrap.
            seed: Of the bootstrap.

        Raises:
            DataError: They are not of the same gold; the message names the first example that differs.
        """
        return compare_over_seeds([self, *others], resamples=resamples, seed=seed)

    def to_json(self) -> dict[str, Any]:
        """Plain data; scores that do not exist are null."""
        return {
            "schema": SCHEMA,
            "level": LEVEL,
            "title": self.title,
            "seeds": list(self.seeds),
            "resamples": self.resamples,
            "scores": {name: _plain(item) for name, item in self.spreads.items()},
            "by_label": {name: _plain(item) for name, item in self.label_spreads.items()},
            "notes": list(self.notes),
        }


def _plain(item: Spread) -> dict[str, Any]:
    return {
        "values": list(item.values),
        "mean": item.mean,
        "half_width": item.half_width,
        "interval": item.interval,
    }
