"""One run trains at a time in a process: random numbers are the process's, and two would take them from each other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from ft_magics.errors import RunError

__all__ = ["Trains", "begin_turn", "check_turn", "end_turn", "training_here", "turn_taken", "wait_for_turn"]


class Trains(Protocol):
    """A run, or several that train one after the other."""

    @property
    def name(self) -> str:
        """In the notebook."""
        ...

    def stop(self, reason: str = ...) -> None:
        """Ask for the end."""
        ...

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the end; whether it came."""
        ...

    def wait_with_notice(self, why: str = "") -> None:
        """Say that one waits for the end, and wait."""
        ...


_under_way: list[Trains] = []  # one at most, after it the one of its runs that trains now


def training_here() -> Trains | None:
    """The run that trains in this process now, or the runs that train one after the other."""
    return next(iter(_under_way), None)


def wait_for_turn() -> None:
    """Wait until no run trains in this process, and say so.

    Raises:
        RunError: The waiting was interrupted.
    """
    other = training_here()
    if other is not None:
        other.wait_with_notice(" (one run trains at a time)")


def check_turn(name: str, within: Trains | None = None) -> None:
    """See that a run may begin.

    Args:
        name: Of the run.
        within: What has the turn, where the run is a part of that.

    Raises:
        RunError: Another run trains.
    """
    other = next((each for each in _under_way if each is not within), None)
    if other is not None:
        raise RunError(
            f"run {name} cannot begin while {other.name} trains in this kernel, since both draw from the same random "
            f"numbers; wait for it (`{other.name}.wait()`) or stop it"
        )


def begin_turn(by: Trains) -> None:
    """From now on this one trains."""
    _under_way.append(by)


def end_turn(by: Trains) -> None:
    """Another one may train."""
    _under_way.remove(by)


@contextmanager
def turn_taken(by: Trains) -> Iterator[None]:
    """While it lasts, only runs that are begun `within` the one that took the turn train in this process.

    Raises:
        RunError: Another run trains.
    """
    check_turn(by.name)
    begin_turn(by)
    try:
        yield
    finally:
        end_turn(by)
