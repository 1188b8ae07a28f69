"""From which probability on a label is given, where a text may have several."""

from __future__ import annotations

import numpy as np

__all__ = ["choose_thresholds"]

_FEWEST_POSITIVES = 10  # a label with fewer on dev takes the threshold that is best for all labels together
_GRID = np.round(np.arange(0.05, 0.96, 0.05), 2)


def choose_thresholds(probabilities: np.ndarray, gold: np.ndarray) -> list[float]:
    """The threshold of each label with the best F1; of rare labels the one with the best micro F1.

    Args:
        probabilities: (S, C).
        gold: Whether a text has a label: (S, C), true or false.
    """
    given = probabilities[None] >= _GRID[:, None, None]  # (G, S, C)
    right = (given & gold).sum(axis=1)  # (G, C)
    sizes = given.sum(axis=1) + gold.sum(axis=0)
    overall = _best(right.sum(axis=1), sizes.sum(axis=1))
    rare = gold.sum(axis=0) < _FEWEST_POSITIVES
    return [overall if rare[at] else _best(right[:, at], sizes[:, at]) for at in range(gold.shape[1])]


def _best(right: np.ndarray, sizes: np.ndarray) -> float:
    """The best of the grid by F1; of several the one nearest to a half."""
    f1 = 2 * right / np.maximum(sizes, 1)
    best = np.flatnonzero(f1 >= f1.max() - 1e-12)
    return float(_GRID[best[np.abs(_GRID[best] - 0.5).argmin()]])
