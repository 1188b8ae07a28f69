"""The row of numbers on a run's page: always the same ones, so that none moves another."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ft_magics.display.run_clock import duration, elapsed_s, paused_s, seconds_left, tokens_per_s
from ft_magics.display.run_wire import Figure, State
from ft_magics.events import CheckpointSaved, MemoryMeasured, RunEvent, RunStarted, StepDone
from ft_magics.markup import decimal, size_text

__all__ = ["figures_of", "loss_text"]

_NO_STEP = StepDone(
    step=0, epoch=0.0, loss=math.nan, learning_rate=0.0, grad_norm=None, tokens_per_s=0.0, elapsed_s=0.0, time=0.0
)


def figures_of(
    events: Sequence[RunEvent],
    steps: Sequence[StepDone],
    state: State,
    now: float | None,
    kept_bytes: int | None = None,
) -> list[Figure]:
    """What is known of a run, in numbers; a dash for what is not.

    Args:
        events: Of the run, those that no resumption made void.
        steps: Of these the steps.
        state: Of the run.
        now: Seconds since 1970, for a run that is under way.
        kept_bytes: Of the best model's files.
    """
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    last = steps[-1] if steps else _NO_STEP
    planned, epochs = (started.total_steps, started.epochs) if started is not None else (None, None)
    left = seconds_left(events, state)
    rate = tokens_per_s(steps, state)
    saved = [event.step for event in events if isinstance(event, CheckpointSaved)]
    figures = [
        Figure(name="progress-steps", label="step", text=_of(last.step, planned)),
        Figure(name="progress-epochs", label="epoch", text=_of(last.epoch, epochs)),
        _elapsed(events, now),
        Figure(name="time-left", label="time left", text="–" if left is None else duration(left)),
        Figure(name="tokens-per-s", label="tokens/s", text="–" if rate is None else f"{rate:,.0f}"),
        Figure(name="loss", label="training loss", text=loss_text(last.loss)),
        Figure(name="process-memory", label="process memory", text=_bytes(last.process_memory_bytes)),
    ]
    if started is not None and started.device != "cpu":
        text = _bytes(last.device_memory_bytes)
        figures.append(Figure(name="device-memory", label="device memory", text=text))
    figures += [
        Figure(name="trainable", label="trainable parameters", text=_trainable(started), wide=True),
        *_rows(started),
        _memory(events),
        Figure(name="kept", label="kept on disk", text=size_text(kept_bytes)),
        Figure(name="checkpoint", label="last checkpoint", text=f"step {saved[-1]:,}" if saved else "–"),
    ]
    return figures


def _of(done: float, planned: float | None) -> str:
    if planned is None:
        return _count(done) if done else "–"
    return f"{_count(done)} / {_count(planned)}"


def _count(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else decimal(value)


def _elapsed(events: Sequence[RunEvent], now: float | None) -> Figure:
    """The time of the training, with the pauses that it has not."""
    seconds, paused = elapsed_s(events, now), paused_s(events, now)
    label = f"elapsed, paused {duration(paused)} more" if paused >= 1 else "elapsed"
    return Figure(name="elapsed", label=label, text="–" if seconds is None else duration(seconds), wide=True)


def loss_text(value: float | None) -> str:
    """A loss with as many digits as one can use; a dash where it is none."""
    if value is None or not math.isfinite(value):
        return "–"
    size = abs(value)
    if size and not 1e-3 <= size < 1e5:
        return f"{value:.2e}"
    return f"{value:.4f}" if size < 10 else f"{value:.2f}"


def _bytes(value: int | None) -> str:
    if not value:
        return "–"
    return f"{value / 1e6:,.0f} MB" if value < 1e9 else f"{value / 1e9:.1f} GB"


def _trainable(started: RunStarted | None) -> str:
    if started is None:
        return "–"
    some, every = started.trainable_parameters, started.parameters
    return f"{_millions(some)} of {_millions(every)} ({decimal(100 * some / max(1, every))} %)"


def _rows(started: RunStarted | None) -> list[Figure]:
    """Embedding rows that are trained, where not all are: the others only decay."""
    if started is None or len(started.embedding_rows) != 2:
        return []
    used, every = started.embedding_rows
    return [Figure(name="embedding-rows", label="embedding rows trained", text=f"{used:,} of {every:,}", wide=True)]


def _memory(events: Sequence[RunEvent]) -> Figure:
    """What the training took at its highest, and what its tensors were said to take; before its end that alone."""
    known = next((event for event in reversed(events) if isinstance(event, MemoryMeasured)), None)
    used, said = (known.used_bytes, known.estimate_bytes) if known is not None else (None, None)
    label = "training memory"
    if said is not None:
        label += ", estimated" if used is None else f", tensors ≈ {size_text(said)}"
    size = said if used is None else used
    return Figure(name="training-memory", label=label, text="–" if size is None else size_text(size), wide=True)


def _millions(count: int) -> str:
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"
