"""Events of a run → its page as plain data: the one place where what it shows is counted, chosen and worded."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.display.run_chart import chart_of
from ft_magics.display.run_clock import duration
from ft_magics.display.run_figures import figures_of
from ft_magics.display.run_scores import dev_table, label_table
from ft_magics.display.run_wire import RunPage, State, Told
from ft_magics.evaluation.card_shown import ShownText, shown_texts
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.score_tables import range_text
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
    ThreadsChosen,
    described_metrics,
    drop_superseded,
)
from ft_magics.markup import measured
from ft_magics.metrics import Metric
from ft_magics.runs.earlier import EarlierRun
from ft_magics.runs.history import best_of, best_text, counts_steps, dev_evaluations, place_of
from ft_magics.runs.remarks import remarks_of

__all__ = ["COLORS", "Known", "page_of", "threads_text", "times"]

_MOST_SAMPLES = 6
_MOST_TOLD = 50  # a run's output stays small, however long it was: events.jsonl has everything
COLORS: Mapping[State, str] = {
    "running": "#0072B2",
    "paused": "#8A5A00",
    "stopping": "#8A5A00",
    "done": "#00724F",
    "stopped": "#5F6368",
    "failed": "#B3261E",
    "crashed": "#B3261E",
}
_UNDER_WAY = ("running", "paused", "stopping")
_ENDS: Mapping[str, State] = {"done": "done", "stopped": "stopped", "failed": "failed"}
_WORDS = {"done": "finished", "stopped": "stopped", "failed": "failed", "crashed": "crashed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of a run beside its events.

    Args:
        folder: Where it lives, as a person calls it.
        place: The same from the root of the file system.
        handle: What `%ft` knows it by.
        split: That was scored last.
        headline: Its score, with its interval; None where no report was read.
        looks: How often test was evaluated for someone.
        earlier_looks: The same of earlier runs of the name.
        earlier: Of these the newest.
        now: Seconds since 1970, for a run that is under way.
        kept_bytes: Of the best model's files.
    """

    folder: str = ""
    place: str = ""
    handle: str = ""
    split: str = ""
    headline: Score | None = None
    looks: int = 0
    earlier_looks: int = 0
    earlier: Sequence[EarlierRun] = ()
    now: float | None = None
    kept_bytes: int | None = None


def page_of(events: Sequence[RunEvent], status: str, *, name: str, known: Known | None = None) -> RunPage:
    """The page of a run.

    Args:
        events: All of its events so far.
        status: As `Run.status` says.
        name: What it is called.
        known: What else is known of it.
    """
    more = known or Known()
    events = drop_superseded(events)
    metrics = described_metrics(events)
    headline = next(iter(metrics), None)
    steps = [event for event in events if isinstance(event, StepDone)]
    started = next((event for event in reversed(events) if isinstance(event, RunStarted)), None)
    state = _state(events, status)
    now, by_steps = more.now if state in _UNDER_WAY else None, counts_steps(events)
    chart = chart_of(events, steps, headline, more.earlier)
    score, about = _score(events, metrics, state, more)
    interval = more.headline.interval if more.headline is not None and more.split == "test" else None
    checkpoints = [event for event in events if isinstance(event, CheckpointSaved)]
    return RunPage(
        name=name,
        state=state,
        badge=state if state != "crashed" else status,  # one that only a newer version knows is shown as it is
        color=COLORS[state],
        about="" if started is None else _about(started),
        score=score,
        score_about=about,
        say=_say(events, state, more.handle or name),
        step=steps[-1].step if steps else 0,
        steps=chart.steps,
        figures=figures_of(events, steps, state, now, more.kept_bytes),
        chart=chart,
        dev=dev_table(dev_evaluations(events), metrics, without=_no_dev(started), by_steps=by_steps),
        labels=label_table(
            dev_evaluations(events), metrics, () if started is None else started.labels, by_steps=by_steps
        ),
        remarks=[remark.text for remark in remarks_of(events, status, test_interval=interval)],
        samples=_samples(events),
        messages=_messages(events),
        log=[f"{_clock(event)}  {line}" for event in events if (line := _log_line(event))][-_MOST_TOLD:],
        settings=_settings(started) if started is not None else "",
        saved_at=checkpoints[-1].step if checkpoints else -1,
        folder=more.folder,
        place=more.place,
    )


def _samples(events: Sequence[RunEvent]) -> list[list[ShownText]]:
    """What the newest evaluation predicted for a few examples: text, prediction, and gold where it is another."""
    newest = next((event for event in reversed(events) if isinstance(event, Evaluated) and event.samples), None)
    lines: list[list[ShownText]] = []
    for sample in newest.samples[:_MOST_SAMPLES] if newest is not None else ():
        if isinstance(sample.get("texts"), list):  # written texts, as a card has them
            lines.append(_side_by_side(sample))
            continue
        text, gold, predicted = (str(sample.get(name, "")) for name in ("text", "gold", "predicted"))
        right = sample.get("right")
        sign = "" if right is None else "✓ " if right else "✗ "
        rest = f", gold “{gold}”" if gold and gold != predicted else ""
        lines.append([ShownText("", [f"{sign}{text} → “{predicted}”{rest}"])])
    return lines


def _side_by_side(sample: Mapping[str, Any]) -> list[ShownText]:
    try:
        return shown_texts(sample)
    except (IndexError, TypeError, ValueError):  # a log that was written by hand
        return []


def _about(started: RunStarted) -> str:
    return f"{started.model} · {started.method} · {started.device} · {started.precision}"


def _state(events: Sequence[RunEvent], status: str) -> State:
    if status in ("running", "paused"):
        stopping = any(isinstance(event, StopAsked) for event in events)
        return "stopping" if stopping else "paused" if status == "paused" else "running"
    return _ENDS.get(status, "crashed")


def _score(events: Sequence[RunEvent], metrics: Sequence[Metric], state: State, known: Known) -> tuple[str, list[str]]:
    """The headline in large figures, and lines about it: of the split that was scored last, or the best on dev."""
    if not metrics:
        return "–", ["", ""]
    headline = metrics[0]
    looks = _looks(events, known)
    at = next((event for event in reversed(dev_evaluations(events)) if event.best), None)
    best = f"at {place_of(at, counts_steps(events))}" if at is not None else ""
    test = _of_test(events)
    if test is None and known.split != "test":
        return _dev_score(events, headline, best, state, known)
    score = known.headline if known.headline is not None and known.split == "test" else None
    measure = score.metric if score is not None else headline
    value = score.value if score is not None else None if test is None else test.metrics.get(headline.name)
    dev = best_text(headline, best_of(events))
    return measured(value, measure), [
        f"test {measure.label}{_ends(score)}",
        " · ".join(filter(None, [dev and f"{dev} {best}".strip(), looks])),
    ]


def _dev_score(
    events: Sequence[RunEvent], headline: Metric, best: str, state: State, known: Known
) -> tuple[str, list[str]]:
    score = known.headline if known.split == "dev" else None
    if not dev_evaluations(events):
        return "–", ["nothing was evaluated yet" if state in _UNDER_WAY else "nothing was evaluated", ""]
    far = " so far" if state in _UNDER_WAY else ""
    return measured(best_of(events), headline), [
        f"best dev {headline.label}{far} {best}{_ends(score)}",
        "" if state in _UNDER_WAY else "there is no evaluation on test",
    ]


def _ends(score: Score | None) -> str:
    if score is None or score.interval is None:
        return ""
    return f", 95 % interval {range_text(score.metric, score.interval)}"


def _of_test(events: Sequence[RunEvent]) -> Evaluated | None:
    return next((event for event in reversed(events) if isinstance(event, Evaluated) and event.split == "test"), None)


def _looks(events: Sequence[RunEvent], known: Known) -> str:
    """How often test was looked at; nothing where it never was."""
    looks = max(known.looks, int(_of_test(events) is not None))
    if not looks:
        return ""
    before = f", and {times(known.earlier_looks)} in earlier runs of this name" if known.earlier_looks else ""
    return f"test was looked at {times(looks)}{before}"


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return {1: "once", 2: "twice"}.get(count, f"{count:,} times")


def _say(events: Sequence[RunEvent], state: State, handle: str) -> str:
    """What else there is to say of a state, in a line."""
    if state == "running":
        return ""
    if state == "paused":
        change = next((event for event in reversed(events) if isinstance(event, PauseChanged)), None)
        since = "" if change is None else f"{change.reason or 'paused'} at {_clock(change)}; "
        return f"{since}a pause is not counted in the elapsed time"
    if state == "stopping":
        asked = next(event for event in reversed(events) if isinstance(event, StopAsked))
        return f"{asked.reason}: it stops after this step and keeps the best model"
    ended = next((event for event in reversed(events) if isinstance(event, RunEnded)), None)
    if state == "crashed" and ended is None:
        checkpoints = [event.step for event in events if isinstance(event, CheckpointSaved)]
        where = f"from step {checkpoints[-1]:,}" if checkpoints else "from the beginning"
        return f"Its kernel is gone. To resume it {where}: `%load_ext ft_magics`, then `%ft resume {handle}`"
    if ended is None:
        return ""
    text = f"{_WORDS.get(ended.status, ended.status)} after {duration(ended.elapsed_s)}"
    if ended.paused_s >= 1:
        text += f", without {duration(ended.paused_s)} of pauses"
    reason = ended.reason if state == "failed" or not ended.reason.startswith("stopped by") else ended.reason[8:]
    return f"{text}: {reason}" if reason else text


def _clock(event: RunEvent) -> str:
    return time.strftime("%H:%M:%S", time.localtime(event.time))


def _no_dev(started: RunStarted | None) -> bool:
    data = started.config.get("data") if started is not None else None
    return isinstance(data, Mapping) and not data.get("dev")


def _messages(events: Sequence[RunEvent]) -> list[Told]:
    """Warnings and messages, the newest of many, newest last; then the number of threads."""
    notices = [event for event in events if isinstance(event, Notice)]
    told = [Told(level=event.level, text=event.text) for event in notices[-_MOST_TOLD:]]
    left = len(notices) - len(told)
    if left:
        told.insert(0, Told(level="info", text=f"{left} earlier messages are in events.jsonl"))
    threads = threads_text(events)
    return [*told, Told(level="info", text=threads)] if threads else told


def threads_text(events: Sequence[RunEvent]) -> str:
    """With how many threads the run computes, and why; nothing where that was not measured."""
    chosen = next((event for event in reversed(events) if isinstance(event, ThreadsChosen)), None)
    if chosen is None:
        return ""
    rates = ", ".join(f"{rate:,.0f} with {number}" for number, rate in chosen.tokens_per_s.items())
    noun = "thread" if chosen.threads == 1 else "threads"
    why = f"tokens/s in the first steps: {rates}" if rates else "as the run did that it repeats"
    return f"Computes with {chosen.threads} {noun}; {why}"


def _log_line(event: RunEvent) -> str:
    match event:
        case CheckpointSaved():
            return f"checkpoint at step {event.step:,}"
        case RunResumed():
            return f"resumed from step {event.step:,}"
        case PauseChanged():
            return (event.reason or "paused") if event.paused else "unpaused"
        case StopAsked():
            return event.reason
        case RunEnded():
            return _WORDS.get(event.status, event.status)
    return ""


def _settings(started: RunStarted) -> str:
    """What was chosen for what the cell leaves open, then the resolved settings, and what the run was made with."""
    chosen = started.chosen[:_MOST_TOLD]
    said = ["Chosen, since the cell leaves them open:", *chosen, ""] if chosen else []
    made = ["", "Made with:", *_yaml_lines(started.provenance, "  ")] if started.provenance else []
    return "\n".join([*said, *_yaml_lines(started.config), *made])


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
