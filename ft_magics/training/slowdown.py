"""Notices when a training becomes slow, and says why where that can be measured."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import psutil

__all__ = ["OtherProcesses", "ProcessorTime", "Slowdown", "processor_time", "slowdown_text"]

_WINDOW_STEPS, _WINDOW_S = 20, 10.0  # what a rate is taken over: steps differ, and a short wait is no news
_SLOW, _RECOVERED = 0.5, 0.75  # of the best rate
_LATELY_S = 5.0  # what other processes take is asked of the last steps: it has just changed
_SPARE_CORES = 0.3  # fewer than these beyond what the machine has are no shortage: the measurement is coarse


class Slowdown:
    """Notices when a training falls to half of its best rate; says so again only after it recovered.

    Attributes:
        best: Tokens a second; None before it is known.
    """

    def __init__(self) -> None:
        self.best: float | None = None
        self._window: deque[tuple[int, float]] = deque()
        self._said = False

    def add(self, tokens: int, seconds: float) -> float | None:
        """Count a step.

        Returns:
            The rate of the last steps in tokens a second, when it has fallen and that was not said yet.
        """
        rate = self._rate(tokens, seconds)
        if rate is None:
            return None
        self.best = max(self.best or 0.0, rate)
        if rate > _RECOVERED * self.best:
            self._said = False
        if self._said or rate > _SLOW * self.best:
            return None
        self._said = True
        return rate

    def _rate(self, tokens: int, seconds: float) -> float | None:
        """Over the last steps; None while those are too few."""
        window = self._window
        window.append((tokens, seconds))
        spent = sum(of for _, of in window)
        while len(window) > _WINDOW_STEPS and spent - window[0][1] >= _WINDOW_S:
            spent -= window.popleft()[1]
        if len(window) < _WINDOW_STEPS or spent < _WINDOW_S:
            return None
        return sum(of for of, _ in window) / spent


class ProcessorTime(NamedTuple):
    """Seconds that were computed since some moment, summed over cores: by the whole machine, and by this process."""

    machine_s: float
    own_s: float


def processor_time() -> ProcessorTime:
    """Of now; the difference between two is what counts."""
    times = psutil.cpu_times()
    # Linux counts a guest's time as its host's user's, too.
    idle = sum(getattr(times, name, 0.0) for name in ("idle", "iowait", "guest", "guest_nice"))
    return ProcessorTime(sum(times) - idle, time.process_time())


class OtherProcesses:
    """How many cores other processes take during the steps of a training.

    Args:
        clock: Gives seconds.
        read: Gives the processor time.
    """

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, read: Callable[[], ProcessorTime] = processor_time
    ) -> None:
        self._clock, self._read = clock, read
        self._began = (0.0, ProcessorTime(0.0, 0.0))
        self._steps: deque[tuple[float, ProcessorTime]] = deque()

    def begin_step(self) -> None:
        """A step begins now."""
        self._began = (self._clock(), self._read())

    def end_step(self) -> None:
        """It ends now."""
        (at, before), now = self._began, self._read()
        spent = ProcessorTime(now.machine_s - before.machine_s, now.own_s - before.own_s)
        self._steps.append((self._clock() - at, spent))
        while _seconds(self._steps) - self._steps[0][0] >= _LATELY_S:
            self._steps.popleft()

    def cores(self) -> float | None:
        """How many they took in the last steps; None where a container hides them."""
        seconds = _seconds(self._steps)
        machine_s, own_s = (sum(spent[which] for _, spent in self._steps) for which in (0, 1))
        if not seconds or not own_s or machine_s < own_s / 2:
            return None
        return max(0.0, machine_s - own_s) / seconds


def _seconds(steps: Iterable[tuple[float, ProcessorTime]]) -> float:
    return sum(seconds for seconds, _ in steps)


def slowdown_text(now: float, best: float, threads: int, *, others: float | None, cores: int) -> str:
    """A sentence on a training that has become slow, with the reason where it can be measured.

    Args:
        now: Tokens a second.
        best: Tokens a second, earlier.
        threads: Of the training.
        others: How many cores other processes take; None where that cannot be measured.
        cores: Of the machine.
    """
    fell = f"training is at {now:,.0f} tokens/s, it was at {best:,.0f} with {_counted(threads, 'thread')}"
    advice = "; a new run with `train: {threads: 1}` may be faster" if threads > 1 else ""
    if others is None:
        return f"{fell}; another process may take the processor{advice}"
    taken = f"{others:.1f} of {_counted(cores, 'core')}"
    if threads + others > cores + _SPARE_CORES:
        return f"{fell}: other processes take {taken}{advice}"
    return (
        f"{fell}, and other processes do not take the processor ({taken}): other work of this kernel, memory, heat or "
        "a limit on the processor may be why"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
