"""Cards of marked texts: both entities stand out, and an arrow says which way a relation leads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.data.marked import MarkedText
from ft_magics.evaluation.relations.counting import relation_of
from ft_magics.sections import Card

__all__ = ["MOST_AROUND", "relation_card", "what_went_wrong"]

MOST_AROUND = 300  # characters that are shown before the first entity and behind the second, and between them twice


def relation_card(
    example: MarkedText, *, none_label: str | None, data: Mapping[str, Any] | None = None, row: str = ""
) -> Card:
    """A card of a marked text; its data is a `RelationData`.

    Args:
        example: What was asked about.
        none_label: The label of pairs without a relation.
        data: Labels, scores and what else a card of a text with labels has.
        row: Where it stands; empty for the example's own place.
    """
    text, (e1, e2), cut = _around(example)
    given = {name: value for name, value in (data or {}).items() if name not in ("text", "pair")}
    shown = {"text": text, "e1": list(e1), "e2": list(e2), "types": list(example.types), "none_label": none_label}
    return Card(kind="relation", row=row or example.id, data={**shown, **cut, **given})


def _around(example: MarkedText) -> tuple[str, tuple[tuple[int, int], tuple[int, int]], dict[str, bool]]:
    """The text near both entities: a relation may stand in a document of many pages."""
    first, last = min(example.e1[0], example.e2[0]), max(example.e1[1], example.e2[1])
    start, end = max(0, first - MOST_AROUND), min(len(example.text), last + MOST_AROUND)
    places = tuple((begin - start, stop - start) for begin, stop in (example.e1, example.e2))
    cut = {name: True for name, there in (("before", start > 0), ("after", end < len(example.text))) if there}
    return example.text[start:end], (places[0], places[1]), cut


def what_went_wrong(gold: Sequence[str], pred: Sequence[str], none_label: str | None) -> str:
    """What became of a pair, in a word or two."""
    ours, theirs = (next(iter(side), "") for side in (gold, pred))
    if ours == theirs:
        return "right"
    if relation_of(ours) == relation_of(theirs):
        return "wrong direction"
    if theirs == none_label:
        return "missed relation"
    return "spurious relation" if ours == none_label else "wrong relation"
