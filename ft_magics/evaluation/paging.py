"""What requests for examples have in common, whatever the examples are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["page_bounds", "several"]

_MOST_CARDS = 200
_FIRST_PAGE = 20


def page_bounds(request: Mapping[str, Any]) -> slice:
    """Which of the chosen examples a request asks for: at most 200."""
    offset = max(0, int(request.get("offset") or 0))
    asked = request.get("limit")
    return slice(offset, offset + min(max(0, _FIRST_PAGE if asked is None else int(asked)), _MOST_CARDS))


def several(value: Any) -> Sequence[Any]:
    """The values of a filter, which may be one value or several of which any will do."""
    return value if isinstance(value, (list, tuple)) else [value]
