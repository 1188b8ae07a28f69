"""A report's JSON, checked field by field before a report is made of it.

A check takes a value and where it stands, such as `per_type.PER.f1`, and raises a `DataError` for what the field cannot
be. Fields that a report may lack are checked where they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ft_magics.data.tagged.schemes import SCHEMES
from ft_magics.errors import DataError
from ft_magics.evaluation.entities.beside import GREATEST_OFFSET, RULES, read_history, whole
from ft_magics.evaluation.entities.matching import KINDS
from ft_magics.evaluation.record import (
    Check,
    count_field,
    fault,
    flag_field,
    list_of,
    map_of,
    maybe,
    object_of,
    one_of,
    row_of,
    share_field,
    text_field,
)

__all__ = ["check_record"]


def _place(value: Any, at: str) -> None:
    """A word counted from the first one that is shown: a span can begin before it."""
    number = whole(value)
    if number is None or abs(number) > GREATEST_OFFSET:
        raise fault(value, at, "a whole number")


def _history(value: Any, at: str) -> None:
    try:
        read_history(value)
    except DataError as error:
        raise DataError(f"this report is not whole: {at}: {error}") from error


_METRICS: dict[str, Check] = dict.fromkeys(("precision", "recall", "f1"), maybe(share_field))
_SCORES: dict[str, Check] = {**_METRICS, **dict.fromkeys(("support", "predicted", "correct"), count_field)}
_INTERVALS: dict[str, Check] = {"intervals": maybe(map_of(maybe(row_of(share_field, share_field))))}
_SEMEVAL: dict[str, Check] = dict.fromkeys(("correct", "incorrect", "partial", "missed", "spurious"), count_field)
_SPAN = row_of(_place, _place, text_field)

_EXAMPLE = object_of(
    {
        "kind": one_of(*KINDS),
        "row": text_field,
        "confidence": maybe(share_field),
        "words": list_of(text_field),
        "spaces": flag_field,
        "gold_spans": list_of(_SPAN),
        "pred_spans": list_of(_SPAN),
    },
    {
        **dict.fromkeys(("pair", "sentence"), count_field),
        **dict.fromkeys(("before", "after"), flag_field),
        **dict.fromkeys(("gold", "pred"), maybe(_SPAN)),
        "score": share_field,
        "reason": text_field,
        "buckets": map_of(list_of(text_field)),
    },
)
_ERROR_KIND = object_of(
    {"kind": one_of(*KINDS), "count": count_field, "f1_if_fixed": maybe(share_field), "per_type": map_of(count_field)}
)
_BIN = object_of(
    {
        "low": share_field,
        "high": share_field,
        "count": count_field,
        "confidence": maybe(share_field),
        "accuracy": maybe(share_field),
    }
)
_CALIBRATION = object_of(
    {
        "ece": share_field,
        "bins": list_of(_BIN),
        "thresholds": list_of(object_of({"threshold": share_field, "predicted": count_field, **_METRICS})),
    }
)
_NOISE = object_of({"invalid": count_field, "tags": count_field, "rate": maybe(share_field)})
_TAG_NOISE = object_of(
    {}, {"gold": _NOISE, "predicted": _NOISE, "cut": maybe(object_of({"entities": count_field, "missed": count_field}))}
)

_REPORT = object_of(
    {
        "title": text_field,
        "sentences": count_field,
        "words": count_field,
        "per_type": map_of(object_of(_SCORES, _INTERVALS)),
        **dict.fromkeys(("micro", "macro", "weighted"), object_of(_SCORES, _INTERVALS)),
        "confusion": object_of({"counts": list_of(list_of(count_field))}, {"types": list_of(text_field)}),
        "error_kinds": list_of(_ERROR_KIND),
        "semeval": map_of(object_of({**_SEMEVAL, **_METRICS})),
        "buckets": map_of(list_of(object_of({"label": text_field, **_SCORES}, _INTERVALS))),
        "calibration": maybe(_CALIBRATION),
    },
    {
        "mode": one_of(*RULES),
        "scheme": maybe(one_of(*SCHEMES)),
        "resamples": count_field,
        "tag_noise": _TAG_NOISE,
        "history": _history,
        "notes": list_of(text_field),
        **dict.fromkeys(("suspects", "mistakes", "confident_mistakes", "least_confident_correct"), list_of(_EXAMPLE)),
    },
)


def check_record(record: Mapping[str, Any]) -> None:
    """See that every field of a report's JSON is what a report can have.

    Raises:
        DataError: One is not; the message names it.
    """
    _REPORT(record, "")
