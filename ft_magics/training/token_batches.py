"""Batches of a number of tokens instead of a number of rows: `train: {batch_tokens: 4096}`.

Rows of like length go through the model together, as many as the budget holds, so that hardly a token is padding.
Source: the same is done by fairseq (Ott et al. 2019) and by tensor2tensor (Vaswani et al. 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Lengths", "cut", "drawn_batches"]

Lengths = Sequence[int] | NDArray[np.integer[Any]]


def cut(lengths: Lengths, *, most_tokens: int, most_rows: int | None = None) -> NDArray[np.int64]:
    """Where batches begin, once rows are sorted from the longest to the shortest.

    It depends on the lengths alone, so that every epoch has as many batches.

    Args:
        lengths: Tokens per row, at least one row.
        most_tokens: Of a batch, padding included; a longer row is a batch of its own.
        most_rows: Of a batch; None for any number.

    Returns:
        The first row of each batch, and the number of rows as the end. Shape (batches + 1,).
    """
    falling = -np.sort(-np.asarray(lengths, dtype=np.int64))
    begins, rows = [0], len(falling)
    while begins[-1] < rows:
        begin = begins[-1]
        fitting = max(1, most_tokens // max(1, int(falling[begin])))
        begins.append(min(rows, begin + min(fitting, most_rows or fitting)))
    return np.array(begins, dtype=np.int64)


def drawn_batches(lengths: Lengths, begins: NDArray[np.int64], *, seed: int) -> list[NDArray[np.int64]]:
    """The rows of each batch of an epoch: those of equal length change places, and batches come in a random order.

    The batch with the longest row comes first: what does not fit into memory is seen in the first step.

    Args:
        lengths: Tokens per row.
        begins: As `cut` gave it.
        seed: Of the epoch.
    """
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(lengths)).astype(np.int64)
    order = order[np.argsort(-np.asarray(lengths, dtype=np.int64)[order], kind="stable")]
    batches = np.split(order, begins[1:-1])
    return [batches[0], *(batches[1 + at] for at in generator.permutation(len(batches) - 1))]
