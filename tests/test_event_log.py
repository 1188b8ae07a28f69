"""events.jsonl, whatever it holds: nothing is fatal, nothing is silent, and it takes little time and memory."""

from __future__ import annotations

import json
import os
import tracemalloc

import ft_magics
import pytest
from ft_magics.events import (
    CheckpointSaved,
    Evaluated,
    Notice,
    RunEnded,
    RunResumed,
    RunStarted,
    StepDone,
    StopAsked,
    drop_superseded,
)
from ft_magics.metrics import Metric
from ft_magics.runs import event_log
from ft_magics.runs.event_log import read_events
from ft_magics.runs.folder import RunFolder
from hypothesis import given, settings
from hypothesis import strategies as st

from runs import finish

STARTED = RunStarted(
    time=1e9,
    name="ner",
    task="ner",
    model="m",
    method="full",
    device="cpu",
    precision="fp32",
    epochs=1.0,
    total_steps=9,
    parameters=1,
    trainable_parameters=1,
    metrics=[Metric("f1", "F1")],
    examples=1,
)
ENDED = RunEnded(time=1e9 + 9, status="done", reason="", best_epoch=1.0, best=0.5, elapsed_s=9.0)


def step(number):
    return StepDone(
        time=1e9 + 1,
        step=number,
        epoch=1.0,
        loss=0.5,
        learning_rate=1e-3,
        grad_norm=None,
        tokens_per_s=9.0,
        elapsed_s=1.0,
        process_memory_bytes=1,
        device_memory_bytes=None,
    )


def line(event):
    return json.dumps(event.to_json()) + "\n"


@pytest.fixture
def log(tmp_path):
    """Writes a log of lines and events; gives what is read back."""

    def write(*parts, start=True):
        texts = [part if isinstance(part, (str, bytes)) else line(part) for part in parts]
        raw = b"".join(text if isinstance(text, bytes) else text.encode(errors="surrogatepass") for text in texts)
        (tmp_path / "events.jsonl").write_bytes((line(STARTED).encode() if start else b"") + raw)
        return read_events(tmp_path / "events.jsonl")

    return write


ODD = {
    "a number": "5",
    "null": "null",
    "a list": "[]",
    "a text": '"step"',
    "5,000 digits": "9" * 5000,
    "deep brackets": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "no UTF-8": b'{"kind": "notice", "text": "\xff"}',
    "zeros": b"\0" * 500,
    "an unknown kind": '{"kind": "later", "time": 1}',
    "a kind that is a list": '{"kind": [], "time": 1}',
    "no kind": '{"time": 1}',
    "no time": '{"kind": "notice", "level": "info", "text": "x"}',
    "a time without end": '{"kind": "notice", "level": "info", "text": "x", "time": 1e999}',
    "a time that is a text": '{"kind": "notice", "level": "info", "text": "x", "time": "now"}',
    "a field too few": '{"kind": "notice", "level": "info", "time": 1}',
    "a text that is a number": '{"kind": "notice", "level": "info", "text": 7, "time": 1}',
    "a step of 400 digits": line(step(int("9" * 400))).strip(),
    "a step that is a list": line(step(1)).strip().replace('"step": 1', '"step": [1]'),
    "an epoch without end": line(step(1)).strip().replace('"epoch": 1.0', '"epoch": Infinity'),
    "half of a line": line(step(1))[:40],
    "4 MB": "x" * (5 << 20),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_a_line_that_cannot_be_read_is_counted_and_said(log, odd):
    whole = odd + (b"\n" if isinstance(odd, bytes) else "\n")
    events = log(step(1), whole, step(2), whole, ENDED)
    assert [event for event in events if not isinstance(event, Notice)] == [STARTED, step(1), step(2), ENDED]
    (notice,) = (event for event in events if isinstance(event, Notice))
    assert notice.level == "warning"
    assert notice.text.startswith("events.jsonl: 2 lines cannot be read and are left out; the first is line 3: ")
    assert len(notice.text) < 300


def _is_json(odd):
    try:
        json.loads(odd)
    except (ValueError, RecursionError):
        return False
    return True


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_only_a_last_line_that_was_cut_off_is_left_out_without_a_word(log, odd):
    assert [type(event) for event in log(step(1), odd)] == [RunStarted, *[Notice] * _is_json(odd), StepDone]
    whole = odd + (b"\n" if isinstance(odd, bytes) else "\n")
    assert isinstance(log(step(1), whole)[1], Notice)


def test_a_line_that_was_cut_off_before_the_run_went_on_is_left_out_without_a_word(tmp_path, log):
    log(step(1), line(step(2))[:30])
    folder = RunFolder(tmp_path)
    folder.mend_events()
    folder.append_event(RunResumed(step=1, epoch=1.0))
    assert [type(event) for event in folder.read_events()] == [RunStarted, StepDone, RunResumed]


def test_half_a_surrogate_is_replaced(log):
    (_, notice) = log(Notice(time=1e9, level="info", text="a\ud800b"))
    assert notice.text == "a?b"


def test_a_loss_without_end_is_a_step_all_the_same(log):
    assert log(line(step(1)).replace('"loss": 0.5', '"loss": Infinity'))[1].loss == float("inf")


def test_a_run_with_an_odd_line_shows_it_everywhere(run_cell, cell, shell):
    run_cell(cell("max_steps: 2"))
    path = shell.user_ns.pop("small").dir / "events.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([lines[0], "5\n", *lines[1:]]), encoding="utf-8")
    run = ft_magics.load("ft_runs/small")
    assert run.status == "done"
    assert run.report().sentences == 24
    assert "small" in run_cell("%ft runs")
    run_cell("%ft report small")
    assert "1 line cannot be read" in next(event.text for event in run.events if isinstance(event, Notice))


def test_a_log_of_a_million_lines_takes_little_memory(tmp_path):
    path = tmp_path / "events.jsonl"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(line(STARTED))
        for at in range(500_000):
            stream.write(line(step(0)).replace('"step": 0', f'"step": {at}') if at % 1000 == 0 else _cheap(at))
        stream.write(line(ENDED))
    tracemalloc.start()
    events = read_events(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.stat().st_size > 90 << 20
    assert peak < 60 << 20
    assert event_log._MOST_STEPS / 2 <= len(events) <= event_log._MOST_STEPS + 3
    assert events[-1] == ENDED
    assert events[-2].step == 499_999
    steps = [event.step for event in events if isinstance(event, StepDone)]
    assert steps == sorted(set(steps))


CHEAP = line(step(0)).partition('"step": 0')


def _cheap(at):
    return f'{CHEAP[0]}"step": {at}{CHEAP[2]}'


def test_very_many_other_events_are_counted_and_the_last_is_kept(log, monkeypatch):
    monkeypatch.setattr(event_log, "_MOST_OTHERS", 100)
    events = log(*(Notice(time=1e9, level="info", text=str(at)) for at in range(300)), ENDED)
    assert len(events) == 102
    assert events[1].text == "events.jsonl: 201 entries after the first 100 are not shown"
    assert events[-1] == ENDED


def test_large_events_are_bounded_too(log, monkeypatch):
    monkeypatch.setattr(event_log, "_MOST_OTHER_BYTES", 10_000)
    events = log(*(Notice(time=1e9, level="info", text="x" * 4000) for _ in range(30)), ENDED)
    assert len(events) == 5
    assert events[-1] == ENDED


def as_it_was_said(events):
    """What `drop_superseded` is to keep, in as many passes as there are resumptions."""
    kept = []
    for event in events:
        if isinstance(event, RunResumed):
            kept = drop_superseded([*kept, event])[:-1]
        kept.append(event)
    return kept


EVENTS = st.one_of(
    st.integers(0, 9).map(step),
    st.integers(0, 9).map(lambda at: CheckpointSaved(time=1.0, step=at, path="")),
    st.builds(
        lambda at, epoch, split: Evaluated(
            time=1.0, step=at, epoch=epoch, split=split, loss=None, metrics={}, by_label={}, best=False,
        ),
        st.integers(0, 9), st.sampled_from([1.0, 1.5]), st.sampled_from(["dev", "test"]),
    ),
    st.integers(0, 9).map(lambda at: RunResumed(time=1.0, step=at, epoch=1.0)),
    st.sampled_from([ENDED, StopAsked(time=1.0, reason="")]),
)  # fmt: skip


@given(st.lists(EVENTS, max_size=30))
@settings(derandomize=True, deadline=None, max_examples=200)
def test_resumptions_make_void_the_same_in_one_pass(events):
    assert drop_superseded(events) == as_it_was_said(events)


def test_a_hundred_thousand_resumptions_take_no_time(log):
    resumed = line(RunResumed(time=1e9, step=1, epoch=1.0))
    assert len(log(resumed * 15_000)) == 15_001


@pytest.mark.parametrize("what", ["folder", "pipe", "link in a circle", "without rights"])
def test_what_is_no_file_is_said(tmp_path, what):
    path = tmp_path / "run" / "events.jsonl"
    path.parent.mkdir()
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link in a circle":
        path.symlink_to(path.name)
    else:
        path.write_text(line(STARTED))
        path.chmod(0)
        if os.access(path, os.R_OK):
            return  # by one who may read everything
    with pytest.raises(ft_magics.errors.RunError, match=r"events\.jsonl cannot be read"):
        ft_magics.load(tmp_path / "run")


def test_the_trainer_s_own_log_stays_short(prepared):
    """It is written whole at every checkpoint."""
    from ft_magics.training.checkpoints import Checkpoints
    from ft_magics.training.launch import start_run

    extra = "save: {every: {steps: 50}, keep: 1}"
    run = finish(start_run("long", prepared("max_steps: 150, batch_size: 4", extra=extra)))
    assert sum(isinstance(event, StepDone) for event in run.events) > 50
    state = json.loads((Checkpoints(run.folder.checkpoints).newest() / "trainer_state.json").read_text())
    assert 0 < len(state["log_history"]) <= 21
