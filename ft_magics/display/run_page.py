"""A run → static HTML and text: the twin of the dashboard, drawn from events alone."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from html import escape

from ft_magics.events import Evaluated, Notice, RunEnded, RunEvent, RunStarted, StepDone, StopAsked
from ft_magics.markup import MUTED, decimal, details, element, heading, image, percent, row, table

__all__ = ["duration", "event_text", "run_html", "whole_page"]

_WIDTH, _HEIGHT = 460, 140
_LEFT, _BOTTOM = 52, 18  # room for the numbers at the axes
_LINE, _INK = "#338FCC", "#808080"  # both stand out on light grounds and on dark ones
_WORDS = {
    "done": "finished",
    "stopped": "stopped",
    "failed": "failed",
    "running": "running",
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
    started = next((event for event in events if isinstance(event, RunStarted)), None)
    ended = next((event for event in events if isinstance(event, RunEnded)), None)
    steps = [event for event in events if isinstance(event, StepDone)]
    dev = [event for event in events if isinstance(event, Evaluated) and event.split == "dev"]
    parts = [heading(name, muted=_summary(status, started, ended, steps))]
    if ended is not None and ended.reason:
        parts.append(element("div", escape(ended.reason), dir="auto"))
    parts += [element("div", escape(event.text), dir="auto") for event in events if isinstance(event, Notice)]
    if dev:
        parts.append(_dev_table(dev))
    if sum(math.isfinite(event.loss) for event in steps) > 1:
        alt = f"training loss, from {steps[0].loss:.3f} to {steps[-1].loss:.3f}"
        parts.append(details(alt[0].upper() + alt[1:], image(_loss_curve(steps), alt, _WIDTH), open_=True))
    if report:
        parts.append(report)
    if folder:
        parts.append(element("div", escape(f"Everything is in {folder}"), style=MUTED))
    if status == "running":
        parts.append(element("div", escape(f"`%ft report {name}` shows how it goes by now."), style=MUTED))
    return element("div", *parts, data_ft_static=twin_of, style="font-size:13px;line-height:1.5")


def _summary(status: str, started: RunStarted | None, ended: RunEnded | None, steps: Sequence[StepDone]) -> str:
    words = [_WORDS[status]]
    if ended is not None:
        words[0] += f" after {duration(ended.elapsed_s)}"
        if ended.best_f1 is not None:
            words.append(f"best dev F1 {percent(ended.best_f1)} at epoch {decimal(ended.best_epoch or 0)}")
    elif steps and started is not None:
        words.append(f"step {steps[-1].step} of {started.total_steps}")
    if started is not None:
        words += [started.model, started.method, f"{started.device}, {started.precision}"]
        words.append(f"{started.trainable_parameters / 1e6:.1f} M parameters learn")
    if steps:
        seconds = steps[-1].elapsed_s or 1.0
        rate = sum(
            after.tokens_per_s * (after.elapsed_s - before.elapsed_s) for before, after in itertools.pairwise(steps)
        )
        words.append(f"{rate / seconds:,.0f} tokens/s")
    return " · ".join(words)


def _dev_table(dev: Sequence[Evaluated]) -> str:
    best = max((event for event in dev if event.best), key=lambda event: event.step, default=None)
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
            for event in dev
        ],
    )


def _loss_curve(steps: Sequence[StepDone]) -> str:
    """The loss as an SVG drawing: a line, with the highest and lowest loss and the last step at its axes."""
    finite = [event for event in steps if math.isfinite(event.loss)]
    low, high = min(event.loss for event in finite), max(event.loss for event in finite)
    right, bottom, last = _WIDTH - 5, _HEIGHT - _BOTTOM, steps[-1].step or 1
    points = " ".join(
        f"{_LEFT + event.step / last * (right - _LEFT):.1f},"
        f"{5 + (high - event.loss) / ((high - low) or 1.0) * (bottom - 10):.1f}"
        for event in finite
    )
    texts = (
        (_LEFT - 6, 10, f"{high:.2g}"),
        (_LEFT - 6, bottom - 1, f"{low:.2g}"),
        (right, _HEIGHT - 4, f"step {last}"),
    )
    return element(
        "svg",
        element("path", d=f"M{_LEFT},3V{bottom}H{right}", fill="none", stroke=_INK, stroke_opacity="0.5"),
        element("polyline", points=points, fill="none", stroke=_LINE, stroke_width="1.5"),
        *(element("text", text, x=str(x), y=str(y), fill=_INK, text_anchor="end") for x, y, text in texts),
        xmlns="http://www.w3.org/2000/svg",
        width=str(_WIDTH),
        height=str(_HEIGHT),
        font_family="sans-serif",
        font_size="11",
    )


def event_text(event: RunEvent) -> str | None:
    """An event as a line for a terminal; None for those that say nothing to a person."""
    line: str | None = None
    match event:
        case RunStarted():
            line = (
                f"{event.name}: {event.model}, {event.method}, {event.device} {event.precision}, "
                f"{event.trainable_parameters / 1e6:.1f} M parameters learn, {event.total_steps} steps"
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
        case RunEnded():
            best = "" if event.best_f1 is None else f"; best dev F1 {percent(event.best_f1)}"
            reason = f" ({event.reason})" if event.reason else ""
            line = f"{_WORDS[event.status]}{reason} after {duration(event.elapsed_s)}{best}"
    return line


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
