"""Dev on the way: the model that is kept, the evaluation that is said, the stop that comes early."""

from __future__ import annotations

import math
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from ft_magics.errors import TrainingError
from ft_magics.events import Evaluated, Notice, RunEnded
from ft_magics.metrics import Metric
from ft_magics.runs.folder import RunFolder
from ft_magics.training import dev_scores
from ft_magics.training.dev_scores import DevScores, as_plain
from ft_magics.training.guard import say_with_care
from ft_magics.training.launch import start_run
from transformers import TrainerControl, TrainerState

from runs import finish

PERPLEXITY = Metric("perplexity", "perplexity", higher_is_better=False, unit="number")
F1 = Metric("f1", "F1")


@pytest.fixture
def epochs(tmp_path, monkeypatch):
    """Evaluates the values of a metric, one an epoch; gives events, tracked values, kept epochs, and the last control."""

    def run(metric, values, patience=None, min_delta=0.0):
        kept, said, tracked = [], [], []
        early = None if patience is None else SimpleNamespace(patience=patience, min_delta=min_delta)
        epoch = 0

        def save(folder):
            kept.append(epoch)
            (folder / "model.safetensors").write_text(str(epoch))

        prepared = SimpleNamespace(
            config=SimpleNamespace(eval=SimpleNamespace(examples=None)),
            metrics=(metric,), corpus=SimpleNamespace(dev=SimpleNamespace(examples=[])), features={"dev": []},
            train=SimpleNamespace(early_stopping=early), trained=SimpleNamespace(save=save, task=None),
        )  # fmt: skip
        (tmp_path / "run").mkdir()
        folder = RunFolder(tmp_path / "run")
        scores = DevScores(prepared, folder, say_with_care(said.append), tracked.append)
        control = TrainerControl()
        for epoch, value in enumerate(values, 1):  # `save` reads it
            result = ({metric.name: value}, {"a": value}, 0.5, [])
            monkeypatch.setattr(dev_scores, "_score_dev", lambda *_, result=result: result)
            scores.evaluate(TrainerState(epoch=float(epoch), global_step=10 * epoch), control)
            if control.should_training_stop:
                break
        return SimpleNamespace(said=said, tracked=tracked, kept=kept, control=control, scores=scores, folder=folder)

    return run


def test_each_evaluation_is_said_and_tracked(epochs):
    done = epochs(F1, [0.5, None])
    first, second = done.said
    assert (first.step, first.epoch, first.split, first.loss, first.best) == (10, 1.0, "dev", 0.5, True)
    assert (first.metrics, first.by_label) == ({"f1": 0.5}, {"a": 0.5})
    assert (second.metrics, second.best) == ({"f1": None}, False)
    assert done.tracked == [{"eval_loss": 0.5, "eval_f1": 0.5}, {"eval_loss": 0.5}]
    assert done.scores.evaluated_at == 20


@pytest.mark.parametrize(("metric", "values", "kept"), [
    (F1, [0.2, 0.6, 0.5, 0.4, 0.9], [1, 2]),
    (PERPLEXITY, [30.0, 12.0, 14.0, 13.0, 9.0], [1, 2]),
])  # fmt: skip
def test_the_best_model_is_kept_and_a_training_without_improvement_stops(epochs, metric, values, kept):
    done = epochs(metric, values, patience=2)
    assert done.kept == kept
    assert (done.folder.model / "model.safetensors").read_text() == "2"
    assert (done.scores.best.epoch, done.scores.best.value) == (2.0, values[1])
    assert done.control.should_training_stop
    assert done.control.should_log
    assert len([event for event in done.said if isinstance(event, Evaluated)]) == 4
    assert done.said[-1].text == f"dev {metric.label} has not improved for 2 evaluations: stopped early at epoch 4"


def test_an_improvement_below_min_delta_is_kept_and_stops_all_the_same(epochs):
    done = epochs(PERPLEXITY, [12.0, 11.9, 11.8], patience=2, min_delta=0.5)
    assert done.kept == [1, 2, 3]
    assert done.control.should_training_stop


def test_without_early_stopping_nothing_stops(epochs):
    done = epochs(F1, [0.5] * 9)
    assert not done.control.should_training_stop
    assert not any(isinstance(event, Notice) for event in done.said)


def test_a_fault_in_scoring_is_said_and_ends_nothing(epochs, monkeypatch):
    done = epochs(F1, [0.5])
    monkeypatch.setattr(dev_scores, "_score_dev", lambda *_: 1 / 0)
    done.scores.evaluate(TrainerState(epoch=2.0, global_step=20), TrainerControl())
    assert done.said[-1].text.startswith("dev could not be evaluated at step 20 (ZeroDivisionError")
    assert done.scores.evaluated_at == 20


def test_a_model_that_cannot_be_kept_ends_the_training(epochs, monkeypatch):
    done = epochs(F1, [0.5])
    done.scores._prepared.trained.save = lambda _: {}["nothing"]
    monkeypatch.setattr(dev_scores, "_score_dev", lambda *_: ({"f1": 0.9}, {}, None, []))
    with pytest.raises(TrainingError, match="the best model cannot be saved in .*KeyError"):
        done.scores.evaluate(TrainerState(epoch=2.0, global_step=20), TrainerControl())


def test_the_last_model_is_kept_where_no_evaluation_chose_one(epochs):
    done = epochs(F1, [0.5])
    done.scores.keep_last()
    assert done.kept == [1]
    done.scores._prepared.features.clear()
    done.scores.keep_last()
    assert done.kept == [1, 1]


def test_values_are_python_s_own_numbers_or_none():
    plain = as_plain({"a": np.float32(0.5), "b": math.nan, "c": math.inf, "d": None, "e": 1})
    assert plain == {"a": 0.5, "b": None, "c": None, "d": None, "e": 1.0}
    assert {type(value) for value in plain.values() if value is not None} == {float}


def test_a_run_whose_metric_is_better_when_lower_says_so_from_its_beginning_to_its_end(prepared, conll, patch):
    """Whatever the task: what is said, chosen and shown follows from what the run says that it measures."""
    values = iter([30.0, 12.0, 14.0, 13.0, 9.0])
    patch.setattr(dev_scores, "_score_dev", lambda *_: ({"perplexity": next(values)}, {}, 0.5, []))
    ready = prepared("epochs: 9, early_stopping: {patience: 2}", data=f"{{train: {conll}, dev: {conll}}}")
    run = finish(start_run("lower", replace(ready, metrics=(PERPLEXITY,))))
    assert run.events[0].metrics == [PERPLEXITY]
    assert run.best == 12.0
    assert repr(run).startswith("<Run lower: done, best dev perplexity 12.00, ")
    assert list(run.history.columns) == ["epoch", "step", "loss", "perplexity", "best"]
    assert list(run.history.perplexity) == [30.0, 12.0, 14.0, 13.0]
    assert list(run.history.best) == [True, True, False, False]
    assert isinstance(run.events[-1], RunEnded)
    assert (run.events[-1].best, run.events[-1].best_epoch) == (12.0, 2.0)
    stopped = [event.text for event in run.events if isinstance(event, Notice)]
    assert "dev perplexity has not improved for 2 evaluations: stopped early at epoch 4" in stopped
