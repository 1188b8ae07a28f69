"""What a task proposes for data that it is shown: the lines below `task:` and `data:` of a new cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Proposal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """How data would be read by a task.

    Args:
        examples: How many there are.
        classes: That whole examples have; None where their tokens are labelled, and for numbers.
        settings: Of the task, such as `{"multi_label": True}`; empty for the defaults.
        data: Keys of the `data:` section beside its splits, such as `{"text_column": "body"}`.
        found: Sentences on what was seen: columns, rows, labels, the longest text.
        texts: Of examples, by which the language is seen.
        fit: How sure the task is that the data are its own, 0 to 1; with 0 it must be named.
    """

    examples: int
    classes: int | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    found: Sequence[str] = ()
    texts: Sequence[str] = ()
    fit: float = 0.0
