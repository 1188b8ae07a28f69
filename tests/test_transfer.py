"""`compare:` in a cell: models on growing shares of labelled data, a run each, one report and one page."""

import json
import shutil
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import ft_magics
import pytest
from ft_magics.data.examples import Corpus, Split
from ft_magics.data.shares import least_share, with_share
from ft_magics.display.shown import beside_of, bundle_of
from ft_magics.display.transfer_page import TransferPage
from ft_magics.errors import CellError, DataError, ModelError, RunError
from ft_magics.evaluation.drawing import drawing_of
from ft_magics.events import RunStarted
from ft_magics.magics.compare import comparison_of
from ft_magics.magics.keys import task_keys
from ft_magics.magics.studies import finetune_study
from ft_magics.runs.cells import PRETRAIN, config_of, parse_cell
from ft_magics.sections import Chart, Series
from ft_magics.studies.transfer import TransferStudy
from ft_magics.studies.transfer_runs import compared_of, prepare_transfer
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

from conftest import CONLL
from runs import assert_same_end, finish, weights_of

LEARNS = "max_steps: 2, batch_size: 4, learning_rate: 1e-2"
COMPARE = "compare: {models: [MODEL, scratch], share: [0.5, 1], seeds: 2}"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("transfer")
    (folder / "small.conll").write_text(CONLL * 8, encoding="utf-8")
    return folder


@pytest.fixture
def text(place, tiny_model):
    """Makes the body of a cell."""

    def make(compare=COMPARE, train=LEARNS, extra=""):
        data = place / "small.conll"
        splits = f"{{train: {data}, test: {data}}}"
        body = f"task: ner\ndata: {splits}\ntrain: {{{train}}}\n{compare}\n{extra}"
        return body.replace("MODEL", str(tiny_model))

    return make


@pytest.fixture(scope="module")
def bought(place, tiny_model):
    """A study that ran to its end, and the body of its cell."""
    data = place / "small.conll"
    body = (
        f"task: ner\ndata: {{train: {data}, test: {data}}}\ntrain: {{{LEARNS}}}\n"
        f"{COMPARE.replace('MODEL', str(tiny_model))}\nsave: {{dir: {place}}}\n"
    )
    session = SimpleNamespace(shell=None, namespace={}, tried={})
    arguments = SimpleNamespace(name="bought", resume=False, bg=False)
    finetune_study(session, arguments, parse_cell(body, {}))
    return session.namespace["bought"], body


@pytest.mark.parametrize(
    ("compare", "said"),
    [
        ("compare: [minilm, scratch]", "compare: found a list"),
        ("compare: {models: minilm}", "compare.models: found the text"),
        ("compare: {models: [minilm]}", "compare.models: found 1, expected at least two models"),
        ("compare: {models: [minilm, minilm]}", "compare.models: `minilm` is there twice"),
        ("compare: {models: [MODEL, scratch], share: [0, 1]}", "compare.share: found 0, expected shares above 0"),
        ("compare: {models: [MODEL, scratch], share: [0.1, 1.5]}", "compare.share: found 1.5, expected shares above 0"),
        ("compare: {models: [MODEL, scratch], share: [0.1, 0.1]}", "compare.share: 0.1 is there twice"),
        ("compare: {models: [MODEL, scratch], seeds: 1}", "compare.seeds: found 1, expected from 2 to 100 seeds"),
        ("compare: {models: [MODEL, scratch], seeds: [1]}", "compare.seeds: found [1], expected at least two"),
        ("compare: {models: [MODEL, scratch]}\nseeds: [1, 2]", "seeds: does not go with `compare`"),
        ("compare: {models: [MODEL, scratch]}\nmodel: minilm", "model: `minilm` is not among `compare.models`"),
        ("compare: {models: [MODEL, scratch]}\nmodel: scratch", "model: `scratch` is a model with random weights"),
        ("compare: {models: [MODEL, scratch]}\nmethod: lora", "method: `lora` tunes a trained model; `scratch` needs"),
        ("compare: {models: [MODEL, scratch], runs: 3}", "compare.runs: unknown key"),
    ],
)
def test_what_cannot_be_compared_is_refused_in_a_sentence(text, compare, said):
    with pytest.raises(CellError) as caught:
        parse_cell(text(compare), {})
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1


@pytest.mark.parametrize("train", ["seed: 3", "share: 0.5"])
def test_what_each_run_has_of_its_own_is_not_said_for_all(text, train):
    with pytest.raises(CellError, match=rf"train\.{train[:4]}\w*: does not go with `compare`"):
        parse_cell(text(train=train), {})


def test_scores_need_a_split_to_be_taken_on(text, place):
    body = text().replace(f", test: {place / 'small.conll'}", "")
    with pytest.raises(CellError, match="compare: it compares scores on test, or on dev"):
        parse_cell(body, {})


def test_raw_text_has_no_labels_to_compare_by(tmp_path):
    body = f"objective: mlm\nmodel: minilm\ndata: {{train: {tmp_path}}}\n"
    with pytest.raises(CellError, match=r"compare: belongs in a `%%finetune` cell below"):
        parse_cell(body + "compare: {models: [minilm, scratch]}", {}, kind=PRETRAIN)
    with pytest.raises(CellError, match=r"train\.share: draws labelled examples"):
        parse_cell(f"{body}train: {{share: 0.5}}", {}, kind=PRETRAIN)
    keys = task_keys("mlm")
    assert not {("compare",), ("compare", "models"), ("train", "share")} & keys.keys()


def test_the_cell_s_model_is_the_last_that_has_weights(text, tiny_model):
    config = parse_cell(text("compare: {models: [minilm, MODEL, scratch], seeds: 3, share: 0.5}"), {})
    assert config.model == str(tiny_model)
    assert (config.compare.seeds, config.compare.share) == ([1, 2, 3], [0.5])
    assert config_of(config.to_plain()) == config
    assert parse_cell(text("compare: {models: [minilm, MODEL]}", extra="model: minilm"), {}).model == "minilm"


def test_a_smaller_share_is_a_part_of_a_larger_one_and_dev_stays_whole():
    split = Split(name="train", source="x", examples=list(range(200)))
    corpus = Corpus(train=split, dev=split)
    drawn = [with_share(corpus, share, 5).train.examples for share in (0.01, 0.1, 0.5, 1)]
    assert [len(part) for part in drawn] == [2, 20, 100, 200]
    assert all(set(small) < set(large) and sorted(small) == small for small, large in pairwise(drawn))
    assert with_share(corpus, 0.1, 6).train.examples != drawn[1]
    assert len(with_share(corpus, 0.1, 5).dev.examples) == 200
    rare = least_share(range(200), lambda at: ["rare"] if at == 7 else ["often"], [5, 6])
    assert all(7 in with_share(corpus, rare, seed).train.examples for seed in (5, 6))
    assert any(7 not in with_share(corpus, rare - 0.01, seed).train.examples for seed in (5, 6))


@pytest.mark.parametrize(
    ("share", "train", "said"),
    [
        (0.1, LEARNS, "0.1 of 24 examples is 2, less than one batch of 4; take 0.167 or more"),
        (0.1, "max_steps: 2", "0.1 of 24 examples is 2, less than one batch of 8; take 0.334 or more"),
        (0.05, "max_steps: 2, batch_size: 1", "0.05 of 24 examples leaves no example of"),
    ],
)
def test_a_share_that_cannot_be_trained_on_is_said_before_a_model_is_loaded(text, patch, share, train, said):
    from ft_magics.training import prepare as module

    patch.setattr(module, "load_model", lambda *_, **__: pytest.fail("a model was loaded"))
    compare = f"compare: {{models: [MODEL, scratch], share: [{share}, 1], seeds: [1, 2, 3]}}"
    with pytest.raises(CellError) as caught:
        prepare_transfer(parse_cell(text(compare, train), {}), "bought")
    assert said in str(caught.value)
    assert len(caught.value.problems) == 1
    assert not Path("ft_runs").exists()


def test_a_model_that_is_not_there_is_named_beside_what_else_is_wrong(text):
    compare = "compare: {models: [./nowhere, MODEL]}"
    with pytest.raises(ModelError, match=r"there is no folder ./nowhere"):
        compared_of(parse_cell(text(compare), {}), "bought")


def test_a_line_that_makes_one_run_refuses_several(text, run_cell, bought):
    body = text()
    assert "--find-rate tries rates for one model" in run_cell(f"%%finetune again --find-rate\n{body}")
    one = bought[0].runs[0]
    assert "compare: makes several runs, and `--from` does one run again" in run_cell(
        f"%%finetune again --from {one.dir}\n{body}"
    )


def test_each_model_share_and_seed_is_a_run_that_ends_as_it_would_alone(bought, tiny_model):
    study, body = bought
    assert (study.status, len(study.runs)) == ("done", 8)
    started = {run.name: next(event for event in run.events if isinstance(event, RunStarted)) for run in study.runs}
    assert [started[part.run].examples for part in study.parts] == [part.examples for part in study.parts]
    config = next(run for run in study.runs if run.name.endswith("bert0_50_percent_seed_2")).config
    assert (config.model, config.train.share, config.train.seed, config.compare) == (str(tiny_model), 0.5, 2, None)
    alone = body.partition("compare:")[0].replace("max_steps", "seed: 2, share: 0.5, max_steps")
    alone = finish(start_run("alone", prepare(parse_cell(f"{alone}model: {tiny_model}\n", {}))))
    assert_same_end(alone, next(run for run in study.runs if run.name.endswith("bert0_50_percent_seed_2")))


def test_scratch_is_another_draw_of_weights_for_each_seed(bought, tiny_model):
    import torch
    from safetensors.torch import load_file

    study, _ = bought
    random = [load_file(study.dir / f"scratch_seed_{seed}" / "model.safetensors") for seed in (1, 2)]
    given = load_file(tiny_model / "model.safetensors")
    name = "embeddings.word_embeddings.weight"
    assert random[0].keys() == given.keys()
    assert all(random[0][key].shape == given[key].shape for key in given)
    assert not torch.equal(random[0][name], random[1][name])
    assert not torch.equal(random[0][name], given[name])
    assert (study.dir / "scratch_seed_1" / "tokenizer.json").read_bytes() == (
        tiny_model / "tokenizer.json"
    ).read_bytes()


def test_the_report_has_a_mean_for_each_and_a_difference_for_every_two(bought, tiny_model):
    study, _ = bought
    report = study.report()
    assert report.models == [tiny_model.name, "scratch"]
    assert [point.examples for point in report.points] == [12, 24, 12, 24]
    assert [(each.model, each.other, each.examples) for each in report.differences] == [
        (tiny_model.name, "scratch", 12),
        (tiny_model.name, "scratch", 24),
    ]
    rows = study.table()
    first, other = ((row["values"], row["mean"]) for row in rows if row["examples"] == 24)
    difference = report.differences[1]
    assert difference.spread.mean == pytest.approx(first[1] - other[1])
    assert difference.spread.values == pytest.approx([one - two for one, two in zip(first[0], other[0], strict=True)])
    assert difference.interval[0] <= difference.spread.mean <= difference.interval[1]
    assert list(study.to_pandas().columns) == list(rows[0])
    assert json.loads(json.dumps(report.to_json()))["differences"][1]["examples"] == 24
    chart = next(part for part in report.sections() if isinstance(part, Chart))
    assert [series.x for series in chart.series] == [[12.0, 24.0]] * 2
    assert json.loads(study.folder.report.read_text())["points"] == json.loads(json.dumps(report.table()))


def test_the_saved_page_has_the_chart_and_the_differences(bought):
    study, _ = bought
    page = (study.dir / "report.html").read_text(encoding="utf-8")
    assert "over labelled examples" in page
    assert "Differences between models" in page
    assert "3 models" not in page
    assert "<script" not in page
    bundle = bundle_of(study)
    assert bundle["text/plain"].startswith("bought · 2 models · test")
    assert page.count("<img") == 1  # the training loss of the last run is not of all


def test_what_is_done_so_far_is_drawn_while_others_train(bought):
    study, _ = bought
    config = study.config
    known = [run for run in study.runs if "_100_percent_seed_1" in run.name or "_50_percent_seed_1" in run.name]
    part = TransferStudy("bought", study.folder, config, study.parts, models=study.models, own=study.own, runs=known)
    page = TransferPage(part).page()
    assert part.status == "running"
    assert [row.cells[2] for row in page.dev.rows] == ["1 of 2"] * 4
    assert (page.step, page.steps) == (4000, 8000)
    assert "4 of 8 runs are not done" in " ".join(part.read_report("test").notes)
    assert "over labelled examples" in beside_of(part)
    assert "over labelled examples" not in bundle_of(part, twin_of="x")["text/html"]
    assert beside_of(TransferStudy("b", study.folder, config, study.parts, models=study.models, own=study.own)) == ""


def test_a_study_that_died_is_resumed_where_it_stood(bought, shell, run_cell):
    study, body = bought
    copy = Path("ft_runs/bought").absolute()
    shutil.copytree(study.dir, copy)
    last = study.parts[-1]
    shutil.rmtree(copy / last.run)
    record = json.loads((copy / "study.json").read_text())
    (copy / "study.json").write_text(json.dumps(record | {"status": ""}))
    dead = ft_magics.load(copy)
    assert (dead.status, len(dead.done)) == ("crashed", 7)
    assert "`%ft resume" in TransferPage(dead).page().say
    other = body.replace("[0.5, 1]", "[0.75, 1]")
    with pytest.raises(RunError, match="was started with other models, shares, seeds or data"):
        prepare_transfer(parse_cell(other, {}), "bought", dead)
    assert "Differences between models" in run_cell("%ft resume bought")
    again = shell.user_ns["bought"]
    assert (again.status, [run.name for run in again.runs]) == ("done", [run.name for run in study.runs])
    assert_same_end(again.runs[-1], study.runs[-1])
    kept = [weights_of(run) for run in (again.runs[0], study.runs[0])]
    assert kept[0].keys() == kept[1].keys()


@pytest.mark.parametrize(
    "change",
    [
        {"parts": []},
        {"parts": [{"run": "../../x", "model": "scratch", "share": 1.0, "seed": 1, "examples": 1}]},
        {"own": "another"},
        {"models": None},
    ],
)
def test_a_record_that_was_edited_is_said(bought, tmp_path, change):
    record = json.loads((bought[0].dir / "study.json").read_text())
    (tmp_path / "study.json").write_text(json.dumps(record | change))
    with pytest.raises(RunError, match=r"study\.json is no record of several runs; was the file edited"):
        ft_magics.load(tmp_path)


def test_the_words_of_the_magics_take_it(bought, shell, run_cell):
    study, body = bought
    shell.user_ns["bought"] = study
    assert "Differences between models" in run_cell("%ft report bought")
    assert "8 of 8 runs" in run_cell("%ft status bought")
    assert study.runs[0].name in run_cell(f"%ft report {study.runs[0].name}")
    assert "Differences between models" in run_cell("%evaluate bought")
    assert "is a comparison already" in run_cell(f"%evaluate bought {study.runs[0].name}")
    assert "compares models already" in run_cell(f"%ft compare bought {study.runs[0].name}")
    assert "8 runs of one cell" in run_cell("%ft script bought")
    assert "nothing to resume" in run_cell(f"%%finetune bought --resume\n{body}")
    with pytest.raises(RunError, match="compares models already"):
        comparison_of(["bought", study.runs[0].name], shell.user_ns)


def test_a_dry_run_counts_the_runs_and_says_how_long_they_take(text, run_cell):
    printed = run_cell(f"%%finetune bought --dry-run\n{text()}")
    assert "That is one of 8 runs" in printed
    assert "each on 12 (50 %), 24 labelled examples, with the seeds 1, 2. About" in printed
    assert "plain Python" in run_cell("%ft script bought")


def test_a_frame_needs_pandas(bought, patch):
    import sys

    patch.setitem(sys.modules, "pandas", None)
    with pytest.raises(DataError, match="`table\\(\\)` gives the same rows"):
        bought[0].to_pandas()


def test_intervals_at_one_place_stand_beside_each_other():
    lines = [Series(name=name, x=[1, 10], y=[2, 3], intervals=[(1, 3), (2, 4)]) for name in ("one", "other")]
    drawing = drawing_of(Chart(title="", x_label="", y_label="", series=lines, x_log=True), {})
    assert [round(b[0] - a[0], 1) for a, b in zip(drawing.series[0].dots, drawing.series[1].dots, strict=True)] == [
        5,
        5,
    ]
    alone = drawing_of(Chart(title="", x_label="", y_label="", series=lines[:1], x_log=True), {})
    assert alone.series[0].dots[0][0] == pytest.approx(drawing.series[0].dots[0][0] + 2.5)
