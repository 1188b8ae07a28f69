"""Which evaluation was the best."""

from __future__ import annotations

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
    """

    epoch: float | None = None
    value: float | None = None
    waiting: int = 0

    def improve(self, metric: Metric, epoch: float, value: float | None, min_delta: float) -> bool:
        """Whether an evaluation is the best; only an improvement by more than `min_delta` ends the waiting.

        Args:
            metric: The headline.
            epoch: Of the evaluation.
            value: Its headline; None, which is worse than any number, where that does not exist.
            min_delta: At least 0.
        """
        enough = self._is_better(metric, value, min_delta)
        self.waiting = 0 if enough else self.waiting + 1
        if not enough and not self._is_better(metric, value, 0.0):
            return False
        self.epoch, self.value = epoch, value
        return True

    def _is_better(self, metric: Metric, value: float | None, by_more_than: float) -> bool:
        if self.epoch is None:
            return True
        if value is None or self.value is None:
            return value is not None
        to_beat = self.value + (by_more_than if metric.higher_is_better else -by_more_than)
        return metric.gain(value, to_beat) > 0
