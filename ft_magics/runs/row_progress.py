"""How many rows of a file are predicted, printed in one line that is written over."""

from __future__ import annotations

import time
from types import TracebackType
from typing import Self

from ft_magics.markup import terminal_line

__all__ = ["RowProgress"]

_MINUTE_S, _HOUR_S = 60, 3600


class RowProgress:
    """Prints while a block lasts; when the block is left before all is done, says how it is continued.

    Args:
        name: Of the file.
        done: Rows that are done when it begins.
        rows: That there are.
        on: Whether to print anything.
    """

    def __init__(self, name: str, done: int, rows: int, *, on: bool) -> None:
        self._name, self._rows, self._on = terminal_line(name), rows, on
        self._before = self._done = done
        self._width = len(f"{self._name}: {rows:,} rows read")  # which was printed before

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._print(f"{self._done:,} of {self._rows:,} rows")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._print(f"{self._done:,} of {self._rows:,} rows are kept; the same call continues behind them")
        if self._on:
            print(flush=True)

    def show(self, done: int) -> None:
        """Say how many rows are done now."""
        self._done = done
        rate = (done - self._before) / max(time.monotonic() - self._began, 1e-9)
        left = f", {_duration((self._rows - done) / rate)} left" if done < self._rows else ""
        self._print(f"{done:,} of {self._rows:,} rows, {rate:,.0f} a second{left}")

    def _print(self, text: str) -> None:
        if self._on:
            line = f"{self._name}: {text}"
            print(f"\r{line.ljust(self._width)}", end="", flush=True)
            self._width = len(line)


def _duration(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    minutes = round(seconds / _MINUTE_S)
    return f"{minutes} min" if seconds < _HOUR_S else f"{minutes // _MINUTE_S} h {minutes % _MINUTE_S} min"
