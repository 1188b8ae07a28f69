"""The examples of dev that an evaluation predicts: all of them, or a part that is the same each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ft_magics.tasks.optional import WritesTexts
from ft_magics.training.prepare import Prepared

__all__ = ["DevPart"]


class DevPart:
    """A part of dev, drawn evenly from it.

    Where a task writes texts, what the best model wrote is kept for the end, so that nothing is generated twice. The
    rest of dev is then predicted by itself, in the same batches as by a run that was resumed.

    Args:
        prepared: The run.
    """

    def __init__(self, prepared: Prepared) -> None:
        self._trained, self._whole = prepared.trained, prepared.features.get("dev", ())
        self._all: Sequence[Any] = () if prepared.corpus.dev is None else prepared.corpus.dev.examples
        self._writes = isinstance(prepared.trained.task, WritesTexts)
        most = prepared.config.eval.examples
        if most is None and isinstance(prepared.trained.task, WritesTexts):
            most = prepared.trained.task.dev_examples
        self._chosen = _evenly(len(self._all), most)
        self._newest: list[Any] | None = None
        self._best: list[Any] | None = None

    @property
    def examples(self) -> Sequence[Any]:
        """Those of the part."""
        return self._all if self.is_whole else [self._all[at] for at in self._chosen]

    @property
    def is_whole(self) -> bool:
        """Whether it is all of dev."""
        return len(self._chosen) == len(self._all)

    def predict(self) -> tuple[list[Any], float | None]:
        """One prediction per example of the part, and the mean loss."""
        self._newest, loss = self._predict(self._chosen)
        return self._newest, loss

    def keep(self) -> None:
        """The model of the newest prediction is the best so far."""
        self._best = self._newest if self._writes else None

    def forget(self) -> None:
        """The best model is another one now, if only by rounding."""
        self._best = None

    def predict_all(self) -> list[Any]:
        """One prediction per example of dev by the best model, which the run has loaded."""
        if not self._writes:
            return self._predict(range(len(self._all)))[0]
        part = self._best if self._best is not None else self._predict(self._chosen)[0]
        inside = set(self._chosen)
        rest = [at for at in range(len(self._all)) if at not in inside]
        found = dict(zip(self._chosen, part, strict=True))
        found |= dict(zip(rest, self._predict(rest)[0], strict=True)) if rest else {}
        return [found[at] for at in range(len(self._all))]

    def _predict(self, chosen: Sequence[int]) -> tuple[list[Any], float | None]:
        if len(chosen) == len(self._all):
            return self._trained.predictions(self._all, self._whole)
        examples = [self._all[at] for at in chosen]
        return self._trained.predictions(examples, self._trained.task.encode(examples, self._trained.spec))


def _evenly(count: int, most: int | None) -> Sequence[int]:
    """Indices that are as far apart as can be."""
    if most is None or most >= count:
        return range(count)
    found: list[int] = np.linspace(0, count - 1, most).round().astype(np.int64).tolist()
    return found
