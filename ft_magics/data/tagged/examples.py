"""What the readers of tagged words give: sentences as they stood, and as the rest of the code takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.data.examples import Split
from ft_magics.data.tagged.schemes import spans_of

__all__ = ["LabelledSentence", "TaggedSentence", "TaggedSplit"]


@dataclass(frozen=True, slots=True)
class LabelledSentence:
    """A sentence as its source has it.

    Args:
        words: Length W. A word may be empty or white space: it keeps its place.
        tags: Tags in the source's own scheme. Length W.
        places: Where each word stands, such as `train.conll, line 12`. Length W.
    """

    words: Sequence[str]
    tags: Sequence[str]
    places: Sequence[str]


@dataclass(frozen=True, slots=True)
class TaggedSentence:
    """A sentence with IOB2 tags.

    Args:
        words: Length W.
        tags: IOB2, length W.
        id: Where the sentence begins in its source, such as `train.conll, line 12`.
    """

    words: tuple[str, ...]
    tags: tuple[str, ...]
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedSplit(Split[TaggedSentence]):
    """A split of tagged sentences.

    Args:
        scheme: The scheme that the source uses.
        invalid_transitions: Places where the source breaks its own scheme.
    """

    scheme: str
    invalid_transitions: int = 0

    def entities_per_type(self) -> Counter[str]:
        """How many entities of each type there are."""
        return Counter(span.type for example in self.examples for span in spans_of(example.tags))
