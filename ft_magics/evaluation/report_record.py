"""Scores and cards ↔ their JSON, the same in every report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

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
from ft_magics.evaluation.report import Score
from ft_magics.metrics import Metric
from ft_magics.sections import Card

__all__ = ["CARDS", "SCORE", "Shown", "score_of", "score_record", "shown_of"]

SCORE = object_of(
    {
        "metric": object_of(
            {
                "name": text_field,
                "label": text_field,
                "higher_is_better": flag_field,
                "unit": one_of("share", "number"),
            }
        ),
        "value": maybe(number_field),
        "interval": maybe(row_of(number_field, number_field)),
    }
)
_PLACE = row_of(count_field, count_field)
_LABELS = object_of(
    {
        "kind": one_of("labels", "relation"),
        "row": text_field,
        "data": object_of(
            {"text": text_field, "gold": list_of(text_field)},
            {
                "pair": text_field,
                "e1": _PLACE,
                "e2": _PLACE,
                "types": list_of(text_field),
                "none_label": maybe(text_field),
                "before": flag_field,
                "after": flag_field,
                "predicted": list_of(text_field),
                "versions": list_of(object_of({"name": text_field, "predicted": list_of(text_field)})),
                "scores": list_of(row_of(text_field, number_field)),
                "confidence": maybe(number_field),
                "badge": text_field,
                "right": maybe(flag_field),
                "about": list_of(text_field),
                "note": text_field,
                "facets": map_of(list_of(text_field)),
                "ranks": map_of(maybe(number_field)),
            },
        ),
    }
)
_TEXTS = object_of(
    {
        "kind": one_of("texts"),
        "row": text_field,
        "data": object_of(
            {"texts": list_of(row_of(text_field, text_field))},
            {
                "marks": list_of(list_of(row_of(count_field, count_field))),
                "after": flag_field,
                "badge": text_field,
                "right": maybe(flag_field),
                "about": list_of(text_field),
                "note": text_field,
                "facets": map_of(list_of(text_field)),
                "ranks": map_of(maybe(number_field)),
            },
        ),
    }
)


def _card(value: Any, at: str) -> None:
    """A card of one of the kinds that reports keep."""
    texts = isinstance(value, Mapping) and value.get("kind") == "texts"
    (_TEXTS if texts else _LABELS)(value, at)


CARDS = object_of({"total": count_field, "cards": list_of(_card)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """Some examples that are kept with a report: the first of `total`."""

    total: int
    cards: list[Card]


def score_record(score: Score) -> dict[str, Any]:
    """Plain data."""
    return asdict(score)


def score_of(record: Mapping[str, Any]) -> Score:
    """The score that `score_record` wrote."""
    ends = record["interval"]
    return Score(
        metric=Metric.from_json(record["metric"]),
        value=record["value"],
        interval=None if ends is None else (ends[0], ends[1]),
    )


def shown_of(record: Mapping[str, Any]) -> Shown:
    """Examples from their plain data."""
    cards = [Card(kind=card["kind"], row=card["row"], data=card["data"]) for card in record["cards"]]
    return Shown(total=record["total"], cards=cards)
