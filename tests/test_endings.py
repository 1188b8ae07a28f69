"""However a run ends, it is said, and nothing of it stays behind: no lock, no thread's place, no memory."""

from __future__ import annotations

import errno
import threading
import weakref
from pathlib import Path

import ft_magics
import pytest
import torch
from ft_magics.errors import RunError, TrainingError
from ft_magics.events import CheckpointSaved, Notice, PauseChanged, RunEnded, StepDone
from ft_magics.runs.lock import is_held
from ft_magics.runs.predictor import TrainedModel
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training import failures, worker
from ft_magics.training.arguments import training_arguments
from ft_magics.training.checkpoints import Checkpoints
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.turns import training_here
from transformers import Trainer, TrainingArguments

from runs import assert_same_end, finish

EVERY_STEP = "save: {every: {steps: 1}, keep: 1}"


def assert_over(run, *, status: str = "failed") -> None:
    assert run.wait(60)
    assert run.status == status
    assert not is_held(run.dir)
    assert training_here() is None
    assert ft_magics.load(run.dir).status == status


def test_a_trainer_that_cannot_be_imported(prepared, patch):
    plan = prepared()
    patch.delattr(worker, "train")
    run = start_run("unimported", plan)
    assert_over(run)
    assert "cannot import name 'train'" in str(run.exception)


def test_an_error_whose_text_is_no_text(prepared, patch):
    def fault(*_, **__):
        raise ValueError("half a pair: \ud83d")

    patch.setattr(NerTask, "loss", fault)
    run = start_run("surrogate", prepared())
    assert_over(run)
    assert "half a pair" in run.folder.error.read_text(encoding="utf-8")


def test_a_thread_that_cannot_start(prepared, patch):
    plan = prepared()

    def fault(*_, **__):
        raise RuntimeError("can't start new thread")

    patch.setattr(threading.Thread, "start", fault)
    with pytest.raises(RuntimeError, match="start new thread"):
        start_run("threadless", plan)
    patch.undo()
    assert training_here() is None
    assert not is_held(Path("ft_runs/threadless"))
    finish(start_run("threadless", prepared()))


def test_a_stop_that_comes_after_the_end_is_no_part_of_the_run(prepared, patch):
    run = finish(start_run("late", prepared()))
    patch.setattr(type(run), "is_active", True)
    run.stop()
    assert isinstance(run.events[-1], RunEnded)
    assert ft_magics.load(run.dir).status == "done"


class NoGradient(torch.autograd.Function):
    """Nothing on the way, and no number on the way back."""

    @staticmethod
    def forward(_, value):
        return value.clone()

    @staticmethod
    def backward(_, gradient):
        return gradient * float("nan")


def test_a_gradient_that_is_no_number_changes_nothing(prepared, patch):
    learned, calls = NerTask.loss, []

    def break_down(self, *arguments, **named):
        calls.append(1)
        value = learned(self, *arguments, **named)
        return NoGradient.apply(value) if len(calls) == 7 else value

    patch.setattr(NerTask, "loss", break_down)
    settings = "max_steps: 9, batch_size: 4"
    run = start_run("gradient", prepared(settings, extra=EVERY_STEP))
    assert_over(run)
    assert isinstance(run.exception, TrainingError)
    assert "the gradient's norm is nan at step 5, so training was stopped before it changed" in str(run.exception)
    assert "small.conll, line" in str(run.exception)
    assert Checkpoints(run.folder.checkpoints).newest().name == "checkpoint-4"
    patch.undo()
    again = finish(resume_run("gradient", prepared(settings, extra=EVERY_STEP)))
    assert_same_end(again, finish(start_run("whole", prepared(settings, extra=EVERY_STEP))))


def test_a_checkpoint_that_cannot_be_sealed_is_said_each_time_and_goes(prepared, patch):
    sealed = Checkpoints.seal

    def fault(self, step, *rest):
        if step in (3, 4):
            raise OSError(errno.EIO, "Input/output error")
        return sealed(self, step, *rest)

    patch.setattr(Checkpoints, "seal", fault)
    run = finish(start_run("unsealed", prepared("max_steps: 5, batch_size: 4", extra=EVERY_STEP)))
    texts = [event.text for event in run.events if isinstance(event, Notice)]
    assert [text.partition(" (")[0] for text in texts] == [
        "the checkpoint of step 3 could not be written",
        "the checkpoint of step 4 could not be written",
    ]
    assert all("the last whole one is checkpoint-2; training continues" in text for text in texts)
    assert [path.name for path in run.folder.checkpoints.glob("checkpoint-*")] == ["checkpoint-5"]


def test_a_save_during_a_pause_is_written_and_the_pause_lasts(prepared):
    run = start_run("still", prepared("epochs: 400, batch_size: 4", extra="save: {every: null}"))
    run.pause()
    while run.status != "paused":
        assert not run.finished.wait(0.01)
    step = max((event.step for event in run.events if isinstance(event, StepDone)), default=0)
    run.save_now()
    while not any(isinstance(event, CheckpointSaved) for event in run.events):
        assert not run.finished.wait(0.01)
    assert not run.finished.wait(0.4)
    assert run.status == "paused"
    (saved,) = (event for event in run.events if isinstance(event, CheckpointSaved))
    assert saved.step >= step
    assert max(event.step for event in run.events if isinstance(event, StepDone)) == saved.step
    run.save_now()
    while sum(isinstance(event, CheckpointSaved) for event in run.events) < 2:
        assert not run.finished.wait(0.01)
    assert {event.step for event in run.events if isinstance(event, CheckpointSaved)} == {saved.step}
    run.unpause()
    while [event.paused for event in run.events if isinstance(event, PauseChanged)] != [True, False]:
        assert not run.finished.wait(0.01)
    run.stop()
    assert_over(run, status="stopped")


def run_out(*_, **__):
    raise torch.OutOfMemoryError("CUDA out of memory")


def test_memory_that_runs_out_before_the_first_step(prepared, patch):
    plan = prepared()
    patch.setattr(Trainer, "__init__", run_out)
    run = start_run("early", plan)
    assert_over(run)
    assert "cpu ran out of memory. That was before the first step; " in str(run.exception)
    assert "End what else takes memory there" in str(run.exception)


@pytest.mark.parametrize("steps", [6, 8])
def test_memory_that_runs_out_in_an_evaluation(prepared, patch, steps):
    """At an epoch's end and on the way through one: the advice is not about the batches of the training."""
    patch.setattr(TrainedModel, "_batch", run_out)
    run = start_run("evaluated", prepared(f"max_steps: {steps}, batch_size: 4"))
    assert_over(run)
    assert "It was predicting, one row at a time in the end; " in str(run.exception)
    assert "batch_size" not in str(run.exception)


def test_advice_on_memory_is_measured_without_the_optimizer(prepared, patch):
    trainers, alive, learned, calls = [], [], NerTask.loss, []
    made, advice = Trainer.__init__, failures.memory_advice

    def note(self, *arguments, **named):
        trainers.append(weakref.ref(self))
        made(self, *arguments, **named)

    def look(*arguments, **named):
        alive.extend(trainer() is not None for trainer in trainers)
        return advice(*arguments, **named)

    def run_out_once(self, *arguments, **named):
        calls.append(1)
        return run_out() if len(calls) == 6 else learned(self, *arguments, **named)

    patch.setattr(Trainer, "__init__", note)
    patch.setattr(failures, "memory_advice", look)
    patch.setattr(NerTask, "loss", run_out_once)
    run = start_run("optimizer", prepared("max_steps: 9, batch_size: 4"))
    assert_over(run)
    assert alive == [False]


def test_advice_on_memory_can_be_followed(prepared, patch):
    learned, calls = NerTask.loss, []

    def run_out_once(self, *arguments, **named):
        calls.extend([1] * torch.is_grad_enabled())  # two to measure the memory, and one a step
        return run_out() if len(calls) == 6 else learned(self, *arguments, **named)

    patch.setattr(NerTask, "loss", run_out_once)
    run = start_run("parted", prepared("max_steps: 9, batch_size: 8", extra=EVERY_STEP))
    assert_over(run)
    assert "`train: {batch_size: 4, gradient_accumulation: 2}`" in str(run.exception)
    patch.undo()
    again = resume_run("parted", prepared("max_steps: 9, batch_size: 4, gradient_accumulation: 2", extra=EVERY_STEP))
    finish(again)
    assert [event.step for event in again.events if isinstance(event, StepDone)] == list(range(1, 10))
    assert again.folder.read_config()["train"]["batch_size"] == 4
    assert again.events[-1].elapsed_s >= [event for event in again.events if isinstance(event, StepDone)][-1].elapsed_s


def test_several_gpus_do_not_multiply_the_batch(prepared, patch, tmp_path):
    def two(self):
        self._n_gpu = 2
        return torch.device("cpu")

    patch.setattr(TrainingArguments, "_setup_devices", property(two))
    train = prepared().train
    arguments = training_arguments(train, folder=tmp_path / "c", device="cuda", precision="fp32", total_steps=3)
    assert arguments.train_batch_size == train.batch_size


def test_a_config_that_is_torn_is_said(run_cell, shell, cell):
    run_cell(cell())
    (shell.user_ns.pop("small").dir / "config.yaml").write_text("train: {epochs: [")
    printed = run_cell(cell().replace("small\n", "small --resume\n", 1))
    assert "ft_runs/small/config.yaml cannot be read: " in printed
    assert "holds" not in printed
    with pytest.raises(RunError, match="cannot be read"):
        ft_magics.load("ft_runs/small")


def test_a_config_that_lacks_everything_is_another_one(prepared, patch):
    patch.setattr(NerTask, "loss", run_out)
    run = start_run("bare", prepared())
    assert_over(run)
    patch.undo()
    run.folder.write_config({})
    with pytest.raises(RunError, match="has no settings in ft_runs/bare/config.yaml, so it cannot be resumed"):
        resume_run("bare", prepared())


def test_commands_that_a_message_names_work_in_another_kernel(cell, tmp_path, run_cell, shell, patch):
    def fill(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    elsewhere = tmp_path / "far"
    patch.setattr(Checkpoints, "seal", fill)
    body = cell("max_steps: 3, batch_size: 4", extra=f"save: {{dir: {elsewhere}, every: {{steps: 1}}}}", name="mine")
    printed = run_cell(body)
    command = f"%ft resume {elsewhere / 'mine'}"
    assert f"`{command}`" in printed
    patch.undo()
    del shell.user_ns["mine"]
    run_cell(command)
    assert shell.user_ns["mine"].status == "done"
