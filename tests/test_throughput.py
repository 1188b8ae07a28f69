"""Tokens a second are of the steps alone; the elapsed time is all but the pauses."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ft_magics.training import clock as clock_module
from ft_magics.training import throughput
from ft_magics.training.clock import Clock
from ft_magics.training.throughput import Throughput
from transformers import TrainerState


@pytest.fixture
def clock(monkeypatch):
    clock = SimpleNamespace(now=1000.0, monotonic=lambda: clock.now)
    for module in (throughput, clock_module):
        monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def counted(clock):
    """A throughput whose events are in `.said`, and that trains on tokens for seconds."""
    said = []
    counted = Throughput(lambda of: said.append(of()), "cpu", Clock())
    counted.said = said
    counted.clock = counted._clock

    def train(tokens, seconds):
        counted.begin_step()
        counted.add(tokens)
        clock.now += seconds
        counted.say_steps(TrainerState(global_step=len(said) + 1, epoch=0.5), {"loss": 0.25, "learning_rate": 1e-3})

    counted.train = train
    return counted


def test_a_step_is_said_with_its_rate(counted):
    counted.train(200, 2.0)
    counted.train(300, 1.0)
    assert [event.tokens_per_s for event in counted.said] == [100.0, 300.0]
    assert [event.elapsed_s for event in counted.said] == [2.0, 3.0]
    (first, _) = counted.said
    assert (first.step, first.epoch, first.loss, first.learning_rate, first.grad_norm) == (1, 0.5, 0.25, 1e-3, None)
    assert first.process_memory_bytes > 0
    assert first.device_memory_bytes is None


def test_batches_of_one_step_are_counted_together(counted):
    counted.add(5)
    counted.begin_step()
    counted.add(10)
    counted.add(20)
    assert (counted.tokens, counted.step_tokens) == (35, 30)


def test_evaluations_and_saves_are_in_the_elapsed_time_and_in_no_rate(counted, clock):
    counted.train(200, 2.0)
    with counted.between_steps():
        clock.now += 100.0
    counted.train(200, 2.0)
    clock.now += 50.0
    counted.saved()
    counted.train(200, 2.0)
    assert [event.tokens_per_s for event in counted.said] == [100.0] * 3
    assert counted.said[-1].elapsed_s == 156.0


def test_a_pause_is_in_neither(counted, clock):
    counted.train(200, 2.0)
    clock.now += 100.0
    counted.clock.leave_out(100.0)
    counted.train(200, 2.0)
    assert [event.tokens_per_s for event in counted.said] == [100.0] * 2
    assert (counted.said[-1].elapsed_s, counted.said[-1].paused_s) == (4.0, 100.0)
    assert counted.clock.elapsed_s == 4.0


def test_a_resumed_run_continues_counting(counted):
    counted.clock = counted._clock = Clock(elapsed_s=60.0, paused_s=7.0)
    counted.restore(tokens=1000)
    counted.train(200, 2.0)
    (said,) = counted.said
    assert (counted.tokens, said.tokens_per_s, said.elapsed_s, said.paused_s) == (1200, 100.0, 62.0, 7.0)
