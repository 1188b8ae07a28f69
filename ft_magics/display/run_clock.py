"""How long a run has taken, how long it will take, and how fast it is."""

from __future__ import annotations

from collections.abc import Sequence

from ft_magics.events import PauseChanged, RunEnded, RunEvent, RunStarted, StepDone

__all__ = ["duration", "elapsed_s", "paused_s", "seconds_left", "tokens_per_s"]

_RECENT = 20  # reports of steps: what the rate is smoothed over


def duration(seconds: float) -> str:
    """`42 s`, `3 min 05 s` or `2 h 07 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def elapsed_s(events: Sequence[RunEvent], now: float | None = None) -> float | None:
    """Seconds of training, evaluations and saves included, pauses not; None before it began.

    Args:
        events: Of the run, those that no resumption made void.
        now: Seconds since 1970, for a run that is under way; None for one that is not: then what was told last counts.
    """
    told = _told(events)
    if told is None:
        return None
    before, told_at = (told.elapsed_s, told.time) if not isinstance(told, RunStarted) else (0.0, told.time)
    if now is None or isinstance(told, RunEnded):
        return before
    return before + max(0.0, now - told_at - _pauses_since(events, told_at, now))


def paused_s(events: Sequence[RunEvent], now: float | None = None) -> float:
    """Seconds of pauses, which `elapsed_s` has not."""
    told = _told(events)
    if told is None:
        return 0.0
    before = 0.0 if isinstance(told, RunStarted) else told.paused_s
    return before if now is None or isinstance(told, RunEnded) else before + _pauses_since(events, told.time, now)


def _told(events: Sequence[RunEvent]) -> RunStarted | StepDone | RunEnded | None:
    """The newest event that has a clock."""
    return next((event for event in reversed(events) if isinstance(event, (RunEnded, StepDone, RunStarted))), None)


def _pauses_since(events: Sequence[RunEvent], since: float, now: float) -> float:
    """Seconds of pauses that began after a moment; one that was not ended lasts."""
    total, began = 0.0, None
    for event in events:
        if not isinstance(event, PauseChanged) or event.time < since:
            continue
        if event.paused:
            began = event.time if began is None else began
        elif began is not None:
            total += event.time - began
            began = None
    return total if began is None else total + max(0.0, now - began)


def seconds_left(events: Sequence[RunEvent], status: str) -> float | None:
    """Seconds until the last step, from the mean time of a step; None for a run that does not train now.

    The first report is of slow steps, and does not count; evaluations and saves do.
    """
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    steps = [event for event in events if isinstance(event, StepDone)]
    if status != "running" or started is None or len(steps) < 2 or steps[-1].step <= steps[0].step:
        return None
    first, last = steps[0], steps[-1]
    step_s = max(0.0, last.elapsed_s - first.elapsed_s) / (last.step - first.step)
    return step_s * max(0, started.total_steps - last.step)


def tokens_per_s(steps: Sequence[StepDone], status: str) -> float | None:
    """The mean of the newest reports while a run trains, of all of them after its end; None before the first."""
    if not steps:
        return None
    if status in ("running", "paused", "stopping"):
        recent = steps[-_RECENT:]
        return sum(step.tokens_per_s for step in recent) / len(recent)
    rates = zip([0.0, *(step.elapsed_s for step in steps)], steps, strict=False)
    spans = [(max(step.elapsed_s - before, 0.0), step.tokens_per_s) for before, step in rates]
    seconds = sum(span for span, _ in spans)
    return sum(span * rate for span, rate in spans) / seconds if seconds else steps[-1].tokens_per_s
