"""Reports as plain data for the widget. The types on the other side are made from this: `widgets/make_wire.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ft_magics.sections import Card, Section

__all__ = ["ReportWire", "to_wire"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWire:
    """What a widget shows of a report.

    Args:
        title: What was scored.
        summary: The scores and counts in a line.
        notes: What a reader of the numbers should know.
        sections: In order.
        labels: All labels, in the order of their colours.
        cards: Examples of every kind that are sent along, for a kernel that is busy.
        total: How many examples there are of all kinds; 0 where nobody knows.
    """

    title: str
    summary: str
    notes: Sequence[str]
    sections: Sequence[Section]
    labels: Sequence[str]
    cards: Sequence[Card]
    total: int


def to_wire(value: Any) -> Any:
    """Dataclasses, mappings and sequences as dicts and lists, NumPy's numbers as Python's; NaN and infinite are null.

    Args:
        value: A section, a card, or what is made of them.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value):
        return {item.name: to_wire(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): to_wire(each) for key, each in value.items()}
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return to_wire(value.tolist())
    if isinstance(value, Iterable):
        return [to_wire(each) for each in value]
    raise TypeError(f"a widget cannot be sent {type(value).__name__}")
