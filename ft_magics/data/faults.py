"""Many faults in one source → one message that can be read."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["list_faults"]

_MOST_PLACES = 12


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
