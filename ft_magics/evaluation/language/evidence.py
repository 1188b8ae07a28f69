"""The blanks behind a report of a language model, and how to look through them, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ft_magics.evaluation.labels.buckets import fold
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.evaluation.paging import page_bounds, several
from ft_magics.evaluation.tally import Floats, Ints
from ft_magics.sections import Card

__all__ = ["LanguageEvidence", "Places"]

Places = Mapping[str, tuple[Sequence[str], Ints]]  # attribute → labels of its buckets, index per document or -1


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
        keep = np.ones(len(self.blanks), dtype=np.bool_)
        of = np.array([document for document, _ in self.blanks], dtype=np.int64)
        for name, (labels, place) in self.buckets.items():
            if chosen.get(name) is not None:
                keep &= np.isin(place[of], [at for at, label in enumerate(labels) if label in several(chosen[name])])
        if chosen.get("answer") is not None:
            wanted = [answer == "right" for answer in several(chosen["answer"])]
            keep &= np.array([bool(blank.right) in wanted for _, blank in self.blanks], dtype=np.bool_)
        if chosen.get("text"):
            text = fold(str(chosen["text"]))
            keep &= np.array([text in fold(blank.text) for _, blank in self.blanks], dtype=np.bool_)
        return np.flatnonzero(keep)

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some blanks: `filter` as in `select`, `sort`, `offset` and `limit`; gives `total` and `cards`."""
        chosen = self.select(request.get("filter") or {})
        if request.get("sort") == "surest wrong":
            rank = [self._surest_wrong(int(at)) for at in chosen]
            chosen = chosen[np.argsort(rank, kind="stable")]
        return {"total": len(chosen), "cards": [asdict(self.card(int(at))) for at in chosen[page_bounds(request)]]}

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
