"""Rows of which some tokens are hidden, drawn when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.tasks.language.borders import Borders
from ft_magics.tasks.language.rows import Row, Rows
from ft_magics.tasks.masked.masking import Masking, hide

__all__ = ["MaskedRow", "MaskedRows"]

_HELD_OUT = (20_19, 0)  # of rows that no epoch draws: dev is asked the same after every epoch, in every run


@dataclass(frozen=True, slots=True)
class MaskedRow:
    """A row and what is hidden of it.

    Args:
        row: With special tokens. Length T.
        training: How tokens are hidden in training.
        held_out: How they are hidden in evaluation, always the same.
        begins: Whether each token begins a word, by a segmenter; None where the vocabulary says it. Length T.
    """

    row: Row
    training: Masking
    held_out: Masking
    begins: NDArray[np.bool_] | None = None

    @property
    def example(self) -> int:
        """Index of the document."""
        return self.row.example

    @property
    def tokens(self) -> int:
        """T."""
        return self.row.tokens

    def hidden(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """What is shown, and which tokens are to be predicted. Length T each."""
        ids = self.row.ids
        if self.row.asked:
            return ids, ids == self.training.mask_id
        if self.row.draw is None:
            return hide(ids, self.held_out, (*_HELD_OUT, self.row.row))
        seed, epoch = self.row.draw
        return hide(ids, self.training, (seed, epoch + 1, self.row.row), self.begins)


@dataclass(frozen=True, slots=True, eq=False)
class MaskedRows(Sequence[MaskedRow]):
    """The rows of a split.

    Args:
        rows: Of which some tokens are hidden.
        training: How, in training.
        held_out: How, in evaluation.
        borders: Where words begin, by a segmenter; None where the vocabulary says it.
    """

    rows: Rows
    training: Masking
    held_out: Masking
    borders: Borders | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[MaskedRow]:
        for row in self.rows:
            yield self._masked(row)

    def __getitem__(self, at: Any) -> Any:
        found = self.rows[at]
        return [self._masked(row) for row in found] if isinstance(found, list) else self._masked(found)

    def _masked(self, row: Row) -> MaskedRow:
        if self.borders is None:
            return MaskedRow(row, self.training, self.held_out)
        _, begin, end = self.rows.place(row.row)
        begins = np.ones(row.tokens, dtype=np.bool_)  # a special token is a word of its own
        begins[len(self.rows.prefix) :][: end - begin] = self.borders.begins[begin:end]
        return MaskedRow(row, self.training, self.held_out, begins)

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Tokens per row."""
        return self.rows.lengths

    @property
    def fingerprint(self) -> bytes:
        """Of what the model sees."""
        return self.rows.fingerprint + (self.borders.key if self.borders else b"")

    def of_example(self, example: int) -> list[MaskedRow]:
        """Those of one document."""
        return [self._masked(row) for row in self.rows.of_example(example)]

    def drawn(self, *, seed: int, epoch: int) -> MaskedRows:
        """The same rows, of which other tokens are hidden."""
        return replace(self, rows=self.rows.drawn(seed=seed, epoch=epoch))
