"""The data check: what a careful person would look up before training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ft_magics.sections import Table

__all__ = ["DataCheck"]


@dataclass(slots=True, kw_only=True)
class DataCheck:
    """What is in the data, and what is odd about them.

    Args:
        summary: In a line, such as `train 3,394 sentences, dev 1,009 sentences`.
        tables: Counts: a row per split, a row per label.
        warnings: Sentences for the user, one per oddity.
        notes: Sentences about choices that the readers made.
    """

    summary: str
    tables: Sequence[Table] = ()
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)
