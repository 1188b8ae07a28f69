"""What the reader of pairs of texts gives."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TextPair"]


@dataclass(frozen=True, slots=True)
class TextPair:
    """A source, and what is to be written for it.

    Args:
        text: The source.
        references: Texts that are right, the first of which is trained on; none for a new source.
        id: Where it stands, such as `train.tsv, line 12`.
    """

    text: str
    references: tuple[str, ...] = ()
    id: str = ""

    @property
    def target(self) -> str:
        """What is trained on; empty for a new source."""
        return self.references[0] if self.references else ""
