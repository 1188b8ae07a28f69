"""The texts behind a report of labels, and how to look through them, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.calibration import bin_name, bins_of
from ft_magics.evaluation.labels.buckets import BUCKETS, Buckets, fold
from ft_magics.evaluation.paging import cards_page, several, with_text
from ft_magics.evaluation.tally import Bools, Floats, Ints
from ft_magics.sections import Card

__all__ = ["Dress", "LabelEvidence"]

Dress = Callable[[int, Card], Card]

_MOST_PROBABILITIES = 5


_SIDES: dict[str, Callable[[Bools, Bools], Bools]] = {
    "gold": lambda gold, _: gold,
    "pred": lambda _, pred: pred,
    "missed": lambda gold, pred: gold & ~pred,
    "spurious": lambda gold, pred: pred & ~gold,
}


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
        dress: Makes another card of an example's index and its card; None for a text with its labels.
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
    dress: Dress | None = None

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
            chosen: Names → a value, or several of which any will do. `gold`, `pred`: labels on that side. `missed`,
                `spurious`: labels of gold alone, or of the prediction alone, an empty text being none; the same label
                for both is one that is right, an empty text for both an example without labels. `outcome`: `right` or
                `wrong`, or `wrong`: true or false. `suspect`: whether gold is probably wrong. `length`, `class_size`,
                `overlap`: buckets, or `bucket`: attribute and label. `confidence_bin`: such as `0.8–0.9`. `least`: a
                label and the probability that it has at least. `text`: anywhere in the text. None or absent:
                anything.
        """
        given = {name: value for name, value in chosen.items() if value not in (None, "") or name in _SIDES}
        given = {name: value for name, value in given.items() if value is not None}
        keep = np.ones(len(self.ids), dtype=np.bool_)
        if given.keys() >= {"missed", "spurious"} and given["missed"] == given["spurious"]:
            label = given.pop("missed")
            keep &= self._any_of(self.gold & self.pred if label != "" else self.gold | self.pred, label)
            del given["spurious"]
        for name in given.keys() & _SIDES.keys():
            keep &= self._any_of(_SIDES[name](self.gold, self.pred), given[name])
        for name in given.keys() & BUCKETS.keys():
            keep &= self._in_buckets(name, several(given[name]))
        if "bucket" in given:
            name, label = given["bucket"]
            keep &= self._in_buckets(name, [label])
        if "wrong" in given:
            keep &= self.wrong == bool(given["wrong"])
        if "outcome" in given:
            keep &= np.isin(np.where(self.wrong, "wrong", "right"), several(given["outcome"]))
        if "confidence_bin" in given:
            wanted_bins = several(given["confidence_bin"])
            keep &= np.array([name in wanted_bins for name in self._bins], dtype=np.bool_)
        if "least" in given:
            label, least = given["least"]
            keep &= self._has_at_least(str(label), float(least))
        if given.get("suspect"):
            keep &= self._is_suspect
        if "text" in given:
            keep &= with_text(self._lines, fold(str(given["text"])), len(keep))
        return np.flatnonzero(keep)

    def _any_of(self, side: Bools, labels: Any) -> Bools:
        keep = np.zeros(len(side), dtype=np.bool_)
        for label in several(labels):
            if label == "":
                keep |= ~side.any(axis=1)
            elif label in self.numbers:
                keep |= side[:, self.numbers[label]]
        return keep

    def _in_buckets(self, name: str, labels: Sequence[str]) -> Bools:
        if name not in self.buckets:
            return np.zeros(len(self.ids), dtype=np.bool_)
        return np.isin(self.buckets[name], [at for at, label in enumerate(BUCKETS[name]) if label in labels])

    @cached_property
    def _bins(self) -> list[str]:
        """The bin of each confidence; none where it is not known. Length S."""
        if self.confidence is None:
            return [""] * len(self.ids)
        return [bin_name(at) for at in bins_of(self.confidence).tolist()]

    def _has_at_least(self, label: str, least: float) -> Bools:
        """Whether a label has a probability from a threshold on. Length S."""
        at = self.numbers.get(label, -1)
        if self.probabilities is None or not 0 <= at < self.probabilities.shape[1]:
            return np.zeros(len(self.ids), dtype=np.bool_)
        enough: Bools = self.probabilities[:, at] >= least
        return enough

    @property
    def _is_suspect(self) -> Bools:
        if self.suspicion is None:
            return np.zeros(len(self.ids), dtype=np.bool_)
        suspects: Bools = self.suspicion > 0
        return suspects

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
        return cards_page(self, request)

    def preview(self, most: int = 200) -> list[Card]:
        """What is sent along with a report for a kernel that is busy: mistakes first, then others, in order."""
        chosen = np.sort(np.argsort(~self.wrong, kind="stable")[:most])
        return [self.card(int(at)) for at in chosen]

    def card(self, at: int) -> Card:
        """One example with its labels; its data is a `LabelsData`."""
        gold, pred = self._named(self.gold[at]), self._named(self.pred[at])
        sure = None if self.confidence is None else round(float(self.confidence[at]), 4)
        outcome = "wrong" if self.wrong[at] else "right"
        data: dict[str, Any] = {
            "text": "" if self.texts is None else self.texts[at],
            **({} if self.pairs is None else {"pair": self.pairs[at]}),
            "gold": gold,
            "predicted": pred,
            "confidence": sure,
            "scores": self._likeliest(at),
            "badge": outcome,
            "right": outcome == "right",
            "facets": {"gold": gold, "pred": pred, "outcome": [outcome], **self._facets(at, gold, pred)},
            "ranks": {"row": at, **self._ranks(at)},
        }
        card = Card(kind="labels", row=self.ids[at], data=data)
        return card if self.dress is None else self.dress(at, card)

    def _facets(self, at: int, gold: Sequence[str], pred: Sequence[str]) -> dict[str, list[str]]:
        found = {name: [BUCKETS[name][place[at]]] for name, place in self.buckets.items() if place[at] >= 0}
        if self.suspicion is not None and self.suspicion[at] > 0:
            found["suspect"] = ["yes"]
        if self._bins[at]:
            found["confidence_bin"] = [self._bins[at]]
        if self.multi_label:
            found["missed"] = [name for name in gold if name not in pred] or [""]
            found["spurious"] = [name for name in pred if name not in gold] or [""]
        return found

    def _ranks(self, at: int) -> dict[str, float]:
        ranks: dict[str, float] = {}
        if self.confidence is not None:
            ranks |= {"confidence": -float(self.confidence[at]), "doubt": float(self.confidence[at])}
        if self.suspicion is not None:
            ranks["suspicion"] = -float(self.suspicion[at])
        return ranks

    def _named(self, row: Bools) -> list[str]:
        return [self.names[column] for column in np.flatnonzero(row).tolist()]

    def _likeliest(self, at: int) -> list[list[Any]]:
        if self.probabilities is None:
            return []
        row = self.probabilities[at]
        first = np.argsort(-row, kind="stable")[:_MOST_PROBABILITIES].tolist()
        return [[self.names[column], round(float(row[column]), 4)] for column in first]
