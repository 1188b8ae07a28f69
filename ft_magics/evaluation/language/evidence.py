"""The blanks behind a report of a language model, and how to look through them, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ft_magics.evaluation.labels.buckets import fold
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.evaluation.paging import Places, cards_page, in_buckets, several, with_text
from ft_magics.evaluation.tally import Floats, Ints
from ft_magics.sections import Card

__all__ = ["LanguageEvidence"]


@dataclass(frozen=True, kw_only=True)
class LanguageEvidence:
    """Blanks of one set of documents.

    Args:
        blanks: Pairs of a document's index and a blank in it.
        ids: Where each document stands. Length S.
        cost: Mean loss of each document, in nats. Length S.
        buckets: Of each document.
    """

    blanks: Sequence[tuple[int, Blank]]
    ids: Sequence[str]
    cost: Floats
    buckets: Places

    def select(self, chosen: Mapping[str, Any]) -> Ints:
        """Indices of the blanks that pass a filter, in order.

        Args:
            chosen: Names → a value, or several of which any will do: those of the buckets; `answer`: `right` or
                `wrong`; `text`: anywhere in the text. None or absent: anything.
        """
        of = np.array([document for document, _ in self.blanks], dtype=np.int64)
        keep = in_buckets({name: (labels, at[of]) for name, (labels, at) in self.buckets.items()}, chosen, len(of))
        if chosen.get("answer") is not None:
            wanted = [answer == "right" for answer in several(chosen["answer"])]
            keep &= np.array([bool(blank.right) in wanted for _, blank in self.blanks], dtype=np.bool_)
        if chosen.get("text"):
            lines = (fold(blank.text) for _, blank in self.blanks)
            keep &= with_text(lines, fold(str(chosen["text"])), len(keep))
        return np.flatnonzero(keep)

    def sort(self, chosen: Ints, order: str) -> Ints:
        """Blanks in another order.

        Args:
            chosen: Indices.
            order: `row`, or `surest wrong`.
        """
        if order != "surest wrong":
            return chosen
        return chosen[np.argsort([self._surest_wrong(int(at)) for at in chosen], kind="stable")]

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some blanks: `filter` as in `select`, `sort`, `offset` and `limit`; gives `total` and `cards`."""
        return cards_page(self, request)

    def _surest_wrong(self, at: int) -> float:
        blank = self.blanks[at][1]
        return 1.0 if blank.right or not blank.guesses else -blank.guesses[0][1]

    def card(self, at: int) -> Card:
        """One blank with its guesses."""
        document, blank = self.blanks[at]
        facets = {name: [labels[place[document]]] for name, (labels, place) in self.buckets.items()}
        return blank.card(
            self.ids[document],
            facets={**facets, "answer": ["right" if blank.right else "wrong"]},
            ranks={"row": at, "surest wrong": self._surest_wrong(at)},
        )
