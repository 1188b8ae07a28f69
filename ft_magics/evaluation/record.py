"""What the fields of a report's JSON can be.

A check takes a value and where it stands, such as `per_type.PER.f1`, and raises a `DataError` for what the field cannot
be.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from ft_magics.errors import DataError
from ft_magics.evaluation.beside import GREATEST_OFFSET, is_number, shown, whole

__all__ = [
    "Check",
    "check_schema",
    "count_field",
    "fault",
    "flag_field",
    "list_of",
    "map_of",
    "maybe",
    "number_field",
    "object_of",
    "one_of",
    "row_of",
    "share_field",
    "text_field",
]

Check = Callable[[Any, str], None]

_ROUNDING = 1e-9  # a weighted mean of ones is not always 1


def fault(value: Any, at: str, expected: str) -> DataError:
    """The error of a field that is not what was expected."""
    return DataError(f"this report is not whole: `{at}` is {shown(value)}, expected {expected}")


def text_field(value: Any, at: str) -> None:
    """A text."""
    if not isinstance(value, str):
        raise fault(value, at, "a text")


def flag_field(value: Any, at: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        raise fault(value, at, "true or false")


def count_field(value: Any, at: str) -> None:
    """A whole number from 0."""
    number = whole(value)
    if number is None or not 0 <= number <= GREATEST_OFFSET:
        raise fault(value, at, "a whole number from 0")


def share_field(value: Any, at: str) -> None:
    """A number from 0 to 1."""
    if value is None or not is_number(value) or not 0 <= value <= 1 + _ROUNDING:
        raise fault(value, at, "a number from 0 to 1")


def number_field(value: Any, at: str) -> None:
    """A finite number."""
    if value is None or not is_number(value) or not math.isfinite(value):
        raise fault(value, at, "a finite number")


def one_of(*known: str) -> Check:
    """One of some texts."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, str) or value not in known:
            raise fault(value, at, f"one of {', '.join(known)}")

    return check


def maybe(inside: Check) -> Check:
    """Something, or null."""

    def check(value: Any, at: str) -> None:
        if value is not None:
            inside(value, at)

    return check


def list_of(inside: Check) -> Check:
    """A list of one kind of things."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, (list, tuple)):
            raise fault(value, at, "a list")
        for place, item in enumerate(value):
            inside(item, f"{at}.{place}")

    return check


def map_of(inside: Check) -> Check:
    """An object with one kind of values."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, Mapping):
            raise fault(value, at, "an object")
        for name, item in value.items():
            text_field(name, f"a name in {at}")
            inside(item, f"{at}.{name:.60}")

    return check


def row_of(*inside: Check) -> Check:
    """A list with a fixed number of things."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, (list, tuple)) or len(value) != len(inside):
            raise fault(value, at, f"a list of {len(inside)}")
        for place, (item, of_item) in enumerate(zip(value, inside, strict=True)):
            of_item(item, f"{at}.{place}")

    return check


def object_of(needed: Mapping[str, Check], others: Mapping[str, Check] | None = None) -> Check:
    """An object with fields of its own: those it needs, and those that are checked where they are there."""

    def check(value: Any, at: str) -> None:
        if not isinstance(value, Mapping):
            raise fault(value, at, "an object")
        for name, inside in {**needed, **(others or {})}.items():
            if name in value:
                inside(value[name], f"{at}.{name}" if at else name)
            elif name in needed:
                raise DataError(f"this report is not whole: `{at or 'the report'}` has no `{name}`")

    return check


def check_schema(record: Any, schema: int, kind: str) -> None:
    """See that a record is a report of a kind that this version reads.

    Raises:
        DataError: It is none.
    """
    found = whole(record.get("schema")) if isinstance(record, Mapping) else None
    if found is None:
        raise DataError("this is no report of ft_magics: it has no `schema`")
    if record.get("kind") != kind:
        raise DataError(f"this report is of {shown(record.get('kind'))}; expected one of {kind!r}")
    if found != schema:
        newer = "Update ft_magics" if found > schema else "Evaluate the predictions again"
        raise DataError(
            f"this report has schema {shown(found)}; this version of ft_magics reads schema {schema}. {newer}"
        )
