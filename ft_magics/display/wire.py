"""Reports as plain data for the widget. The types on the other side are made from this: `widgets/make_wire.py`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from ft_magics.evaluation.card_shown import shown_card
from ft_magics.evaluation.report_page import ReportPage
from ft_magics.sections import Card, Chart

__all__ = ["ReportWire", "to_wire"]

_CHART = ("kind", "title", "note", "open")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportWire:
    """What a widget shows of a report.

    Args:
        page: What the saved page is drawn from too.
        cards: Examples of every kind that are sent along, for a kernel that is busy.
        total: How many examples there are of all kinds; 0 where nobody knows.
    """

    page: ReportPage
    cards: Sequence[Card]
    total: int


def to_wire(value: Any) -> Any:
    """Dataclasses, mappings and sequences as dicts and lists, NumPy's numbers as Python's; NaN and infinite are null.

    A card becomes what is shown of it, and a chart its title and note: what is drawn of it is sent beside it.

    Args:
        value: A section, a card, or what is made of them.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value):
        return _members(value)
    if isinstance(value, Mapping):
        return {str(key): to_wire(each) for key, each in value.items()}
    if hasattr(value, "tolist"):  # NumPy's numbers and arrays
        return to_wire(value.tolist())
    if isinstance(value, Iterable):
        return [to_wire(each) for each in value]
    raise TypeError(f"a widget cannot be sent {type(value).__name__}")


def _members(value: Any) -> dict[str, Any]:
    """What is sent of a dataclass."""
    if isinstance(value, Card):
        return _members(shown_card(value))
    names = _CHART if isinstance(value, Chart) else [item.name for item in fields(value)]
    return {name: to_wire(getattr(value, name)) for name in names}
