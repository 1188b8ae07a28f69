"""When a checkpoint is due, and what becomes of one that cannot be sealed."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ft_magics.config.schema import SaveConfig
from ft_magics.errors import TrainingError
from ft_magics.events import CheckpointSaved, Notice
from ft_magics.runs.folder import RunFolder
from ft_magics.training import save_policy
from ft_magics.training.best import Best
from ft_magics.training.checkpoints import CheckpointState
from ft_magics.training.save_policy import SavePolicy
from transformers import TrainerControl, TrainerState


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(save_policy, "time", clock)
    return clock


@pytest.fixture
def saves(tmp_path):
    """Makes a policy of what `save:` says; its events are in `.said`, its folder in `.folder`."""

    def make(**config):
        (tmp_path / "run/checkpoints").mkdir(parents=True)
        folder = RunFolder(tmp_path / "run")
        said = []
        policy = SavePolicy(SaveConfig(**config), folder, lambda of: said.append(of()))
        policy.said, policy.folder = said, folder
        return policy

    return make


def state(step, epoch):
    return TrainerState(global_step=step, epoch=epoch)


def snapshot(step):
    return CheckpointState(
        step=step, epoch=1.0, best=Best(), tokens=9, elapsed_s=2.0, evaluated_at=-1, first_loss=None, data="d"
    )


def test_a_checkpoint_is_due_every_so_many_steps(saves):
    policy = saves(every={"steps": 3})
    assert [step for step in range(1, 10) if policy.is_due(state(step, step / 4))] == [3, 6, 9]


def test_a_checkpoint_is_due_at_the_end_of_every_so_many_epochs(saves):
    policy = saves(every={"epochs": 2})
    assert [step for step in range(1, 17) if policy.is_due(state(step, step / 4))] == [8, 16]


def test_a_checkpoint_is_due_after_minutes_without_the_pauses(clock, saves):
    policy = saves(every={"minutes": 1})
    policy.begin()
    clock.now = 59.0
    assert not policy.is_due(state(1, 0.5))
    policy.leave_out(10.0)
    clock.now = 69.0
    assert not policy.is_due(state(1, 0.5))
    clock.now = 70.0
    assert policy.is_due(state(1, 0.5))


def test_no_checkpoint_is_due_where_none_is_wanted(saves):
    assert not saves(every=None).is_due(state(10, 1.0))


def test_a_checkpoint_within_an_epoch_is_written_at_once_and_that_of_its_end_after_the_evaluation(saves):
    policy = saves(every=None)
    control = TrainerControl()
    policy.end_step(state(3, 0.75), control, wanted=True)
    assert control.should_save
    control = TrainerControl()
    policy.end_step(state(4, 1.0), control, wanted=True)
    assert not control.should_save
    policy.end_epoch(control)
    assert control.should_save
    policy.end_epoch(control)
    assert not control.should_save


def test_a_sealed_checkpoint_is_whole_and_said_again_while_it_is_the_newest(saves):
    policy = saves(every=None)
    (policy.folder.checkpoints / "checkpoint-4").mkdir()
    assert policy.seal(4, lambda: snapshot(4))
    policy.say(4)
    policy.say_again(4)
    policy.say_again(5)
    assert [type(event) for event in policy.said] == [CheckpointSaved] * 2
    assert {event.path for event in policy.said} == {"checkpoints/checkpoint-4"}


def test_a_checkpoint_that_cannot_be_sealed_is_said_and_removed(saves):
    policy = saves(every=None)
    for step in (4, 8):
        (policy.folder.checkpoints / f"checkpoint-{step}").mkdir()
        assert step == 8 or policy.seal(step, lambda: snapshot(4))
    assert not policy.seal(8, lambda: {}["nothing"])
    (notice,) = policy.said
    assert isinstance(notice, Notice)
    assert notice.text == (
        "the checkpoint of step 8 could not be written (KeyError: 'nothing'); the last whole one is checkpoint-4; "
        "training continues"
    )
    assert [path.name for path in policy.folder.checkpoints.iterdir()] == ["checkpoint-4"]


def test_what_ends_a_training_ends_it_here_too(saves):
    def broken():
        raise TrainingError("over")

    with pytest.raises(TrainingError, match="over"):
        saves(every=None).seal(4, broken)
