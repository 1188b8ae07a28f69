"""The texts behind a report of labels, and how to look through them, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.labels.buckets import BUCKETS, Buckets, fold
from ft_magics.evaluation.tally import Bools, Floats, Ints
from ft_magics.sections import Card

__all__ = ["LabelEvidence", "page_bounds"]

_MOST_CARDS = 200
_FIRST_PAGE = 20
_MOST_PROBABILITIES = 5


def page_bounds(request: Mapping[str, Any]) -> slice:
    """Which of the chosen examples a request asks for: at most 200."""
    offset = max(0, int(request.get("offset") or 0))
    asked = request.get("limit")
    return slice(offset, offset + min(max(0, _FIRST_PAGE if asked is None else int(asked)), _MOST_CARDS))


@dataclass(frozen=True, kw_only=True)
class LabelEvidence:
    """Labels, probabilities and texts of one set of predictions.

    Args:
        names: Of the labels. Length K.
        gold: (S, K).
        pred: (S, K).
        ids: Where each example stands, such as `test.csv, line 12`. Length S.
        multi_label: Whether an example can have any number of labels.
        texts: Length S, or None where only labels are known.
        pairs: The second texts, or None.
        probabilities: (S, C), or None.
        confidence: Length S, or None.
        suspicion: How probably gold is wrong, 0 for not suspected. Length S, or None.
        buckets: Of each example.
    """

    names: tuple[str, ...]
    gold: Bools
    pred: Bools
    ids: Sequence[str]
    multi_label: bool = False
    texts: Sequence[str] | None = None
    pairs: Sequence[str] | None = None
    probabilities: NDArray[np.floating] | None = None
    confidence: NDArray[np.floating] | None = None
    suspicion: Floats | None = None
    buckets: Buckets = field(default_factory=dict)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Columns by label."""
        return {name: at for at, name in enumerate(self.names)}

    @cached_property
    def wrong(self) -> Bools:
        """Whether something about an answer is wrong. Length S."""
        mistakes: Bools = (self.gold != self.pred).any(axis=1)
        return mistakes

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
            chosen: `gold` and `pred`: a label on that side. Where both are given and examples can have several labels,
                two that differ are one that was missed and one that was spurious, an empty text being none at all.
                `wrong`: true for mistakes, false for right answers. `suspect`: true for what probably has wrong gold.
                `bucket`: attribute and label. `text`: anywhere in the text. None or absent: anything.
        """
        keep = np.ones(len(self.ids), dtype=np.bool_)
        gold, pred = chosen.get("gold"), chosen.get("pred")
        if gold is not None and pred is not None and gold != pred and self.multi_label:
            keep &= self._side(self.gold & ~self.pred, gold) & self._side(self.pred & ~self.gold, pred)
        else:
            for side, label in ((self.gold, gold), (self.pred, pred)):
                if label is not None:
                    keep &= self._side(side, label)
        if chosen.get("wrong") is not None:
            keep &= self.wrong == bool(chosen["wrong"])
        if chosen.get("suspect"):
            keep &= np.zeros_like(keep) if self.suspicion is None else self.suspicion > 0
        if chosen.get("bucket"):
            keep &= self._in_bucket(*chosen["bucket"])
        if chosen.get("text"):
            wanted = fold(str(chosen["text"]))
            keep &= np.fromiter((wanted in line for line in self._lines), dtype=np.bool_, count=len(keep))
        return np.flatnonzero(keep)

    def _side(self, side: Bools, label: str) -> Bools:
        if not label:
            nothing: Bools = ~side.any(axis=1)
            return nothing
        at = self.numbers.get(label)
        has: Bools = np.zeros(len(side), dtype=np.bool_) if at is None else side[:, at]
        return has

    def _in_bucket(self, name: str, label: str) -> Bools:
        if name not in self.buckets or label not in BUCKETS[name]:
            return np.zeros(len(self.ids), dtype=np.bool_)
        inside: Bools = self.buckets[name] == BUCKETS[name].index(label)
        return inside

    def sort(self, chosen: Ints, order: str) -> Ints:
        """Examples in another order.

        Args:
            chosen: Indices.
            order: `row`, `confidence` (highest first), `doubt` (lowest first) or `suspicion` (highest first).
        """
        if order == "suspicion" and self.suspicion is not None:
            return chosen[np.argsort(-self.suspicion[chosen], kind="stable")]
        if order not in ("confidence", "doubt") or self.confidence is None:
            return chosen
        sure = self.confidence[chosen]
        return chosen[np.argsort(sure if order == "doubt" else -sure, kind="stable")]

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some examples: `filter` as in `select`, `sort`, `offset` and `limit`; gives `total` and `cards`."""
        chosen = self.sort(self.select(request.get("filter") or {}), str(request.get("sort") or "row"))
        return {"total": len(chosen), "cards": [asdict(self.card(int(at))) for at in chosen[page_bounds(request)]]}

    def card(self, at: int) -> Card:
        """One example with its labels."""
        sure = None if self.confidence is None else round(float(self.confidence[at]), 4)
        return Card(
            kind="labels",
            row=self.ids[at],
            data={
                "text": "" if self.texts is None else self.texts[at],
                "pair": None if self.pairs is None else self.pairs[at],
                "gold": self._named(self.gold[at]),
                "pred": self._named(self.pred[at]),
                "confidence": sure,
                "probabilities": self._likeliest(at),
            },
        )

    def answer(self, at: int) -> str:
        """What was predicted, in words."""
        return ", ".join(self._named(self.pred[at])) or "no label"

    def _named(self, row: Bools) -> list[str]:
        return [self.names[column] for column in np.flatnonzero(row).tolist()]

    def _likeliest(self, at: int) -> list[list[Any]]:
        if self.probabilities is None:
            return []
        row = self.probabilities[at]
        first = np.argsort(-row, kind="stable")[:_MOST_PROBABILITIES].tolist()
        return [[self.names[column], round(float(row[column]), 4)] for column in first]
