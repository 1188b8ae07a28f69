"""What is said of how a run went: right for made-up histories in both directions, and nothing of a normal one."""

from __future__ import annotations

import math

import pytest
from ft_magics.events import Evaluated, RunEnded, RunEvent, RunStarted, StepDone
from ft_magics.metrics import Metric
from ft_magics.runs.remarks import remarks_of

F1 = Metric("f1", "F1")
PERPLEXITY = Metric("perplexity", "perplexity", higher_is_better=False, unit="number")
UP = [0.28, 0.65, 0.76, 0.8, 0.82, 0.826, 0.812, 0.816]  # of the quickstart, on dev
UP_LOSSES = [0.46, 0.19, 0.128, 0.118, 0.123, 0.122, 0.116, 0.118]
FALLING = [2.2, 1.6, 1.1, 0.7, 0.5, 0.3, 0.2, 0.12, 0.08, 0.05, 0.03, 0.02]


def events(metric, values, *, losses=None, test=None, steps=FALLING, data=None, others=None) -> list[RunEvent]:
    """A run's events; `others` are further metrics of every evaluation."""
    shown = [metric, *(Metric(name, name) for name in others or {})]
    begun = RunStarted(
        name="x", task="t", metrics=shown, model="m", method="full", device="cpu", precision="fp32", epochs=8,
        total_steps=100, parameters=1, trainable_parameters=1, examples=1, config={"data": data or {"dev": "d"}},
    )  # fmt: skip
    told: list[RunEvent] = [begun]
    told += [
        StepDone(step=at, epoch=0.0, loss=loss, learning_rate=0.0, grad_norm=None, tokens_per_s=1.0, elapsed_s=at)
        for at, loss in enumerate(steps, 1)
    ]
    best = None
    for at, value in enumerate(values, 1):
        better = value is not None and (best is None or metric.gain(value, best) > 0)
        best = value if better else best
        told.append(evaluation(metric, at, value, losses[at - 1] if losses else None, others, best=better or at == 1))
    if test is not None:
        told.append(evaluation(metric, len(values), test, None, others, split="test"))
    told.append(RunEnded(status="done", reason="", best_epoch=1, best=best, elapsed_s=9))
    return told


def evaluation(metric, epoch, value, loss, others, *, split="dev", best=False):
    return Evaluated(
        step=epoch * 10, epoch=float(epoch), split=split, loss=loss, metrics={metric.name: value, **(others or {})},
        by_label={}, best=best,
    )  # fmt: skip


def kinds(told, status="done", **known):
    return [remark.kind for remark in remarks_of(told, status, **known)]


def test_of_a_normal_run_nothing_is_said():
    quickstart = events(F1, UP, losses=UP_LOSSES, test=0.796)
    assert kinds(quickstart) == kinds(quickstart, test_interval=(0.727, 0.86)) == []
    perplexity = [30.0, 18.0, 14.0, 12.5, 12.1, 12.0, 12.05, 12.1]
    assert kinds(events(PERPLEXITY, perplexity, losses=UP_LOSSES, test=12.9)) == []
    assert kinds(events(F1, [0.9], test=0.88)) == []


@pytest.mark.parametrize(("metric", "values"), [(F1, [0.28, 0.65, 0.76, 0.8]), (PERPLEXITY, [30.0, 18.0, 14.0, 12.5])])
def test_a_run_that_was_still_improving_at_its_end(metric, values):
    (remark,) = remarks_of(events(metric, values), "done")
    assert remark.kind == "still_rising"
    assert "more epochs or a higher learning rate" in remark.text
    assert {F1: "76.00 → 80.00", PERPLEXITY: "14.00 → 12.50"}[metric] in remark.text
    assert kinds(events(metric, values), "stopped") == []  # whoever stopped it knows


@pytest.mark.parametrize(
    ("metric", "values"),
    [
        (F1, [0.7, 0.8, 0.801]),  # a thousandth is nothing to act on
        (F1, [0.7, 0.8, 0.74, 0.815]),  # nor is a rise that is less than the fall before it
        (PERPLEXITY, [20.0, 12.0, 11.9]),
        (PERPLEXITY, [20.0, 12.0, 14.0, 11.5]),
    ],
)
def test_a_small_or_noisy_gain_is_no_rise(metric, values):
    assert kinds(events(metric, values)) == []


@pytest.mark.parametrize(("metric", "values"), [(F1, [0.8, 0.78, 0.75]), (PERPLEXITY, [12.0, 13.0, 15.0])])
def test_best_at_first_and_worse_since_is_overfitting(metric, values):
    (remark,) = remarks_of(events(metric, values, losses=[0.5, 0.6, 0.8]), "done")
    assert remark.kind == "overfitting"
    assert "(epoch 1)" in remark.text
    assert kinds(events(metric, values)) == ["overfitting"]
    assert kinds(events(metric, values, losses=[0.5, 0.45, 0.4])) == []  # the loss says otherwise
    assert kinds(events(metric, values[:2])) == []  # two are no trend
    assert kinds(events(metric, [values[0], *values[:2]], losses=[0.5, 0.6, 0.8])) == ["tie"]


def test_a_loss_that_stays_or_rises():
    flat = [0.69, 0.7, 0.68, 0.69] * 5
    (remark,) = remarks_of(events(F1, [0.33, 0.33, 0.335], losses=[0.7, 0.71, 0.69], steps=flat), "done")
    assert remark.kind == "loss_flat"
    assert "hardly changed" in remark.text
    (remark,) = remarks_of(events(F1, [0.5], steps=[0.2, 0.2, 0.5, 0.9, 1.5, 2.5, 3.0, 3.0, 3.0, 3.0]), "done")
    assert "rose (from 0.2 to 3)" in remark.text
    assert kinds(events(F1, [0.3, 0.6, 0.602], steps=flat)) == []  # it learned all the same
    assert kinds(events(F1, [0.5], steps=flat[:9])) == []  # too few to say
    assert kinds(events(F1, [0.5], steps=[*FALLING, math.nan, math.inf])) == []


def test_dev_far_above_test_needs_more_than_chance():
    assert kinds(events(F1, [0.9], test=0.82), test_interval=(0.78, 0.86)) == ["dev_above_test"]
    assert kinds(events(F1, [0.9], test=0.82), test_interval=(0.72, 0.92)) == []
    assert kinds(events(F1, [0.9], test=0.82)) == []  # no interval: only what is far beyond
    assert kinds(events(F1, [0.9], test=0.78)) == ["dev_above_test"]
    assert kinds(events(F1, [0.78], test=0.9)) == []
    assert kinds(events(PERPLEXITY, [10.0], test=18.0)) == ["dev_above_test"]
    assert kinds(events(PERPLEXITY, [10.0], test=13.0), test_interval=(12.0, 14.0)) == ["dev_above_test"]
    assert kinds(events(PERPLEXITY, [15.0], test=10.0)) == []


def test_a_model_that_predicts_nothing():
    (remark,) = remarks_of(events(F1, [0.0, 0.0], losses=[0.5, 0.4], others={"precision": None}), "done")
    assert remark.kind == "predicts_nothing"
    assert remark.text.startswith("The model predicts nothing at all: F1 on dev is 0, and there is no precision.")
    (remark,) = remarks_of(events(F1, [0.0, 0.0], others={"precision": 0.0}), "stopped")
    assert remark.text.startswith("Nothing on dev is predicted right: F1 is 0 at every evaluation.")
    (remark,) = remarks_of(events(PERPLEXITY, [None, None]), "done")
    assert remark.text.startswith("perplexity on dev does not exist at any evaluation")
    assert kinds(events(PERPLEXITY, [0.0, 0.0])) == ["tie"]  # where less is better, 0 is the best
    assert kinds(events(F1, [0.0, 0.4, 0.43], losses=[0.5, 0.4, 0.39])) == ["still_rising"]
    assert "predicts_nothing" in kinds(events(F1, [], test=0.0, data={"test": "t"}))


def test_without_dev_nothing_was_selected():
    told = events(F1, [], test=0.8, data={"train": "a", "dev": None})
    assert kinds(told) == kinds(told[:-1], "running") == ["no_dev"]
    assert kinds(events(F1, [], data={"dev": {"fraction": 0.1}})[:-1], "running") == []


def test_a_tie_names_the_model_that_is_kept():
    told = events(F1, [0.5, 0.8, 0.8, 0.7], losses=[0.9, 0.4, 0.3, 0.5])
    at = next(at for at, event in enumerate(told) if isinstance(event, Evaluated) and event.epoch == 3)
    told[at] = evaluation(F1, 3, 0.8, 0.3, None, best=True)
    (remark,) = remarks_of(told, "done")
    assert remark.text == (
        "Dev F1 is 80.00 at epochs 2, 3 alike; kept is the model of epoch 3, whose dev loss is the lowest."
    )


def test_while_a_run_is_under_way_nothing_else_is_said():
    assert kinds(events(F1, [0.0, 0.0], others={"precision": None})[:-1], "running") == []
    assert remarks_of([], "crashed") == []
