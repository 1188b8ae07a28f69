"""What a user hands over beside gold and predictions, checked before anything is counted."""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from numbers import Real
from typing import Any

import numpy as np

from ft_magics.data.tagged.schemes import SCHEMES
from ft_magics.errors import DataError, SchemeError, did_you_mean, type_name
from ft_magics.markup import terminal_line

__all__ = [
    "GREATEST_OFFSET",
    "RULES",
    "as_list",
    "check_bootstrap",
    "check_cuts",
    "check_rule",
    "check_surfaces",
    "check_text",
    "check_texts",
    "is_row",
    "read_history",
    "shown",
    "whole",
]

RULES = ("conll", "strict")
GREATEST_OFFSET = 2**53 - 1  # the greatest whole number that JSON carries safely to a browser (RFC 8259, section 6)
_MOST_RESAMPLES = 1_000_000  # more take gigabytes, and tell no more
_REPR = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = 80
_HISTORY = ("epoch", "loss", "precision", "recall", "f1")


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


def check_rule(mode: Any, scheme: Any) -> None:
    """See that a rule and a scheme are known ones.

    Raises:
        DataError: The mode is not.
        SchemeError: The scheme is not.
    """
    if not isinstance(mode, str) or mode not in RULES:
        raise DataError(f"mode: found {_named(mode)}, expected one of {', '.join(RULES)}")
    if scheme is not None and (not isinstance(scheme, str) or scheme not in SCHEMES):
        near = did_you_mean(scheme, SCHEMES) if isinstance(scheme, str) else ""
        raise SchemeError(f"scheme: found {_named(scheme)}, expected one of {', '.join(SCHEMES)}.{near}")


def _named(value: Any) -> str:
    return f"`{terminal_line(value):.60}`" if isinstance(value, str) else shown(value)


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


def check_texts(value: Any, name: str, count: int) -> Sequence[str]:
    """A text per sentence.

    Raises:
        DataError: It is no list of texts, or there is another number of them.
    """
    texts = as_list(value, name, "texts")
    if len(texts) != count:
        raise DataError(f"{name} has {len(texts)} entries, and there are {count} sentences")
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            raise DataError(f"{name} of sentence {at} (counted from 0): found {shown(text)}, expected a text")
    return texts


def check_surfaces(value: Any) -> None:
    """See that the entities of the training data are counts per surface and type.

    Raises:
        DataError: They are not; the message names the surface.
    """
    if not isinstance(value, Mapping):
        raise DataError(f"surfaces is {type_name(value)}; expected a dict: words → entity type → count")
    for surface, types in value.items():
        if not isinstance(surface, str) or not isinstance(types, Mapping):
            raise DataError(
                f"surfaces: found {shown(surface)} → {shown(types)}, expected words → a dict of entity types and counts"
            )
        for kind, count in types.items():
            number = whole(count)
            if not isinstance(kind, str) or number is None or number < 0:
                raise DataError(
                    f"surfaces of {shown(surface)}: found {shown(kind)} → {shown(count)}, "
                    "expected an entity type → a whole number from 0"
                )


def check_cuts(value: Any, lengths: Sequence[int] | None, count: int) -> list[list[int]]:
    """The words at which windows change, a list per sentence; empty where none are given.

    Args:
        value: What was given.
        lengths: Words per sentence, where they are known.
        count: How many sentences there are.

    Raises:
        DataError: It is no list of lists of words of the sentences; the message names the sentence.
    """
    rows = as_list(value, "cuts", "lists, one per sentence")
    if len(rows) not in (0, count):
        raise DataError(f"cuts has {len(rows)} entries, and there are {count} sentences")
    found: list[list[int]] = []
    for at, row in enumerate(rows):
        most = GREATEST_OFFSET if lengths is None else lengths[at]
        places = [whole(cut) for cut in as_list(row, f"cuts of sentence {at} (counted from 0)", "whole numbers")]
        kept = [place for place in places if place is not None and 0 <= place <= most]
        if len(kept) < len(places):
            raise DataError(
                f"cuts of sentence {at} (counted from 0): found {shown(row)}, "
                f"expected places in the sentence, whole numbers from 0 to {most}"
            )
        found.append(kept)
    return found


def read_history(value: Any) -> list[dict[str, Any]]:
    """Dev scores per epoch: `epoch`, `loss`, `precision`, `recall`, `f1`, each a number or None.

    Raises:
        DataError: An entry is something else; the message names it.
    """
    found: list[dict[str, Any]] = []
    for at, entry in enumerate(as_list(value, "history", "dicts, one per epoch")):
        if not isinstance(entry, Mapping):
            raise DataError(f"history, entry {at} (counted from 0): found {shown(entry)}, expected a dict")
        for name in _HISTORY:
            if not _is_number(entry.get(name)):
                raise DataError(
                    f"history, entry {at} (counted from 0): `{name}` is {shown(entry.get(name))}, expected a number"
                )
        found.append({**dict.fromkeys(_HISTORY), **entry})
    return found


def _is_number(value: Any) -> bool:
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
