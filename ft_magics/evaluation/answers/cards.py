"""An answer as a page shows it: the question, the context near the answers with both marked, how sure the model is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.evaluation.answers.answered import Answered, Candidate, Passage
from ft_magics.evaluation.record import (
    count_field,
    flag_field,
    list_of,
    map_of,
    maybe,
    number_field,
    object_of,
    one_of,
    row_of,
    text_field,
)
from ft_magics.sections import Card

__all__ = ["ANSWER_CARDS", "answer_card", "marked_spans"]

_MARGIN = 200  # characters of the context around an answer
_MOST_GOLD = 5

_TEXTS, _SPANS = list_of(text_field), list_of(row_of(number_field, number_field))
_PART = object_of({"text": text_field, "before": flag_field, "after": flag_field, "gold": _SPANS, "predicted": _SPANS})
_CARD = object_of(
    {
        "kind": one_of("answer"),
        "row": text_field,
        "data": object_of(
            {"question": text_field},
            {
                "parts": list_of(_PART),
                **dict.fromkeys(("gold", "predicted", "about"), _TEXTS),
                "scores": list_of(row_of(text_field, number_field)),
                "confidence": maybe(number_field),
                "badge": text_field,
                "sign": text_field,
                "right": maybe(flag_field),
                "facets": map_of(_TEXTS),
                "ranks": map_of(maybe(number_field)),
            },
        ),
    }
)
ANSWER_CARDS = object_of({"total": count_field, "cards": list_of(_CARD)})


def answer_card(item: Answered, *, labelled: bool = True, **shown: Any) -> Card:
    """One answer.

    Args:
        item: The question, its gold and its prediction.
        labelled: Whether gold is known.
        shown: More that the card's data hold, such as `badge`; see `CardData`.
    """
    gold, predicted = marked_spans(item, labelled=labelled)
    data: dict[str, Any] = {"question": item.question}
    if item.passage is not None:
        data["parts"] = _parts(item.passage, gold, predicted)
    if labelled:
        data["gold"] = list(dict.fromkeys(each.text for each in item.gold))[:_MOST_GOLD]
    if item.predicted is not None:
        data["predicted"] = [item.predicted.text] if item.predicted.text else []
        if item.predicted.probability is not None:
            data["confidence"] = round(item.predicted.probability, 4)
    if item.n_best:
        data["scores"] = [(each.text, round(each.probability or 0.0, 4)) for each in item.n_best]
    return Card(kind="answer", row=item.row, data={**data, **shown})


Span = tuple[int, int]


def marked_spans(item: Answered, *, labelled: bool = True) -> tuple[list[Span], list[Span]]:
    """Where gold and prediction are in the context: of several gold answers the one that was found, else the first."""
    predicted = _span(item.predicted, item.passage)
    gold = [(each.start, each.end) for each in item.gold if each.start is not None and each.end is not None]
    chosen = [span for span in gold if span == predicted] or gold
    return chosen[:1] if labelled else [], [predicted] if predicted else []


def _span(found: Candidate | None, passage: Passage | None) -> Span | None:
    """The place of an answer; where it is not known, the first that has its text."""
    if found is None or not found.text or passage is None:
        return None
    if found.start is not None:
        return found.start, found.start + len(found.text)
    places = ((at, text.find(found.text)) for at, text in passage.parts)
    return next(((at + place, at + place + len(found.text)) for at, place in places if place >= 0), None)


def _parts(passage: Passage, gold: Sequence[Span], predicted: Sequence[Span]) -> list[Mapping[str, Any]]:
    """The stretches of the context that hold an answer, each with the spans in it."""
    near = passage.around([*gold, *predicted], _MARGIN)
    return [
        {
            "text": text,
            "before": at > 0,
            "after": at + len(text) < passage.length,
            "gold": _within(gold, at, len(text)),
            "predicted": _within(predicted, at, len(text)),
        }
        for at, text in near.parts
    ]


def _within(spans: Sequence[Span], at: int, length: int) -> list[Span]:
    return [(start - at, end - at) for start, end in spans if start < at + length and end > at]
