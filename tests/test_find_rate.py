"""`--find-rate`: rates are tried briefly, dev says which is best, the cell with it is written, and nothing is kept."""

from dataclasses import replace

import pytest
from ft_magics.display.rates_page import rates_bundle, reason_for
from ft_magics.errors import CellError
from ft_magics.magics.rate_in_cell import cell_with_rate
from ft_magics.metrics import Metric
from ft_magics.runs.cells import parse_cell
from ft_magics.studies.rates import TriedRate, prepare_sweep, suggestion_of
from ft_magics.training.turns import training_here

from runs import finish

F1, LOSS = Metric("f1", "F1"), Metric("mse", "MSE", higher_is_better=False, unit="number")
BRIEF = "max_steps: 2, batch_size: 8"


def tried(rate, score, loss=1.0, fault=""):
    return TriedRate(rate=rate, score=score, loss=None if fault else loss, train_loss=0.5, fault=fault)


@pytest.mark.parametrize(
    ("rates", "metric", "rate", "by_loss", "at_end"),
    [
        ([tried(1e-4, 0.5), tried(2e-4, 0.8), tried(4e-4, 0.7)], F1, 2e-4, False, ""),
        ([tried(1e-4, 0.5), tried(2e-4, 0.7), tried(4e-4, 0.8)], F1, 4e-4, False, "highest"),
        ([tried(1e-4, 0.0, 0.9), tried(2e-4, 0.0, 0.8), tried(4e-4, 0.0, 0.85)], F1, 2e-4, True, ""),
        ([tried(1e-4, 9.0), tried(2e-4, 3.0), tried(4e-4, 5.0)], LOSS, 2e-4, False, ""),
        ([tried(1e-4, 0.5), tried(2e-4, None, fault="the loss is NaN")], F1, 1e-4, False, "lowest"),
        ([tried(1e-4, None, 0.4), tried(2e-4, None, 0.3), tried(4e-4, None, 0.5)], F1, 2e-4, True, ""),
    ],
)
def test_dev_chooses_by_its_headline_and_where_that_is_equal_by_its_loss(rates, metric, rate, by_loss, at_end):
    found = suggestion_of(rates, metric)
    assert (found.tried.rate, found.by_loss, found.at_end) == (rate, by_loss, at_end)


def test_of_two_rates_that_dev_cannot_tell_apart_the_lower_is_taken():
    rates = [tried(1e-4, 0.60), tried(2e-4, 0.68), replace(tried(4e-4, 0.70), error=0.05), tried(8e-4, 0.4)]
    found = suggestion_of(rates, F1)
    assert (found.tried.rate, found.best.rate) == (2e-4, 4e-4)  # one step at most
    rates[2] = replace(rates[2], error=0.01)
    assert suggestion_of(rates, F1).tried.rate == 4e-4
    rates = [tried(1e-4, 0.60), replace(tried(2e-4, 0.62), error=0.05)]
    assert suggestion_of(rates, F1).at_end == "highest"


def test_where_nothing_could_be_evaluated_there_is_no_suggestion():
    assert suggestion_of([tried(1e-4, None, fault="out of memory")], F1) is None


@pytest.mark.parametrize(
    ("line", "body", "expected"),
    [
        ("ner --find-rate", "train: {epochs: 3}", "%%finetune ner\n…train: {learning_rate: 0.0004, epochs: 3}\n"),
        ("--find-rate ner", "train: {}", "%%finetune ner\n…train: {learning_rate: 0.0004}\n"),
        ("ner --find-rate", "train: {epochs: 3, lr: 2e-5}  # so", "…train: {epochs: 3, lr: 0.0004}  # so\n"),
        ("ner --find-rate", "train:\n    epochs: 3 # few", "…train:\n    learning_rate: 0.0004\n    epochs: 3 # few\n"),
        (
            "ner --find-rate",
            "train:\n  learning_rate: auto\n  epochs: 3",
            "…train:\n  learning_rate: 0.0004\n  epochs: 3\n",
        ),
        ("ner --find-rate", "# learning_rate: 1", "…# learning_rate: 1\ntrain: {learning_rate: 0.0004}\n"),
        (
            "ner --find-rate --set train.learning_rate=1e-5",
            "train: {epochs: 3}",
            "%%finetune ner --set train.learning_rate=1e-5 --set train.learning_rate=0.0004\n…train: {epochs: 3}\n",
        ),
        ("ner --find-rate --set train.epochs=2", "", "%%finetune ner --set train.epochs=2\n…"),
    ],
)
def test_the_cell_to_copy_is_the_cell_with_that_rate_and_nothing_else_changed(line, body, expected):
    start = "task: ner\nmodel: minilm\ndata: {train: $data}\n"

    def rate_of(text, overrides):
        return parse_cell(text, {"data": []}, overrides).train.learning_rate

    text = cell_with_rate(line, start + body, 4e-4, rate_of)
    before, _, after = expected.partition("…")
    assert text.startswith(f"{before}{start}" if before else "%%finetune ner")
    assert text.endswith(after)
    head, _, written = text.partition("\n")
    assert rate_of(written, [word.removeprefix("--set ") for word in head.split(" --set ")[1:]]) == 4e-4


def test_rates_are_tried_from_the_same_beginning_and_nothing_of_the_name_is_touched(cell, run_cell, shell, tmp_path):
    run_cell(cell(BRIEF))
    run = finish(shell.user_ns["small"])
    before = {path: path.read_bytes() for path in run.dir.rglob("*") if path.is_file()}
    printed = run_cell(cell(BRIEF).replace("small\n", "small --find-rate\n", 1))
    assert "Which learning rate for small?" in printed
    assert "Each for 2 of 2 steps" in printed
    assert "never by test" in printed
    assert shell.user_ns["small"] is run
    assert {path: path.read_bytes() for path in run.dir.rglob("*") if path.is_file()} == before
    assert [path.name for path in (tmp_path / "ft_runs").iterdir() if not path.name.startswith(".")] == ["small"]
    assert shell.rl_next_input.startswith("%%finetune small\n")
    assert "learning_rate: " in shell.rl_next_input
    assert training_here() is None


def test_the_same_rate_gives_the_same_numbers_and_test_is_not_there(cell):
    sweep = prepare_sweep(parse_cell(cell(BRIEF).partition("\n")[2], {}), "small")
    assert sweep._inputs.corpus.test is None
    assert set(sweep._encoded) == {"train", "dev"}
    one, other = (sweep._try(1e-3, lambda: False) for _ in range(2))
    assert one == other
    assert one.loss is not None


def test_a_sweep_that_is_stopped_gives_what_there_is_so_far(cell, run_cell, shell, patch):
    from ft_magics.studies.rates import RateSweep

    one = RateSweep._try

    def once(sweep, rate, asked_to_stop):
        return one(sweep, rate, (lambda: True) if sweep.tried else asked_to_stop)

    patch.setattr(RateSweep, "_try", once)
    printed = run_cell(cell("max_steps: 400, batch_size: 8").replace("small\n", "small --find-rate\n", 1))
    assert printed.count("Trying") <= 3
    assert "Which learning rate for small? " in printed
    assert shell.rl_next_input.startswith("%%finetune small\n")
    assert "small" not in shell.user_ns


def test_a_rate_at_which_training_breaks_is_told_and_not_suggested(cell):
    sweep = prepare_sweep(parse_cell(cell("max_steps: 40, batch_size: 8").partition("\n")[2], {}), "small")
    sweep._took(sweep._try(1e-3, lambda: False))
    sweep._took(TriedRate(rate=0.5, score=None, loss=None, train_loss=None, fault="the loss is <NaN>"))
    html = rates_bundle(sweep)["text/html"]
    assert "the loss is &lt;NaN&gt;" in html
    assert sweep.suggestion().tried.rate == 1e-3


def test_the_reason_names_the_neighbours_and_what_is_taken_else(cell):
    sweep = prepare_sweep(parse_cell(cell(BRIEF).partition("\n")[2], {}), "small")
    sweep.tried = [tried(1e-4, 0.5), tried(2e-4, 0.8), tried(4e-4, 0.7)]
    said = reason_for(sweep, sweep.suggestion())
    assert said.startswith("0.0002 has the best dev F1, 80.00; 0.0001 has 50.00, 0.0004 has 70.00.")
    assert f"Left open, the cell takes {sweep.fitted:g}." in said
    sweep.steps, sweep.whole = 100, 1600
    assert sweep.for_whole(2e-4) == 1e-4
    assert "A training of 16.0 times as many steps takes a lower one (by their fourth root): 0.0001." in reason_for(
        sweep, sweep.suggestion()
    )
    sweep.tried = [tried(1e-4, 0.0, 0.9), tried(2e-4, 0.0, 0.8)]
    assert "too few to tell them apart" in reason_for(sweep, sweep.suggestion())
    sweep.tried = [tried(1e-4, 0.78), replace(tried(2e-4, 0.8), error=0.04)]
    assert "of two that dev cannot tell apart the lower is the safer one" in reason_for(sweep, sweep.suggestion())
    sweep.tried = [tried(1e-4, 0.78), tried(2e-4, 0.8)]
    bundle = rates_bundle(sweep)
    assert bundle["text/html"].count("<img") == 1
    assert "★ best" in bundle["text/plain"]


def test_without_dev_it_is_said_what_to_do(cell, conll):
    with pytest.raises(CellError, match=r"judges rates by dev.*such as `dev: \{fraction: 0\.1\}`"):
        prepare_sweep(parse_cell(cell(BRIEF, data=f"{{train: {conll}}}").partition("\n")[2], {}), "small")


@pytest.mark.parametrize("flag", ["--dry-run", "--resume", "--bg"])
def test_flags_that_do_not_go_with_it(cell, run_cell, flag):
    printed = run_cell(cell(BRIEF).replace("small\n", f"small --find-rate {flag}\n", 1))
    assert f"it does not go with {flag}" in printed
