"""What is chosen where a cell leaves it open: the rule, and where the values go."""

from __future__ import annotations

import pytest
from ft_magics.config.train import EarlyStopping, TrainConfig
from ft_magics.display.event_text import event_text
from ft_magics.display.run_summary import page_of
from ft_magics.runs.cells import config_of, parse_cell
from ft_magics.runs.reading import load
from ft_magics.training.fitting import fit_train, keep_chosen
from ft_magics.training.launch import prepare_in_turn, resume_run, start_run

from runs import assert_same_end, finish

MINILM, BASE, LARGE = 10_700_000, 86_000_000, 303_000_000  # without their embeddings
ROWS = [1, 7, 20, 100, 280, 999, 1000, 1001, 1999, 2000, 3394, 10_000, 19_999, 20_000, 100_000, 1_000_000]


def fit(parameters=MINILM, rows=1000, classes=None, *, dev=True, factor=1.0, **given):
    return fit_train(
        TrainConfig(**given), parameters=parameters, rows=rows, classes=classes, dev=dev, rate_factor=factor
    )


def rate(*arguments, **named):
    return fit(*arguments, **named).train.learning_rate


def test_a_larger_model_takes_no_larger_rate():
    sizes = [1, 10_000, 400_000, MINILM, 21_000_000, 43_000_000, BASE, LARGE, 10**10]
    rates = [rate(size) for size in sizes]
    assert rates == sorted(rates, reverse=True)
    assert all(1e-6 < each <= 1e-3 for each in rates)


@pytest.mark.parametrize(("size", "least", "most"), [(MINILM, 1e-4, 4e-4), (BASE, 2e-5, 1e-4), (LARGE, 1e-5, 5e-5)])
def test_rates_are_those_of_the_literature(size, least, most):
    assert all(least <= rate(size, rows) <= most for rows in ROWS)


def test_fewer_rows_make_no_fewer_epochs():
    epochs = [fit(rows=rows).train.epochs for rows in ROWS]
    assert epochs == sorted(epochs, reverse=True)


@pytest.mark.parametrize("rows", ROWS)
def test_fewer_classes_make_no_more_epochs_and_another_rate_never(rows):
    fitted = [fit(rows=rows, classes=classes).train for classes in (2, 3, 6, 20, 77, None)]
    assert [train.epochs for train in fitted] == sorted(train.epochs for train in fitted)
    assert len({train.learning_rate for train in fitted}) == 1 or rows < 100  # where there are 200 steps at least


def test_few_rows_of_few_classes_are_not_seen_as_often_as_those_of_tags():
    assert fit(rows=306, classes=6).train.epochs == 11
    assert fit(rows=306).train.epochs == 20
    assert "306 rows of 6 classes" in fit(rows=306, classes=6).why[1]


def test_few_rows_make_enough_steps_and_very_many_make_one_to_three_epochs():
    few = fit(rows=20).train
    assert few.epochs * -(-20 // few.batch_size) >= 200
    assert 1 <= fit(rows=200_000).train.epochs <= 3
    assert fit(rows=5_000_000).train.epochs == 1


@pytest.mark.parametrize("rows", ROWS)
def test_more_rows_make_no_fewer_steps_and_no_smaller_batch(rows):
    one, more = fit(rows=rows).train, fit(rows=2 * rows).train
    assert more.batch_size >= one.batch_size
    assert 1 <= one.batch_size <= 32


def test_what_the_cell_says_is_kept_and_not_explained():
    given = {"epochs": 3.0, "learning_rate": 7e-5, "batch_size": 5, "early_stopping": None, "warmup": 0.2, "seed": 4}
    fitted = fit(**given)
    assert fitted.why == ()
    assert {name: getattr(fitted.train, name) for name in given} == given


def test_the_rest_fits_to_what_is_given():
    usual = fit().train
    assert rate(epochs=1.0) > usual.learning_rate > rate(epochs=10 * usual.epochs)
    assert rate(batch_size=4 * usual.batch_size) > usual.learning_rate > rate(batch_size=1)
    assert fit(epochs=40.0).train.early_stopping.patience > fit(epochs=8.0).train.early_stopping.patience
    assert fit(gradient_accumulation=4).train.batch_size == usual.batch_size // 4
    assert fit(gradient_accumulation=1000).train.batch_size == 1
    short = fit(max_steps=3).train
    assert 0 < short.epochs < 1
    assert short.learning_rate > usual.learning_rate
    assert fit(rows=3, max_steps=10**9).train.epochs == 10_000  # as many as a cell may say


def test_a_method_says_how_many_times_the_rate_of_full_fine_tuning_it_takes():
    assert rate(factor=10.0) == pytest.approx(10 * rate(), rel=0.05)


def test_early_stopping_is_on_where_there_is_dev_and_waits_at_least_half_of_the_epochs():
    for rows in ROWS:
        train = fit(rows=rows).train
        assert train.early_stopping.patience >= max(3, train.epochs / 2)
    assert fit(dev=False).train.early_stopping is None
    assert fit(early_stopping=None).train.early_stopping is None
    assert fit(early_stopping=EarlyStopping(patience=1)).train.early_stopping.patience == 1


LEAST = "task: ner\nmodel: m\ndata: {train: a, dev: b}\n"


@pytest.mark.parametrize(
    ("said", "known"),
    [
        ("", "auto"),
        ("early_stopping: auto", "auto"),
        ("early_stopping: false", None),
        ("early_stopping: null", None),
        ("early_stopping: true", EarlyStopping()),
        ("early_stopping: {patience: 7}", EarlyStopping(patience=7)),
    ],
)
def test_early_stopping_can_be_left_open_turned_off_and_set(said, known):
    config = parse_cell(f"{LEAST}train: {{{said}}}", {})
    assert config.train.early_stopping == known
    assert config_of(config.to_plain()).train == config.train


def test_auto_may_be_written_and_set():
    config = parse_cell(f"{LEAST}train: {{epochs: auto, lr: auto, batch_size: 4}}", {}, ["train.batch_size=auto"])
    assert config.train == TrainConfig()


def test_what_was_chosen_stands_in_config_yaml_the_log_and_on_the_page(prepared, tmp_path):
    plan = prepared("")
    run = finish(start_run("open", plan))
    saved = load(tmp_path / "ft_runs" / "open")
    train = saved.folder.read_config()["train"]
    assert train["epochs"] == run.config.train.epochs == plan.train.epochs == run.events[0].epochs
    assert train["learning_rate"] == plan.train.learning_rate
    assert train["batch_size"] == plan.train.batch_size
    assert train["early_stopping"]["patience"] == plan.train.early_stopping.patience
    assert saved.events[0].chosen == list(plan.chosen)
    assert len(plan.chosen) == 4
    for line in plan.chosen:
        assert line in page_of(saved.events, saved.status, name="x").settings
        assert line in event_text(saved.events[0])
    said = prepared("epochs: 1, learning_rate: 1e-3, batch_size: 4, early_stopping: false")
    assert said.chosen == ()
    assert "early_stopping: null" in start_and_read(said)


def start_and_read(plan):
    run = finish(start_run("said", plan))
    return (run.dir / "config.yaml").read_text()


def test_a_dry_run_says_what_was_chosen(run_cell, cell):
    shown = run_cell(cell("batch_size: 4").replace("%%finetune small", "%%finetune small --dry-run"))
    assert "learning_rate" in shown
    assert "beside the embeddings" in shown
    assert "batch_size 4" not in shown  # it was given


def test_a_resumed_run_keeps_what_was_chosen_whatever_the_rule_says_now(prepared, cell, patch):
    settings = "epochs: 3, batch_size: 4"
    whole = finish(start_run("whole", prepared(settings)))
    run = start_run("cut", prepared(settings))
    run.stop("for the test")
    run.wait()
    patch.setattr("ft_magics.training.fitting._RATE_OF_BASE", 1e-6)
    again = prepare_in_turn(parse_cell(cell(settings).partition("\n")[2], {}), load(run.dir))
    assert again.train.learning_rate == run.config.train.learning_rate
    assert prepared(settings).train.learning_rate != run.config.train.learning_rate
    assert_same_end(finish(resume_run("cut", again)), whole)


def test_a_run_of_version_0_1_is_resumed_without_early_stopping():
    said = {"epochs": 4.0, "learning_rate": 1e-4, "batch_size": 8}  # and nothing of early stopping
    old = config_of({"task": "ner", "model": "m", "data": {"train": "a", "dev": "b"}, "train": said})
    assert old.train.early_stopping is None
    kept = keep_chosen(parse_cell(LEAST, {}), old).train
    assert (kept.epochs, kept.learning_rate, kept.batch_size, kept.early_stopping) == (4, 1e-4, 8, None)
