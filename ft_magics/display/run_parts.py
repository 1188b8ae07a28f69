"""What a dashboard is sent of a run: all of it to a page that opens, and to one that is open what has changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Protocol

from ft_magics.display.pages import known_of, last_report_of
from ft_magics.display.run_summary import page_of
from ft_magics.display.run_wire import RunPage
from ft_magics.display.wire import to_wire
from ft_magics.evaluation.report import Report
from ft_magics.events import StepDone
from ft_magics.runs.run import Run

__all__ = ["PageOfRun", "Paged", "RunParts"]

Message = dict[str, Any]

_SENT_AGAIN = 3  # messages: a page that is loaded meanwhile may miss one, and the next ones fill the gap


class Paged(Protocol):
    """What has a page like a run's."""

    def page(self) -> RunPage:
        """All but the steps, as it is now."""
        ...

    def steps(self) -> list[StepDone]:
        """Of the run whose steps are drawn; they only grow."""
        ...

    def series(self) -> int:
        """Number of that run: with another one, the steps begin again."""
        ...


class PageOfRun:
    """The page of one run.

    Args:
        run: Of the page. Its events only grow while it is shown.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._report: Report | None = None

    def page(self) -> RunPage:
        """All but the steps, as it is now."""
        if self._report is None:
            self._report = last_report_of(self._run)
        events = list(self._run.events)
        return page_of(events, self._run.status, name=self._run.title, known=known_of(self._run, self._report))

    def steps(self) -> list[StepDone]:
        """All of them."""
        return [event for event in list(self._run.events) if isinstance(event, StepDone)]

    def series(self) -> int:
        """There is no other run."""
        return 0


class RunParts:
    """A page in parts, each sent when it is another one than before.

    A message holds `page`, which is parts of a `RunPage` by their names, and `steps`: step, training loss, learning
    rate and gradient norm of each report, of which `first` is the number of the first; and the number of their
    `series`.

    Args:
        paged: What is shown.
    """

    def __init__(self, paged: Paged) -> None:
        self._paged = paged
        self._parts: Message = {}
        self._left: dict[str, int] = {}  # how often a part is still to be sent
        self._series = 0
        self._sent = [0] * _SENT_AGAIN  # steps that there were at the last messages

    def snapshot(self) -> Message:
        """All of it."""
        return {"page": self._page(), "series": self._paged.series(), "first": 0, "steps": _rows(self._paged.steps())}

    def news(self) -> Message:
        """What has changed since the last call, and what changed shortly before that."""
        series, steps = self._paged.series(), _rows(self._paged.steps())
        parts = self._page()
        for name, part in parts.items():
            if name not in self._parts or part != self._parts[name]:
                self._left[name] = _SENT_AGAIN
        self._parts = parts
        told = {name: parts[name] for name, left in self._left.items() if left}
        self._left = {name: left - 1 for name, left in self._left.items() if left > 1}
        if series != self._series:
            self._series, self._sent = series, [0] * _SENT_AGAIN
        first = self._sent[0]
        self._sent = [*self._sent[1:], len(steps)]
        return {"page": told, "series": series, "first": first, "steps": steps[first:]}

    def _page(self) -> Message:
        wired: Message = to_wire(self._paged.page())
        return wired


def _rows(steps: Sequence[StepDone]) -> list[list[float | None]]:
    rows = ([event.step, event.loss, event.learning_rate, event.grad_norm] for event in steps)
    return [[value if value is not None and math.isfinite(value) else None for value in row] for row in rows]
