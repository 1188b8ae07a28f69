"""Training examples in the order of batches: grouped by length, shuffled by seed and epoch alone.

The order of an epoch depends on nothing that happened before it, so that a resumed run sees the same batches. (The
Trainer's own `group_by_length` draws from torch's global generator.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.utils.data import Dataset
from transformers.trainer_pt_utils import get_length_grouped_indices

__all__ = ["GroupedByLength"]

_EPOCHS_A_SEED = 100_003  # more than the epochs of a run: no two runs of neighbouring seeds share an order


class GroupedByLength(Dataset[dict[str, Any]]):
    """Features in an order that a sequential sampler can take: neighbours are of like length.

    Args:
        features: All of them.
        batch_size: Features in an optimiser step.
        seed: Of the run.
    """

    def __init__(self, features: Sequence[Any], *, batch_size: int, seed: int) -> None:
        self._features = features
        self._lengths = [feature.tokens for feature in features]
        self._batch_size, self._seed = batch_size, seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch; the Trainer calls this through its data loader."""
        generator = torch.Generator().manual_seed(self._seed * _EPOCHS_A_SEED + epoch)
        self._order = get_length_grouped_indices(self._lengths, self._batch_size, generator=generator)

    def __len__(self) -> int:
        return len(self._features)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"feature": self._features[self._order[index]]}
