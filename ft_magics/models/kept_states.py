"""What the frozen bottom of a model gave for each row: in memory, or in a file without a name.

Shapes: B batch, T tokens, D hidden, N all tokens of all rows.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch

from ft_magics.models.frozen_bottom import KEPT, Kind

__all__ = ["KeptStates"]


class _Vectors:
    """Vectors of one width, written one after the other and then read in any order.

    Args:
        count: How many there will be.
        folder: For a file; None for memory.
    """

    def __init__(self, count: int, folder: Path | None) -> None:
        self._count, self._folder, self._done = count, folder, 0
        self._file: BinaryIO | None = None
        self._all = torch.empty(0)

    def add(self, vectors: torch.Tensor) -> None:
        """Write some: (n, D), on any device."""
        vectors = vectors.cpu().contiguous()
        if self._folder is None:
            if not self._done:
                self._all = vectors.new_empty((self._count, vectors.shape[1]))
            self._all[self._done : self._done + len(vectors)] = vectors
        else:
            if self._file is None:  # the system removes it with the process, however that ends
                self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115  # it is read until `close`
            self._file.write(vectors.view(torch.uint8).numpy().data)
            self._all = vectors[:0]
        self._done += len(vectors)

    def finish(self) -> None:
        """All are written."""
        if self._file is not None:
            self._file.flush()
            width, kind = self._all.shape[1], self._all.dtype
            size = self._count * width * kind.itemsize
            held = np.memmap(self._file, dtype=np.uint8, mode="r+", shape=(size,))
            self._all = torch.from_numpy(held).view(kind).view(self._count, width)

    def pick(self, parts: Sequence[tuple[int, int]]) -> torch.Tensor:
        """Those from one index to another, for several of these pairs: (n, D)."""
        return torch.cat([self._all[begin:end] for begin, end in parts])

    def close(self) -> None:
        """Give back what they take."""
        self._all = torch.empty(0)
        if self._file is not None:
            self._file.close()


class KeptStates:
    """The states of rows.

    Args:
        kinds: What is kept of each tensor.
        rows: How many rows there will be.
        tokens: How many tokens they have, N.
        folder: Where a file without a name takes the states; None for memory.
    """

    def __init__(self, kinds: Mapping[str, Kind], *, rows: int, tokens: int, folder: Path | None) -> None:
        self.in_memory = folder is None
        self.bytes = 0
        self._kinds = {name: kind for name, kind in kinds.items() if kind != "unread"}
        self._vectors = {
            name: _Vectors(tokens if kind == "tokens" else rows, folder) for name, kind in self._kinds.items()
        }
        self._begins, self._count = [0], 0
        self._rows: dict[int, tuple[int, Any]] = {}  # by id, with the feature itself, so that the id stays its own

    def add(self, features: Sequence[Any], mask: torch.Tensor, states: Mapping[str, torch.Tensor]) -> None:
        """Keep a batch.

        Args:
            features: Its rows.
            mask: Which of the tokens are no padding. Shape (B, T).
            states: Of the bottom: (B, T, D), or (B, D).
        """
        for feature in features:
            self._rows[id(feature)] = (self._count, feature)  # one that is in two splits has the same states twice
            self._count += 1
        counts = mask.sum(1).tolist()
        self._begins += [self._begins[-1] + added for added in accumulate(counts)]
        for name, kind in self._kinds.items():
            vectors = states[name][mask.to(states[name].device)] if kind == "tokens" else states[name]
            self._vectors[name].add(vectors)
            self.bytes += vectors.numel() * vectors.element_size()

    def finish(self) -> None:
        """All rows are there."""
        for vectors in self._vectors.values():
            vectors.finish()

    def give(self, batch: dict[str, torch.Tensor], features: Sequence[Any]) -> None:
        """Add to a batch what was kept of its rows; nothing, where one of them is not known.

        Args:
            batch: As a task collates it; it is changed.
            features: Its rows.
        """
        found = [self._rows.get(id(feature)) for feature in features]
        places = [known[0] for known in found if known is not None]
        if len(places) < len(features):
            return
        mask = batch["attention_mask"].bool()
        for name, kind in self._kinds.items():
            if kind == "tokens":
                real = self._vectors[name].pick([(self._begins[at], self._begins[at + 1]) for at in places])
                states = real.new_zeros((*mask.shape, real.shape[1]))
                states[mask] = real
            else:
                states = self._vectors[name].pick([(at, at + 1) for at in places])
            batch[KEPT + name] = states

    def close(self) -> None:
        """Give back memory and disk."""
        self._rows.clear()
        for vectors in self._vectors.values():
            vectors.close()
