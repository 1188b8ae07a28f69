"""Many faults in one source → one message that can be read, whatever the source holds."""

from __future__ import annotations

import reprlib
from collections.abc import Iterable, Sequence

from ft_magics.errors import DataError

__all__ = ["Faults", "list_faults", "list_names", "printable", "quoted", "show"]

_MOST_PLACES = 12
_MOST_NAMES = 12
_MOST_CHARACTERS = 60
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = _MOST_CHARACTERS
_SHORT.maxlevel = 3


class Faults:
    """What is wrong with rows, by kind: each kind is one message with its first place in full."""

    def __init__(self) -> None:
        self._by_kind: dict[str, list[tuple[str, str]]] = {}

    def add(self, kind: str, place: str, fault: str) -> None:
        """Keep a fault.

        Args:
            kind: Faults of the same kind are listed together.
            place: Such as `train.csv, line 12`.
            fault: What is wrong there, and what to do.
        """
        self._by_kind.setdefault(kind, []).append((place, fault))

    def raise_all(self) -> None:
        """Say all of them.

        Raises:
            DataError: There are some.
        """
        if self._by_kind:
            raise DataError("\n".join(map(list_faults, self._by_kind.values())))


def list_faults(faults: Sequence[tuple[str, str]]) -> str:
    """The first fault in full, and where the others are.

    Args:
        faults: Pairs of place and fault, at least one; a place is such as `train.conll, line 12`.
    """
    (place, fault), *others = faults
    message = f"{place}: {fault}"
    if not others:
        return message
    listed = ", ".join(other.rpartition(", ")[2] for other, _ in others[:_MOST_PLACES])
    more = f" and {len(others) - _MOST_PLACES} more" if len(others) > _MOST_PLACES else ""
    return f"{message}\n{len(others)} more like it: {listed}{more}"


def show(value: object) -> str:
    """A value of the user's as Python writes it, shortened: values may be huge, nested deeply, or without a text."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # Python does not print a number of over 4,300 digits
        return f"a very long {type(value).__name__}"


def quoted(text: str) -> str:
    """A text's beginning, for the middle of a message."""
    return printable(text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…")


def printable(text: str) -> str:
    """The text with half surrogate pairs, which file names may hold, as escapes."""
    return text.encode(errors="backslashreplace").decode()


def list_names(names: Iterable[object]) -> str:
    """The first names, such as those of columns, with commas; `none` where there are none."""
    listed = list(names)
    texts = (quoted(name) if isinstance(name, str) else show(name) for name in listed[:_MOST_NAMES])
    more = f" and {len(listed) - _MOST_NAMES} more" if len(listed) > _MOST_NAMES else ""
    return (", ".join(text or "(without a name)" for text in texts) or "none") + more
