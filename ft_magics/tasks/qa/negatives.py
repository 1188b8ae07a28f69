"""Which windows are trained on: of a long context most hold no answer, and they would drown out those that do.

Source: Alberti et al. 2019, "A BERT Baseline for the Natural Questions" (most windows without an answer are left
out); Karpukhin et al. 2020 for the name.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from ft_magics.errors import DataError
from ft_magics.tasks.qa.windows import Window

__all__ = ["trained_windows"]


def trained_windows(windows: Sequence[Window], negatives: float | Literal["all"]) -> list[Window]:
    """All windows that hold an answer, and some of those that do not, drawn by lot and always the same.

    Windows of which nothing is asked, since the answer is not known or is in none of them as a whole, are left out.

    Args:
        windows: Of train.
        negatives: How many windows without the answer are taken for each one that holds it, over all questions that
            have one; of a question without an answer it is one window, or as many as this says.

    Returns:
        As they stood.

    Raises:
        DataError: There is none that holds an answer.
    """
    holding = [window.example for window in windows if window.holds_answer]
    if not holding:
        raise DataError(
            "data.train: no answer is in a window as a whole, so there is nothing to learn; a greater "
            "`max_length_tokens` helps, or a greater `doc_stride`"
        )
    asked = [at for at, window in enumerate(windows) if window.is_negative]
    if negatives == "all":
        kept = set(asked)
    else:
        draw, answered = random.Random(0), set(holding)
        without: dict[int, list[int]] = {}
        for at in asked:
            without.setdefault(windows[at].example, []).append(at)
        missing = [at for example, places in without.items() if example in answered for at in places]
        kept = set(_drawn(draw, missing, round(negatives * len(holding))))
        for example, places in without.items():
            if example not in answered:
                kept.update(_drawn(draw, places, max(1, round(negatives))))
    return [window for at, window in enumerate(windows) if window.holds_answer or at in kept]


def _drawn(draw: random.Random, places: Sequence[int], count: int) -> list[int]:
    return draw.sample(places, min(count, len(places)))
