"""The texts behind a report of numbers, and how to look through them, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ft_magics.evaluation.labels.buckets import fold
from ft_magics.evaluation.paging import Places, cards_page, in_buckets, with_text
from ft_magics.evaluation.tally import Floats, Ints
from ft_magics.sections import Card

__all__ = ["NumberEvidence"]


@dataclass(frozen=True, kw_only=True)
class NumberEvidence:
    """Numbers and texts of one set of predictions.

    Args:
        gold: Length S.
        pred: Length S.
        ids: Where each example stands, such as `test.csv, line 12`. Length S.
        texts: Length S, or None where only numbers are known.
        pairs: The second texts, or None.
        buckets: Of each example.
    """

    gold: Floats
    pred: Floats
    ids: Sequence[str]
    texts: Sequence[str] | None = None
    pairs: Sequence[str] | None = None
    buckets: Places = field(default_factory=dict)

    @property
    def error(self) -> Floats:
        """Predicted less gold. Length S."""
        return self.pred - self.gold

    @cached_property
    def _lines(self) -> list[str]:
        """Texts and ids as the search compares them."""
        empty = [""] * len(self.ids)
        rows = zip(self.texts or empty, self.pairs or empty, self.ids, strict=True)
        return [fold("\n".join(row)) for row in rows]

    def mentions(self, at: int, text: str) -> bool:
        """Whether an example's text or id has a text in it."""
        return fold(text) in self._lines[at]

    def select(self, chosen: Mapping[str, Any]) -> Ints:
        """Indices of the examples that pass a filter, in order.

        Args:
            chosen: Names → a value, or several of which any will do: `length`, `gold`: buckets. `text`: anywhere in
                the text. None or absent: anything.
        """
        keep = in_buckets(self.buckets, chosen, len(self.ids))
        if chosen.get("text"):
            keep &= with_text(self._lines, fold(str(chosen["text"])), len(keep))
        return np.flatnonzero(keep)

    def sort(self, chosen: Ints, order: str) -> Ints:
        """Examples in another order.

        Args:
            chosen: Indices.
            order: `row`, `error` (greatest first), `too high` or `too low` (the most first).
        """
        by = {"error": -np.abs(self.error), "too high": -self.error, "too low": self.error}.get(order)
        return chosen if by is None else chosen[np.argsort(by[chosen], kind="stable")]

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some examples: `filter` as in `select`, `sort`, `offset` and `limit`; gives `total` and `cards`."""
        return cards_page(self, request)

    def card(self, at: int) -> Card:
        """One example with its numbers; its data is a `LabelsData`."""
        gold, pred, error = (float(side[at]) for side in (self.gold, self.pred, self.error))
        data: dict[str, Any] = {
            "text": "" if self.texts is None else self.texts[at],
            **({} if self.pairs is None else {"pair": self.pairs[at]}),
            "gold": [f"{gold:.4g}"],
            "predicted": [f"{pred:.4g}"],
            "badge": f"off by {error:+.4g}",
            "facets": {name: [labels[place[at]]] for name, (labels, place) in self.buckets.items() if place[at] >= 0},
            "ranks": {"row": at, "error": -abs(error), "too high": -error, "too low": error},
        }
        return Card(kind="labels", row=self.ids[at], data=data)
