"""Training examples in the order of batches: grouped by length, shuffled by seed and epoch alone.

The order of an epoch depends on nothing that happened before it, so that a resumed run sees the same batches. (The
Trainer's own `group_by_length` draws from torch's global generator.)
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import Dataset
from transformers.trainer_pt_utils import get_length_grouped_indices

from ft_magics.config.train import FittedTrain
from ft_magics.models.asked_head import ASKED
from ft_magics.tasks.task import IGNORE_INDEX, LazyFeatures
from ft_magics.training.token_batches import cut, drawn_batches

__all__ = [
    "BatchesOfTokens",
    "GroupedByLength",
    "in_batches",
    "leave_out_repeated",
    "most_rows",
    "rows_of",
    "token_counts",
]

_BATCHES_A_GROUP = 50  # as in transformers, that are sorted by length together
_EPOCHS_A_SEED = 100_003  # more than the epochs of a run: no two runs of neighbouring seeds share an order


class GroupedByLength(Dataset[dict[str, Any]]):
    """Features in an order that a sequential sampler can take: neighbours are of like length.

    Where several processes train together, each needs as many rows as the others. The first rows of an epoch are
    repeated behind its last for that, marked so that they count for nothing: see `leave_out_repeated`.

    Args:
        features: All of them.
        batch_size: Features in an optimiser step.
        seed: Of the run.
        multiple: What the number of rows is to be a multiple of: the rows of one batch in all processes. 1 for one
            process, whose last batch may be smaller.
    """

    def __init__(self, features: Sequence[Any], *, batch_size: int, seed: int, multiple: int = 1) -> None:
        self._all = self._features = features
        self._lengths: Any = token_counts(features)
        self._batch_size, self._seed = batch_size, seed
        self._rows = -(-len(features) // multiple) * multiple
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch; the Trainer calls this through its data loader."""
        seed = self._seed * _EPOCHS_A_SEED + epoch
        if isinstance(self._all, LazyFeatures):
            self._features = self._all.drawn(seed=self._seed, epoch=epoch)
            self._order: Sequence[int] | NDArray[np.int64] = _in_groups(self._lengths, self._batch_size, seed)
            return
        generator = torch.Generator().manual_seed(seed)
        self._order = get_length_grouped_indices(self._lengths, self._batch_size, generator=generator)

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, index: int) -> dict[str, Any]:
        there = len(self._order)
        if index >= self._rows:
            raise IndexError(index)
        return {"feature": self._features[int(self._order[index % there])], "repeated": index >= there}


class BatchesOfTokens(Dataset[list[dict[str, Any]]]):
    """Whole batches, each of as many features of like length as a number of tokens holds.

    Where several processes train together, each needs as many batches as the others: the first of an epoch are repeated
    behind its last, marked so that they count for nothing.

    Args:
        features: All of them.
        most_tokens: Of a batch, padding included.
        most_rows: Of a batch.
        seed: Of the run.
        multiple: What the number of batches is to be a multiple of.
    """

    def __init__(
        self, features: Sequence[Any], *, most_tokens: int, most_rows: int, seed: int, multiple: int = 1
    ) -> None:
        self._all = self._features = features
        self._lengths = token_counts(features)
        self._seed = seed
        self._begins = cut(self._lengths, most_tokens=most_tokens, most_rows=most_rows)
        self._rows = -(-(len(self._begins) - 1) // multiple) * multiple
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch; the Trainer calls this through its data loader."""
        if isinstance(self._all, LazyFeatures):
            self._features = self._all.drawn(seed=self._seed, epoch=epoch)
        self._batches = drawn_batches(self._lengths, self._begins, seed=self._seed * _EPOCHS_A_SEED + epoch)

    def __len__(self) -> int:
        return self._rows

    def __getitem__(self, index: int) -> list[dict[str, Any]]:
        there = len(self._batches)
        if index >= self._rows:
            raise IndexError(index)
        rows = self._batches[index % there]
        return [{"feature": self._features[int(row)], "repeated": index >= there} for row in rows]


def in_batches(
    features: Sequence[Any], train: FittedTrain, *, world_size: int = 1
) -> GroupedByLength | BatchesOfTokens:
    """The training data in the order that they are seen in.

    Args:
        features: Of train.
        train: How a run is trained.
        world_size: Processes that train together.
    """
    if train.batch_tokens:
        return BatchesOfTokens(
            features,
            most_tokens=train.batch_tokens,
            most_rows=train.batch_size,
            seed=train.seed,
            multiple=world_size,
        )
    together = train.batch_size * world_size  # rows of a batch in all processes
    return GroupedByLength(
        features,
        batch_size=together * train.gradient_accumulation,
        seed=train.seed,
        multiple=together if world_size > 1 else 1,
    )


def most_rows(features: Sequence[Any], train: FittedTrain) -> int:
    """Rows of the batch that takes the most memory: that with the longest row."""
    rows = min(train.batch_size, len(features))
    if train.batch_tokens:
        return min(rows, max(1, train.batch_tokens // max(1, int(max(token_counts(features))))))
    return rows


def rows_of(items: Sequence[Any]) -> list[dict[str, Any]]:
    """The rows of a batch, which a data loader gives as rows or as one whole batch."""
    return [row for item in items for row in (item if isinstance(item, list) else [item])]


def token_counts(features: Sequence[Any]) -> Sequence[int] | NDArray[np.integer[Any]]:
    """Tokens of each feature."""
    return features.lengths if isinstance(features, LazyFeatures) else [feature.tokens for feature in features]


def _in_groups(lengths: NDArray[np.integer[Any]], batch_size: int, seed: int) -> NDArray[np.int64]:
    """An order as that of transformers' `get_length_grouped_indices`, made in arrays: lists take ten times the memory.

    Batches come in a random order, not from the longest to the shortest of each group: where rows are cut from
    documents, the loss would rise and fall with their lengths.

    Args:
        lengths: Tokens per row.
        batch_size: Rows in an optimiser step.
        seed: Of the order.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(lengths)).astype(np.int64)
    group = np.arange(len(order)) // (batch_size * _BATCHES_A_GROUP)
    order = order[np.lexsort((-lengths[order].astype(np.int64), group))]
    whole = len(order) // batch_size
    batches = order[: whole * batch_size].reshape(whole, batch_size)[generator.permutation(whole)]
    if whole:  # what does not fit into memory is seen in the first step
        longest = int(lengths[batches].max(axis=1).argmax())
        batches[[0, longest]] = batches[[longest, 0]]
    return np.concatenate([batches.reshape(-1), order[whole * batch_size :]])


def leave_out_repeated(batch: dict[str, torch.Tensor], items: Sequence[dict[str, Any]]) -> None:
    """Let rows that are only repeated ask for nothing, so that loss and gradient are those of the others.

    Args:
        batch: What the task's collate gave, with `labels` (B, …).
        items: Of `GroupedByLength`. Length B.
    """
    for row, item in enumerate(items):
        if item["repeated"]:
            batch["labels"][row] = IGNORE_INDEX
            if ASKED in batch:
                batch[ASKED][row] = False
