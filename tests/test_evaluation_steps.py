"""`eval: {every: …}`: dev evaluated every so many steps, or only after some epochs; resumed, stopped early, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ft_magics.config.train import EarlyStopping
from ft_magics.display.event_text import event_text
from ft_magics.display.run_summary import page_of
from ft_magics.errors import CellError
from ft_magics.events import CheckpointSaved, Evaluated, Notice, RunResumed
from ft_magics.metrics import Metric
from ft_magics.runs.cells import config_of, parse_cell
from ft_magics.runs.history import dev_evaluations
from ft_magics.training import dev_scores
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run

from runs import assert_same_end, finish

LEAST = "task: ner\nmodel: m\ndata: {train: a, dev: b}\n"
EPOCHS = "epochs: 2.5, batch_size: 4, learning_rate: 1e-3"  # 6 steps each


class Died(BaseException):
    """Ends a training thread without the run's own clean-up of checkpoints."""


def steps_of(run):
    return [event.step for event in dev_evaluations(run.events)]


def die_at(patch, step):
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == step:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)


@pytest.mark.parametrize(
    ("train", "every", "expected"),
    [
        (EPOCHS, "{steps: 4}", [4, 8, 12, 15]),  # the end of the second epoch is one of them
        (EPOCHS, "{steps: 5}", [5, 10, 15]),
        (EPOCHS, "{epochs: 2}", [12, 15]),
        ("max_steps: 7, batch_size: 5, gradient_accumulation: 3", "{steps: 3}", [3, 6, 7]),  # 2 steps an epoch
    ],
)
def test_dev_is_evaluated_after_so_many_steps_and_at_the_end(prepared, train, every, expected):
    run = finish(start_run("often", prepared(train, extra=f"eval: {{every: {every}}}")))
    assert steps_of(run) == expected
    assert list(run.history.step) == expected
    assert [event.epoch.is_integer() for event in dev_evaluations(run.events)].count(True) <= 3
    best = max(event.metrics["f1"] for event in dev_evaluations(run.events))
    assert run.report("dev").micro.f1 == best == run.best


@pytest.mark.parametrize(
    ("method", "train", "saved_and_died"),
    [
        ("full", EPOCHS, ("{steps: 1}", 7)),  # between two evaluations
        ("full", EPOCHS, ("{steps: 4}", 10)),  # a checkpoint falls on an evaluation
        ("full", EPOCHS, ("{steps: 4}", 4)),  # at the step of the first evaluation, before it
        ("gradual", "max_steps: 14, batch_size: 3, gradient_accumulation: 2, learning_rate: 1e-3", ("{steps: 3}", 11)),
        ("{lora: {r: 2}}", EPOCHS, ("{steps: 3}", 11)),
    ],
)
def test_a_run_that_dies_between_evaluations_ends_the_same(prepared, patch, method, train, saved_and_died):
    save, step = saved_and_died
    extra = f"eval: {{every: {{steps: 4}}}}\nsave: {{every: {save}}}\nmethod: {method}"
    whole = finish(start_run("whole", prepared(train, extra=extra)))
    with patch.context() as once:
        die_at(once, step)
        assert start_run("broken", prepared(train, extra=extra)).wait(120)
    again = finish(resume_run("broken", prepared(train, extra=extra)))
    assert next(event.step for event in again.events if isinstance(event, RunResumed)) < step
    assert_same_end(again, whole)


def test_what_a_stop_evaluated_is_done_again_and_what_was_due_is_not(prepared):
    extra = "eval: {every: {steps: 4}}\nsave: {every: {steps: 4}}"
    whole = finish(start_run("whole", prepared(EPOCHS, extra=extra)))
    for step in (4, 7):
        run = _stopped_at(step, prepared(EPOCHS, extra=extra))
        assert steps_of(run)[-1] == step
        assert [event.step for event in run.events if isinstance(event, CheckpointSaved)][-1] == step
        again = finish(resume_run(run.name, prepared(EPOCHS, extra=extra)))
        assert steps_of(again) == steps_of(whole)
        assert_same_end(again, whole)


def _stopped_at(step, prepared):
    with pytest.MonkeyPatch.context() as once:
        ended = RunCallback.on_step_begin

        def stop(self, args, state, control, **named):
            if state.global_step == step - 1:
                self.steering.stop("stopped by the test")
            return ended(self, args, state, control, **named)

        once.setattr(RunCallback, "on_step_begin", stop)
        return finish(start_run(f"cut_{step}", prepared))


def test_patience_counts_evaluations_and_min_delta_is_in_the_metrics_own_units(prepared, conll, patch):
    """Of a metric that is no share a gain of 2 is small, and the smaller ones are kept all the same."""
    values = iter([30.0, 29.0, 28.5, 28.2, 9.0])
    patch.setattr(dev_scores, "_score_dev", lambda *_: ({"error": next(values)}, {}, 0.5, []))
    error = Metric("error", "RMSE", higher_is_better=False, unit="number")
    ready = prepared(
        "epochs: 9, batch_size: 4",
        data=f"{{train: {conll}, dev: {conll}}}",
        extra="eval: {every: {steps: 4}}",
    )
    early = EarlyStopping(patience=2, min_delta=2)
    train = ready.train.model_copy(update={"early_stopping": early})
    run = finish(start_run("patient", replace(ready, metrics=(error,), train=train)))
    assert steps_of(run) == [4, 8, 12]
    assert list(run.history.best) == [True, True, True]
    texts = [event.text for event in run.events if isinstance(event, Notice)]
    assert "dev RMSE has not improved for 2 evaluations: stopped early at epoch 2" in texts  # 12 steps


def test_an_early_stop_within_an_epoch_names_its_step_and_resumes_as_over(prepared, patch):
    extra = "eval: {every: {steps: 4}}\nsave: {every: {steps: 2}}"
    train = "epochs: 30, batch_size: 4, learning_rate: 1e-6, early_stopping: {patience: 1}"
    whole = finish(start_run("whole", prepared(train, extra=extra)))
    texts = [event.text for event in whole.events if isinstance(event, Notice)]
    assert "dev F1 has not improved for 1 evaluation: stopped early at step 8" in texts
    assert steps_of(whole) == [4, 8]

    def die(*_):
        raise Died

    with patch.context() as once:
        once.setattr("ft_magics.training.worker._evaluate", die)
        assert start_run("broken", prepared(train, extra=extra)).wait(120)
    again = finish(resume_run("broken", prepared(train, extra=extra)))
    assert_same_end(again, whole)


def test_words_name_steps_where_evaluations_are_counted_in_steps(prepared):
    run = finish(start_run("worded", prepared("max_steps: 9, batch_size: 4", extra="eval: {every: {steps: 4}}")))
    page = page_of(run.events, run.status, name="worded")
    assert page.dev.heads[:2] == ["step", "epoch"]
    assert [row.cells[:2] for row in page.dev.rows] == [["4", "0.67"], ["8", "1.33"], ["9", "1.5"]]
    assert page.labels is None or (
        page.labels.title.endswith("over steps") and page.labels.heads[2:] == ["step 4", "step 8", "step 9"]
    )
    assert "at step " in " ".join(page.score_about)
    assert "epoch" not in " ".join([*page.score_about, *page.remarks])
    first = next(event for event in run.events if isinstance(event, Evaluated))
    assert event_text(first).startswith("step 4, epoch 0.67: dev")
    parts = {part.title: part for part in run.report("dev").sections()}
    assert parts["Dev scores every so many steps"].columns[0] == "step"
    assert [row.cells[0].text for row in parts["Dev scores every so many steps"].rows] == ["4", "8", "9"]
    assert parts["Dev scores over steps"].x_label == "step"


def test_a_gain_that_no_share_can_have_is_refused(prepared):
    with pytest.raises(CellError, match="F1 is a share from 0 to 1, so no gain is larger than 1; .* `0.01`"):
        prepared("max_steps: 2, early_stopping: {min_delta: 1}")


def test_the_patience_that_is_chosen_counts_evaluations(prepared):
    fitted = prepared("epochs: 4, batch_size: 4", extra="eval: {every: {steps: 2}}").train
    assert fitted.early_stopping.patience == 6  # half of 12
    assert prepared("epochs: 4, batch_size: 4").train.early_stopping.patience == 3


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("eval: {every: {steps: 2, epochs: 1}}", "expected one of steps and epochs"),
        ("eval: {every: {minutes: 2}}", "minutes"),
        ("eval: {every: {steps: 0}}", "found 0, expected greater than or equal to 1"),
        ("train: {eval_steps: 5}", "as `eval: {every: {steps: 200}}` says"),
        ("train: {early_stopping: {min_delta: -1}}", "found -1, expected greater than or equal to 0"),
    ],
)
def test_what_cannot_be_is_said(said, text):
    with pytest.raises(CellError, match=text.replace("{", r"\{")):
        parse_cell(f"{LEAST}{said}\n", {})


def test_evaluations_need_dev():
    with pytest.raises(CellError, match="how often dev is evaluated, and there is no dev split"):
        parse_cell("task: ner\nmodel: m\ndata: {train: a}\neval: {every: {steps: 2}}\n", {})
    assert config_of(parse_cell("task: ner\nmodel: m\ndata: {train: a}\neval:\n", {}).to_plain()).eval.every.epochs == 1
