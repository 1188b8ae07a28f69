"""How many of the processor's threads a training computes with: those that it is fastest with, or as many as asked.

On a machine that does other work too, more threads can be many times slower than one: they wait awake for each other,
and for the one whose core is taken. So the first steps are timed with several numbers. Digits differ with the number;
a checkpoint therefore holds it, and a resumed run computes with the same.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

import torch

from ft_magics.events import Notice, RunEvent, ThreadsChosen
from ft_magics.models.omp_threads import give_back_threads
from ft_magics.training.slowdown import OtherProcesses, Slowdown, slowdown_text

__all__ = ["Threads", "TimedStep", "choose", "next_to_try", "numbers_to_try", "rates"]

_TRIES = 3  # steps that are timed with each number
_FEWEST_TRIES = 2  # one may have been slow by chance
_HOPELESS = 0.5  # of the best rate: below it, a number is not tried again
_AS_GOOD = 0.95  # of the best rate: fewer threads leave more to others


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


class Threads:
    """The number of threads of one training. It must be used in the thread that trains: the number is a thread's own.

    Args:
        wanted: A number, or `auto` for the fastest.
        device: `cpu`, `cuda` or `mps`; beside a GPU, `auto` leaves the number as it is.
        plan: For `auto`, the numbers of the first steps of a run that is repeated; the last holds for all others. One
            that needs more threads than there are is not followed.
        clock: Gives seconds.

    Attributes:
        most: That may be taken, once it has begun.
    """

    def __init__(
        self,
        wanted: int | Literal["auto"],
        device: str,
        *,
        plan: Sequence[int] = (),
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._wanted, self._on_cpu, self._clock = wanted, device == "cpu", clock
        self._plan = list(plan)
        self._used: list[int] = []  # by the steps until the number is settled
        self._now: int | None = None
        self.most = 1
        self._numbers: tuple[int, ...] = ()  # to choose among; none when that is done
        self._steps: list[TimedStep] = []
        self._slowdown, self._others = Slowdown(), OtherProcesses(clock)
        self._warm = False
        self._began = 0.0

    def snapshot(self) -> dict[str, Any]:
        """What a resumed run needs to compute with the same number, as plain data."""
        found = {"now": self._now, "numbers": self._numbers, "steps": self._steps, "best": self._slowdown.best}
        return {**found, "plan": self._plan, "used": self._used}

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Continue from a snapshot; it comes before `begin`."""
        self._now, self._numbers = snapshot["now"], tuple(snapshot["numbers"])
        self._steps = [TimedStep(*step) for step in snapshot["steps"]]
        self._slowdown.best = snapshot["best"]
        # Checkpoints of version 0.1 have neither.
        self._plan, self._used = list(snapshot.get("plan", ())), list(snapshot.get("used", ()))

    def keep(self) -> None:
        """Compute with as many threads as there are, as runs did before they could choose; it comes before `begin`."""
        self._now = torch.get_num_threads()

    def begin(self) -> None:
        """Take the number that a snapshot has, the one that was asked for, or the first to try."""
        most = torch.get_num_threads()
        if self._wanted != "auto":
            self._now, self._plan = self._wanted, []
        elif self._now is None and self._plan and self._on_cpu and max(self._plan) <= most:
            self._now = self._plan[0]
        elif self._now is None:
            self._plan = []
            numbers = numbers_to_try(most) if self._on_cpu else (most,)
            self._numbers = numbers if len(numbers) > 1 else ()
            self._now = numbers[len(numbers) // 2]
        self.most = most if self._wanted == "auto" else self._wanted
        torch.set_num_threads(self._now)

    def begin_step(self) -> None:
        """Take the next number while they are tried, and start the clock."""
        if self._plan:
            self._use(self._plan[0])
        elif self._numbers and self._warm:
            self._use(next_to_try(self._numbers, self._steps))
        self._others.begin_step()
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
        self._others.end_step()
        if self._now is not None and (self._numbers or self._plan):
            self._used.append(self._now)
        if self._plan:
            return self._followed(step)
        if not self._warm or not self._on_cpu or self._now is None:
            self._warm = True
            return None
        if not self._numbers:
            rate = self._slowdown.add(tokens, seconds)
            return None if rate is None else self._slow(rate)
        self._steps.append(TimedStep(self._now, tokens, seconds))
        return self._chosen(step) if next_to_try(self._numbers, self._steps) is None else None

    def end(self, step: int) -> ThreadsChosen | None:
        """What a training has used that ends while the number is not settled; None where it is.

        Args:
            step: The last one.
        """
        if self._now is None or not (self._numbers or self._plan) or not self._used:
            return None
        known = {str(number): rate for number, rate in rates(self._steps).items()}
        return ThreadsChosen(step=step, threads=self._now, tokens_per_s=known, used=list(self._used))

    def _followed(self, step: int) -> ThreadsChosen | None:
        """A step of the plan is done; what there is to say when it was the last but one, since that one stays."""
        self._warm = True
        self._plan.pop(0)
        if len(self._plan) > 1:
            return None
        threads = self._plan[0] if self._plan else self._now or 1
        self._plan = []
        self._use(threads)
        give_back_threads()
        return ThreadsChosen(step=step, threads=threads, tokens_per_s={}, used=list(self._used))

    def _chosen(self, step: int) -> ThreadsChosen:
        known, threads = rates(self._steps), choose(self._steps)
        self._slowdown.best = known[threads]
        self._numbers, self._steps = (), []
        self._use(threads)
        give_back_threads()  # those that only the larger numbers needed
        told = {str(key): known[key] for key in known}
        return ThreadsChosen(step=step, threads=threads, tokens_per_s=told, used=list(self._used))

    def _slow(self, rate: float) -> Notice:
        best, threads = self._slowdown.best or rate, self._now or 1
        text = slowdown_text(rate, best, threads, others=self._others.cores(), cores=os.cpu_count() or 1)
        return Notice(level="warning", text=text)

    def _use(self, threads: int | None) -> None:
        if threads is not None and threads != self._now:
            torch.set_num_threads(threads)
            self._now = threads
