"""How many of the processor's threads a training computes with: those that it is fastest with, or as many as asked.

On a machine that does other work too, more threads can be many times slower than one: they wait awake for each other,
and for the one whose core is taken. So the first steps are timed with several numbers. Digits differ with the number;
a checkpoint therefore holds it, and a resumed run computes with the same.
"""

from __future__ import annotations

import os
import time
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import torch

from ft_magics.events import Notice, RunEvent, ThreadsChosen
from ft_magics.training.omp_threads import give_back_threads

__all__ = ["Slowdown", "Threads", "TimedStep", "choose", "next_to_try", "numbers_to_try", "rates", "slowdown_text"]

_TRIES = 3  # steps that are timed with each number
_FEWEST_TRIES = 2  # one may have been slow by chance
_HOPELESS = 0.5  # of the best rate: below it, a number is not tried again
_AS_GOOD = 0.95  # of the best rate: fewer threads leave more to others
_WINDOW_STEPS, _WINDOW_S = 20, 10.0  # what a rate is taken over: steps differ, and a short wait is no news
_SLOW, _RECOVERED = 0.5, 0.75  # of the best rate
_HIDDEN_LOAD = 0.5  # a training alone makes more: some containers do not tell the load of their machine


class TimedStep(NamedTuple):
    """A step of the training: with how many threads, of how many real tokens, in how many seconds."""

    threads: int
    tokens: int
    seconds: float


def numbers_to_try(most: int) -> tuple[int, ...]:
    """All threads, half of them, one; each number once."""
    return tuple(dict.fromkeys((most, max(1, most // 2), 1)))


def rates(steps: Iterable[TimedStep]) -> dict[int, float]:
    """Tokens a second for each number of threads that was timed."""
    tokens: Counter[int] = Counter()
    seconds: dict[int, float] = {}
    for step in steps:
        tokens[step.threads] += step.tokens
        seconds[step.threads] = seconds.get(step.threads, 0.0) + step.seconds
    return {threads: tokens[threads] / max(spent, 1e-9) for threads, spent in seconds.items()}


def next_to_try(numbers: Sequence[int], steps: Sequence[TimedStep]) -> int | None:
    """The number of threads for the next step; None when enough is known.

    They take turns, so that a machine that gets busier is no disadvantage to the last one.

    Args:
        numbers: To choose among.
        steps: Those that were timed.
    """
    known, tried = rates(steps), Counter(step.threads for step in steps)
    enough = _HOPELESS * max(known.values(), default=0.0)
    hopeful = [number for number in numbers if tried[number] < _FEWEST_TRIES or known[number] >= enough]
    waiting = [number for number in hopeful if tried[number] < _TRIES]
    if len(hopeful) < 2 or not waiting:
        return None
    return min(waiting, key=lambda number: tried[number])


def choose(steps: Sequence[TimedStep]) -> int:
    """The fewest threads that are about as fast as the fastest."""
    known = rates(steps)
    best = max(known.values())
    return min(number for number, rate in known.items() if rate >= _AS_GOOD * best)


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


def slowdown_text(now: float, best: float, threads: int, *, load: float | None, cores: int) -> str:
    """A sentence on a training that has become slow, with the reason where it can be seen.

    Args:
        now: Tokens a second.
        best: Tokens a second, earlier.
        threads: Of the training.
        load: How many threads of the whole machine want to compute; None where that cannot be asked.
        cores: Of the machine.
    """
    noun = "thread" if threads == 1 else "threads"
    fell = f"training is at {now:,.0f} tokens/s, it was at {best:,.0f} with {threads} {noun}"
    advice = "; a new run with `train: {threads: 1}` may be faster" if threads > 1 else ""
    if load is None or load < _HIDDEN_LOAD:
        return f"{fell}; something else may take the processor{advice}"
    average = f"load average {load:.1f} on {cores} {'core' if cores == 1 else 'cores'}"
    if load > max(cores, threads) + 0.5:
        return f"{fell}: something else takes the processor ({average}){advice}"
    return f"{fell}, and not for want of a free core ({average}): memory, heat or a limit on the processor may be why"


class Threads:
    """The number of threads of one training. It must be used in the thread that trains: the number is a thread's own.

    Args:
        wanted: A number, or `auto` for the fastest.
        device: `cpu`, `cuda` or `mps`; beside a GPU, `auto` leaves the number as it is.
        clock: Gives seconds.
    """

    def __init__(
        self, wanted: int | Literal["auto"], device: str, *, clock: Callable[[], float] = time.perf_counter
    ) -> None:
        self._wanted, self._on_cpu, self._clock = wanted, device == "cpu", clock
        self._now: int | None = None
        self._numbers: tuple[int, ...] = ()  # to choose among; none when that is done
        self._steps: list[TimedStep] = []
        self._slowdown = Slowdown()
        self._warm = False
        self._began = 0.0

    def snapshot(self) -> dict[str, Any]:
        """What a resumed run needs to compute with the same number, as plain data."""
        return {"now": self._now, "numbers": self._numbers, "steps": self._steps, "best": self._slowdown.best}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on from a snapshot; it comes before `begin`."""
        self._now, self._numbers = snapshot["now"], tuple(snapshot["numbers"])
        self._steps = [TimedStep(*step) for step in snapshot["steps"]]
        self._slowdown.best = snapshot["best"]

    def keep(self) -> None:
        """Compute with as many threads as there are, as runs did before they could choose; it comes before `begin`."""
        self._now = torch.get_num_threads()

    def begin(self) -> None:
        """Take the number that a snapshot has, the one that was asked for, or the first to try."""
        most = torch.get_num_threads()
        if self._wanted != "auto":
            self._now = self._wanted
        elif self._now is None:
            numbers = numbers_to_try(most) if self._on_cpu else (most,)
            self._numbers = numbers if len(numbers) > 1 else ()
            self._now = numbers[len(numbers) // 2]
        torch.set_num_threads(self._now)

    def begin_step(self) -> None:
        """Take the next number while they are tried, and start the clock."""
        if self._numbers and self._warm:
            self._use(next_to_try(self._numbers, self._steps))
        self._began = self._clock()

    def end_step(self, step: int, tokens: int) -> RunEvent | None:
        """Count a step; the first one of a process is slower than others and tells nothing.

        Args:
            step: Its number.
            tokens: Real ones, without padding.

        Returns:
            What there is to say, if anything.
        """
        seconds = self._clock() - self._began
        if not self._warm or not self._on_cpu or self._now is None:
            self._warm = True
            return None
        if not self._numbers:
            rate = self._slowdown.add(tokens, seconds)
            return None if rate is None else self._slow(rate)
        self._steps.append(TimedStep(self._now, tokens, seconds))
        return self._chosen(step) if next_to_try(self._numbers, self._steps) is None else None

    def _chosen(self, step: int) -> ThreadsChosen:
        known, threads = rates(self._steps), choose(self._steps)
        self._slowdown.best = known[threads]
        self._numbers, self._steps = (), []
        self._use(threads)
        give_back_threads()  # those that only the larger numbers needed
        return ThreadsChosen(step=step, threads=threads, tokens_per_s={str(key): known[key] for key in known})

    def _slow(self, rate: float) -> Notice:
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        text = slowdown_text(rate, self._slowdown.best or rate, self._now or 1, load=load, cores=os.cpu_count() or 1)
        return Notice(level="warning", text=text)

    def _use(self, threads: int | None) -> None:
        if threads is not None and threads != self._now:
            torch.set_num_threads(threads)
            self._now = threads
