"""Scores as functions of sums over examples: what intervals, comparisons and buckets of every task are made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bools", "Finish", "Floats", "Ints", "Tally"]

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Finish = Callable[[Floats], Floats]  # sums (R, D) → scores (R, M), NaN where one does not exist


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What each example adds to the scores.

    Args:
        counts: (S, D): what an example adds to each sum.
        finish: Sums → scores, for many resamples at once.
        names: Of the scores, such as `accuracy` or `f1 of PER`. Length M.
        cost: Mistakes, or loss, per example: what a comparison calls gained and lost. Length S.
        gold: A digest of the gold per example: only predictions of the same gold are compared. Length S.
    """

    counts: NDArray[np.generic]
    finish: Finish
    names: Sequence[str]
    cost: Floats
    gold: Sequence[bytes]

    def scores(self, chosen: Ints | None = None) -> dict[str, float | None]:
        """The scores of some of the examples, or of all.

        Args:
            chosen: Their indices.
        """
        counts = self.counts if chosen is None else self.counts[chosen]
        sums = counts.sum(axis=0, dtype=np.float64, keepdims=True)
        finished = self.finish(sums)[0].tolist()
        return {name: None if np.isnan(value) else value for name, value in zip(self.names, finished, strict=True)}
