"""What the readers give: labelled sentences as they stood, and examples as the rest of the code takes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from ft_magics.data.schemes import spans_of

__all__ = ["Corpus", "Example", "LabelledSentence", "Split"]


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
class Example:
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
class Split:
    """One split: train, dev or test.

    Args:
        name: `train`, `dev` or `test`.
        source: File name or `$name`.
        examples: In the order of the source.
        scheme: The scheme that the source uses.
        invalid_transitions: Places where the source breaks its own scheme.
        notes: Sentences about what the reader saw and chose.
    """

    name: str
    source: str
    examples: list[Example]
    scheme: str
    invalid_transitions: int = 0
    notes: list[str] = field(default_factory=list)

    def entities_per_type(self) -> Counter[str]:
        """How many entities of each type there are."""
        return Counter(span.type for example in self.examples for span in spans_of(example.tags))


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """The splits of a run; dev and test may be absent."""

    train: Split
    dev: Split | None = None
    test: Split | None = None

    @property
    def splits(self) -> list[Split]:
        """Those that are there, train first."""
        return [split for split in (self.train, self.dev, self.test) if split is not None]
