"""Several seeds in one cell: a run each, one report and one page, stopped, killed and resumed as one."""

import json
import time

import ft_magics
import pytest
from ft_magics.display.seeds_page import SeedsPage
from ft_magics.errors import CellError, RunError
from ft_magics.events import CheckpointSaved, StepDone
from ft_magics.runs.cells import config_of, parse_cell
from ft_magics.studies.seed_runs import prepare_seeds
from ft_magics.studies.seeds import SeedStudy
from ft_magics.studies.training import begin_study
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare
from ft_magics.training.turns import training_here

from lives import CAN_FORK, forks, stand_still
from runs import assert_same_end, finish

LEARNS = "epochs: 3, batch_size: 4, learning_rate: 1e-2"
SEEDS = "seeds: [1, 2, 3]"


def body(cell, train=LEARNS, extra=SEEDS, **named):
    return cell(train, extra=extra, **named).partition("\n")[2]


def begin(text, name="small", before=None):
    return begin_study(name, prepare_seeds(parse_cell(text, {}), name, before))


def ended(study):
    assert study.wait(240)
    if study.exception:
        raise study.exception
    return study


@pytest.fixture(scope="module")
def undisturbed(tiny_model, tmp_path_factory):
    """The runs of three seeds that nothing happened to, and where they are."""
    from conftest import CONLL

    folder = tmp_path_factory.mktemp("undisturbed")
    data = folder / "small.conll"
    data.write_text(CONLL * 8, encoding="utf-8")
    text = (
        f"task: ner\nmodel: {tiny_model}\ndata: {{train: {data}, dev: {data}, test: {data}}}\n"
        f"train: {{{LEARNS}}}\nsave: {{dir: {folder}}}\n{SEEDS}"
    )
    return ended(begin(text)), text


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("seeds: 3", "found the number 3, expected a list of whole numbers"),
        ("seeds: [1]", "expected at least two; for one it is `train: {seed: 1}`"),
        ("seeds: [2, 1, 2]", "2 is there twice"),
        ("seeds: [1, -2]", "found -2, expected greater than or equal to 0"),
    ],
)
def test_seeds_that_make_no_several_runs_are_refused_with_their_line(cell, extra, said):
    with pytest.raises(CellError) as caught:
        parse_cell(body(cell, extra=extra), {})
    assert said in str(caught.value)
    assert "line 6  seeds" in str(caught.value)


@pytest.mark.parametrize("train", ["seeds: [4, 5]", "seed: [4, 5]"])
def test_seeds_may_stand_under_train_too(cell, train):
    config = parse_cell(body(cell, train, ""), {})
    assert config.seeds == [4, 5]
    assert config_of(config.to_plain()) == config


def test_one_seed_and_several_do_not_go_together(cell):
    with pytest.raises(CellError, match=r"train\.seed: does not go with `seeds`"):
        parse_cell(body(cell, "seed: 3"), {})


def test_each_seed_is_a_run_that_ends_as_it_would_alone(undisturbed):
    study, text = undisturbed
    assert [run.status for run in study.runs] == ["done"] * 3
    assert [run.config.train.seed for run in study.runs] == [1, 2, 3]
    alone = text.replace(SEEDS, "").replace("train: {epochs", "train: {seed: 2, epochs")
    alone = alone.replace(f"save: {{dir: {study.dir.parent}}}", "")
    assert_same_end(finish(start_run("alone", prepare(parse_cell(alone, {})))), study.runs[1])
    assert "seeds" not in study.runs[1].folder.read_config()


def test_what_the_data_are_is_read_once(cell, monkeypatch):
    from ft_magics.tasks.ner.task import NerTask

    read, encoded = NerTask.read, NerTask.encode
    calls = []
    monkeypatch.setattr(NerTask, "read", classmethod(lambda _, *a, **n: (calls.append("read"), read(*a, **n))[1]))
    monkeypatch.setattr(NerTask, "encode", lambda task, *a, **n: (calls.append("encode"), encoded(task, *a, **n))[1])
    ended(begin(body(cell, "max_steps: 2, batch_size: 4")))
    assert calls == ["read", "encode"]  # train, dev and test are the same file


def test_a_cell_binds_the_seeds_and_every_word_takes_them(cell, run_cell):
    printed = run_cell(cell(LEARNS, extra=SEEDS))
    study = run_cell.result.success and ft_magics.load("ft_runs/small")
    assert "F1" in printed
    assert "± over seeds" in printed
    assert isinstance(study, SeedStudy)
    assert (study.status, len(study.runs)) == ("done", 3)
    assert "small · 3 seeds · test" in run_cell("%ft report small")
    assert "3 of 3 seeds" in run_cell("%ft status small")
    assert "small_seed_2" in run_cell("%ft report small_seed_2")
    assert "is not running: done" in run_cell("%ft stop small")
    assert "nothing to resume" in run_cell("%ft resume small")
    listed = run_cell("%ft runs")
    assert all(f"small_seed_{seed}" in listed for seed in (1, 2, 3))
    assert "small_seed_1, small_seed_2, small_seed_3" in run_cell("%ft script small")
    run_cell("found = small.predict('Ada Lovelace')")
    assert run_cell.result.success
    run_cell(cell("max_steps: 1, batch_size: 4", name="other"))
    for line in ("%evaluate small other", "%ft compare other small"):
        assert "two-level bootstrap: seeds" in run_cell(line)
    assert "small · 3 seeds · test" in run_cell("%evaluate small small_seed_1")
    page = (study.dir / "report.html").read_text(encoding="utf-8")
    assert "mean of 3 seeds ± half of its 95 % interval" in page
    assert set(json.loads(study.folder.report.read_text())["scores"]) >= {"f1", "precision"}


def test_a_dry_run_and_set_and_resume_take_seeds(cell, run_cell):
    text = cell("max_steps: 1, batch_size: 4")
    printed = run_cell(text.replace("small\n", "small --dry-run --set seeds=[4,5]\n", 1))
    assert "So for each of the seeds 4, 5" in printed
    assert run_cell("small") != ""
    run_cell(text.replace("small\n", "small --set seeds=[4,5]\n", 1))
    assert [run.name for run in ft_magics.load("ft_runs/small").runs] == ["small_seed_4", "small_seed_5"]
    again = run_cell(text.replace("small\n", "small --resume --set seeds=[4,5]\n", 1))
    assert "nothing to resume" in again


def test_seeds_in_the_background_are_waited_for(cell, run_cell):
    text = cell("max_steps: 2, batch_size: 4", extra="seeds: [1, 2]")
    assert "small trains in the background" in run_cell(text.replace("small\n", "small --bg\n", 1))
    assert "Waiting for small" in run_cell("print(small.report().headline.value)")
    assert "2 of 2 seeds" in run_cell("print(small)")
    assert training_here() is None


def test_a_stop_ends_all_of_them_and_a_resumption_trains_those_that_are_missing(undisturbed):
    whole, text = undisturbed
    text = text.replace(f"dir: {whole.dir.parent}", "dir: elsewhere")
    study = begin(text)
    while len(study.runs) < 2 or not any(isinstance(event, CheckpointSaved) for event in study.runs[1].events):
        time.sleep(0.005)
    study.stop("enough")
    ended(study)
    assert (study.status, study.reason, len(study.runs)) == ("stopped", "enough", 2)
    assert "1 of 3 seeds" in SeedsPage(study).page().say
    if study.runs[1].status == "stopped":
        assert study.report().seeds == (1,)  # one that was stopped is no sample of those that were not
    again = ended(begin(text, before=ft_magics.load(study.dir)))
    assert again.status == "done"
    for one, other in zip(again.runs, whole.runs, strict=True):
        assert_same_end(one, other)


def _train_seeds(folder, text):
    import os

    os.chdir(folder)
    stand_still(27)  # in the second epoch of the second seed, so that it never ends before it is killed
    begin(text).wait()


@pytest.mark.skipif(not CAN_FORK, reason="no fork here")
def test_seeds_whose_kernel_is_killed_are_resumed_to_the_same_bits(undisturbed, tmp_path):
    whole, text = undisturbed
    text = text.replace(f"dir: {whole.dir.parent}", "dir: elsewhere")
    process = forks().Process(target=_train_seeds, args=(tmp_path, text), daemon=True)
    process.start()
    checkpoints = tmp_path / "elsewhere" / "small" / "small_seed_2" / "checkpoints"
    while not list(checkpoints.glob("checkpoint-*/run_state.json")) and process.is_alive():
        time.sleep(0.002)
    process.kill()
    process.join()
    dead = ft_magics.load("elsewhere/small")
    assert dead.status == "crashed"
    assert "1 of 3 seeds" in SeedsPage(dead).page().say
    again = ended(begin(text, before=dead))
    for one, other in zip(again.runs, whole.runs, strict=True):
        assert_same_end(one, other)


def test_a_pause_holds_whatever_seed_trains(cell):
    study = begin(body(cell, "epochs: 3, batch_size: 4", extra="seeds: [1, 2]"))
    study.pause()
    while study.status != "paused":
        time.sleep(0.005)
    steps = len([event for event in study.events if isinstance(event, StepDone)])
    assert not study.wait(0.2)
    assert len([event for event in study.events if isinstance(event, StepDone)]) <= steps + 1
    study.unpause()
    assert ended(study).status == "done"


def test_a_seed_that_fails_ends_the_study_and_is_said(cell, run_cell, patch):
    from ft_magics.training import worker

    train = worker.train

    def fails(name, *arguments, **named):
        if name.endswith("2"):
            raise RuntimeError("the second one")
        return train(name, *arguments, **named)

    patch.setattr(worker, "train", fails)
    printed = run_cell(cell("max_steps: 2, batch_size: 4", extra=SEEDS))
    assert "run small_seed_2 failed: RuntimeError: the second one" in printed
    assert ft_magics.load("ft_runs/small").status == "failed"
    patch.undo()
    run_cell("%ft resume small")
    assert ft_magics.load("ft_runs/small").status == "done"


def test_other_seeds_are_no_resumption(undisturbed):
    study, text = undisturbed
    with pytest.raises(RunError, match=r"was started with `seeds: \[1, 2, 3\]`"):
        prepare_seeds(parse_cell(text.replace("[1, 2, 3]", "[1, 2]"), {}), "small", study)


@pytest.mark.parametrize(
    "record",
    [
        "no JSON",
        "[]",
        "{}",
        '{"seeds": ["../../x"]}',
        '{"seeds": [1], "status": "odd", "reason": ""}',
        '{"seeds": [1]}',
    ],
)
def test_a_record_that_was_edited_is_said(tmp_path, record):
    (tmp_path / "study.json").write_text(record)
    with pytest.raises(RunError, match=r"study\.json.*was the file edited"):
        ft_magics.load(tmp_path)


def test_the_page_has_each_seed_and_their_mean(undisturbed):
    page = SeedsPage(undisturbed[0]).page()
    assert [row.cells[0] for row in page.dev.rows] == ["1", "2", "3", "mean"]
    assert sum(row.best for row in page.dev.rows) == 1
    assert (page.state, page.step, page.steps) == ("done", page.steps, page.chart.steps * 3)
    strong = [curve for curve in page.chart.curves if not curve.faint]
    assert {curve.axis for curve in strong} == {"loss", "score"}
    assert len([curve for curve in page.chart.curves if curve.faint and curve.axis == "score"]) == 3
    assert page.score.count("±") == 1
