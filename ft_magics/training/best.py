"""Which evaluation was the best."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ft_magics.metrics import Metric

__all__ = ["Best"]


@dataclass(slots=True)
class Best:
    """The best evaluation so far, and how many evaluations since then have not improved on it.

    Args:
        epoch: Of it; None before the first.
        value: Its headline; None where that did not exist.
        waiting: Evaluations in a row that improved too little.
        loss: Of it, on dev; None where that is not known.
    """

    epoch: float | None = None
    value: float | None = None
    waiting: int = 0
    loss: float | None = None

    def improve(
        self, metric: Metric, epoch: float, value: float | None, min_delta: float, loss: float | None = None
    ) -> bool:
        """Whether an evaluation is the best; only an improvement by more than `min_delta` ends the waiting.

        Of two with the same headline the one with the lower loss is the better one: scores of a small dev set come in
        coarse steps, and its loss still tells models apart.

        Args:
            metric: The headline.
            epoch: Of the evaluation.
            value: Its headline; None, which is worse than any number, where that does not exist.
            min_delta: At least 0.
            loss: Of the evaluation; None where there is none.
        """
        known = loss if loss is not None and math.isfinite(loss) else None
        enough = self._is_better(metric, value, min_delta)
        self.waiting = 0 if enough else self.waiting + 1
        if not enough and not self._is_better(metric, value, 0.0) and not self._breaks_tie(value, known):
            return False
        self.epoch, self.value, self.loss = epoch, value, known
        return True

    def _breaks_tie(self, value: float | None, loss: float | None) -> bool:
        return value == self.value and loss is not None and self.loss is not None and loss < self.loss

    def _is_better(self, metric: Metric, value: float | None, by_more_than: float) -> bool:
        if self.epoch is None:
            return True
        if value is None or self.value is None:
            return value is not None
        to_beat = self.value + (by_more_than if metric.higher_is_better else -by_more_than)
        return metric.gain(value, to_beat) > 0
