"""Runs side by side: how each stands, newest first."""

from __future__ import annotations

import time
from collections.abc import Sequence
from html import escape

from ft_magics.display.pages import Bundle
from ft_magics.display.run_page import duration
from ft_magics.events import RunEnded, RunStarted, StepDone
from ft_magics.markup import element, percent, row, table
from ft_magics.training.run import Run

__all__ = ["runs_bundle"]

_COLUMNS = ("run", "status", "best dev F1", "step", "began", "took", "folder")


def runs_bundle(runs: Sequence[Run], unreadable: Sequence[str] = ()) -> Bundle:
    """Runs as a table, for `display(…, raw=True)`.

    Args:
        runs: In any order.
        unreadable: What is wrong with folders that hold no readable run, a sentence each.
    """
    rows = [_cells(run) for run in sorted(runs, key=_began, reverse=True)]
    widths = [max(map(len, column)) for column in zip(_COLUMNS, *rows, strict=True)]
    lines = ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in (_COLUMNS, *rows)] if rows else []
    html = table(_COLUMNS, [row(*cells) for cells in rows]) if rows else ""
    notes = [element("div", escape(text)) for text in unreadable]
    return {"text/html": element("div", html, *notes), "text/plain": "\n".join([*lines, *unreadable])}


def _cells(run: Run) -> tuple[str, ...]:
    started = next((event for event in run.events if isinstance(event, RunStarted)), None)
    last = next((event for event in reversed(run.events) if isinstance(event, (RunEnded, StepDone))), None)
    step = next((event.step for event in reversed(run.events) if isinstance(event, StepDone)), 0)
    return (
        run.name,
        run.status,
        percent(run.best_f1),
        f"{step} of {started.total_steps}" if started else "–",
        time.strftime("%Y-%m-%d %H:%M", time.localtime(_began(run))),
        duration(last.elapsed_s) if last else "–",
        str(run.dir),
    )


def _began(run: Run) -> float:
    return run.events[0].time if run.events else 0.0
