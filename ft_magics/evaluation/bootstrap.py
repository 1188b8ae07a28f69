"""How sure a score is: examples are redrawn, with replacement, and the score is taken each time.

Nothing is scored again: what an example adds to each sum is known, and examples that add the same are drawn together.
How often each group is drawn follows a multinomial distribution, exactly as if its examples had been drawn one by one.

Source: Efron 1979 (bootstrap, percentile interval); Berg-Kirkpatrick et al. 2012 for comparing two systems.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.errors import DataError
from ft_magics.evaluation.scores import Interval
from ft_magics.evaluation.tally import Floats, Ints, Tally

__all__ = [
    "LEVEL",
    "Difference",
    "difference_of",
    "differences",
    "first_other_gold",
    "intervals",
    "percentile_interval",
    "resample",
]

LEVEL = 0.95

_WEIGHTS_AT_ONCE = 4_000_000  # numbers in a block of resamples: 32 MB
_SPARSE = 0.05  # share of counts that are not 0, below which a column's own rows are added up
_FEW_GROUPS = 4_000  # a multinomial draw costs a binomial per group; beyond this, drawing examples is cheaper


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A score of one system less that of another on the same examples.

    Args:
        difference: None where either score does not exist.
        interval: Percentile interval of the paired bootstrap.
        p: Two-sided: twice the smaller share of resamples on one side of 0.
    """

    difference: float | None
    interval: Interval | None
    p: float | None


def intervals(tally: Tally, resamples: int, seed: int) -> list[Interval | None]:
    """A percentile interval for each score.

    Args:
        tally: Of S examples and M scores.
        resamples: How many; 0 for no intervals.
        seed: For the same intervals each time.

    Returns:
        In the order of `tally.names`; None where a score does not exist. Length M.
    """
    if not resamples or not len(tally.counts) or not tally.counts.shape[1]:
        return [None] * len(tally.names)
    drawn = np.concatenate([tally.finish(sums) for sums in resample(tally.counts, resamples, seed)])  # (R, M)
    there = tally.scores()
    return [None if there[name] is None else percentile_interval(drawn[:, at]) for at, name in enumerate(tally.names)]


def differences(ours: Tally, theirs: Tally, resamples: int, seed: int) -> list[Difference]:
    """Paired bootstrap: both systems are scored on the same resamples.

    Args:
        ours: Of the baseline.
        theirs: Of the other system, on the same examples.
        resamples: How many, at least 1.
        seed: For the same numbers each time.

    Returns:
        Theirs less ours, in the order of `ours.names`; without numbers where theirs lacks a score. Length M.

    Raises:
        DataError: The gold is not the same; the message names the first example that differs.
    """
    _check_gold(ours, theirs)
    width = ours.counts.shape[1]
    counts = np.concatenate([ours.counts, theirs.counts], axis=1)
    at_theirs = {name: at for at, name in enumerate(theirs.names)}
    place = np.array([at_theirs.get(name, len(at_theirs)) for name in ours.names], dtype=np.int64)

    def contrast(sums: Floats) -> Floats:
        """(R, D + D') → (R, M)."""
        other = theirs.finish(sums[:, width:])
        padded = np.concatenate([other, np.full((len(other), 1), np.nan)], axis=1)
        difference: Floats = padded[:, place] - ours.finish(sums[:, :width])
        return difference

    observed = contrast(counts.sum(axis=0, dtype=np.float64, keepdims=True))[0]
    drawn = np.concatenate([contrast(sums) for sums in resample(counts, resamples, seed)])
    return [difference_of(float(observed[at]), drawn[:, at]) for at in range(len(ours.names))]


def first_other_gold(ours: Tally, theirs: Tally) -> int | None:
    """Index of the first example whose gold differs; None where all gold is the same. The lengths are the same."""
    pairs = zip(ours.gold, theirs.gold, strict=True)
    return next((at for at, (one, other) in enumerate(pairs) if one != other), None)


def _check_gold(ours: Tally, theirs: Tally) -> None:
    if len(ours.gold) != len(theirs.gold):
        raise DataError(
            f"one system has {len(ours.gold)} examples and the other {len(theirs.gold)}; "
            "a comparison needs the same examples"
        )
    at = first_other_gold(ours, theirs)
    if at is not None:
        raise DataError(
            f"the systems have different gold, first in example {at} (counted from 0); "
            "a comparison needs the same examples"
        )


def resample(counts: NDArray[Any], resamples: int, seed: int) -> Iterator[Floats]:
    """The sums over each resample, in blocks of (R, D).

    Args:
        counts: What each example adds, (S, D); S is at least 1.
        resamples: How many.
        seed: Of the draws.
    """
    generator = np.random.default_rng(seed)
    rows, members = _grouped(counts)
    block = max(1, _WEIGHTS_AT_ONCE // max(len(rows), rows.shape[1], 1))
    for start in range(0, resamples, block):
        weights = _weights(generator, members, min(block, resamples - start))
        yield _sums(weights, rows)


def _grouped(counts: NDArray[Any]) -> tuple[NDArray[Any], Ints]:
    """The distinct rows, (G, D), and how many examples each stands for; examples without any count come last."""
    busy = counts[counts.any(axis=1)]
    as_bytes = np.ascontiguousarray(busy).view(np.dtype((np.void, max(1, busy.shape[1]) * busy.itemsize)))
    _, first, members = np.unique(as_bytes.ravel(), return_index=True, return_counts=True)
    rows = np.concatenate([busy[first], np.zeros((1, busy.shape[1]), dtype=counts.dtype)])
    return rows, np.append(members, len(counts) - len(busy))


def _weights(generator: np.random.Generator, members: Ints, size: int) -> Floats:
    """How often each group is drawn, (size, G)."""
    total = int(members.sum())
    if len(members) <= _FEW_GROUPS:
        return generator.multinomial(total, members / total, size=size).astype(np.float64)
    group = np.repeat(np.arange(len(members), dtype=np.int32), members)
    weights = np.empty((size, len(members)))
    for at in range(size):  # one by one: all at once would be a number per example and resample
        drawn = group[generator.integers(0, total, total, dtype=np.int32)]
        weights[at] = np.bincount(drawn, minlength=len(members))
    return weights


def _sums(weights: Floats, rows: NDArray[Any]) -> Floats:
    """Weights (R, G) @ rows (G, D), without a second copy of the rows as floats."""
    if np.count_nonzero(rows) < _SPARSE * rows.size:
        return _sparse_sums(weights, rows)
    step = max(1, _WEIGHTS_AT_ONCE // len(rows))
    parts = [weights @ rows[:, at : at + step].astype(np.float64) for at in range(0, rows.shape[1], step)]
    return np.concatenate(parts, axis=1) if parts else np.zeros((len(weights), 0))


def _sparse_sums(weights: Floats, rows: NDArray[Any]) -> Floats:
    """The same where most rows add nothing to a column, such as counts of 150 labels."""
    by_group = np.ascontiguousarray(weights.T)  # (G, R)
    sums = np.zeros((len(weights), rows.shape[1]))
    for column in range(rows.shape[1]):
        there = np.flatnonzero(rows[:, column])
        sums[:, column] = rows[there, column].astype(np.float64) @ by_group[there]
    return sums


def percentile_interval(drawn: Floats) -> Interval | None:
    """The middle `LEVEL` of the values that exist."""
    there = drawn[~np.isnan(drawn)]
    if not len(there):
        return None
    low, high = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def difference_of(observed: float, drawn: Floats) -> Difference:
    """A difference that was measured, and how sure it is.

    Args:
        observed: NaN where it does not exist.
        drawn: The same in each resample, NaN where it does not exist there. Length R.
    """
    there = drawn[~np.isnan(drawn)]
    if np.isnan(observed) or not len(there):
        return Difference(difference=None, interval=None, p=None)
    below, above = ((np.sum(side) + 1) / (len(there) + 1) for side in (there <= 0, there >= 0))
    return Difference(
        difference=observed, interval=percentile_interval(there), p=float(min(1.0, 2 * min(below, above)))
    )
