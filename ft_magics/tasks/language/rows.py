"""Rows: what the model gets at once of a document's tokens.

A row never reaches from one document into another, so no attention has to be blocked and every model takes it; a
document is cut into as few rows as it needs, of even length, so that none is a scrap. Neighbours of like length are
batched together, so that short documents cost little padding.
Source: Liu et al. 2019 (RoBERTa), section 4.2: sequences of one document do slightly better than those of several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.documents.document import Ints
from ft_magics.tasks.language.token_map import TokenMap

__all__ = ["Row", "Rows", "tokens_around"]


@dataclass(frozen=True, slots=True)
class Row:
    """One row, ready to be batched.

    Args:
        example: Index of the document.
        row: Its own index in the split.
        ids: With special tokens. Length T.
        draw: Seed and epoch, by which the row's random numbers are drawn; None where they are always the same.
        asked: Whether the mask tokens in it are what is to be predicted, and nothing else.
    """

    example: int
    row: int
    ids: NDArray[np.int64]
    draw: tuple[int, int] | None = None
    asked: bool = False

    @property
    def tokens(self) -> int:
        """T."""
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class Rows(Sequence[Row]):
    """The rows of a split, made when they are asked for.

    Args:
        tokens: Of its documents.
        firsts: Index of each document's first row, and after the last how many there are. Length S + 1.
        prefix: Special tokens before, such as [CLS].
        suffix: Special tokens after, such as [SEP].
        draw: As in `Row`, for all of them.
    """

    tokens: TokenMap
    firsts: Ints
    prefix: tuple[int, ...]
    suffix: tuple[int, ...]
    draw: tuple[int, int] | None = None

    @classmethod
    def of(cls, tokens: TokenMap, *, longest: int, prefix: Sequence[int], suffix: Sequence[int]) -> Rows:
        """Cut documents into rows.

        Args:
            tokens: Of the documents.
            longest: Most tokens of a row, special tokens included.
            prefix: Special tokens before.
            suffix: Special tokens after.
        """
        room = longest - len(prefix) - len(suffix)
        rows = -(-tokens.lengths // room)
        return cls(tokens, np.concatenate([[0], np.cumsum(rows)]).astype(np.int64), tuple(prefix), tuple(suffix))

    def __len__(self) -> int:
        return int(self.firsts[-1])

    def __iter__(self) -> Iterator[Row]:
        for at in range(len(self)):
            yield self.one(at)

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return [self.one(index) for index in range(*at.indices(len(self)))]
        index = at + len(self) if at < 0 else at
        if not 0 <= index < len(self):
            raise IndexError(at)
        return self.one(index)

    def one(self, at: int) -> Row:
        """The row of an index from 0."""
        document, begin, end = self.place(at)
        ids = np.concatenate([self.prefix, self.tokens.tokens[begin:end], self.suffix]).astype(np.int64)
        return Row(document, at, ids, self.draw)

    def place(self, at: int) -> tuple[int, int, int]:
        """Of the row of an index from 0: its document, and where it begins and ends in `tokens.tokens`."""
        document = int(np.searchsorted(self.firsts, at, side="right")) - 1
        first, after = int(self.firsts[document]), int(self.firsts[document + 1])
        begin = int(self.tokens.ends[document - 1]) if document else 0
        length = int(self.tokens.ends[document]) - begin
        part, parts = at - first, after - first
        return document, begin + length * part // parts, begin + length * (part + 1) // parts

    @property
    def lengths(self) -> NDArray[np.int32]:
        """Tokens per row, special tokens included; with none of them in memory."""
        counts = np.diff(self.firsts)
        parts = np.repeat(counts, counts)
        part = np.arange(len(self)) - np.repeat(self.firsts[:-1], counts)
        length = np.repeat(self.tokens.lengths, counts)
        found = length * (part + 1) // np.maximum(parts, 1) - length * part // np.maximum(parts, 1)
        lengths: NDArray[np.int32] = (found + len(self.prefix) + len(self.suffix)).astype(np.int32)
        return lengths

    @property
    def fingerprint(self) -> bytes:
        """Of what the model sees."""
        return self.tokens.key + repr((len(self), self.prefix, self.suffix)).encode()

    def of_example(self, example: int) -> list[Row]:
        """Those of one document."""
        return [self.one(at) for at in range(int(self.firsts[example]), int(self.firsts[example + 1]))]

    def drawn(self, *, seed: int, epoch: int) -> Rows:
        """The same rows, with the random numbers of an epoch of a run."""
        return replace(self, draw=(seed, epoch))


def tokens_around(tokenizer: Any) -> tuple[list[int], list[int]]:
    """Special tokens before and after a text."""
    ids = tokenizer("a", return_special_tokens_mask=True)
    mask = ids["special_tokens_mask"]
    first, last = mask.index(0), len(mask) - mask[::-1].index(0)
    return ids["input_ids"][:first], ids["input_ids"][last:]
