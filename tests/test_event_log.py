"""events.jsonl, whatever it holds: nothing is fatal, nothing is silent, and it takes little time and memory."""

from __future__ import annotations

import copy
import json
import os
import random
import tracemalloc
import types
import typing
from dataclasses import fields, is_dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import ft_magics
import pytest
from ft_magics.display.event_text import event_text
from ft_magics.display.run_page import run_html
from ft_magics.events import (
    CheckpointSaved,
    DataChecked,
    Evaluated,
    MemoryMeasured,
    Notice,
    PauseChanged,
    RunEnded,
    RunResumed,
    RunStarted,
    StepDone,
    StopAsked,
    ThreadsChosen,
    described_metrics,
    drop_superseded,
)
from ft_magics.metrics import Metric
from ft_magics.runs import event_log
from ft_magics.runs.event_log import event_from_json, read_events
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.history import best_of, history_table
from hypothesis import given, settings
from hypothesis import strategies as st

from mutations import spoil
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


EVALUATED = Evaluated(
    time=1e9 + 2,
    step=9,
    epoch=1.0,
    split="dev",
    loss=0.5,
    metrics={"f1": 0.5, "precision": None},
    by_label={"PER": 0.5, "LOC": None},
    samples=[{"input": "a", "output": "b"}],
    best=True,
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
    "a step that is true": line(step(1)).strip().replace('"step": 1', '"step": true'),
    "a loss that is a text": line(step(1)).strip().replace('"loss": 0.5', '"loss": "0.5"'),
    "a metric that is a text": line(EVALUATED).strip().replace('"f1": 0.5', '"f1": "high"'),
    "a metric without end": line(EVALUATED).strip().replace('"f1": 0.5', '"f1": NaN'),
    "metrics that are a list": line(EVALUATED).strip().replace('{"f1": 0.5, "precision": null}', "[0.5]"),
    "a label that is a list": line(EVALUATED).strip().replace('"PER": 0.5', '"PER": [0.5]'),
    "samples that are a text": line(EVALUATED).strip().replace('[{"input": "a", "output": "b"}]', '"ab"'),
    "descriptions that are numbers": line(STARTED).strip().replace(json.dumps(STARTED.to_json()["metrics"]), "[5]"),
    "a description of an odd unit": line(STARTED).strip().replace('"unit": "share"', '"unit": "kg"'),
    "a description without a name": line(STARTED).strip().replace('"name": "f1", ', ""),
    "settings in settings": line(STARTED)
    .strip()
    .replace('"config": {}', '"config": ' + '{"a": ' * 50 + "1" + "}" * 50),
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


def test_all_odd_lines_are_odd():
    """A replacement that replaced nothing would test nothing."""
    assert all(
        odd not in (line(step(1)).strip(), line(STARTED).strip(), line(EVALUATED).strip()) for odd in ODD.values()
    )


EVERY_KIND = (
    *(STARTED, step(3), EVALUATED, ENDED),
    DataChecked(time=1e9, check={"splits": [{"name": "train", "count": 3}]}),
    CheckpointSaved(time=1e9, step=3, path="checkpoints/checkpoint-3"),
    Notice(time=1e9, level="info", text="x"),
    PauseChanged(time=1e9, paused=True, reason="by hand"),
    StopAsked(time=1e9, reason="by hand"),
    ThreadsChosen(time=1e9, step=3, threads=2, tokens_per_s={"1": 9.0, "2": 12.0}),
    MemoryMeasured(time=1e9, estimate_bytes=3_000_000, used_bytes=4_000_000),
    RunResumed(time=1e9, step=3, epoch=1.0),
)


def fits(value, hint):
    """Whether a value is of the type that an annotation says, all the way down."""
    origin, inside = typing.get_origin(hint), typing.get_args(hint)
    if hint is typing.Any:
        return True
    if origin in (types.UnionType, typing.Literal):
        return any(fits(value, each) if origin is types.UnionType else value == each for each in inside)
    if origin is list:
        return isinstance(value, list) and all(fits(each, inside[0]) for each in value)
    if origin is dict:
        return isinstance(value, dict) and all(fits(k, inside[0]) and fits(v, inside[1]) for k, v in value.items())
    if is_dataclass(hint):
        hints = typing.get_type_hints(hint)
        return type(value) is hint and all(fits(getattr(value, each.name), hints[each.name]) for each in fields(hint))
    return type(value) in ((int, float) if hint is float else (hint,))


@given(st.integers(0, 2**32), st.sampled_from(EVERY_KIND))
@settings(derandomize=True, deadline=None, max_examples=1500)
def test_an_event_that_was_spoilt_is_read_as_what_it_should_be_or_counted(seed, event):
    """And no display of what was read fails."""
    record = copy.deepcopy(event.to_json())
    said = spoil(record, random.Random(seed))
    with TemporaryDirectory() as folder:
        path = Path(folder, "events.jsonl")
        path.write_text("".join([line(STARTED), json.dumps(record) + "\n", line(ENDED)]), encoding="utf-8")
        events = read_events(path)
    unread = [each for each in events if isinstance(each, Notice) and "1 line cannot be read" in each.text]
    others = [each for each in events if each not in unread]
    assert len(unread) + len(others) == 3, said
    assert (others[0], others[-1]) == (STARTED, ENDED)
    for each in others:
        assert fits(each, type(each)), said
    metrics = described_metrics(events)
    assert all(isinstance(event_text(each, metrics), str | None) for each in events)
    assert run_html(events, "done", name="x")
    assert len(history_table(events)) == sum(isinstance(each, Evaluated) and each.split == "dev" for each in events)
    best_of(events)


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


def test_a_last_step_that_cannot_be_read_is_counted_where_steps_are_thinned(log, monkeypatch):
    monkeypatch.setattr(event_log, "_MOST_STEPS", 2)
    broken = line(step(3)).replace('"epoch": 1.0', '"epoch": "one"')
    events = log(*(step(at) for at in range(4)), broken, ENDED)
    assert [event.step for event in events if isinstance(event, StepDone)] == [0, 3]
    (notice,) = (event for event in events if isinstance(event, Notice))
    assert notice.text.startswith("events.jsonl: 1 line cannot be read and are left out; the first is line 6: epoch: ")


OLD_START = {key: value for key, value in STARTED.to_json().items() if key not in ("metrics", "examples")}
OLD = {
    "kind": "evaluated", "time": 1.0, "step": 9, "epoch": 1.0, "split": "dev", "loss": 0.5, "best": True,
    "precision": None, "recall": 0.25, "f1": 0.5, "per_type_f1": {"PER": 0.5, "LOC": None},
}  # fmt: skip


def test_events_of_version_0_1_have_today_s_fields():
    start = event_from_json({**OLD_START, "sentences": 280})
    assert start.examples == 280
    assert start.metrics == [Metric("f1", "F1"), Metric("precision", "precision"), Metric("recall", "recall")]
    old = event_from_json(OLD)
    assert old.metrics == {"f1": 0.5, "precision": None, "recall": 0.25}
    assert old.by_label == {"PER": 0.5, "LOC": None}
    plain = {key: value for key, value in ENDED.to_json().items() if key != "best"}
    assert event_from_json({**plain, "best_f1": 0.5}) == ENDED
    for event in (start, old, ENDED):
        assert event_from_json(event.to_json()) == event


@pytest.mark.parametrize(("record", "says"), [
    ({**OLD_START, "sentences": "many"}, "examples: "),
    (OLD_START, "examples: "),
    ({**OLD, "f1": "high"}, "metrics.f1: "),
    ({key: value for key, value in OLD.items() if key != "recall"}, "metrics: "),
    ({**OLD, "per_type_f1": [0.5]}, "by_label: "),
    ({key: value for key, value in ENDED.to_json().items() if key != "best"} | {"best_f1": []}, "best: "),
])  # fmt: skip
def test_an_odd_event_of_version_0_1_is_one(record, says):
    with pytest.raises(ValueError, match=f"^{says}"):
        event_from_json(record)


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
