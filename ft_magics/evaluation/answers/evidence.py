"""The questions behind a report of answers, and how to look through them, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ft_magics.evaluation.answers.answered import Answered
from ft_magics.evaluation.answers.buckets import BUCKETS
from ft_magics.evaluation.answers.cards import answer_card
from ft_magics.evaluation.labels.buckets import fold
from ft_magics.evaluation.paging import cards_page, in_buckets, several, with_text
from ft_magics.evaluation.tally import Floats, Ints
from ft_magics.sections import Card

__all__ = ["OUTCOMES", "AnswerEvidence"]

OUTCOMES = ("wrong", "partly right", "no answer given", "answered without need", "not predicted", "exact match")
_MISTAKES = frozenset(OUTCOMES[:-1])
_SIGNS = {"partly right": "≈", "exact match": "✓"}


@dataclass(frozen=True, kw_only=True)
class AnswerEvidence:
    """Questions and answers of one set of predictions.

    Args:
        items: Length S.
        measured: Exact match and F1 of each. (S, 2).
        buckets: Index into the labels of each attribute, -1 for none. Length S.
    """

    items: Sequence[Answered]
    measured: Floats
    buckets: Mapping[str, Ints]

    @property
    def ids(self) -> list[str]:
        """Where each question stands. Length S."""
        return [item.row for item in self.items]

    @cached_property
    def outcomes(self) -> list[str]:
        """What became of each question: one of `OUTCOMES`. Length S."""
        return [_outcome(item, *scores) for item, scores in zip(self.items, self.measured.tolist(), strict=True)]

    @cached_property
    def _lines(self) -> list[str]:
        return [_searched(item) for item in self.items]

    def mentions(self, at: int, text: str) -> bool:
        """Whether a question, its context, its answers or its id have a text in them."""
        return fold(text) in self._lines[at]

    def select(self, chosen: Mapping[str, Any]) -> Ints:
        """Indices of the questions that pass a filter, in order.

        Args:
            chosen: Names → a value, or several of which any will do: those of the buckets; `outcome`: of `OUTCOMES`,
                or `mistake` for all but exact matches; `text`: anywhere in the question, the context or an answer.
                None or absent: anything.
        """
        keep = in_buckets({name: (BUCKETS[name], at) for name, at in self.buckets.items()}, chosen, len(self.items))
        if chosen.get("outcome") is not None:
            asked = set(several(chosen["outcome"]))
            asked |= _MISTAKES if "mistake" in asked else set()
            keep &= np.array([outcome in asked for outcome in self.outcomes], dtype=np.bool_)
        if chosen.get("text"):
            keep &= with_text(self._lines, fold(str(chosen["text"])), len(keep))
        return np.flatnonzero(keep)

    def sort(self, chosen: Ints, order: str) -> Ints:
        """Questions in another order.

        Args:
            chosen: Indices.
            order: `row`, `confidence` (highest first), `doubt` (lowest first) or `F1` (lowest first).
        """
        if order == "F1":
            return chosen[np.argsort(self.measured[chosen, 1], kind="stable")]
        if order not in ("confidence", "doubt"):
            return chosen
        sure = np.array([self._sure(int(at)) for at in chosen], dtype=np.float64)
        return chosen[np.argsort(sure if order == "doubt" else -sure, kind="stable")]

    def _sure(self, at: int) -> float:
        found = self.items[at].predicted
        return 0.0 if found is None or found.probability is None else found.probability

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some questions: `filter` as in `select`, `sort`, `offset` and `limit`; gives `total` and `cards`."""
        return cards_page(self, request)

    def card(self, at: int) -> Card:
        """One question with its answers."""
        outcome, (exact, f1) = self.outcomes[at], self.measured[at].tolist()
        found = {name: [BUCKETS[name][place[at]]] for name, place in self.buckets.items() if place[at] >= 0}
        sure = self._sure(at)
        return answer_card(
            self.items[at],
            badge=outcome,
            sign=_SIGNS.get(outcome, "✗"),
            right=bool(exact),
            about=[f"F1 {100 * f1:.0f}"] if outcome == "partly right" else [],
            facets={**found, "outcome": [outcome, *(["mistake"] if outcome in _MISTAKES else [])]},
            ranks={"row": at, "confidence": -sure, "doubt": sure, "F1": f1},
        )


def _outcome(item: Answered, exact: float, f1: float) -> str:
    if item.predicted is None:
        return "not predicted"
    if exact:
        return "exact match"
    if not item.gold:
        return "answered without need"
    if not item.predicted.text.strip():
        return "no answer given"
    return "partly right" if f1 else "wrong"


def _searched(item: Answered) -> str:
    texts = [item.question, item.row, *(each.text for each in item.gold)]
    if item.predicted is not None:
        texts.append(item.predicted.text)
    if item.passage is not None:
        texts.append(item.passage.text)
    return fold("\n".join(texts))
