"""Which evaluation is the best, whichever way its metric is better, and how long none has improved on it."""

from __future__ import annotations

import pytest
from ft_magics.metrics import Metric
from ft_magics.training.best import Best
from ft_magics.training.checkpoints import CheckpointState

F1 = Metric("f1", "F1")
PERPLEXITY = Metric("perplexity", "perplexity", higher_is_better=False, unit="number")


def improvements(metric, values, min_delta=0.0):
    best = Best()
    return [best.improve(metric, epoch, value, min_delta) for epoch, value in enumerate(values, 1)], best


def test_a_rise_that_is_too_small_is_the_best_and_does_not_end_the_waiting():
    better, best = improvements(F1, [0.0, 0.5, 0.4, 0.505], 0.01)
    assert better == [True, True, False, True]
    assert (best.epoch, best.value, best.waiting) == (4, 0.505, 2)
    assert best.improve(F1, 5, 0.6, 0.01)
    assert best.waiting == 0


def test_of_a_metric_that_is_better_when_lower_the_lowest_is_the_best():
    better, best = improvements(PERPLEXITY, [30.0, 12.0, 14.0, 11.9, 11.5, 40.0], 0.5)
    assert better == [True, True, False, True, True, False]
    assert (best.epoch, best.value, best.waiting) == (5, 11.5, 4)
    assert best.improve(PERPLEXITY, 7, 10.9, 0.5)
    assert best.waiting == 0


@pytest.mark.parametrize(("metric", "values"), [(F1, [0.5, 0.51]), (PERPLEXITY, [0.51, 0.5])])
def test_an_improvement_by_just_min_delta_is_too_small(metric, values):
    assert improvements(metric, values, 0.01)[1] == Best(epoch=2, value=values[1], waiting=1)


@pytest.mark.parametrize("metric", [F1, PERPLEXITY])
def test_a_value_that_does_not_exist_is_worse_than_any(metric):
    better, best = improvements(metric, [None, None, 0.2, None])
    assert better == [True, False, True, False]
    assert best == Best(epoch=3, value=0.2, waiting=1)


def test_a_checkpoint_of_version_0_1_has_its_best():
    plain = {"step": 9, "epoch": 1.0, "tokens": 9, "elapsed_s": 2.0, "evaluated_at": 9, "first_loss": None, "data": "d"}
    state = CheckpointState.model_validate({**plain, "best": {"epoch": 1.0, "f1": 0.25, "waiting": 1}})
    assert state.best == Best(epoch=1.0, value=0.25, waiting=1)
    assert CheckpointState.model_validate_json(state.model_dump_json()) == state


@pytest.mark.parametrize("metric", [F1, PERPLEXITY])
def test_of_equal_headlines_the_lower_loss_is_the_better_one_and_the_waiting_goes_on(metric):
    best = Best()
    evaluations = [(0.5, 0.9), (0.5, 0.7), (0.5, 0.8), (0.5, None), (0.5, float("nan")), (0.5, 0.6)]
    better = [best.improve(metric, at, value, 0.0, loss) for at, (value, loss) in enumerate(evaluations, 1)]
    assert better == [True, True, False, False, False, True]
    assert best == Best(epoch=6, value=0.5, waiting=5, loss=0.6)


def test_a_loss_that_was_not_known_is_not_beaten():
    best = Best()
    assert best.improve(F1, 1, 0.5, 0.0, None)
    assert not best.improve(F1, 2, 0.5, 0.0, 0.1)
    assert best.improve(F1, 3, 0.6, 0.0, None)
