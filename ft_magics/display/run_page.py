"""A run → static HTML and text: the twin of the dashboard, drawn from events alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ft_magics.display.run_details import checkpoint_line, config_fold, curve_folds, notice_lines, type_fold
from ft_magics.events import (
    CheckpointSaved,
    Evaluated,
    Notice,
    PauseChanged,
    RunEnded,
    RunEvent,
    RunResumed,
    RunStarted,
    StepDone,
    StopAsked,
    drop_superseded,
)
from ft_magics.markup import MUTED, decimal, element, heading, percent, row, table, terminal_text

__all__ = ["duration", "event_text", "run_html", "whole_page"]

_MOST_ROWS = 100  # of the dev table
_WORDS = {
    "done": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "running": "running",
    "paused": "paused",
    "dead": "ended without a word",
}


def run_html(
    events: Sequence[RunEvent], status: str, *, name: str = "run", report: str = "", folder: str = "", twin_of: str = ""
) -> str:
    """A run as HTML without script or style sheet.

    Args:
        events: All of its events so far.
        status: As `Run.status` says.
        name: The run's name.
        report: HTML of the evaluation, put at the end.
        folder: Where the run lives.
        twin_of: Id of the widget that shows the same while it lives, and hides this.
    """
    events = drop_superseded(events)
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    ended = next((event for event in reversed(events) if isinstance(event, RunEnded)), None)
    steps = [event for event in events if isinstance(event, StepDone)]
    dev = [event for event in events if isinstance(event, Evaluated) and event.split == "dev"]
    parts = [heading(name, muted=_summary(status, started, ended, steps))]
    if ended is not None and ended.reason:
        parts.append(element("div", escape(ended.reason), dir="auto"))
    parts += notice_lines(events)
    if dev:
        parts.append(_dev_table(dev))
    parts += [*curve_folds(steps), type_fold(dev), config_fold(started), checkpoint_line(events)]
    if report:
        parts.append(report)
    if folder:
        parts.append(element("div", escape(f"Everything is in {folder}"), style=MUTED))
    if status in ("running", "paused"):
        parts.append(element("div", escape(f"`%ft report {name}` shows how it goes by now."), style=MUTED))
    return element("div", *parts, data_ft_static=twin_of, style="font-size:13px;line-height:1.5")


def _summary(status: str, started: RunStarted | None, ended: RunEnded | None, steps: Sequence[StepDone]) -> str:
    words = [_WORDS.get(status, status)]
    if ended is not None:
        words[0] += f" after {duration(ended.elapsed_s)}"
        if ended.best_f1 is not None:
            words.append(f"best dev F1 {percent(ended.best_f1)} at epoch {decimal(ended.best_epoch or 0)}")
    elif steps and started is not None:
        words.append(f"step {steps[-1].step} of {started.total_steps}")
    if started is not None:
        words += [started.model, started.method, f"{started.device}, {started.precision}"]
        words.append(
            f"{_millions(started.trainable_parameters)} of {_millions(started.parameters)} parameters are trainable"
        )
    if steps:
        seconds = steps[-1].elapsed_s or 1.0
        rate = sum(
            step.tokens_per_s * (step.elapsed_s - before)
            for before, step in zip([0.0, *(step.elapsed_s for step in steps)], steps, strict=False)
        )
        words.append(f"{rate / seconds:,.0f} tokens/s")
    return " · ".join(words)


def _millions(count: int) -> str:
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"


def _dev_table(dev: Sequence[Evaluated]) -> str:
    best = max((event for event in dev if event.best), key=lambda event: event.step, default=None)
    shown = [event for event in dev if event is best or event in dev[-_MOST_ROWS:]]
    left = len(dev) - len(shown)
    return table(
        ("epoch", "step", "dev loss", "precision", "recall", "F1", ""),
        [
            row(
                decimal(event.epoch),
                str(event.step),
                "–" if event.loss is None else f"{event.loss:.4f}",
                percent(event.precision),
                percent(event.recall),
                percent(event.f1),
                "★ best" if event is best else "",
                strong=event is best,
            )
            for event in shown
        ],
        caption=f"{left} earlier evaluations are in events.jsonl" if left else "",
    )


def event_text(event: RunEvent) -> str | None:
    """An event as a line for a terminal; None for those that say nothing to a person."""
    line: str | None = None
    match event:
        case RunStarted():
            line = (
                f"{event.name}: {event.model}, {event.method}, {event.device} {event.precision}, "
                f"{event.trainable_parameters / 1e6:.1f} M trainable parameters, {event.total_steps} steps"
            )
        case StepDone():
            rate = f"{event.tokens_per_s:,.0f} tokens/s"
            line = f"step {event.step}, epoch {event.epoch:.2f}, loss {event.loss:.4f}, {rate}"
        case Evaluated():
            star = " ★ best so far" if event.best else ""
            line = (
                f"epoch {decimal(event.epoch)}: {event.split} precision {percent(event.precision)}, "
                f"recall {percent(event.recall)}, F1 {percent(event.f1)}{star}"
            )
        case Notice():
            line = event.text
        case StopAsked():
            line = f"{event.reason}: stopping after this step"
        case PauseChanged():
            line = event.reason or "paused" if event.paused else "unpaused"
        case RunResumed():
            line = f"resumed from step {event.step}, epoch {decimal(event.epoch)}"
        case CheckpointSaved():
            line = f"checkpoint at step {event.step}: {event.path}"
        case RunEnded():
            best = "" if event.best_f1 is None else f"; best dev F1 {percent(event.best_f1)}"
            reason = f" ({event.reason})" if event.reason else ""
            line = f"{_WORDS.get(event.status, event.status)}{reason} after {duration(event.elapsed_s)}{best}"
    return None if line is None else terminal_text(line)


def duration(seconds: float) -> str:
    """`42 s`, `3 min 05 s` or `2 h 07 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def whole_page(title: str, body: str) -> str:
    """A page of its own, for `report.html`: nothing but a browser is needed."""
    head = element(
        "head",
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        '<meta name="color-scheme" content="light dark">',
        element("title", escape(title)),
    )
    inside = element(
        "body", body, style="font-family:system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em"
    )
    return "<!doctype html>\n" + element("html", head, inside)
