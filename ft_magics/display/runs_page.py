"""Runs side by side: how each stands, newest first."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from html import escape

from ft_magics.display.pages import Bundle
from ft_magics.display.run_clock import duration
from ft_magics.events import RunEnded, RunStarted, StepDone
from ft_magics.markup import column_head, element, measured, row, table, terminal_line, terminal_text
from ft_magics.metrics import Metric
from ft_magics.runs.history import headline_of
from ft_magics.runs.run import Run

__all__ = ["runs_bundle"]

_Row = tuple[float, tuple[str, ...]]  # when it began, and its cells


def runs_bundle(runs: Sequence[Run], unreadable: Sequence[str] = ()) -> Bundle:
    """Runs as a table, for `display(…, raw=True)`.

    Args:
        runs: In any order.
        unreadable: What is wrong with folders that hold no readable run, a sentence each.
    """
    headlines = {headline for run in runs if (headline := headline_of(run.events)) is not None}
    common = next(iter(headlines)) if len(headlines) == 1 else None
    best = f"best dev {column_head(common)}" if common else "best on dev"
    columns = ("run", "status", best, "step", "began", "took", "folder")
    drawn, odd = _drawn(runs, named=common is None)
    rows = [cells for _, cells in sorted(drawn, key=lambda item: item[0], reverse=True)]
    said = [*unreadable, *odd]
    html = table(columns, [row(*cells) for cells in rows]) if rows else ""
    notes = [element("div", escape(text)) for text in said]
    text = "\n".join([*_text_lines(columns, rows), *map(terminal_text, said)])
    return {"text/html": element("div", html, *notes), "text/plain": text}


def _drawn(runs: Iterable[Run], *, named: bool) -> tuple[list[_Row], list[str]]:
    """The rows of the runs, and a sentence for each whose record has something that cannot be shown."""
    rows: list[_Row] = []
    odd: list[str] = []
    for run in runs:
        try:
            rows.append((_began(run), _cells(run, named=named)))
        except Exception as error:  # noqa: BLE001  # one odd record must not hide the other runs
            fault = f"{type(error).__name__}: {error}"
            odd.append(f"{run.folder.shown}: events.jsonl says something that cannot be shown ({fault})")
    return rows, odd


def _text_lines(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    if not rows:
        return []
    shown = [[terminal_line(text) for text in cells] for cells in (columns, *rows)]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in shown]


def _cells(run: Run, *, named: bool) -> tuple[str, ...]:
    started = next((event for event in run.events if isinstance(event, RunStarted)), None)
    last = next((event for event in reversed(run.events) if isinstance(event, (RunEnded, StepDone))), None)
    step = next((event.step for event in reversed(run.events) if isinstance(event, StepDone)), 0)
    return (
        str(run.name),
        str(run.status),
        _best(headline_of(run.events), run.best, named=named),
        f"{step} of {started.total_steps}" if started else "–",
        time.strftime("%Y-%m-%d %H:%M", time.localtime(_began(run))),
        duration(last.elapsed_s) if last else "–",
        str(run.folder.shown),
    )


def _best(headline: Metric | None, best: float | None, *, named: bool) -> str:
    """The best value, with its metric's name where the runs measure different ones."""
    if headline is None or best is None:
        return "–"
    value = measured(best, headline)
    return f"{headline.label} {value}" if named else value


def _began(run: Run) -> float:
    return float(run.events[0].time) if run.events else 0.0
