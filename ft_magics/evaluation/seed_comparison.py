"""Is one system better than another, where a system is one run or several seeds: seeds and examples together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.beside import check_bootstrap
from ft_magics.evaluation.bootstrap import Difference, first_other_gold
from ft_magics.evaluation.comparison import Contrast, ScoreContrast, TallyComparison
from ft_magics.evaluation.report import Report
from ft_magics.evaluation.tally import Tally
from ft_magics.evaluation.two_levels import mean_differences
from ft_magics.metrics import Metric

__all__ = ["check_same_gold", "compare_over_seeds", "has_seeds", "tally_name"]

_ABSENT = Difference(difference=None, interval=None, p=None)


def has_seeds(report: Any) -> bool:
    """Whether a report is of several seeds."""
    return hasattr(report, "reports") and hasattr(report, "seeds")


def tally_name(tally: Tally, name: str) -> str:
    """What a tally calls a score of its report; empty for one that is no sum over examples.

    The micro averages over entities are called F1, precision and recall in a report, as in the field.
    """
    return next((known for known in (name, f"micro_{name}") if known in tally.names), "")


def check_same_gold(baseline: Report, other: Report) -> None:
    """See that two reports are of the same examples.

    Raises:
        DataError: They are not; the message names the first example that differs.
    """
    ours, theirs = baseline.tally, other.tally
    if ours is None or theirs is None:
        return
    if len(ours.gold) != len(theirs.gold):
        raise DataError(
            f"{baseline.title} has {len(ours.gold)} examples and {other.title} has {len(theirs.gold)}; "
            "a comparison needs the same examples"
        )
    at = first_other_gold(ours, theirs)
    if at is not None:
        raise DataError(
            f"{baseline.title} and {other.title} have different gold, first in example {at} (counted from 0); "
            "a comparison needs the same examples"
        )


def compare_over_seeds(systems: Sequence[Any], *, resamples: int = 1000, seed: int = 0) -> TallyComparison:
    """Hold systems against the first of them.

    Args:
        systems: At least two reports of the same gold, each of one run or of several seeds.
        resamples: Of the two-level bootstrap.
        seed: Of the bootstrap.

    Raises:
        DataError: They are not of the same gold; the message names the first example that differs.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    if len(systems) < 2:
        raise DataError(f"reports: found {len(systems)}, expected at least two")
    if not resamples:
        raise DataError("resamples: found 0; a comparison needs at least 1")
    baseline, *others = systems
    return TallyComparison(
        baseline=baseline.title,
        resamples=resamples,
        others=[_contrast(baseline, other, resamples, seed) for other in others],
        cards=[{"gained": [], "lost": []} for _ in others],
        way=_way(systems),
    )


def _way(systems: Sequence[Any]) -> str:
    counts = " and ".join(f"{len(_parts(system))}" for system in systems)
    alone = any(len(_parts(system)) == 1 for system in systems)
    single = "; how far other seeds of a system with one are from it is not known, and not counted" if alone else ""
    return f"two-level bootstrap: seeds ({counts}) and examples are resampled together{single}"


def _parts(system: Any) -> tuple[Report, ...]:
    """The reports that a system has, one for each seed."""
    return tuple(system.reports) if has_seeds(system) else (system,)


def _contrast(baseline: Any, other: Any, resamples: int, seed: int) -> Contrast:
    ours, theirs = _parts(baseline), _parts(other)
    if type(ours[0]) is not type(theirs[0]):
        raise DataError(f"{baseline.title} and {other.title} are reports of two kinds, which share no score")
    check_same_gold(ours[0], theirs[0])
    tallies = [[_tally(report) for report in side] for side in (ours, theirs)]
    scores: dict[str, Metric] = {}
    for name, score in ours[0].scores.items():
        known = tally_name(tallies[0][0], name)
        if known and known not in scores:
            scores[known] = score.metric
    labels = dict.fromkeys(label for report in (*ours, *theirs) for label in report.by_label)
    by_label = {label: f"f1 of {label}" for label in labels}
    names = [*scores, *by_label.values()]
    found = dict(zip(names, mean_differences(tallies[0], tallies[1], names, resamples, seed), strict=True))
    return Contrast(
        title=other.title,
        scores=[
            _row(metric, [_mean(_values(side, metric.name)) for side in (ours, theirs)], found[name])
            for name, metric in scores.items()
        ],
        per_label=[
            _row(
                Metric(label, label),
                [_mean([report.by_label.get(label) for report in side]) for side in (ours, theirs)],
                found.get(name, _ABSENT),
            )
            for label, name in by_label.items()
        ],
        mcnemar=None,
        gained=[],
        lost=[],
    )


def _tally(report: Report) -> Tally:
    if report.tally is None:
        raise DataError(f"{report.title} was read from a file without its examples; evaluate the predictions again")
    return report.tally


def _values(reports: Sequence[Report], name: str) -> list[float | None]:
    found = [report.scores.get(name) for report in reports]
    return [None if score is None else score.value for score in found]


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return float(np.mean(there)) if there and len(there) == len(values) else None


def _row(metric: Metric, values: Sequence[float | None], item: Difference) -> ScoreContrast:
    baseline, value = values
    return ScoreContrast(
        name=metric.name,
        label=metric.label,
        unit=metric.unit,
        baseline=baseline,
        value=value,
        difference=item.difference,
        interval=item.interval,
        p=item.p,
    )
