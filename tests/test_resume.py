"""A run that dies continues, and ends as if it had not died."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import ft_magics
import pytest
from ft_magics.errors import RunError, TrainingError
from ft_magics.events import CheckpointSaved, Evaluated, PauseChanged, RunResumed, StepDone
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training.best import Best
from ft_magics.training.callback import RunCallback
from ft_magics.training.checkpoints import Checkpoints, CheckpointState
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from runs import assert_same_end, finish

TRAIN = "epochs: 4, batch_size: 4, learning_rate: 1e-3, early_stopping: {patience: 3}"


@pytest.fixture
def config(cell):
    def make(*arguments, **named):
        return parse_cell(cell(*arguments, **named).partition("\n")[2], {})

    return make


class Died(BaseException):
    """Ends a training thread without the run's own clean-up of checkpoints."""


@pytest.mark.parametrize(
    ("step", "every"),
    [
        (3, "{steps: 5}"),
        (7, "{steps: 1}"),
        (12, "{steps: 5}"),
        (17, "{steps: 5}"),
        (6, "{epochs: 1}"),
        (20, "{epochs: 1}"),
    ],
)
@pytest.mark.parametrize("loss_points", [200, 5])
def test_a_run_that_breaks_at_any_step_ends_the_same(config, patch, step, every, loss_points):
    """Also where an event tells the mean of several steps: a mean ends at a checkpoint, so none reaches over a death."""
    patch.setattr("ft_magics.training.arguments._LOSS_POINTS", loss_points)
    extra = f"save: {{every: {every}, keep: 2}}"
    whole = finish(start_run("whole", prepare(config(TRAIN, extra=extra))))
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == step:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", prepare(config(TRAIN, extra=extra)))
    assert broken.wait(120)
    assert broken.status == "failed"
    patch.setattr(RunCallback, "on_step_end", counted)
    again = finish(resume_run("broken", prepare(config(TRAIN, extra=extra))))
    assert again.status == "done"
    (resumed,) = (event for event in again.events if isinstance(event, RunResumed))
    assert resumed.step < step
    assert_same_end(again, whole)
    assert_same_end(ft_magics.load(again.dir), whole)
    assert len(Checkpoints(again.folder.checkpoints).whole()) <= 2


@pytest.mark.parametrize(
    "train",
    [
        "max_steps: 17, batch_size: 5, gradient_accumulation: 3, scheduler: cosine, warmup: 4",
        "epochs: 2.5, batch_size: 4, weight_decay: 0.1, max_grad_norm: 0.1",
    ],
)
def test_accumulation_schedules_and_parts_of_epochs_go_on_too(config, patch, train):
    extra = "save: {every: {steps: 3}}"
    whole = finish(start_run("whole", prepare(config(train, extra=extra))))
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == 11:
            raise Died
        return counted(self, args, state, control, **named)

    with patch.context() as once:
        once.setattr(RunCallback, "on_step_end", die)
        assert start_run("broken", prepare(config(train, extra=extra))).wait(120)
    assert_same_end(finish(resume_run("broken", prepare(config(train, extra=extra)))), whole)


def test_a_stopped_run_goes_on(config):
    extra = "save: {every: {epochs: 1}}"
    settings = TRAIN.replace("epochs: 4", "epochs: 60").replace("patience: 3", "patience: 100")
    run = start_run("stopped", prepare(config(settings, extra=extra)))
    while not any(isinstance(event, StepDone) and event.step >= 8 for event in run.events):
        time.sleep(0.01)
    run.stop()
    finish(run)
    assert run.status == "stopped"
    saved = [event for event in run.events if isinstance(event, CheckpointSaved)]
    last = max(event.step for event in run.events if isinstance(event, (StepDone, CheckpointSaved)))
    assert saved[-1].step == last
    again = finish(resume_run("stopped", prepare(config(settings, extra=extra))))
    whole = finish(start_run("whole", prepare(config(settings, extra=extra))))
    assert_same_end(again, whole)


def test_early_stopping_remembers_across_a_death(config, patch):
    settings = "epochs: 30, batch_size: 8, learning_rate: 1e-6, early_stopping: {patience: 2}"
    whole = finish(start_run("whole", prepare(config(settings))))

    def die(*_):
        raise Died

    patch.setattr("ft_magics.training.worker._evaluate", die)
    broken = start_run("broken", prepare(config(settings)))
    assert broken.wait(120)
    patch.undo()
    again = finish(resume_run("broken", prepare(config(settings))))
    assert max(e.step for e in again.events if isinstance(e, Evaluated)) == max(
        e.step for e in whole.events if isinstance(e, Evaluated)
    )
    assert_same_end(again, whole)


SCRIPT = """
import sys
from pathlib import Path
from ft_magics.runs.cells import parse_cell
from ft_magics.training.prepare import prepare
from ft_magics.training.launch import find_unfinished, resume_run, start_run
import torch
torch.set_num_threads(1)
config = parse_cell(Path(sys.argv[1]).read_text(), {})
name = sys.argv[2]
before = find_unfinished(config.save.dir, name)
run = (start_run if before is None else resume_run)(name, prepare(config))
print("began", flush=True)
run.wait()
assert run.status == "done", run.exception
"""


def test_two_kernels_never_write_one_run(config, tmp_path, cell):
    body = cell("epochs: 400, batch_size: 4").partition("\n")[2]
    (tmp_path / "cell.yaml").write_text(body)
    (tmp_path / "run.py").write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(tmp_path / "run.py"), str(tmp_path / "cell.yaml"), "mine"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "began\n"
    prepared = prepare(config("epochs: 400, batch_size: 4"))
    os.chdir(tmp_path)
    for begin in (start_run, resume_run):
        with pytest.raises(RunError, match="is training in another kernel"):
            begin("mine", prepared)
    there = ft_magics.load("ft_runs/mine")
    assert there.status == "running"
    with pytest.raises(RunError, match="still training in another kernel"):
        there.report()
    process.kill()
    process.wait()
    assert ft_magics.load("ft_runs/mine").status == "crashed"
    run = resume_run("mine", prepared)
    run.stop()
    assert run.wait(60)


def test_a_pause_stands_still_and_save_now_saves(config):
    run = start_run("paused", prepare(config("epochs: 400, batch_size: 4", extra="save: {every: null}")))
    run.pause("to test it")
    while run.status != "paused":
        assert not run.finished.wait(0.01)
    step = max((event.step for event in run.events if isinstance(event, StepDone)), default=0)
    assert not run.finished.wait(0.4)
    assert max((event.step for event in run.events if isinstance(event, StepDone)), default=0) == step
    run.save_now()
    run.unpause()
    while not any(isinstance(event, CheckpointSaved) for event in run.events):
        assert not run.finished.wait(0.01)
    assert [event.paused for event in run.events if isinstance(event, PauseChanged)] == [True, False]
    run.pause("again")
    while run.status != "paused":
        assert not run.finished.wait(0.01)
    run.stop()  # a stop ends a pause too
    finish(run)
    assert run.status == "stopped"


def test_only_the_same_run_goes_on(config, conll):
    finish(start_run("done", prepare(config("max_steps: 2"))))
    with pytest.raises(RunError, match="is done"):
        resume_run("done", prepare(config("max_steps: 2")))
    run = start_run(
        "other", prepare(config("epochs: 400, batch_size: 4, learning_rate: 1e-3", extra="save: {every: {steps: 1}}"))
    )
    while not any(isinstance(event, CheckpointSaved) for event in run.events):
        assert not run.finished.wait(0.01)
    run.stop()
    finish(run)
    with pytest.raises(RunError, match=r"started with other settings \(train\.batch_size: 4 before, 8 now\)"):
        resume_run("other", prepare(config("epochs: 400, batch_size: 8, learning_rate: 1e-3")))
    conll.write_text(conll.read_text() + "Eve B-PER\n\n")
    with pytest.raises(RunError, match="the training data, or the tokenizer, are not those"):
        resume_run("other", prepare(config("epochs: 400, batch_size: 4, learning_rate: 1e-3")))
    with pytest.raises(RunError, match="holds no run"):
        resume_run("nothing", prepare(config("max_steps: 2")))


@pytest.mark.parametrize(("factor", "shown"), [(float("nan"), "nan"), (float("inf"), "inf"), (1000, r"\d{4}")])
def test_a_loss_that_nothing_learns_from_stops_with_the_rows(config, patch, factor, shown):
    learned = NerTask.loss

    def break_down(self, outputs, labels, num_items_in_batch=None):
        break_down.calls += 1
        value = learned(self, outputs, labels, num_items_in_batch)
        return value * factor if break_down.calls == 5 else value

    break_down.calls = -2  # before the first step two calls measure what one takes of memory
    patch.setattr(NerTask, "loss", break_down)
    run = start_run("nan", prepare(config("max_steps: 20, batch_size: 4", extra="save: {every: {steps: 2}}")))
    assert run.wait(120)
    assert run.status == "failed"
    assert isinstance(run.exception, TrainingError)
    assert re.search(f"the loss is {shown}[.0-9]* at step 5, so training was stopped", str(run.exception))
    assert "small.conll, line" in str(run.exception)
    assert Checkpoints(run.folder.checkpoints).newest().name == "checkpoint-4"
    patch.undo()
    again = finish(
        resume_run("nan", prepare(config("max_steps: 20, batch_size: 4", extra="save: {every: {steps: 2}}")))
    )
    assert again.status == "done"


def test_a_fault_in_a_callback_or_in_saying_does_not_end_the_training(config, patch):
    def fault(*_, **__):
        raise ValueError("broken display")

    patch.setattr("ft_magics.training.throughput.StepDone", fault)
    patch.setattr("ft_magics.training.dev_scores._score_dev", fault)
    run = finish(start_run("faulty", prepare(config("max_steps: 4, batch_size: 4"))))
    assert run.status == "done"
    assert run.report("test").sentences == 24
    log = [json.loads(line) for line in (run.dir / "events.jsonl").read_text().splitlines()]
    assert any("dev could not be evaluated" in event.get("text", "") for event in log)


def test_checkpoints_by_the_minute(config):
    extra = "save: {every: {minutes: 0.0005}, keep: 3}"
    run = finish(start_run("timed", prepare(config("max_steps: 60, batch_size: 4", extra=extra))))
    assert sum(isinstance(event, CheckpointSaved) for event in run.events) >= 2


def test_a_torn_checkpoint_is_never_chosen(tmp_path):
    checkpoints = Checkpoints(tmp_path)
    for step in (9, 10):
        checkpoints.path(step).mkdir()
        (checkpoints.path(step) / "model.safetensors").write_text("x")
        state = {"global_step": step, "epoch": 1.0, "max_steps": 20, "log_history": []}
        (checkpoints.path(step) / "trainer_state.json").write_text(json.dumps(state))
    state = CheckpointState(
        step=9, epoch=1.0, best=Best(), tokens=9, elapsed_s=2.0, evaluated_at=-1, first_loss=None, data="d"
    )
    checkpoints.seal(9, state, tmp_path / "none", keep=1)
    assert checkpoints.newest() == checkpoints.path(9)
    assert checkpoints.choose("d").step == 9
    assert not checkpoints.path(10).exists()
    assert Path(checkpoints.path(9) / "run_state.json").is_file()
