"""Data that nobody has described yet → what a cell would say of them as words with tags."""

from __future__ import annotations

from collections import Counter

from ft_magics.config.references import Reference
from ft_magics.data.tagged.examples import TaggedSplit
from ft_magics.data.tagged.schemes import spans_of
from ft_magics.data.tagged.sources import read_split
from ft_magics.errors import DataError
from ft_magics.tasks.proposal import Proposal

__all__ = ["propose"]

_FIT = 0.9  # words whose tags are of a scheme are hardly anything else
_MOST_NAMED = 6
_MOST_TEXTS = 1000  # by which the language is seen


def propose(source: str | Reference) -> Proposal:
    """How sentences would be read.

    Raises:
        DataError: They are no words with tags, or there is no entity.
    """
    split = read_split("train", source)
    counts = Counter(span.type for example in split.examples for span in spans_of(example.tags))
    if not counts:
        raise DataError(f"{split.source} has no entity at all; every tag is O, so there is nothing to learn")
    return Proposal(
        examples=len(split.examples),
        found=[_sizes_text(split, counts), *split.notes],
        texts=[" ".join(example.words) for example in split.examples[:_MOST_TEXTS]],
        fit=_FIT,
    )


def _sizes_text(split: TaggedSplit, counts: Counter[str]) -> str:
    longest = max(len(example.words) for example in split.examples)
    listed = ", ".join(f"{kind:.40} {count:,}" for kind, count in counts.most_common(_MOST_NAMED))
    more = ", …" if len(counts) > _MOST_NAMED else ""
    types = "1 entity type" if len(counts) == 1 else f"{len(counts)} entity types"
    return (
        f"{len(split.examples):,} sentences, {types} ({listed}{more}), tagged in {split.scheme}, "
        f"the longest {longest:,} words"
    )
