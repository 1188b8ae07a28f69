"""The splits of a run, whatever their examples are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

__all__ = ["Corpus", "Split"]

E = TypeVar("E")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split(Generic[E]):
    """One split: train, dev or test.

    Args:
        name: `train`, `dev` or `test`.
        source: File name or `$name`.
        examples: In the order of the source.
        notes: Sentences about what the reader saw and chose.
    """

    name: str
    source: str
    examples: Sequence[E]
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus(Generic[E]):
    """The splits of a run; dev and test may be absent."""

    train: Split[E]
    dev: Split[E] | None = None
    test: Split[E] | None = None

    @property
    def splits(self) -> list[Split[E]]:
        """Those that are there, train first."""
        return [split for split in (self.train, self.dev, self.test) if split is not None]
