"""Which windows are trained on: of a long context most hold no answer, and they would drown out those that do.

Source: Alberti et al. 2019, "A BERT Baseline for the Natural Questions", section 3 (most windows without an answer are
left out); Karpukhin et al. 2020 for the name.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from ft_magics.tasks.qa.windows import Window

__all__ = ["trained_windows"]


def trained_windows(windows: Sequence[Window], negatives: float | Literal["all"]) -> list[Window]:
    """All windows that hold an answer, and some of those that do not, drawn by lot and always the same.

    Args:
        windows: Of train.
        negatives: How many windows without the answer are taken for each one that holds it, over all questions that
            have one; of a question without an answer it is one window, or as many as this says.

    Returns:
        As they stood.
    """
    if negatives == "all":
        return list(windows)
    answered = {window.example for window in windows if window.labels[0] > 0}
    draw = random.Random(0)
    missing: list[int] = []
    without: dict[int, list[int]] = {}
    for at, window in enumerate(windows):
        if window.is_negative and window.example in answered:
            missing.append(at)
        elif window.is_negative:
            without.setdefault(window.example, []).append(at)
    holding = sum(window.labels[0] > 0 for window in windows)
    kept = set(_drawn(draw, missing, round(negatives * holding)))
    for places in without.values():
        kept.update(_drawn(draw, places, max(1, round(negatives))))
    return [window for at, window in enumerate(windows) if at in kept or not window.is_negative]


def _drawn(draw: random.Random, places: Sequence[int], count: int) -> list[int]:
    return draw.sample(places, min(count, len(places)))
