"""The exponential moving average of the weights, which is what is evaluated and kept where a cell asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from ft_magics.errors import ModelError, RunError
from ft_magics.runs.predictor import TrainedModel
from ft_magics.training.tuned import tuning_of
from ft_magics.tuning.kept import check_names, read_tensors

__all__ = ["Averages"]

_FILE = "averages.safetensors"


class Averages:
    """Follows the weights that are trained; does nothing where no decay is given.

    The first steps are forgotten faster, or a short training would keep most of the weights that it began with: after n
    steps the decay is at most (1 + n) / (10 + n).

    Args:
        trained: The model.
        decay: How much of the average is kept at each step; None for no average.

    Source: Polyak & Juditsky 1992; the decay of the first steps is that of TensorFlow's `ExponentialMovingAverage`.
    """

    def __init__(self, trained: TrainedModel, decay: float | None) -> None:
        self._trained, self._decay = trained, decay
        self._kept: dict[str, torch.Tensor] = {}

    def begin(self) -> None:
        """The training begins or is resumed, with the model where it is trained: without an average it is the start."""
        if self._decay is not None:
            self._kept = {
                name: self._kept[name].to(item.device) if name in self._kept else item.detach().clone()
                for name, item in self._followed().items()
            }

    def update(self, step: int) -> None:
        """The weights have changed.

        Args:
            step: Steps that were done before this one.
        """
        if self._decay is None:
            return
        decay = min(self._decay, (1 + step) / (10 + step))
        followed = self._followed()
        with torch.no_grad():
            get_ema_multi_avg_fn(decay)(  # type: ignore[no-untyped-call]  # torch's is untyped
                [self._kept[name] for name in followed], [item.detach() for item in followed.values()], None
            )

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Let the model have the averages for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    def save(self, checkpoint: Path) -> None:
        """Write what a resumed run needs."""
        if self._decay is not None:
            save_file({name: item.cpu().contiguous() for name, item in self._kept.items()}, checkpoint / _FILE)

    def load(self, checkpoint: Path) -> None:
        """Continue from what `save` wrote.

        Raises:
            RunError: It cannot be read.
        """
        if self._decay is None:
            return
        try:
            found = read_tensors(checkpoint, _FILE)
            check_names(self._followed(), found, checkpoint / _FILE)
        except (ModelError, OSError) as error:
            raise RunError(
                f"{error}. Remove the folder {checkpoint}, and the run resumes from the checkpoint before it"
            ) from error
        self._kept = found

    def _followed(self) -> dict[str, nn.Parameter]:
        wanted = set(tuning_of(self._trained).trainable)
        return {name: item for name, item in self._trained.model.named_parameters() if name in wanted}

    def _swap(self) -> None:
        for name, item in self._followed().items() if self._kept else ():
            item.data, self._kept[name] = self._kept[name], item.data
