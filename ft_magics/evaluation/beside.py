"""What a user hands over for an evaluation, checked before anything is counted."""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from inspect import Parameter, signature
from numbers import Real
from typing import Any

import numpy as np

from ft_magics.errors import DataError, did_you_mean, type_name
from ft_magics.markup import terminal_line

__all__ = [
    "GREATEST_OFFSET",
    "as_list",
    "check_bootstrap",
    "check_known",
    "check_notes",
    "check_text",
    "check_texts",
    "is_number",
    "is_row",
    "shown",
    "whole",
]

GREATEST_OFFSET = 2**53 - 1  # the greatest whole number that JSON carries safely to a browser (RFC 8259, section 6)
_MOST_RESAMPLES = 1_000_000  # more take gigabytes, and tell no more
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 80


def shown(value: Any, most: int = 60) -> str:
    """A value for a message: short, and never itself an error, whatever the value is."""
    try:
        text = _REPR.repr(value)
    except Exception:  # noqa: BLE001  # a number of 5,000 digits has no repr, and foreign objects raise what they like
        text = type_name(value)
    return f"{terminal_line(text):.{most}}"


def whole(value: Any) -> int | None:
    """A whole number, NumPy's too, as an int; None for anything else, `True` and `2.0` included."""
    if isinstance(value, (bool, np.bool_)):
        return None
    try:
        return operator.index(value)
    except Exception:  # noqa: BLE001  # an array of several numbers raises one thing, a tensor another
        return None


def as_list(value: Any, name: str, of: str) -> Sequence[Any]:
    """A list, a tuple, or what an array or a column becomes as a list.

    Args:
        value: What was given.
        name: What it is called, for the message.
        of: What it must hold, for the message.

    Raises:
        DataError: It is none of these.
    """
    try:
        found = value.tolist() if hasattr(value, "tolist") else value
    except Exception as error:
        raise DataError(f"{name}: {type_name(value)} cannot be read as a list ({type(error).__name__})") from error
    if isinstance(found, (str, bytes, bytearray, Mapping)) or not isinstance(found, Sequence):
        raise DataError(f"{name} is {type_name(value)}; expected a list of {of}")
    return found


def is_row(value: Any) -> bool:
    """Whether it holds entries in an order; an array without a dimension has `__len__` and no length."""
    ordered = hasattr(value, "__len__") and not isinstance(value, (str, bytes, bytearray, Mapping, AbstractSet))
    return ordered and getattr(value, "ndim", 1) != 0


def check_bootstrap(resamples: Any, seed: Any) -> tuple[int, int]:
    """The number of resamples and the seed as ints.

    Raises:
        DataError: One of them is no whole number from 0, or there would be too many resamples.
    """
    count, start = whole(resamples), whole(seed)
    if count is None or not 0 <= count <= _MOST_RESAMPLES:
        raise DataError(f"resamples: found {shown(resamples)}, expected a whole number from 0 to {_MOST_RESAMPLES:,}")
    if start is None or start < 0:
        raise DataError(f"seed: found {shown(seed)}, expected a whole number from 0")
    return count, start


def check_text(value: Any, name: str) -> str:
    """A text.

    Raises:
        DataError: It is none.
    """
    if not isinstance(value, str):
        raise DataError(f"{name}: found {shown(value)}, expected a text")
    return value


def check_notes(value: Any) -> list[str]:
    """Sentences.

    Raises:
        DataError: They are no list of texts.
    """
    return [check_text(note, "notes") for note in as_list(value, "notes", "sentences")]


def check_texts(value: Any, name: str, count: int, of: str = "sentence") -> Sequence[str]:
    """A text per sentence, or per example of another kind.

    Args:
        value: What was given.
        name: What it is called, for the message.
        count: How many there must be.
        of: What an example is called, for the message.

    Raises:
        DataError: It is no list of texts, or there is another number of them.
    """
    texts = as_list(value, name, "texts")
    if len(texts) != count:
        raise DataError(f"{name} has {len(texts)} entries, and there are {count} {of}s")
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"{name} of {of} {at} (counted from 0): found {shown(text)}, expected a text")
    return texts


def is_number(value: Any) -> bool:
    """Whether it is None or a number that a float can hold, a loss that is NaN included."""
    if value is None:
        return True
    if not isinstance(value, Real) or isinstance(value, bool):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def check_known(function: Callable[..., Any], options: Mapping[str, Any]) -> None:
    """Refuse options that a function does not have; one that takes any looks for itself.

    Raises:
        DataError: One is unknown; the message has those that there are.
    """
    known = signature(function).parameters
    odd = next((name for name in options if name not in known), None)
    if odd is not None and not any(each.kind is Parameter.VAR_KEYWORD for each in known.values()):
        there = [name for name, each in known.items() if each.kind is Parameter.KEYWORD_ONLY]
        near = did_you_mean(odd, there)
        raise DataError(f"there is no option `{odd:.60}`; there are {', '.join(there)}.{near}")
