"""A report's JSON, checked field by field before a report is made of it.

A check takes a value and where it stands, such as `per_type.PER.f1`, and raises a `DataError` for what the field cannot
be. Fields that a report may lack are checked where they are there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from numbers import Real
from typing import Any

from ft_magics.data.tagged.schemes import SCHEMES
from ft_magics.errors import DataError
from ft_magics.evaluation.entities.beside import GREATEST_OFFSET, RULES, read_history, shown, whole
from ft_magics.evaluation.entities.matching import KINDS

__all__ = ["check_record"]

Check = Callable[[Any, str], None]

_ROUNDING = 1e-9  # a weighted mean of ones is not always 1


def _fault(value: Any, at: str, expected: str) -> DataError:
    return DataError(f"this report is not whole: `{at}` is {shown(value)}, expected {expected}")


def _text(value: Any, at: str) -> None:
    if not isinstance(value, str):
        raise _fault(value, at, "a text")


def _flag(value: Any, at: str) -> None:
    if not isinstance(value, bool):
        raise _fault(value, at, "true or false")


def _count(value: Any, at: str) -> None:
    number = whole(value)
    if number is None or not 0 <= number <= GREATEST_OFFSET:
        raise _fault(value, at, "a whole number from 0")


def _place(value: Any, at: str) -> None:
    """A word counted from the first one that is shown: a span can begin before it."""
    number = whole(value)
    if number is None or abs(number) > GREATEST_OFFSET:
        raise _fault(value, at, "a whole number")


def _share(value: Any, at: str) -> None:
    is_number = isinstance(value, Real) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1 + _ROUNDING:
        raise _fault(value, at, "a number from 0 to 1")


def _history(value: Any, at: str) -> None:
    try:
        read_history(value)
    except DataError as error:
        raise DataError(f"this report is not whole: {at}: {error}") from error


def _one_of(*known: str) -> Check:
    def check(value: Any, at: str) -> None:
        if not isinstance(value, str) or value not in known:
            raise _fault(value, at, f"one of {', '.join(known)}")

    return check


def _maybe(inside: Check) -> Check:
    def check(value: Any, at: str) -> None:
        if value is not None:
            inside(value, at)

    return check


def _list(inside: Check) -> Check:
    def check(value: Any, at: str) -> None:
        if not isinstance(value, (list, tuple)):
            raise _fault(value, at, "a list")
        for place, item in enumerate(value):
            inside(item, f"{at}.{place}")

    return check


def _map(inside: Check) -> Check:
    def check(value: Any, at: str) -> None:
        if not isinstance(value, Mapping):
            raise _fault(value, at, "an object")
        for name, item in value.items():
            _text(name, f"a name in {at}")
            inside(item, f"{at}.{name:.60}")

    return check


def _row(*inside: Check) -> Check:
    def check(value: Any, at: str) -> None:
        if not isinstance(value, (list, tuple)) or len(value) != len(inside):
            raise _fault(value, at, f"a list of {len(inside)}")
        for place, (item, of_item) in enumerate(zip(value, inside, strict=True)):
            of_item(item, f"{at}.{place}")

    return check


def _object(needed: Mapping[str, Check], others: Mapping[str, Check] | None = None) -> Check:
    def check(value: Any, at: str) -> None:
        if not isinstance(value, Mapping):
            raise _fault(value, at, "an object")
        for name, inside in {**needed, **(others or {})}.items():
            if name in value:
                inside(value[name], f"{at}.{name}" if at else name)
            elif name in needed:
                raise DataError(f"this report is not whole: `{at or 'the report'}` has no `{name}`")

    return check


_METRICS: dict[str, Check] = dict.fromkeys(("precision", "recall", "f1"), _maybe(_share))
_SCORES: dict[str, Check] = {**_METRICS, **dict.fromkeys(("support", "predicted", "correct"), _count)}
_INTERVALS: dict[str, Check] = {"intervals": _maybe(_map(_maybe(_row(_share, _share))))}
_SEMEVAL: dict[str, Check] = dict.fromkeys(("correct", "incorrect", "partial", "missed", "spurious"), _count)
_SPAN = _row(_place, _place, _text)

_EXAMPLE = _object(
    {
        "kind": _one_of(*KINDS),
        "row": _text,
        "confidence": _maybe(_share),
        "words": _list(_text),
        "spaces": _flag,
        "gold_spans": _list(_SPAN),
        "pred_spans": _list(_SPAN),
    },
    {
        **dict.fromkeys(("pair", "sentence"), _count),
        **dict.fromkeys(("before", "after"), _flag),
        **dict.fromkeys(("gold", "pred"), _maybe(_SPAN)),
        "score": _share,
        "reason": _text,
        "buckets": _map(_list(_text)),
    },
)
_ERROR_KIND = _object(
    {"kind": _one_of(*KINDS), "count": _count, "f1_if_fixed": _maybe(_share), "per_type": _map(_count)}
)
_BIN = _object(
    {"low": _share, "high": _share, "count": _count, "confidence": _maybe(_share), "accuracy": _maybe(_share)}
)
_CALIBRATION = _object(
    {
        "ece": _share,
        "bins": _list(_BIN),
        "thresholds": _list(_object({"threshold": _share, "predicted": _count, **_METRICS})),
    }
)
_NOISE = _object({"invalid": _count, "tags": _count, "rate": _maybe(_share)})
_TAG_NOISE = _object(
    {}, {"gold": _NOISE, "predicted": _NOISE, "cut": _maybe(_object({"entities": _count, "missed": _count}))}
)

_REPORT = _object(
    {
        "title": _text,
        "sentences": _count,
        "words": _count,
        "per_type": _map(_object(_SCORES, _INTERVALS)),
        **dict.fromkeys(("micro", "macro", "weighted"), _object(_SCORES, _INTERVALS)),
        "confusion": _object({"counts": _list(_list(_count))}, {"types": _list(_text)}),
        "error_kinds": _list(_ERROR_KIND),
        "semeval": _map(_object({**_SEMEVAL, **_METRICS})),
        "buckets": _map(_list(_object({"label": _text, **_SCORES}, _INTERVALS))),
        "calibration": _maybe(_CALIBRATION),
    },
    {
        "mode": _one_of(*RULES),
        "scheme": _maybe(_one_of(*SCHEMES)),
        "resamples": _count,
        "tag_noise": _TAG_NOISE,
        "history": _history,
        "notes": _list(_text),
        **dict.fromkeys(("suspects", "mistakes", "confident_mistakes", "least_confident_correct"), _list(_EXAMPLE)),
    },
)


def check_record(record: Mapping[str, Any]) -> None:
    """See that every field of a report's JSON is what a report can have.

    Raises:
        DataError: One is not; the message names it.
    """
    _REPORT(record, "")
