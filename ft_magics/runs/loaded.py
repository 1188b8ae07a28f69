"""Which runs' models are loaded: those of one base together, which take little more than one; else one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import WeakSet

if TYPE_CHECKING:
    from ft_magics.models.base import Base
    from ft_magics.runs.run import Run

__all__ = ["give_way", "note_loaded"]

_loaded: WeakSet[Run] = WeakSet()


def give_way(run: Run, base: Base | None) -> None:
    """Release the models that share nothing with one that is about to be loaded.

    Args:
        run: Whose model it is.
        base: That it was tuned from; None for a model that is whole.
    """
    for other in list(_loaded):
        theirs = other.base
        together = base is not None and theirs is not None and base.sha256 == theirs.sha256
        if other is not run and not together:
            other.release()
            _loaded.discard(other)


def note_loaded(run: Run) -> None:
    """A run's model was loaded, and may be released for another one."""
    _loaded.add(run)
