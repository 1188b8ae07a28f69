"""A pause between two steps: said once, broken by a save, ended by whoever began it or by a stop."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from ft_magics.runs.steering import Steering
from ft_magics.training import pause as pause_module
from ft_magics.training.pause import Pause


@pytest.fixture
def paused(tmp_path, monkeypatch):
    """A pause whose wait takes 30 seconds of a clock and does `.meanwhile()`; what it says is in `.said`."""
    clock = SimpleNamespace(now=0.0, monotonic=lambda: clock.now)
    monkeypatch.setattr(pause_module, "time", clock)
    steering, said = Steering(tmp_path / "STOP"), []
    pause = Pause(steering, lambda of: said.append(of()))
    held = SimpleNamespace(pause=pause, steering=steering, meanwhile=steering.unpause)
    held.said = lambda: [(event.paused, event.reason) for event in said]
    wait = steering.wait_while_paused

    def wait_while_paused():
        clock.now += 30.0
        held.meanwhile()
        wait()

    monkeypatch.setattr(steering, "wait_while_paused", wait_while_paused)
    return held


def test_without_a_pause_nothing_is_waited_for(paused):
    assert paused.pause.stand_still() == 0.0
    assert paused.said() == []


def test_a_pause_is_said_timed_and_ended(paused):
    paused.steering.pause("paused by hand")
    assert paused.pause.stand_still() == 30.0
    assert paused.said() == [(True, "paused by hand"), (False, "")]
    assert not paused.pause.stands_still


def test_a_save_breaks_a_pause_without_ending_it(paused):
    paused.steering.pause("by hand")
    paused.meanwhile = paused.steering.save
    assert paused.pause.stand_still() == 30.0
    assert paused.pause.stands_still
    assert paused.said() == [(True, "by hand")]
    assert paused.steering.take_save()
    paused.meanwhile = paused.steering.unpause
    paused.pause.stand_still()
    assert paused.said() == [(True, "by hand"), (False, "")]


def test_a_stop_ends_a_pause(paused):
    paused.steering.pause("by hand")
    paused.meanwhile = lambda: paused.steering.stop("enough")
    paused.pause.stand_still()
    assert paused.said()[-1] == (False, "")
