"""A run → static HTML and text: the twin of the dashboard, drawn from events alone."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ft_magics.display.run_details import checkpoint_line, config_fold, curve_folds, label_fold, notice_lines
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
    described_metrics,
    drop_superseded,
)
from ft_magics.markup import MUTED, column_head, decimal, element, heading, measured, row, table, terminal_text
from ft_magics.metrics import Metric
from ft_magics.runs.history import best_text, dev_evaluations

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
    dev, metrics = dev_evaluations(events), described_metrics(events)
    parts = [heading(name, muted=_summary(status, started, ended, steps, metrics))]
    if ended is not None and ended.reason:
        parts.append(element("div", escape(ended.reason), dir="auto"))
    parts += notice_lines(events)
    if dev:
        parts.append(_dev_table(dev, metrics))
    parts += [*curve_folds(steps), label_fold(dev, metrics), config_fold(started), checkpoint_line(events)]
    if report:
        parts.append(report)
    if folder:
        parts.append(element("div", escape(f"Everything is in {folder}"), style=MUTED))
    if status in ("running", "paused"):
        parts.append(element("div", escape(f"`%ft report {name}` shows how it goes by now."), style=MUTED))
    return element("div", *parts, data_ft_static=twin_of, style="font-size:13px;line-height:1.5")


def _summary(
    status: str,
    started: RunStarted | None,
    ended: RunEnded | None,
    steps: Sequence[StepDone],
    metrics: Sequence[Metric],
) -> str:
    words = [_WORDS.get(status, status)]
    if ended is not None:
        words[0] += f" after {duration(ended.elapsed_s)}"
        best = best_text(next(iter(metrics), None), ended.best)
        if best:
            words.append(f"{best} at epoch {decimal(ended.best_epoch or 0)}")
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


def _dev_table(dev: Sequence[Evaluated], metrics: Sequence[Metric]) -> str:
    best = max((event for event in dev if event.best), key=lambda event: event.step, default=None)
    shown = [event for event in dev if event is best or event in dev[-_MOST_ROWS:]]
    left = len(dev) - len(shown)
    return table(
        ("epoch", "step", "dev loss", *map(column_head, metrics), ""),
        [
            row(
                decimal(event.epoch),
                str(event.step),
                "–" if event.loss is None else f"{event.loss:.4f}",
                *(measured(event.metrics.get(metric.name), metric) for metric in metrics),
                "★ best" if event is best else "",
                strong=event is best,
            )
            for event in shown
        ],
        caption=f"{left} earlier evaluations are in events.jsonl" if left else "",
    )


def event_text(event: RunEvent, metrics: Sequence[Metric] = ()) -> str | None:
    """An event as a line for a terminal; None for those that say nothing to a person.

    Args:
        event: Of a run.
        metrics: What the run measures, the headline first.
    """
    line: str | None = None
    match event:
        case RunStarted():
            line = (
                f"{event.name}: {event.model}, {event.method}, {event.device} {event.precision}, "
                f"{event.trainable_parameters / 1e6:.1f} M trainable parameters, {event.total_steps} steps"
            )
            line += f"; chosen: {'; '.join(event.chosen)}" if event.chosen else ""
        case StepDone():
            rate = f"{event.tokens_per_s:,.0f} tokens/s"
            line = f"step {event.step}, epoch {event.epoch:.2f}, loss {event.loss:.4f}, {rate}"
        case Evaluated():
            star = " ★ best so far" if event.best else ""
            values = (f"{metric.label} {measured(event.metrics.get(metric.name), metric)}" for metric in metrics)
            line = f"epoch {decimal(event.epoch)}: {event.split} {', '.join(values) or 'evaluated'}{star}"
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
            best = best_text(next(iter(metrics), None), event.best)
            reason = f" ({event.reason})" if event.reason else ""
            line = f"{_WORDS.get(event.status, event.status)}{reason} after {duration(event.elapsed_s)}"
            line += f"; {best}" if best else ""
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
