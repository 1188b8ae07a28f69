"""How sure a mean over seeds is: seeds are redrawn, and with them the examples.

All seeds were scored on the same examples, so one draw of examples serves all of them, and both systems of a
comparison. Seeds that are drawn with replacement spread less than seeds do, the more so the fewer there are: n of them
by (n - 1) / n. Their draws are stretched by the root of that, as in the rescaled bootstrap.

Source: Sellam et al. 2022, “The MultiBERTs”, section 4 (Multi-Bootstrap); Rao & Wu 1988 for the stretching; Student
1908 for the interval over seeds alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from ft_magics.evaluation.bootstrap import LEVEL, Difference, difference_of, percentile_interval, resample
from ft_magics.evaluation.scores import Interval
from ft_magics.evaluation.tally import Floats, Tally

__all__ = ["mean_differences", "mean_intervals", "student_half_width"]

System = Sequence[Tally]  # one tally for each seed, of the same examples
_NO_SCORES = Difference(difference=None, interval=None, p=None)


def student_half_width(values: Sequence[float]) -> float | None:
    """Half of the interval of a mean: what another seed's mean would be within, were the scores normal.

    Args:
        values: A score for each seed. Length n.

    Returns:
        None with fewer than two, and where one is infinite.
    """
    if len(values) < 2 or not all(map(math.isfinite, values)):
        return None
    from scipy.stats import t  # noqa: PLC0415  # a kernel without seeds need not wait for it

    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    return float(t.ppf((1 + LEVEL) / 2, len(values) - 1)) * error


def mean_intervals(system: System, names: Sequence[str], resamples: int, seed: int) -> list[Interval | None]:
    """A percentile interval of the mean over seeds, for each score.

    Args:
        system: At least one tally, all of the same S examples.
        names: Of the scores. Length M.
        resamples: How many; 0 for no intervals.
        seed: For the same intervals each time.

    Returns:
        None where a score does not exist. Length M.
    """
    if not resamples or not len(system[0].counts):
        return [None] * len(names)
    (drawn,) = _drawn([system], names, resamples, seed)
    return [percentile_interval(drawn[:, at]) for at in range(len(names))]


def mean_differences(
    ours: System, theirs: System, names: Sequence[str], resamples: int, seed: int, *, paired: bool = False
) -> list[Difference]:
    """The mean over seeds of one system less that of another.

    Args:
        ours: Of the first system, the baseline.
        theirs: Of the other, of the same S examples. The numbers of seeds may differ.
        names: Of the scores. Length M.
        resamples: How many.
        seed: For the same numbers each time.
        paired: Whether one draw of seeds serves both systems, which then have as many: seed by seed they share what a
            seed draws, such as the examples that were trained on.

    Returns:
        Theirs less ours. Length M.
    """
    if not len(ours[0].counts):
        return [_NO_SCORES] * len(names)
    observed = [
        np.mean([_scores(tally, _sum(tally), names)[0] for tally in system], axis=0) for system in (ours, theirs)
    ]
    one, other = _drawn([ours, theirs], names, resamples, seed, together=paired)
    return [
        difference_of(float(observed[1][at] - observed[0][at]), other[:, at] - one[:, at]) for at in range(len(names))
    ]


def _drawn(
    systems: Sequence[System], names: Sequence[str], resamples: int, seed: int, *, together: bool = False
) -> list[Floats]:
    """The mean scores of each system in each resample, (R, M) each; `together` with one draw of seeds for all."""
    every = [tally for system in systems for tally in system]
    counts = np.concatenate([tally.counts for tally in every], axis=1)
    ends = np.cumsum([tally.counts.shape[1] for tally in every])[:-1]
    generator = np.random.default_rng([seed, 1])  # beside that of the examples
    found: list[list[Floats]] = [[] for _ in systems]
    for sums in resample(counts, resamples, seed):
        parts = iter(np.split(sums, ends, axis=1))
        weights: Floats | None = None
        for at, system in enumerate(systems):
            scores = np.stack([_scores(tally, next(parts), names) for tally in system])  # (n, R, M)
            if weights is None or not together:
                weights = _drawn_seeds(len(system), scores.shape[1], generator)
            found[at].append(scores.mean(axis=0) + (weights[:, :, None] * scores).sum(axis=0))
    return [np.concatenate(blocks) for blocks in found]


def _drawn_seeds(seeds: int, resamples: int, generator: np.random.Generator) -> Floats:
    """(n, R): how much more than its nth part a seed counts in a resample that draws as many seeds as there are."""
    if seeds == 1:
        return np.zeros((1, resamples))
    weights = generator.multinomial(seeds, [1 / seeds] * seeds, size=resamples).T / seeds
    stretched: Floats = math.sqrt(seeds / (seeds - 1)) * (weights - 1 / seeds)
    return stretched


def _sum(tally: Tally) -> Floats:
    total: Floats = tally.counts.sum(axis=0, dtype=np.float64, keepdims=True)
    return total


def _scores(tally: Tally, sums: Floats, names: Sequence[str]) -> Floats:
    """(R, D) → (R, M); NaN where a tally has no such score."""
    finished = tally.finish(sums)
    place = {str(name): at for at, name in enumerate(tally.names)}
    columns = np.array([place.get(name, finished.shape[1]) for name in names], dtype=np.int64)
    padded: Floats = np.concatenate([finished, np.full((len(finished), 1), np.nan)], axis=1)[:, columns]
    return padded
