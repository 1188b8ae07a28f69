"""The folded parts of a run's static HTML: labels over epochs, other curves, checkpoints, settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ft_magics.display.run_curve import curve_image
from ft_magics.events import CheckpointSaved, Evaluated, Notice, RunEvent, RunStarted, StepDone, ThreadsChosen
from ft_magics.markup import MUTED, decimal, details, element, measured, row, table
from ft_magics.metrics import Metric

__all__ = ["checkpoint_line", "config_fold", "curve_folds", "label_fold", "notice_lines", "threads_text"]

_MOST_COLUMNS = 10  # a run's output stays small, however long it was: events.jsonl has everything
_MOST_LABELS = 100
_MOST_NOTICES = 50


def curve_folds(steps: Sequence[StepDone]) -> list[str]:
    """The loss, open, and the curves that few look at, folded."""
    at = [event.step for event in steps]
    loss = curve_image("training loss", at, [event.loss for event in steps])
    others = [
        (label, curve_image(label, at, values))
        for label, values in (
            ("learning rate", [event.learning_rate for event in steps]),
            ("gradient norm", [event.grad_norm for event in steps]),
        )
    ]
    drawn = [element("div", element("div", label, style=MUTED), drawing) for label, drawing in others if drawing]
    folds = [details(_range("Training loss", [event.loss for event in steps]), loss, open_=True)] if loss else []
    if drawn:
        rate = _range("Learning rate", [event.learning_rate for event in steps])
        folds.append(details(f"{rate}, and gradient norm" if len(drawn) > 1 else rate, *drawn))
    return folds


def _range(name: str, values: Sequence[float]) -> str:
    return f"{name}, from {values[0]:.3g} to {values[-1]:.3g}"


def label_fold(dev: Sequence[Evaluated], metrics: Sequence[Metric]) -> str:
    """The headline for each label at the newest evaluations; nothing where there is none.

    Args:
        dev: Evaluations on dev.
        metrics: What they measure, the headline first.
    """
    shown = dev[-_MOST_COLUMNS:]
    labels = list(dict.fromkeys(label for event in dev for label in event.by_label))
    if not labels or not metrics:
        return ""
    headline = metrics[0]
    rows = [
        row(label, *(measured(event.by_label.get(label), headline) for event in shown))
        for label in labels[:_MOST_LABELS]
    ]
    heads = ("label", *(f"epoch {decimal(event.epoch)}" for event in shown))
    left = f"the first {_MOST_LABELS} of {len(labels)} labels" if len(labels) > _MOST_LABELS else ""
    return details(f"Dev {headline.by_label or headline.label} by label over epochs", table(heads, rows, caption=left))


def checkpoint_line(events: Sequence[RunEvent]) -> str:
    """Where a resumed run would start; nothing where no checkpoint was written."""
    saved = [event for event in events if isinstance(event, CheckpointSaved)]
    if not saved:
        return ""
    count = "1 checkpoint" if len(saved) == 1 else f"{len(saved)} checkpoints"
    text = f"Last checkpoint: step {saved[-1].step} ({saved[-1].path}); {count} written"
    return element("div", escape(text), style=MUTED)


def threads_text(events: Sequence[RunEvent]) -> str:
    """With how many threads the run computes, and why; nothing where that was not measured."""
    chosen = next((event for event in reversed(events) if isinstance(event, ThreadsChosen)), None)
    if chosen is None:
        return ""
    rates = ", ".join(f"{rate:,.0f} with {number}" for number, rate in chosen.tokens_per_s.items())
    noun = "thread" if chosen.threads == 1 else "threads"
    return f"Computes with {chosen.threads} {noun}; tokens/s in the first steps: {rates}"


def notice_lines(events: Sequence[RunEvent]) -> list[str]:
    """Warnings and messages, the newest of many, newest last; then the number of threads."""
    notices = [event for event in events if isinstance(event, Notice)]
    lines = [
        element("div", escape(("⚠ " if event.level == "warning" else "") + event.text), dir="auto")
        for event in notices[-_MOST_NOTICES:]
    ]
    left = len(notices) - len(lines)
    lines += [element("div", escape(text), style=MUTED) for text in [threads_text(events)] if text]
    return [element("div", f"{left} earlier messages are in events.jsonl", style=MUTED)] * (left > 0) + lines


def config_fold(started: RunStarted | None) -> str:
    """The resolved settings, as the lines that a cell would have; nothing where they are not known."""
    lines = _yaml_lines(started.config) if started is not None else []
    if started is None or not lines:
        return ""
    text = element("pre", escape("\n".join(lines)), style="margin:2px 0;font-size:12px;text-align:left")
    return details("Settings of this run", chosen_lines(started.chosen), text)


def chosen_lines(chosen: Sequence[str]) -> str:
    """What the cell left open, and what was chosen for it; nothing where the cell says everything."""
    if not chosen:
        return ""
    lines = ("Chosen, since the cell leaves them open:", *chosen[:_MOST_NOTICES])
    return element("div", *(element("div", escape(line), dir="auto") for line in lines), style=MUTED)


def _yaml_lines(section: Mapping[str, Any], indent: str = "") -> list[str]:
    """Sections and settings; what a cell leaves out is None, and left out here too."""
    lines: list[str] = []
    for key, value in section.items():
        if isinstance(value, Mapping):
            inside = _yaml_lines(value, f"{indent}  ")
            lines += [f"{indent}{key}:", *inside] if inside else []
        elif value is not None:
            lines.append(f"{indent}{key}: {value if isinstance(value, str) else json.dumps(value, default=str)}")
    return lines
