"""`%%finetune NAME --from RUN`: a run is done again, to the bit; what is other than it was is said."""

from __future__ import annotations

from pathlib import Path

import ft_magics
import pandas as pd
import pytest
from ft_magics.config.tree import read_plain
from ft_magics.display.run_summary import page_of
from ft_magics.events import Notice, RunStarted, ThreadsChosen
from ft_magics.runs.cells import PRETRAIN, parse_cell
from ft_magics.runs.repetition import repetition_of
from ft_magics.training.threads import Threads

from runs import assert_same_end

SHORT = "epochs: 2, batch_size: 4, learning_rate: 1e-3"
HASH = 64


def warnings_of(run):
    return [event.text for event in run.events if isinstance(event, Notice) and event.level == "warning"]


def started(run):
    return next(event for event in run.events if isinstance(event, RunStarted))


def test_a_run_is_done_again_to_the_bit_and_with_changes(run_cell, shell, cell, conll):
    """Chosen settings stay as they were chosen; a body and `--set` override them."""
    run_cell(cell("epochs: 2, batch_size: 4", name="first", extra="method: {lora: {r: 2}}\nsave: {keep: 2}"))
    first = shell.user_ns["first"]
    printed = run_cell("%%finetune again --from first")
    assert run_cell.result.success, printed
    again = shell.user_ns["again"]
    assert again.dir != first.dir
    assert again.config == first.config
    assert warnings_of(again) == []
    assert_same_end(again, first)
    assert started(again).provenance["repeats"]["run"] == "first"

    del shell.user_ns["first"]  # from its folder, as in another kernel
    text = "%%finetune other --from first --set train.seed=3\ntrain: {max_steps: 2}\nmethod: bitfit\neval: {every: {steps: 1}}\n"
    printed = run_cell(text)
    assert run_cell.result.success, printed
    train = shell.user_ns["other"].config.train
    assert (train.seed, train.max_steps, train.learning_rate) == (3, 2, first.config.train.learning_rate)
    assert shell.user_ns["other"].config.method_name == "bitfit"
    assert shell.user_ns["other"].config.save.keep == 2
    assert list(shell.user_ns["other"].history.step) == [1, 2]

    conll.write_text(conll.read_text() + "\nEve B-PER\nran O\n\n")
    run_cell("%%finetune changed --from first\ntrain: {max_steps: 2}")
    (train_text, dev_text, test_text) = warnings_of(shell.user_ns["changed"])
    assert train_text.endswith("has changed since first: 24 examples then, 25 now, and not the same ones")
    assert (dev_text[:9], test_text[:10]) == ("data.dev:", "data.test:")
    printed = run_cell("%%finetune changed --from first --dry-run\n")
    assert train_text in printed

    moved = conll.rename(conll.with_name("moved.conll"))
    printed = run_cell("%%finetune gone --from first\n")
    assert f"data.train: {conll}, which first was made with, is gone (it was {conll}). Put it back" in printed
    assert "gone" not in shell.user_ns
    run_cell(
        f"%%finetune elsewhere --from first\ndata: {{train: {moved}, dev: {moved}, test: {moved}}}\ntrain: {{max_steps: 1}}"
    )
    assert f"data.train is {moved}; first had {conll}" in warnings_of(shell.user_ns["elsewhere"])


def test_a_pre_training_is_done_again_to_the_bit_too(run_cell, shell, tiny_model, tmp_path):
    (tmp_path / "texts.txt").write_text("\n\n".join(f"ada has {at} cats. bob has {at}." for at in range(12)))
    run_cell(
        f"%%pretrain first\nobjective: {{mlm: {{mask: 0.3}}}}\nmodel: {tiny_model}\ndata: {{train: texts.txt}}\n"
        "train: {max_steps: 2, batch_size: 4, max_length_tokens: 16}"
    )
    run_cell("%%pretrain again --from first\n# nothing else")
    first, again = shell.user_ns["first"], shell.user_ns["again"]
    assert again.config.settings.mask == 0.3
    weights = [(run.model_dir / "model.safetensors").read_bytes() for run in (first, again)]
    assert weights[0] == weights[1]
    assert "run first is of `%%pretrain`: `%%pretrain NAME --from first`" in run_cell("%%finetune x --from first")


def test_objects_are_asked_for_by_their_names(run_cell, shell, tiny_model):
    frame = pd.DataFrame({"text": ["a good day", "a bad day"] * 6, "label": ["x", "y"] * 6})
    shell.user_ns["frame"] = frame
    run_cell(
        f"%%finetune first\ntask: classify\nmodel: {tiny_model}\ndata: {{train: $frame}}\ntrain: {{max_steps: 2, batch_size: 4}}"
    )
    record = started(shell.user_ns["first"]).provenance["data"]["train"]
    assert (record["source"], record["file"], record["file_sha256"], record["examples"]) == ("$frame", None, None, 12)
    del shell.user_ns["frame"]
    printed = run_cell("%%finetune again --from first")
    assert (
        "data.train: `$frame` is not defined in this notebook. The run that is done again was made with it" in printed
    )
    shell.user_ns["frame"] = frame.iloc[:10]
    run_cell("%%finetune again --from first")
    assert warnings_of(shell.user_ns["again"]) == [
        "data.train: $frame has changed since first: 12 examples then, 10 now, and not the same ones"
    ]
    shell.user_ns["frame"] = frame
    run_cell("%%finetune again --from first")
    assert warnings_of(shell.user_ns["again"]) == []
    assert_same_end(shell.user_ns["again"], shell.user_ns["first"])


def test_what_a_run_was_made_with_stands_in_its_folder_and_on_its_page(run_cell, shell, cell, conll, tiny_model):
    run_cell(cell("max_steps: 1", name="made"))
    run = shell.user_ns["made"]
    record = read_plain((run.dir / "provenance.yaml").read_text())
    assert record["run"] == "made"
    assert record["config"] == run.folder.read_config()
    assert {"python", "torch", "transformers", "peft", "ft_magics"} <= record["versions"].keys()
    assert record["versions"]["ft_magics"] == ft_magics.__version__
    assert {"cpu", "cores", "threads", "gpu", "precision", "device"} <= record["hardware"].keys()
    assert record["hardware"]["cpu"]
    assert record["model"]["model"] == str(tiny_model)
    assert len(record["model"]["sha256"]) == HASH
    for split in ("train", "dev", "test"):
        data = record["data"][split]
        assert (data["file"], data["examples"]) == (str(conll), 24)
        assert len(data["file_sha256"]) == len(data["encoded_sha256"]) == HASH
    settings = page_of(run.events, run.status, name="made").settings
    assert "Made with:" in settings
    assert f"torch: {record['versions']['torch']}" in settings
    assert data["file_sha256"] in settings
    assert ft_magics.load(run.dir).events[0].provenance == started(run).provenance


def test_other_versions_models_and_hardware_are_a_sentence_each(run_cell, shell, cell, tiny_model):
    run_cell(cell("max_steps: 1", name="made"))
    again = repetition_of(shell.user_ns["made"])
    same = again.provenance
    assert again.differences(same) == []
    now = {
        "versions": {**same["versions"], "torch": "9.9"},
        "model": {**same["model"], "sha256": "0" * HASH},
        "data": {"train": same["data"]["train"], "dev": {**same["data"]["dev"], "file_sha256": "1" * HASH}},
        "hardware": {**same["hardware"], "cpu": "another", "gpu": "one"},
    }
    versions, model, left_out, dev, hardware = again.differences(now)
    assert versions == f"The versions are not those of made: torch {same['versions']['torch']} then, 9.9 now"
    assert model.startswith(f"The files of the model {tiny_model} have changed since made (sha256 ")
    assert left_out == "made had data.test, which is left out here"
    assert dev.endswith("has changed since made, and gives the same examples")
    assert hardware.startswith("The hardware is not that of made, so the last digits may differ: cpu ")
    assert hardware.endswith("gpu none then, one now")
    assert again.differences({**same, "model": {"model": "m", "sha256": None}}) == [
        f"The model is m; made began from {tiny_model}"
    ]


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("%%finetune a --from nothing", "there is no run `nothing`"),
        ("%%finetune a --from b --resume", "--from does a run again from the beginning, and --resume continues one"),
        ("%%finetune a", "the cell is empty"),
    ],
)
def test_what_cannot_be_is_said(run_cell, line, text):
    assert text in run_cell(line)


RECORDED = {
    "task": {"classify": {"multi_label": True}},
    "model": "m",
    "data": {"train": "a", "dev": "b", "text_column": "t"},
    "method": {"lora": {"r": 4}},
    "train": {"epochs": 3.0, "early_stopping": {"patience": 7, "min_delta": 0.5}, "seed": 4},
    "eval": {"every": {"steps": 9, "epochs": None}},
    "save": {"every": None},
}


def test_a_cell_s_words_lie_over_those_of_the_record():
    assert parse_cell("# nothing\n", {}, recorded=RECORDED).train.early_stopping.patience == 7
    text = (
        "task: {classify: {label_smoothing: 0.1}}\ndata: {dev: {fraction: 0.2}}\nmethod: {lora: {alpha: 3}}\n"
        "train: {early_stopping: {patience: 2}}\neval: {every: {epochs: 2}}\nsave: {every: {steps: 5}}\n"
    )
    config = parse_cell(text, {}, ["train.epochs=1"], recorded=RECORDED)
    assert (config.settings.multi_label, config.settings.label_smoothing) == (True, 0.1)
    assert (config.data.train, config.data.dev.fraction, config.data.text_column) == ("a", 0.2, "t")
    assert (config.methods["lora"].r, config.methods["lora"].alpha) == (8, 3)  # a method is given as a whole
    assert (config.train.early_stopping.patience, config.train.early_stopping.min_delta) == (2, 0.5)
    assert (config.train.epochs, config.eval.every.epochs, config.save.every.steps) == (1, 2, 5)
    assert parse_cell("task: classify\n", {}, recorded=RECORDED).settings.multi_label
    assert parse_cell("seeds: [1, 2]\n", {}, recorded=RECORDED).seeds == [1, 2]
    objective = {"objective": {"mlm": {"mask": 0.3}}, "model": {"preset": "tiny"}, "tokenizer": {"vocab_size": 500}}
    new = {**objective, "data": {"train": "a"}}
    config = parse_cell("objective: {mlm: {spans: true}}\nmodel: m\n", {}, kind=PRETRAIN, recorded=new)
    assert (config.settings.mask, config.settings.spans, config.model, config.tokenizer) == (0.3, True, "m", None)


@pytest.fixture
def counted(monkeypatch):
    """The number of threads, which nothing but the test sees."""
    there = [2]
    monkeypatch.setattr("torch.get_num_threads", lambda: there[0])
    monkeypatch.setattr("torch.set_num_threads", lambda number: there.__setitem__(0, number))
    return there


def walked(threads, there, steps):
    """The number of each step, and what was said."""
    used, said = [], []
    for step in steps:
        threads.begin_step()
        used.append(there[0])
        said.append(threads.end_step(step, 9))
    return used, [event for event in said if isinstance(event, ThreadsChosen)]


def test_the_threads_of_each_step_are_those_of_the_run_that_is_repeated(counted):
    """Digits differ with their number, and a run that chooses it has tried several."""
    first = Threads("auto", "cpu")
    first.begin()
    used, (chosen,) = walked(first, counted, range(1, 12))
    assert len(set(used)) == 2
    plan = [*chosen.used, chosen.threads]
    counted[0] = 2
    again = Threads("auto", "cpu", plan=plan)
    again.begin()
    assert walked(again, counted, range(1, 12))[0] == used
    assert again.end(11) is None
    counted[0] = 2
    broken = Threads("auto", "cpu", plan=plan)
    broken.begin()
    begun, _ = walked(broken, counted, range(1, 4))
    resumed = Threads("auto", "cpu")
    resumed.restore(broken.snapshot())
    resumed.begin()
    rest, (told,) = walked(resumed, counted, range(4, 12))
    assert begun + rest == used
    assert (told.used, told.threads, told.tokens_per_s) == (chosen.used, chosen.threads, {})


def test_threads_that_were_not_settled_are_told_in_the_end_and_too_many_are_not_asked_for(counted):
    short = Threads("auto", "cpu")
    short.begin()
    assert walked(short, counted, [1]) == ([1], [])
    assert short.end(1).used == [1]
    counted[0] = 1
    Threads("auto", "cpu", plan=[2, 1, 2]).begin()
    assert counted[0] == 1


def test_runs_are_proposed_after_from(shell):
    from ft_magics.magics.completion.lines import Line, complete_line

    Path("ft_runs/kept").mkdir(parents=True)
    actions = shell.find_cell_magic("finetune").parser._actions
    answer = complete_line(Line("finetune", " a --from ", actions), shell.user_ns)
    assert [choice.text for choice in answer.choices] == ["kept"]
