"""`%ft script`: the plain Python of a run, in a process of its own that has no ft_magics, gives the run's scores."""

from __future__ import annotations

import ast
import json
import runpy
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from ft_magics.errors import RunError, TaskError
from ft_magics.runs.cells import parse_cell
from ft_magics.training.bundle import Bundle
from ft_magics.training.launch import start_run
from ft_magics.training.plain_training import share_of
from ft_magics.training.prepare import prepare
from ft_magics.training.script import script_of
from safetensors.torch import load_file

from runs import finish

WITHOUT_US = """
import runpy, sys

class Refused:
    def find_spec(self, name, *rest):
        if name.partition(".")[0] in ("ft_magics", "ft_widgets"):
            raise ImportError(f"{name} is not to be imported")

sys.meta_path.insert(0, Refused())
runpy.run_path(sys.argv[1], run_name="__main__")
"""
SMALL = "train: {epochs: 2, learning_rate: 3e-3, batch_size: 8, seed: 3, threads: 1}"
FEW = {"text": [f"{word} day {at} " * (1 + at % 4) for at in range(24) for word in ("good", "bad")]}


def parsed(printed):
    lines = [line.split() for line in printed.splitlines() if line.startswith(("dev ", "test "))]
    return {(split, name): float(value) for split, name, value in lines}


@pytest.fixture
def run_and_script(run_cell, shell, capsys):
    """A finished run, and the scores that its script prints in the end, by split and name."""

    def both(body, *, alone=False):
        printed = run_cell(f"%%finetune small\n{body}")
        assert run_cell.result.success, printed
        printed = run_cell("%ft script small scripts/small.py")
        assert run_cell.result.success, printed
        if alone:
            command = [sys.executable, "-c", WITHOUT_US, "scripts/small.py"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr[-3000:]
            return shell.user_ns["small"], parsed(done.stdout)
        capsys.readouterr()
        threads = torch.get_num_threads()
        try:
            runpy.run_path("scripts/small.py", run_name="__main__")  # imports take longer than these trainings
        finally:
            torch.set_num_threads(threads)
        return shell.user_ns["small"], parsed(capsys.readouterr().out)

    return both


def assert_same(run, scores):
    """Every score of the script is the run's, to the digits that the script prints."""
    assert {split for split, _ in scores} == set(run.folder.splits())
    for (split, name), value in scores.items():
        assert run.report(split).scores[name].value == pytest.approx(value, abs=1e-6), (split, name)


@pytest.fixture(autouse=True)
def _folder():
    Path("scripts").mkdir()


@pytest.mark.parametrize(
    ("task", "data"),
    [
        ("ner", "{train: demo:en/train.conll, dev: demo:en/dev.conll, test: demo:en/test.conll}"),
        (
            "{classify: {class_weights: balanced, label_smoothing: 0.1}}",
            "{train: demo:en/intents_train.csv, dev: {fraction: 0.2}, test: demo:en/intents_test.csv}",
        ),
    ],
)
def test_the_script_of_a_demo_run_gives_its_scores(run_and_script, tiny_model, task, data):
    body = f"task: {task}\nmodel: {tiny_model}\ndata: {data}\n{SMALL.replace('epochs: 2', 'epochs: 3')}"
    run, scores = run_and_script(body, alone=True)
    assert len(scores) >= 4
    assert_same(run, scores)
    assert len(set(scores.values())) > 2  # it learned something
    text = Path("scripts/small.py").read_text()
    assert "import ft_magics" not in text
    assert "from ft_magics" not in text
    assert "noqa" not in text
    assert "type: ignore" not in text


@pytest.mark.parametrize("fast", [True, False])
def test_what_is_dropped_is_drawn_as_in_the_run(run_and_script, shell, tiny_model, fast):
    shell.user_ns["frame"] = pd.DataFrame(FEW | {"label": ["x", "y"] * 24})
    settings = SMALL.replace("threads", f"dropout: 0.3, fast_dropout: {str(fast).lower()}, threads")
    body = f"task: classify\nmodel: {tiny_model}\ndata: {{train: $frame, dev: $frame}}\n{settings}"
    run, scores = run_and_script(body)
    assert_same(run, scores)
    assert ("fast_dropout" in Path("scripts/small.py").read_text()) is fast
    written = load_file("small_plain/model.safetensors")
    kept = load_file(run.folder.model / "model.safetensors")
    assert all(torch.equal(kept[name], written[name]) for name in kept)


@pytest.mark.parametrize("task", ["ner", "classify"])
def test_in_bf16_batches_are_as_wide_as_in_the_run(run_and_script, tiny_model, task):
    data = "{train: demo:en/train.conll}" if task == "ner" else "{train: demo:en/intents_train.csv}"
    settings = SMALL.replace("threads", "dropout: 0.3, precision: bf16, threads")
    run, _ = run_and_script(f"task: {task}\nmodel: {tiny_model}\ndata: {data}\n{settings}")
    assert "one_of_few(longest, MAX_LENGTH)" in Path("scripts/small.py").read_text()
    written = load_file("small_plain/model.safetensors")
    kept = load_file(run.folder.model / "model.safetensors")
    assert all(torch.equal(kept[name], written[name]) for name in kept)


@pytest.mark.parametrize(
    ("settings", "labels"),
    [
        ("{regression: true}", [at / 7 for at in range(48)]),
        ("{multi_label: true, focal_gamma: 1.5}", [["a"], ["b"], ["a", "c"], []] * 12),
        ("{long_texts: window}", ["x", "y"] * 24),
    ],
)
def test_objects_become_files_and_every_kind_of_label_is_scored(run_and_script, shell, tiny_model, settings, labels):
    shell.user_ns["frame"] = pd.DataFrame(FEW | {"label": labels})
    body = (
        f"task: {{classify: {settings}}}\nmodel: {tiny_model}\ndata: {{train: $frame, dev: $frame}}\n"
        f"{SMALL.replace('threads', 'max_length_tokens: 16, threads')}"
    )
    run, scores = run_and_script(body)
    assert_same(run, scores)
    examples = [json.loads(line) for line in Path("small_plain/train.jsonl").read_text().splitlines()]
    assert [example["text"] for example in examples] == FEW["text"]


def test_several_processes_share_out_batches_and_end_with_the_weights_of_one(run_cell, shell, tiny_model):
    shell.user_ns["frame"] = pd.DataFrame(FEW | {"label": ["x", "y"] * 24})
    body = (
        f"task: classify\nmodel: {tiny_model}\nmethod: {{l2_sp: {{alpha: 0.1}}}}\ndata: {{train: $frame, dev: $frame}}\n"
        f"{SMALL.replace('threads', 'dropout: 0, precision: fp32, threads')}"
    )
    run_cell(f"%%finetune small\n{body}")
    run_cell("%ft script small scripts/small.py")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    done = subprocess.run([*torchrun, "scripts/small.py"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    run = shell.user_ns["small"]
    assert_same(run, parsed(done.stdout))
    printed = done.stdout.splitlines()
    assert len([line for line in printed if line.startswith("dev accuracy ")]) == 1
    assert len([line for line in printed if line.startswith("step ")]) == 2
    written, kept = load_file("small_plain/model.safetensors"), load_file(run.model_dir / "model.safetensors")
    assert written.keys() == kept.keys()
    # Attention does not see the bias of its keys, whose gradient is nothing but rounding, which Adam scales up.
    seen = [name for name in kept if not name.endswith("key.bias")]
    assert max(float((kept[name] - written[name]).abs().max()) for name in seen) < 1e-6


def test_a_batch_that_cannot_be_shared_out_is_refused(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    assert share_of(6) == 2
    for rows in (2, 8):
        with pytest.raises(SystemExit, match=f"a batch of {rows} rows cannot be shared out to 3 processes"):
            share_of(rows)


def test_long_sentences_are_read_in_windows(run_and_script, tiny_model):
    lines = [
        f"{'Ada' if at % 3 else 'Oslo'} {'B-PER' if at % 3 else 'B-LOC'}" if at % 2 else "walks O" for at in range(90)
    ]
    Path("long.conll").write_text("\n".join(lines) + "\n\n" + "Ada B-PER\nwalks O\n\n" * 20)
    body = f"task: ner\nmodel: {tiny_model}\ndata: {{train: long.conll, test: long.conll}}\n{SMALL}"
    run, scores = run_and_script(body)
    assert "make_windows" in Path("scripts/small.py").read_text()
    assert_same(run, scores)


def test_early_stopping_and_columns_that_must_be_named_are_written_down(run_and_script, tiny_model):
    Path("odd.tsv").write_text("".join(f"{at}\t{'yes' if at % 2 else 'no'}\tthe text {at}\n" for at in range(40)))
    body = (
        f"task: classify\nmodel: {tiny_model}\n"
        "data: {train: odd.tsv, dev: odd.tsv, text_column: 3, label_column: 2, header: false}\n"
        "train: {epochs: 8, learning_rate: 1e-6, batch_size: 8, threads: 1, early_stopping: {patience: 2}}\n"
        "eval: {every: {steps: 2}}"
    )
    run, scores = run_and_script(body)
    assert_same(run, scores)
    text = Path("scripts/small.py").read_text()
    assert 'read_csv("odd.tsv", text=2, label=1, pair=None, number=False, separator="\\t", header=False)' in text
    assert "PATIENCE = 2" in text
    assert "EVERY_STEPS = 2" in text
    assert list(run.history.step) == [2, 4, 6, 8, 10, 12][: len(run.history)]
    assert len(run.history) < 20


def test_a_cell_that_was_only_tried_has_a_script(run_cell, shell, cell, monkeypatch):
    run_cell(cell().replace("small\n", "small --dry-run\n", 1))
    printed = run_cell("%ft script small")
    assert printed.startswith('"""small: `task: ner`')
    ast.parse(printed)
    monkeypatch.setenv("FT_MAGICS_DISPLAY", "widget")
    printed = run_cell("%ft script small")
    assert "Written below: the plain Python of small; it needs" in printed
    assert shell.rl_next_input.startswith('"""small: ')
    assert list(Path.cwd().glob("ft_runs*")) == []


def test_what_cannot_be_written_says_so(run_cell, cell):
    run_cell(cell().replace("small\n", "small --dry-run\n", 1))
    Path("mine.py").write_text("print('mine')\n")
    for line, *parts in (
        ("%ft script", "name a run: %ft script NAME"),
        ("%ft script smal", "there is no run `smal`"),
        ("%ft script small mine.py", "mine.py is there and is no script of small", "name another file"),
        ("%ft script small scripts", "scripts is a folder; name a file in it"),
        ("%ft script small nowhere/x.py", "nowhere/x.py cannot be written"),
    ):
        printed = run_cell(line)
        assert not run_cell.result.success
        assert all(part in printed for part in parts), printed
    assert Path("mine.py").read_text() == "print('mine')\n"
    assert run_cell("%ft script small a.py") == run_cell("%ft script small a.py")  # its own script is written again


def test_a_run_whose_data_are_gone_says_what_is_missing(tiny_model, run_cell, shell):
    shell.user_ns["frame"] = pd.DataFrame(FEW | {"label": ["x", "y"] * 24})
    text = f"task: classify\nmodel: {tiny_model}\ndata: {{train: $frame}}\ntrain: {{max_steps: 1}}"
    run = finish(start_run("small", prepare(parse_cell(text, shell.user_ns))))
    del shell.user_ns["frame"]
    printed = run_cell("%ft script small")
    assert f"the settings of small ({run.folder.shown}/config.yaml) hold no more" in printed
    assert "`$frame` is not defined" in printed
    assert isinstance(run_cell.result.error_in_exec, RunError)


def test_a_bundle_has_all_that_a_function_uses_and_nothing_twice():
    from ft_magics.tasks.classify.thresholds import choose_thresholds

    bundle = Bundle()
    bundle.add([choose_thresholds, choose_thresholds])
    text = f"{bundle.imports}\n\n{bundle.definitions}"
    assert text.count("def choose_thresholds") == text.count("def _best") == text.count("_GRID = ") == 1
    names: dict = {}
    exec(compile(text, "bundle", "exec"), names)
    import numpy as np

    shares, gold = np.array([[0.9], [0.2], [0.8]]), np.array([[True], [False], [True]])
    assert names["choose_thresholds"](shares, gold) == choose_thresholds(shares, gold)


def test_what_a_step_is_set_to_is_written_down(run_and_script, tiny_model):
    settings = (
        "optimizer: {sgd: {momentum: 0.8, nesterov: true}}, scheduler: {polynomial: {power: 2}}, warmup: 2, "
        "dropout: {hidden: 0.3}, activation_checkpointing: true, label_smoothing: 0.2"
    )
    Path("few.conll").write_text("Ada B-PER\nwalks O\n\nOslo B-LOC\nis O\nold O\n\n" * 10)
    body = (
        f"task: ner\nmodel: {tiny_model}\ndata: {{train: few.conll}}\n"
        f"{SMALL.replace('3e-3', '0.1').replace('seed', f'{settings}, seed')}"
    )
    run, _ = run_and_script(body)
    saved, ours = (load_file(folder / "model.safetensors") for folder in (Path("small_plain"), run.model_dir))
    assert all(torch.equal(saved[name], ours[name]) for name in ours)


@pytest.mark.parametrize("setting", ["optimizer: muon", "scheduler: one_cycle", "ema: 0.9"])
def test_what_cannot_be_written_down_is_refused_by_name(tiny_model, setting):
    data = "{train: demo:en/train.conll}"
    config = parse_cell(f"task: ner\nmodel: {tiny_model}\ndata: {data}\ntrain: {{{setting}}}\n", {})
    with pytest.raises(TaskError, match=f"a run with `train: {{{setting}}}` is not written in plain Python"):
        script_of("small", prepare(config))
