"""A run's events as lines for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from ft_magics.display.run_clock import duration
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
)
from ft_magics.markup import decimal, measured, terminal_text
from ft_magics.metrics import Metric
from ft_magics.runs.history import best_text

__all__ = ["event_text"]

_WORDS = {"done": "finished"}


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
            within = "" if event.epoch.is_integer() or event.split == "test" else f"step {event.step:,}, "
            where = f"{within}epoch {decimal(event.epoch)}"
            line = f"{where}: {event.split} {', '.join(values) or 'evaluated'}{star}"
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
