"""Runs side by side: how each stands and what tells it from others of its name, newest first."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from ft_magics.display.pages import Bundle
from ft_magics.display.run_clock import duration
from ft_magics.events import Evaluated, RunEnded, RunStarted, StepDone
from ft_magics.markup import MUTED, column_head, element, measured, row, table, terminal_line, terminal_text
from ft_magics.metrics import Metric
from ft_magics.runs.earlier import name_in_folder
from ft_magics.runs.history import headline_of
from ft_magics.runs.run import Run
from ft_magics.runs.settings import differing

__all__ = ["RunRow", "RunsPage", "runs_bundle", "runs_page"]

_MOST_SETTINGS = 6  # that differ, of a run
_MOST_CHARACTERS = 40  # of a setting


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """A run: what `%ft` knows it by, and its cells."""

    handle: str
    cells: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """Runs as plain data.

    Args:
        heads: Of the columns.
        rows: Newest first.
        notes: What else there is to say.
    """

    heads: Sequence[str]
    rows: Sequence[RunRow]
    notes: Sequence[str]


def runs_page(runs: Sequence[Run], unreadable: Sequence[str] = ()) -> RunsPage:
    """Runs as a table.

    Args:
        runs: In any order.
        unreadable: What is wrong with folders that hold no readable run, a sentence each.
    """
    headlines = {headline for run in runs if (headline := headline_of(run.events)) is not None}
    common = next(iter(headlines)) if len(headlines) == 1 else None
    scores = (
        (f"best dev {column_head(common)}", f"test {column_head(common)}") if common else ("best on dev", "on test")
    )
    odd: list[str] = []
    differences = _differences(runs)
    drawn: list[tuple[float, RunRow]] = []
    for run in runs:
        try:
            cells = _cells(run, differences.get(id(run), ""), named=common is None)
            drawn.append((_began(run), RunRow(handle=run.folder.handle, cells=cells)))
        except Exception as error:  # noqa: BLE001  # one odd record must not hide the other runs
            fault = f"{type(error).__name__}: {error}"
            odd.append(f"{run.folder.shown}: events.jsonl says something that cannot be shown ({fault})")
    heads = ("run", "state", *scores, "settings that differ", "step", "began", "took", "folder")
    rows = [each for _, each in sorted(drawn, key=lambda item: item[0], reverse=True)]
    return RunsPage(heads=heads, rows=rows, notes=[*unreadable, *odd])


def runs_bundle(page: RunsPage, *, twin_of: str = "") -> Bundle:
    """The table for `display(…, raw=True)`.

    Args:
        page: What is shown.
        twin_of: Id of the widget that shows the same while it lives, and hides this.
    """
    html = (
        table(page.heads, [row(*each.cells, style="white-space:nowrap") for each in page.rows], names=(4, 8))
        if page.rows
        else ""
    )
    notes = [element("div", escape(text)) for text in page.notes]
    how = _how_to_compare(page)
    typed = [element("div", escape(how), style=MUTED)] if how else []
    lines = [*_text_lines(page), *map(terminal_text, page.notes), *([terminal_text(how)] if how else [])]
    return {"text/html": element("div", html, *notes, *typed, data_ft_static=twin_of), "text/plain": "\n".join(lines)}


def _how_to_compare(page: RunsPage) -> str:
    """What to type to compare the two newest."""
    if len(page.rows) < 2:
        return ""
    newer, older = (each.handle for each in page.rows[:2])
    return f"To compare two: `%ft compare {older} {newer}`, the baseline first"


def _text_lines(page: RunsPage) -> list[str]:
    if not page.rows:
        return []
    shown = [[terminal_line(text) for text in cells] for cells in (page.heads, *(each.cells for each in page.rows))]
    widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
    return ["  ".join(map(str.ljust, cells, widths)).rstrip() for cells in shown]


def _cells(run: Run, differs: str, *, named: bool) -> tuple[str, ...]:
    started = next((event for event in run.events if isinstance(event, RunStarted)), None)
    last = next((event for event in reversed(run.events) if isinstance(event, (RunEnded, StepDone))), None)
    step = next((event.step for event in reversed(run.events) if isinstance(event, StepDone)), 0)
    headline = headline_of(run.events)
    return (
        str(run.title),
        str(run.status),
        _score(headline, run.best, named=named),
        _score(headline, _on_test(run, headline), named=named),
        differs,
        f"{step:,} of {started.total_steps:,}" if started else "–",
        time.strftime("%Y-%m-%d %H:%M", time.localtime(_began(run))),
        duration(last.elapsed_s) if last else "–",
        str(run.folder.shown),
    )


def _on_test(run: Run, headline: Metric | None) -> float | None:
    tests = [event for event in run.events if isinstance(event, Evaluated) and event.split == "test"]
    return tests[-1].metrics.get(headline.name) if tests and headline is not None else None


def _score(headline: Metric | None, value: float | None, *, named: bool) -> str:
    """A value, with its metric's name where the runs measure different ones."""
    if headline is None or value is None:
        return "–"
    return f"{headline.label} {measured(value, headline)}" if named else measured(value, headline)


def _began(run: Run) -> float:
    return float(run.events[0].time) if run.events else 0.0


def _differences(runs: Iterable[Run]) -> dict[int, str]:
    """For each run of a name that others have too, the settings that tell it from them."""
    groups: defaultdict[str, list[tuple[Run, Mapping[str, object]]]] = defaultdict(list)
    for run in runs:
        started = next((event for event in run.events if isinstance(event, RunStarted)), None)
        if started is not None:
            groups[name_in_folder(run.dir.name)].append((run, started.config))
    told = {}
    for group in groups.values():
        if len(group) > 1:
            for (run, _), odd in zip(group, differing([config for _, config in group]), strict=True):
                told[id(run)] = _told(odd) or "none"
    return told


def _told(settings: Mapping[str, object]) -> str:
    texts = [f"{key.rpartition('.')[2]}: {_short(value)}" for key, value in settings.items()]
    more = len(texts) - _MOST_SETTINGS
    return ", ".join(texts[:_MOST_SETTINGS]) + (f" and {more} more" if more > 0 else "")


def _short(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    text = "–" if value is None else value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _MOST_CHARACTERS else f"…{text[-_MOST_CHARACTERS:]}"
