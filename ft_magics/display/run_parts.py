"""What a dashboard is sent of a run: all of it to a page that opens, and to one that is open what has changed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ft_magics.display.pages import known_of, last_report_of
from ft_magics.display.run_summary import page_of
from ft_magics.display.wire import to_wire
from ft_magics.evaluation.report import Report
from ft_magics.events import RunEvent, StepDone
from ft_magics.runs.run import Run

__all__ = ["RunParts"]

Message = dict[str, Any]

_SENT_AGAIN = 3  # messages: a page that is loaded meanwhile may miss one, and the next ones fill the gap


class RunParts:
    """The page of a run in parts, each sent when it is another one than before.

    A message holds `page`, which is parts of a `RunPage` by their names, and `steps`: step, training loss, learning
    rate and gradient norm of each report, of which `first` is the number of the first.

    Args:
        run: Of the page. Its events only grow while it is shown.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        self._parts: Message = {}
        self._left: dict[str, int] = {}  # how often a part is still to be sent
        self._sent = [0] * _SENT_AGAIN  # steps that there were at the last messages
        self._report: Report | None = None

    def snapshot(self) -> Message:
        """All of it."""
        events = list(self._run.events)
        return {"page": self._page(events), "first": 0, "steps": _steps(events)}

    def news(self) -> Message:
        """What has changed since the last call, and what changed shortly before that."""
        events = list(self._run.events)
        parts = self._page(events)
        for name, part in parts.items():
            if name not in self._parts or part != self._parts[name]:
                self._left[name] = _SENT_AGAIN
        self._parts = parts
        told = {name: parts[name] for name, left in self._left.items() if left}
        self._left = {name: left - 1 for name, left in self._left.items() if left > 1}
        steps, first = _steps(events), self._sent[0]
        self._sent = [*self._sent[1:], len(steps)]
        return {"page": told, "first": first, "steps": steps[first:]}

    def _page(self, events: Sequence[RunEvent]) -> Message:
        if self._report is None:
            self._report = last_report_of(self._run)
        page = page_of(events, self._run.status, name=self._run.title, known=known_of(self._run, self._report))
        wired: Message = to_wire(page)
        return wired


def _steps(events: Sequence[RunEvent]) -> list[list[float | None]]:
    steps = (event for event in events if isinstance(event, StepDone))
    rows = ([event.step, event.loss, event.learning_rate, event.grad_norm] for event in steps)
    return [[value if value is not None and math.isfinite(value) else None for value in row] for row in rows]
