"""Gold labels that are probably wrong: another label is as probable as it is on average where gold has it.

Source: Northcutt, Jiang and Chuang 2021 (confident learning). It asks for probabilities of texts that the model was not
trained on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.tally import Bools, Floats

__all__ = ["suspicion"]


def suspicion(gold: Bools, probabilities: NDArray[np.floating], *, multi_label: bool) -> Floats:
    """How much more probable another label is than gold; 0 for what is not suspected.

    Args:
        gold: (S, K).
        probabilities: (S, C).
        multi_label: Whether each label is a decision of its own.

    Returns:
        From 0 to 1. Length S.
    """
    gold = gold[:, : probabilities.shape[1]]
    usual = _mean_where(gold, probabilities)
    if not multi_label:
        sure = ~gold & (probabilities >= usual)
        other = np.where(sure, probabilities, 0).max(axis=1)
        own = np.where(gold, probabilities, 0).max(axis=1)
        known = gold.any(axis=1)  # a label that the model cannot give says nothing about gold
        more: Floats = np.where(known, np.maximum(other - own, 0), 0).astype(np.float64)
        return more
    unusual = _mean_where(~gold, probabilities)
    missing = np.where(~gold & (probabilities >= np.maximum(usual, 0.5)), 2 * probabilities - 1, 0)
    given = np.where(gold & (probabilities <= np.minimum(unusual, 0.5)), 1 - 2 * probabilities, 0)
    found: Floats = np.clip(np.maximum(missing, given).max(axis=1, initial=0), 0, 1).astype(np.float64)
    return found


def _mean_where(chosen: Bools, probabilities: NDArray[np.floating]) -> Floats:
    """Mean probability per label over the examples that are chosen for it, above 1 where there are none. Length C."""
    count = chosen.sum(axis=0)
    total = np.where(chosen, probabilities, 0).sum(axis=0, dtype=np.float64)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), 2.0)
    return means
