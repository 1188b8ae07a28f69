"""The texts behind a report, and how to look through them, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ft_magics.evaluation.labels.buckets import fold
from ft_magics.evaluation.paging import Places, cards_page, in_buckets, with_text
from ft_magics.evaluation.tally import Floats, Ints
from ft_magics.evaluation.texts.differences import Range, other_parts
from ft_magics.metrics import Metric
from ft_magics.sections import Card

__all__ = ["TextEvidence", "side_by_side"]


_LONGEST_SHOWN = 1500  # characters of a source


@dataclass(frozen=True, kw_only=True)
class TextEvidence:
    """References and hypotheses of one set of examples.

    Args:
        references: Some of each example. Length S.
        hypotheses: Length S.
        sources: What was translated, summarised or answered; None where that is not known. Length S.
        source_name: What a source is called, such as `source` or `document`.
        ids: Where each example stands, such as `test.tsv, line 12`. Length S.
        own: The headline of each example on its own. Length S.
        headline: Its metric.
        buckets: Of each example.
    """

    references: Sequence[Sequence[str]]
    hypotheses: Sequence[str]
    ids: Sequence[str]
    own: Floats
    headline: Metric
    sources: Sequence[str] | None = None
    source_name: str = "source"
    buckets: Places = field(default_factory=dict)

    @cached_property
    def _lines(self) -> list[str]:
        """All texts of an example as the search compares them."""
        sources = self.sources or [""] * len(self.ids)
        rows = zip(sources, self.references, self.hypotheses, self.ids, strict=True)
        return [fold("\n".join([source, *of_it, text, place])) for source, of_it, text, place in rows]

    def mentions(self, at: int, text: str) -> bool:
        """Whether an example has a text in it."""
        return fold(text) in self._lines[at]

    def select(self, chosen: Mapping[str, Any]) -> Ints:
        """Indices of the examples that pass a filter, in order.

        Args:
            chosen: Names → a value, or several of which any will do: those of the buckets. `text`: anywhere in the
                source, a reference or the output. None or absent: anything.
        """
        keep = in_buckets(self.buckets, chosen, len(self.ids))
        if chosen.get("text"):
            keep &= with_text(self._lines, fold(str(chosen["text"])), len(keep))
        return np.flatnonzero(keep)

    def _ranks(self) -> dict[str, Floats]:
        good = self.own if self.headline.higher_is_better else -self.own
        length = np.array([len(text) for text in self.hypotheses], dtype=np.float64)
        return {"worst": good, "best": -good, "longest": -length}

    def sort(self, chosen: Ints, order: str) -> Ints:
        """Examples in another order.

        Args:
            chosen: Indices.
            order: `row`, `worst`, `best`, or `longest` output first.
        """
        by = self._ranks().get(order)
        return chosen if by is None else chosen[np.argsort(by[chosen], kind="stable")]

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some examples: `filter` as in `select`, `sort`, `offset` and `limit`; gives `total` and `cards`."""
        return cards_page(self, request)

    def card(self, at: int) -> Card:
        """One example: source, references and output, marked where they differ; its data is a `TextsData`."""
        texts, marks = side_by_side(self.references[at], self.hypotheses[at])
        cut = False
        if self.sources is not None:
            source = self.sources[at]
            cut = len(source) > _LONGEST_SHOWN
            texts.insert(0, (self.source_name, f"{source[:_LONGEST_SHOWN]} …" if cut else source))
            marks.insert(0, [])
        own, share = float(self.own[at]), self.headline.unit == "share"
        data: dict[str, Any] = {
            "texts": texts,
            "marks": marks,
            "badge": f"{self.headline.label} {100 * own if share else own:.1f}",
            "facets": {name: [labels[place[at]]] for name, (labels, place) in self.buckets.items() if place[at] >= 0},
            "ranks": {"row": at, **{name: float(by[at]) for name, by in self._ranks().items()}},
        }
        return Card(kind="texts", row=self.ids[at], data=data | ({"after": True} if cut else {}))


def side_by_side(references: Sequence[str], output: str) -> tuple[list[tuple[str, str]], list[list[Range]]]:
    """References and output by name, and what is marked in each: where the output differs from the first reference."""
    names = ["reference"] if len(references) == 1 else [f"reference {number + 1}" for number in range(len(references))]
    missing, added = other_parts(references[0], output) if references else ([], [])
    texts = [*zip(names, references, strict=True), ("output", output)]
    marks = [missing if at == 0 else [] for at in range(len(references))]
    return texts, [*marks, added]
