"""Settings of runs by their dotted keys, and which of them differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

__all__ = ["differing", "leaves"]

_NEVER_TOLD = ("save.",)  # where a run is kept says nothing of what it is


def leaves(plain: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    """Settings by their dotted keys."""
    for key, value in plain.items():
        if isinstance(value, Mapping):
            yield from leaves(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def differing(configs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """For each of several runs the settings in which not all of them agree; one that is not set is None.

    Args:
        configs: Resolved ones, as plain data.
    """
    flat = [dict(leaves(config)) for config in configs]
    keys = dict.fromkeys(key for each in flat for key in each if not key.startswith(_NEVER_TOLD))
    odd = [key for key in keys if any(each.get(key) != flat[0].get(key) for each in flat[1:])]
    return [{key: each.get(key) for key in odd} for each in flat]
