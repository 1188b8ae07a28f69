"""Rows of two segments, `[CLS] A [SEP] B [SEP]`, made when they are asked for, with some tokens hidden.

In evaluation a split has two kinds of rows: those that `objective: mlm` has, by which perplexity is the same as there,
and pairs, which are asked for their label alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.tasks.language.borders import Borders
from ft_magics.tasks.language.rows import Row
from ft_magics.tasks.language.token_map import TokenMap
from ft_magics.tasks.masked.masking import Masking, hide
from ft_magics.tasks.masked.rows import MaskedRow, MaskedRows
from ft_magics.tasks.pairs.draw import HELD_OUT, Kind, draw_pair
from ft_magics.tasks.pairs.plan import PairPlan

__all__ = ["HeldOutRows", "PairRow", "PairRows"]


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two segments, and what is hidden of them.

    Args:
        row: With special tokens; `example` is the document of the first segment. Length T.
        segments: 0 for the first with its special tokens, 1 for the second. Length T.
        label: 0 where the second follows the first in its document, else 1.
        training: How tokens are hidden in training.
        held_out: How they are hidden where nothing is drawn, always the same.
        judged_only: Whether the pair is judged and the hidden tokens are not asked for.
        begins: Whether each token begins a word, by a segmenter; None where the vocabulary says it. Length T.
    """

    row: Row
    segments: NDArray[np.int64]
    label: int
    training: Masking
    held_out: Masking
    judged_only: bool
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
        if self.row.draw is None:
            shown, chosen = hide(self.row.ids, self.held_out, (*HELD_OUT, self.row.row))
            return shown, chosen & (not self.judged_only)
        seed, epoch = self.row.draw
        return hide(self.row.ids, self.training, (seed, epoch + 1, self.row.row), self.begins)


@dataclass(frozen=True, slots=True, eq=False)
class PairRows(Sequence[PairRow]):
    """The pairs of a split.

    Args:
        plan: Its rows.
        kind: What is judged.
        special: `[CLS]` and `[SEP]`.
        training: How tokens are hidden in training.
        held_out: How they are hidden where nothing is drawn.
        judged_only: Whether pairs are judged and their hidden tokens are not asked for, as in evaluation.
        draw: Seed and epoch, by which pairs and masks are drawn; None where they are always the same.
        borders: Where words begin, by a segmenter; None where the vocabulary says it.
    """

    plan: PairPlan
    kind: Kind
    special: tuple[int, int]
    training: Masking
    held_out: Masking
    judged_only: bool = False
    draw: tuple[int, int] | None = None
    borders: Borders | None = None

    @property
    def tokens(self) -> TokenMap:
        """Of the sentences of the split."""
        return self.plan.tokens

    def __len__(self) -> int:
        return len(self.plan)

    def __iter__(self) -> Iterator[PairRow]:
        for at in range(len(self)):
            yield self.one(at)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self.one(index) for index in range(*at.indices(len(self)))]
        index = at + len(self) if at < 0 else at
        if not 0 <= index < len(self):
            raise IndexError(at)
        return self.one(index)

    def one(self, at: int) -> PairRow:
        """The pair of an index from 0."""
        first, second, label = draw_pair(self.plan, at, self.kind, self.draw)
        begins, ends = self.special
        tokens = self.plan.tokens.tokens
        parts: list[Any] = [[begins], tokens[slice(*first)], [ends], tokens[slice(*second)], [ends]]
        ids = np.concatenate(parts).astype(np.int64)
        segments = np.zeros(len(ids), dtype=np.int64)
        segments[first[1] - first[0] + 2 :] = 1
        row = Row(self.plan.document(at), at, ids, self.draw)
        begun = None
        if self.borders is not None:
            words = self.borders.begins
            own = np.ones(1, dtype=np.bool_)  # a special token is a word of its own
            begun = np.concatenate([own, words[slice(*first)], own, words[slice(*second)], own])
        return PairRow(row, segments, label, self.training, self.held_out, self.judged_only, begun)

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Tokens per row, special ones included, if each were a true pair: others are about as long."""
        return self.plan.lengths + np.int32(3)

    @property
    def fingerprint(self) -> bytes:
        """Of what the model sees."""
        words = self.borders.key if self.borders else b""
        return self.plan.tokens.key + words + repr((len(self), self.plan.room, self.kind, self.special)).encode()

    def of_example(self, example: int) -> list[PairRow]:
        """Those whose first segment is of one document."""
        return [self.one(at) for at in range(int(self.plan.firsts[example]), int(self.plan.firsts[example + 1]))]

    def drawn(self, *, seed: int, epoch: int) -> PairRows:
        """The rows with other pairs, of which other tokens are hidden."""
        return replace(self, draw=(seed, epoch))


@dataclass(frozen=True, slots=True, eq=False)
class HeldOutRows(Sequence[Any]):
    """What is asked in evaluation.

    Args:
        masked: Rows of one segment, for the hidden tokens.
        pairs: Rows of two, for the judgement.
    """

    masked: MaskedRows
    pairs: PairRows

    def __len__(self) -> int:
        return len(self.masked) + len(self.pairs)

    def __iter__(self) -> Iterator[MaskedRow | PairRow]:
        yield from self.masked
        yield from self.pairs

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self[index] for index in range(*at.indices(len(self)))]
        index = at + len(self) if at < 0 else at
        if not 0 <= index < len(self):
            raise IndexError(at)
        return self.masked[index] if index < len(self.masked) else self.pairs[index - len(self.masked)]

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Tokens per row."""
        return np.concatenate([self.masked.lengths, self.pairs.lengths])

    @property
    def fingerprint(self) -> bytes:
        """Of what the model sees."""
        return self.masked.fingerprint + self.pairs.fingerprint

    def of_example(self, example: int) -> list[Any]:
        """Those of one document."""
        return [*self.masked.of_example(example), *self.pairs.of_example(example)]

    def drawn(self, *, seed: int, epoch: int) -> HeldOutRows:
        """The same: nothing held out is drawn."""
        return self
