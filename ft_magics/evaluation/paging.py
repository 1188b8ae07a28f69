"""What requests for examples have in common, whatever the examples are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Protocol

import numpy as np

from ft_magics.evaluation.tally import Bools, Ints
from ft_magics.sections import Card

__all__ = ["Places", "Searched", "cards_page", "in_buckets", "page_bounds", "several", "with_text"]

_MOST_CARDS = 200
_FIRST_PAGE = 20

Places = Mapping[str, tuple[Sequence[str], Ints]]  # attribute → labels of its buckets, index per example or -1


class Searched(Protocol):
    """Examples that are chosen by a filter, put in an order and shown."""

    def select(self, chosen: Mapping[str, Any]) -> Ints:
        """Indices of those that pass a filter, in order."""
        ...

    def sort(self, chosen: Ints, order: str) -> Ints:
        """Indices in another order."""
        ...

    def card(self, at: int) -> Card:
        """One of them."""
        ...


def cards_page(examples: Searched, request: Mapping[str, Any]) -> dict[str, Any]:
    """Some examples.

    Args:
        examples: All of them.
        request: `filter` as in `select`, `sort`, `offset` and `limit`.

    Returns:
        `total`, how many pass the filter, and `cards`.
    """
    chosen = examples.sort(examples.select(request.get("filter") or {}), str(request.get("sort") or "row"))
    return {"total": len(chosen), "cards": [asdict(examples.card(int(at))) for at in chosen[page_bounds(request)]]}


def page_bounds(request: Mapping[str, Any]) -> slice:
    """Which of the chosen examples a request asks for: at most 200."""
    offset = max(0, int(request.get("offset") or 0))
    asked = request.get("limit")
    return slice(offset, offset + min(max(0, _FIRST_PAGE if asked is None else int(asked)), _MOST_CARDS))


def several(value: Any) -> Sequence[Any]:
    """The values of a filter, which may be one value or several of which any will do."""
    return value if isinstance(value, (list, tuple)) else [value]


def in_buckets(places: Places, chosen: Mapping[str, Any], count: int) -> Bools:
    """Which examples are in the buckets that a filter names.

    Args:
        places: Of each example. S of them.
        chosen: The filter.
        count: S.
    """
    keep = np.ones(count, dtype=np.bool_)
    for name, (labels, place) in places.items():
        if chosen.get(name) is not None:
            keep &= np.isin(place, [at for at, label in enumerate(labels) if label in several(chosen[name])])
    return keep


def with_text(lines: Iterable[str], text: str, count: int) -> Bools:
    """Which examples have a text in them.

    Args:
        lines: What is searched of each, folded. S of them.
        text: What is looked for, folded too.
        count: S.
    """
    return np.fromiter((text in line for line in lines), dtype=np.bool_, count=count)
