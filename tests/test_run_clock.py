"""What the clocks of a run's page say: one meaning of elapsed, pauses apart, no time left of a run that is over."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ft_magics.display.run_clock import elapsed_s, paused_s, seconds_left, tokens_per_s
from ft_magics.display.run_summary import page_of
from ft_magics.events import PauseChanged, RunEnded, RunStarted, StepDone

STARTED = RunStarted(
    time=100.0, name="x", task="t", metrics=[], model="m", method="full", device="cpu", precision="fp32", epochs=2,
    total_steps=20, parameters=1, trainable_parameters=1, examples=1,
)  # fmt: skip
ENDED = RunEnded(time=170.0, status="done", reason="", best_epoch=None, best=None, elapsed_s=50.0, paused_s=20.0)


def step(at: int, elapsed: float, *, rate: float = 100.0, time: float = 0.0, paused: float = 0.0) -> StepDone:
    return StepDone(
        time=time or 100.0 + elapsed + paused, step=at, epoch=at / 10, loss=1.0, learning_rate=0.1, grad_norm=None,
        tokens_per_s=rate, elapsed_s=elapsed, paused_s=paused,
    )  # fmt: skip


def pause(paused: bool, time: float) -> PauseChanged:  # as the event has it
    return PauseChanged(time=time, paused=paused, reason="by hand" if paused else "")


def figure(page, name):
    return next(each for each in page.figures if each.name == name)


def test_elapsed_is_the_time_of_the_training_without_its_pauses():
    assert elapsed_s([]) is None
    assert elapsed_s([STARTED], 104.0) == 4.0
    events = [STARTED, step(1, 10.0)]
    assert elapsed_s(events, 115.0) == 15.0
    assert elapsed_s(events) == 10.0  # of a run that died: what it had told
    paused = [*events, pause(paused=True, time=112.0)]
    assert (elapsed_s(paused, 140.0), paused_s(paused, 140.0)) == (12.0, 28.0)
    unpaused = [*paused, pause(paused=False, time=130.0)]
    assert (elapsed_s(unpaused, 140.0), paused_s(unpaused, 140.0)) == (22.0, 18.0)
    told = [*unpaused, step(2, 24.0, time=142.0, paused=18.0)]
    assert (elapsed_s(told, 143.0), paused_s(told, 143.0)) == (25.0, 18.0)
    assert (elapsed_s([*told, ENDED], 999.0), paused_s([*told, ENDED], 999.0)) == (50.0, 20.0)


def test_pauses_are_said_beside_the_elapsed_time_and_at_the_end():
    page = page_of([STARTED, step(1, 10.0), ENDED], "done", name="x")
    assert figure(page, "elapsed").label == "elapsed, paused 20 s more"
    assert page.say == "finished after 50 s, without 20 s of pauses"
    page = page_of([STARTED, step(1, 10.0)], "crashed", name="x")
    assert figure(page, "elapsed").label == "elapsed"


def test_time_left_comes_from_the_mean_step_without_the_slow_first_ones():
    events = [STARTED, step(1, 60.0), step(5, 68.0)]
    assert seconds_left(events, "running") == 30.0
    assert seconds_left(events[:2], "running") is None


@pytest.mark.parametrize("status", ["paused", "crashed", "failed", "stopped", "done"])
def test_a_run_that_does_not_train_has_no_time_left(status):
    events = [STARTED, step(1, 2.0), step(5, 10.0)]
    assert figure(page_of(events, status, name="x"), "time-left").text == "–"
    assert figure(page_of(events, "running", name="x"), "time-left").text == "30 s"


def test_the_rate_is_a_mean_of_the_newest_reports_and_in_the_end_of_all():
    steps = [step(at, float(at), rate=1000.0 if at <= 20 else 100.0 + at % 2) for at in range(1, 41)]
    assert tokens_per_s(steps, "running") == 100.5
    assert tokens_per_s(steps, "done") == pytest.approx((20 * 1000 + 20 * 100.5) / 40)
    assert tokens_per_s([], "running") is None
    assert tokens_per_s([step(1, 0.0)], "done") == 100.0


def test_a_crashed_run_says_what_to_type():
    page = page_of([STARTED, step(1, 2.0)], "crashed", name="x")
    assert (page.badge, page.state) == ("crashed", "crashed")
    assert page.say == (
        "Its kernel is gone. To resume it from the beginning: `%load_ext ft_magics`, then `%ft resume x`"
    )
    assert replace(page, say="").remarks == []
