"""What a user hands over beside gold and predictions, checked before anything is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.data.tagged.schemes import SCHEMES
from ft_magics.errors import DataError, SchemeError, did_you_mean, type_name
from ft_magics.evaluation.beside import (
    GREATEST_OFFSET,
    as_list,
    check_bootstrap,
    check_text,
    check_texts,
    is_number,
    is_row,
    shown,
    whole,
)
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
_HISTORY = ("epoch", "loss", "precision", "recall", "f1")


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
    """Dev scores on the way: `epoch`, a number, and `loss`, `precision`, `recall`, `f1`, each a number or None.

    Evaluations every so many steps have a `step`, a number, too.

    Raises:
        DataError: An entry is something else; the message names it.
    """
    found: list[dict[str, Any]] = []
    for at, entry in enumerate(as_list(value, "history", "dicts, one per evaluation")):
        if not isinstance(entry, Mapping):
            raise DataError(f"history, entry {at} (counted from 0): found {shown(entry)}, expected a dict")
        for name in _HISTORY:
            if not is_number(entry.get(name)) or (name == "epoch" and entry.get(name) is None):
                raise DataError(
                    f"history, entry {at} (counted from 0): `{name}` is {shown(entry.get(name))}, expected a number"
                )
        if "step" in entry and not is_number(entry["step"]):
            raise DataError(
                f"history, entry {at} (counted from 0): `step` is {shown(entry['step'])}, expected a number"
            )
        found.append({**dict.fromkeys(_HISTORY), **entry})
    return found
