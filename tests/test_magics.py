"""The magics as a user meets them: cells run in a real shell, from `%load_ext` to `%unload_ext`."""

from __future__ import annotations

import _thread
import json
import subprocess
import sys
import threading
import time
from pathlib import Path

import ft_magics
import pandas as pd
import pytest
from ft_magics.errors import RunError
from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.events import Evaluated, RunEnded, StepDone
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.run import Run
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

from conftest import CONLL
from runs import assert_same_end, finish

DESIGN = """\
%%finetune ner
task: ner
model: minilm                       # alias | hub id | local path | $object
data:
  train: wnut17/train.conll         # path | hub id | $dataframe | $dataset
  dev:   wnut17/dev.conll           # or {fraction: 0.1, seed: 42}
  test:  wnut17/test.conll
method: full                        # full | head | bitfit | lora | adapter | prefix | prompt | {lora: {r: 8}}
train:
  epochs: 5
  learning_rate: 2e-4
  batch_size: 16
  seed: 1
  early_stopping: {patience: 3}
save:
  every: {epochs: 1}
"""
WNUT = {
    "wnut17/train.conll": "wnut17train.conll",
    "wnut17/dev.conll": "emerging.dev.conll",
    "wnut17/test.conll": "emerging.test.annotated",
}


@pytest.fixture(autouse=True)
def _one_thread():
    """Matrices of 32 columns gain nothing from a second thread, and wait for it where cores are shared."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def quick(cell, run_cell, shell):
    """A finished run of three steps, called `small`."""
    run_cell(cell())
    assert run_cell.result.success
    return shell.user_ns["small"]


@pytest.fixture
def let_go(monkeypatch):
    """Cells return at once and their runs go on, as after a second interrupt."""
    monkeypatch.setattr("ft_magics.magics.actions.watch", lambda *_, **__: None)


def state(shell) -> dict[str, object]:
    """All that an extension can add to a shell."""
    manager, formatters = shell.magics_manager, shell.display_formatter.formatters
    every = [
        *formatters.values(),
        shell.display_formatter.ipython_display_formatter,
        shell.display_formatter.mimebundle_formatter,
    ]
    return {
        "magics": {kind: sorted(names) for kind, names in manager.magics.items()},
        "registry": sorted(manager.registry),
        "formatters": [(sorted(map(str, one.type_printers)), sorted(one.deferred_printers)) for one in every],
        "callbacks": {name: list(calls) for name, calls in shell.events.callbacks.items()},
        "configurables": [type(item).__name__ for item in shell.configurables],
        "matchers": [matcher.matcher_identifier for matcher in shell.Completer.custom_matchers],
        "completers": sorted(shell.Completer.custom_completers.s_matches("x"))
        if shell.Completer.custom_completers
        else [],
        "hooks": {name: str(hook) for name, hook in shell.hooks.items()},
        "transformers": [*shell.input_transformers_cleanup, *shell.input_transformers_post, *shell.ast_transformers],
        "exceptions": (shell.custom_exceptions, sys.excepthook),
        "names": sorted(name for name in shell.user_ns if not name.startswith("_")),
    }


def test_loading_is_quick_since_it_imports_neither_torch_nor_transformers():
    code = (
        "from IPython.core.interactiveshell import InteractiveShell as Shell; import sys\n"
        "Shell.instance().run_line_magic('load_ext', 'ft_magics')\n"
        "heavy = 'torch transformers peft datasets pandas numpy pydantic ruamel.yaml ipywidgets anywidget ft_widgets'\n"
        "print(sorted(set(heavy.split()) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_unloading_takes_back_all_that_loading_and_using_did(bare_shell, cell, capsys):
    before, extensions = (
        state(bare_shell),
        bare_shell.extension_manager,
    )  # IPython makes %load_ext itself when it is used
    extensions.load_extension("ft_magics")
    assert state(bare_shell) != before
    for text in (cell(), "small", "%ner_eval small", "%ner_eval small small", "small.report()", "del small"):
        assert bare_shell.run_cell(text).success, capsys.readouterr()
    extensions.unload_extension("ft_magics")
    assert state(bare_shell) == before
    assert not bare_shell.run_cell("%ft runs").success
    assert "not found" in "".join(capsys.readouterr())


def test_loading_again_works(shell, run_cell):
    once = state(shell)
    for line in ("%unload_ext ft_magics", "%load_ext ft_magics", "%reload_ext ft_magics", "%ft runs"):
        printed = run_cell(line)
        assert run_cell.result.success, printed
    assert "No runs in" in printed
    assert state(shell) == once


def test_the_cell_of_the_design(run_cell, shell, tiny_model):
    Path("wnut17").mkdir()
    for name in WNUT:
        Path(name).write_text(CONLL * 4)
    printed = run_cell(DESIGN.replace("minilm", str(tiny_model)))
    ner = shell.user_ns["ner"]
    assert run_cell.result.success, printed
    assert isinstance(ner, Run)
    assert ner.status == "done"
    assert "epoch 1: dev F1 " in printed
    assert "micro" in printed
    assert {"config.yaml", "events.jsonl", "model", "checkpoints", "report.json", "report.html"} <= {
        path.name for path in ner.dir.iterdir()
    }
    run_cell("%ner_eval ner --split test")
    report = run_cell.result.result
    assert isinstance(report, EntityReport)
    assert 0 <= report.micro.f1 <= 1
    assert isinstance(report.micro.f1, float)
    assert isinstance(report.per_type["PER"].recall, float)
    assert report.micro.support == 16
    run_cell('ner.predict(["Ada Lovelace wrote to Babbage in London."])')
    assert len(run_cell.result.result) == 1


@pytest.mark.shared
def test_the_cell_of_the_design_on_real_data(run_cell, shell, shared, tiny_model):
    text = DESIGN.replace("minilm", str(tiny_model)).replace("epochs: 5", "max_steps: 2")
    for name, file in WNUT.items():
        text = text.replace(name, str(shared / "wnut17_en" / file))
    printed = run_cell(text)
    assert run_cell.result.success, printed
    assert shell.user_ns["ner"].report("test").micro.support == 1079
    assert "types that train does not have" not in printed


def test_help_is_made_from_the_parser(run_cell):
    printed = run_cell("%%finetune?")
    for part in (
        "%%finetune [--dry-run] [--set KEY=VALUE] [--from RUN] [--resume]",
        "train nothing",
        "model: minilm",
        "Override a setting",
    ):
        assert part in printed
    assert "%ner_eval ner --split test" in run_cell("%ner_eval?")
    assert "%ft stop NAME" in run_cell("%ft?")


def test_a_dry_run_trains_nothing(run_cell, shell, cell):
    printed = run_cell(cell("epochs: 2, batch_size: 4").replace("small\n", "small --dry-run\n", 1))
    assert run_cell.result.success
    for part in (
        "12 steps over 2 epochs",
        "are trainable (100.00 %)",
        "kB kept on disk",
        "PER 16",
        "batch_size: 4",
        "inputs of at most 64 tokens",
        "Memory about",
        "a batch of 4 rows of",
        "GB are free on cpu",
    ):
        assert part in printed
    assert "small" not in shell.user_ns
    assert not Path("ft_runs").exists()


def test_one_setting_is_overridden_on_the_line(run_cell, shell, cell):
    flags = "--set train.max_steps=2 --set train.learning_rate=1e-4 --set 'data.test={fraction: 0.25}'"
    run_cell(cell("num_train_epochs: 5, batch_size: 4").replace("small\n", f"small {flags}\n", 1))
    config = shell.user_ns["small"].config
    assert (config.train.max_steps, config.train.learning_rate, config.train.epochs) == (2, 1e-4, 5)
    assert config.data.test.fraction == 0.25
    printed = run_cell(cell("num_train_epochs: 5").replace("small\n", "other --dry-run --set train.epochs=1\n", 1))
    assert "over 1 epochs" in printed


def test_data_of_the_notebook_go_in_by_reference(run_cell, shell, cell):
    from datasets import ClassLabel, Dataset, Features, List, Value

    names = ["O", "B-PER", "I-PER"]
    features = Features({"tokens": List(Value("string")), "ner_tags": List(ClassLabel(names=names))})
    rows = {"tokens": [["Ada", "Lovelace", "runs"]] * 6, "ner_tags": [[1, 2, 0]] * 6}
    shell.user_ns |= {
        "frame": pd.DataFrame({"sentence": [1, 1, 2], "word": ["Ada", "runs", "Bob"], "tag": ["B-PER", "O", "B-PER"]}),
        "dataset": Dataset.from_dict(rows, features=features),
        "pairs": [[("Ada", "B-PER"), ("runs", "O")]] * 5,
        "rate": 1e-3,
    }
    text = cell("max_steps: 1, learning_rate: $rate", data="{train: $dataset, dev: $frame, test: $pairs}")
    printed = run_cell(text)
    assert run_cell.result.success, printed
    small = shell.user_ns["small"]
    assert small.config.data.train.value is shell.user_ns["dataset"]
    assert small.config.data.dev.value is shell.user_ns["frame"]
    assert small.config.train.learning_rate == 1e-3
    assert small.report("test").micro.support == 5
    written = (small.dir / "config.yaml").read_text()
    assert all(name in written for name in ("$dataset", "$frame", "$pairs"))
    assert ft_magics.load(small.dir).config.data.train == "$dataset"


@pytest.mark.usefixtures("quick")
def test_a_run_goes_on_from_another(run_cell, shell, cell, tiny_model):
    printed = run_cell(cell(name="more").replace(str(tiny_model), "$small"))
    assert run_cell.result.success, printed
    assert shell.user_ns["more"].status == "done"


@pytest.mark.usefixtures("quick")
def test_a_model_is_evaluated_on_a_file(run_cell, shell, conll):
    Path("a folder").mkdir()
    Path("a folder/test set.conll").write_text(CONLL)
    for target in ("small", "ft_runs/small", "ft_runs/small/model"):
        printed = run_cell(f"%ner_eval {target} --data '{conll}'")
        assert run_cell.result.success, printed
        assert run_cell.result.result.micro.support == 32
    run_cell("%ner_eval small --data 'a folder/test set.conll'")
    assert run_cell.result.result.micro.support == 4
    shell.user_ns["pairs"] = [[("Ada", "B-PER"), ("runs", "O")]]
    run_cell("%ner_eval small --data $pairs")
    assert run_cell.result.result.sentences == 1
    del shell.user_ns["small"]  # as in a new kernel: the run is found below ft_runs
    assert run_cell("%ner_eval small --split dev").count("micro") == 1
    run_cell(f"%ner_eval small --data {conll}")
    assert run_cell.result.result.micro.support == 32


def test_tags_of_ones_own_are_evaluated(run_cell, shell):
    shell.user_ns |= {"y": [["B-PER", "I-PER", "O"], ["B-LOC"]], "p": [["B-PER", "I-PER", "O"], ["O"]]}
    printed = run_cell("report = %ner_eval --gold $y --pred $p")
    report = shell.user_ns["report"]
    assert (report.micro.f1, report.per_type["PER"].recall, report.per_type["LOC"].recall) == (2 / 3, 1.0, 0.0)
    assert printed.count("micro") == 1
    assert run_cell("report").count("micro") == 1


@pytest.mark.usefixtures("quick")
def test_a_report_is_shown_once(run_cell):
    assert run_cell("%ner_eval small").count("micro") == 1
    assert run_cell.result.result.title == "small · test"


def test_a_run_draws_itself_and_has_a_short_name(quick, run_cell):
    assert "micro" in run_cell("small")
    assert repr(quick).startswith("<Run small: done, best dev F1 ")
    assert repr(quick).endswith("ft_runs/small>")


def test_housekeeping_of_finished_runs(quick, run_cell, shell):
    assert run_cell("%ft debug").strip() == "No error of ft_magics so far."
    head, line = run_cell("%ft runs").splitlines()
    scores, settings = ["best", "dev", "F1", "test", "F1"], ["settings", "that", "differ"]
    assert head.split() == ["run", "state", *scores, *settings, "step", "began", "took", "folder"]
    assert line.split()[:2] == ["small", "done"]
    assert line.endswith("ft_runs/small")
    assert "micro" in run_cell("%ft report small")
    del shell.user_ns["small"]
    assert "micro" in run_cell("%ft report ft_runs/small")
    assert run_cell("%ft stop small").strip() == "small is not running: done."
    assert not (quick.dir / "STOP").exists()


def test_runs_elsewhere_and_folders_that_are_none_are_listed_too(quick, run_cell, cell, tmp_path):
    run_cell(cell("max_steps: 1", extra=f"save: {{dir: {tmp_path / 'elsewhere'}}}", name="far"))
    Path("ft_runs/junk").mkdir()
    _, far, near, junk, how = run_cell("%ft runs").splitlines()
    assert how.startswith("To compare two: `%ft compare small ")
    assert (far.split()[0], near.split()[0]) == ("far", quick.name)
    assert far.endswith("elsewhere/far")
    assert junk.startswith("ft_runs/junk holds no run")


def test_another_run_of_a_name_keeps_the_first_ones_folder(quick, run_cell, shell, cell):
    run_cell(cell("max_steps: 1"))
    assert shell.user_ns["small"] is not quick
    (aside,) = Path("ft_runs").glob("small@*")
    assert ft_magics.load(aside).events[0].total_steps == 3
    assert run_cell(f"%ner_eval {aside.name}").count("micro") == 1


@pytest.mark.usefixtures("let_go")
def test_a_run_that_goes_on_is_evaluated_later_and_stopped(run_cell, shell, cell):
    run_cell(cell("epochs: 400, batch_size: 4"))
    small = shell.user_ns["small"]
    assert "still training" in run_cell("%ner_eval small --split test --no-wait")
    assert not run_cell.result.success
    assert "still training; stop it first" in run_cell(cell())
    assert shell.user_ns["small"] is small
    assert run_cell("%ft stop small").strip() == "small stops after its step."
    assert small.wait(60)
    assert (small.status, small.events[-1].reason) == ("stopped", "stopped by %ft stop")
    assert "small is not running: stopped." in run_cell("%ft stop small")


@pytest.mark.usefixtures("let_go")
def test_a_run_is_stopped_from_another_kernel(run_cell, shell, cell):
    run_cell(cell("epochs: 400, batch_size: 4"))
    small = shell.user_ns.pop("small")
    while not small.events:
        assert not small.wait(0.05)
    assert "trains in another kernel" in run_cell("%ft stop small")
    assert small.wait(60)
    assert small.events[-1].reason == "stopped by the STOP file"


def test_an_interrupt_stops_and_keeps_the_best_model(run_cell, shell, cell):
    def interrupt():
        while not any(isinstance(event, Evaluated) for event in getattr(shell.user_ns.get("small"), "events", ())):
            threading.Event().wait(0.02)
        _thread.interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    printed = run_cell(cell("epochs: 400, batch_size: 4, learning_rate: 1e-3"))
    small = shell.user_ns["small"]
    assert run_cell.result.success, printed
    assert "stopped by the interrupt" in printed
    assert small.status == "stopped"
    best = max(event.metrics["f1"] for event in small.events if isinstance(event, Evaluated) and event.split == "dev")
    assert small.events[-1].best == best
    assert small.report("dev").micro.f1 == best
    assert small.predict(["Ada runs."]) is not None


def test_a_second_interrupt_lets_go(run_cell, shell, cell, monkeypatch):
    real, interrupts = Run.wait, []

    def wait(run, timeout_s=None):
        if len(interrupts) < 2:
            interrupts.append(1)
            raise KeyboardInterrupt
        return real(run, timeout_s)

    with monkeypatch.context() as patched:
        patched.setattr(Run, "wait", wait)
        printed = run_cell(cell("epochs: 400, batch_size: 4"))
    assert run_cell.result.success
    assert "Detached from small" in printed
    assert "Traceback" not in printed
    assert shell.user_ns["small"].wait(60)


def test_a_failed_run_leaves_a_readable_folder_and_a_clear_message(run_cell, shell, cell, monkeypatch):
    def break_down(*_, **__):
        raise RuntimeError("the card is on fire")

    with monkeypatch.context() as patched:
        patched.setattr(NerTask, "loss", break_down)
        printed = run_cell(cell())
    assert not run_cell.result.success
    assert "TrainingError: run small failed: RuntimeError: the card is on fire" in printed
    assert "ft_runs/small" in printed
    assert "%ft debug" in printed
    assert "Traceback" not in printed
    whole = run_cell("%ft debug")
    assert "Traceback (most recent call last)" in whole
    assert "in break_down" in whole
    small = shell.user_ns["small"]
    assert (small.status, str(small.exception)) == ("failed", "the card is on fire")
    assert "in break_down" in (small.dir / "error.txt").read_text()
    again = ft_magics.load(small.dir)
    assert isinstance(again.events[-1], RunEnded)
    assert again.status == "failed"
    assert [json.loads(line)["kind"] for line in (small.dir / "events.jsonl").read_text().splitlines()][
        -1
    ] == "run_ended"
    assert run_cell("%ft runs").splitlines()[1].split()[:2] == ["small", "failed"]
    assert "has no predictions" in run_cell("%ner_eval small")
    assert run_cell(cell("max_steps: 1"))
    assert run_cell.result.success  # the name is free again


def test_an_error_that_nobody_foresaw_has_no_traceback_either(run_cell, cell, monkeypatch):
    def break_down(*_, **__):
        raise ZeroDivisionError("who would have thought")

    monkeypatch.setattr("ft_magics.config.cell.read_tree", break_down)
    printed = run_cell(cell())
    assert "UnexpectedError: ZeroDivisionError: who would have thought" in printed
    assert "Traceback" not in printed
    assert "in break_down" in run_cell("%ft debug")


def test_a_cell_trains_in_the_background_and_later_cells_wait(run_cell, shell, cell):
    text = run_cell(cell("epochs: 40, batch_size: 4").replace("%%finetune small", "%%finetune small --bg"))
    assert "trains in the background" in text
    small = shell.user_ns["small"]
    assert "running" in run_cell("%ft status small")
    assert "still training" in run_cell("%ner_eval small --no-wait")
    text = run_cell("%ner_eval small")
    assert "Waiting for small" in text
    assert "micro" in text
    assert small.status == "done"


def test_a_run_that_begins_while_another_trains_waits_and_takes_nothing_from_it(run_cell, shell, cell):
    body = cell("epochs: 6, batch_size: 4, learning_rate: 1e-3")
    for name in ("alone", "first --bg", "second --bg"):
        text = run_cell(body.replace("%%finetune small", f"%%finetune {name}"))
    assert "Waiting for first, which is running (one run trains at a time)" in text
    alone, first, second = (finish(shell.user_ns[name]) for name in ("alone", "first", "second"))
    assert_same_end(first, alone)
    assert_same_end(second, alone)


@pytest.mark.usefixtures("let_go")
def test_a_waiting_that_is_interrupted_lets_the_run_go_on(run_cell, shell, cell):
    run_cell(cell("epochs: 400, batch_size: 4"))
    small = shell.user_ns["small"]
    for line in ("%ner_eval small", cell(name="other"), "small.predict(['Ada'])"):
        threading.Timer(1.5, _thread.interrupt_main).start()
        printed = run_cell(line)
        assert "RunError: the waiting for small was interrupted; small keeps training" in printed
        assert "Traceback" not in printed
    assert "other" not in shell.user_ns
    with pytest.raises(RunError, match=r"cannot begin while small trains in this kernel.*`small.wait\(\)`"):
        start_run("third", prepare(parse_cell(cell().partition("\n")[2], {})))
    assert small.status == "running"
    small.stop()
    assert small.wait(60)


def test_resume_goes_on_and_begins_where_nothing_is(run_cell, shell, cell):
    going_on = cell("epochs: 6, batch_size: 4").replace("%%finetune small", "%%finetune small --resume")
    assert "There is no run small to resume; it starts from the beginning." in run_cell(going_on)
    assert "small is done; there is nothing to resume" in run_cell(going_on)
    assert "is done; there is nothing to resume" in run_cell("%ft resume small")
    run_cell(cell("epochs: 400, batch_size: 4", name="long").replace("%%finetune long", "%%finetune long --bg"))
    while not any(isinstance(event, Evaluated) for event in shell.user_ns["long"].events):
        assert not shell.user_ns["long"].wait(0.05)
    assert "only a run that has ended can be resumed" in run_cell("%ft resume long")
    run_cell("%ft stop long")
    assert shell.user_ns["long"].wait(60)
    before = shell.user_ns.pop("long")
    step = before.events[-1] and max(event.step for event in before.events if isinstance(event, Evaluated))
    thread = threading.Thread(target=lambda: (_until_resumed(shell), shell.user_ns["long"].stop()))
    thread.start()
    run_cell("%ft resume long")
    thread.join()
    again = shell.user_ns["long"]
    assert again.status == "stopped"
    assert max(event.step for event in again.events if isinstance(event, Evaluated)) >= step


def _until_resumed(shell):
    while "long" not in shell.user_ns or not shell.user_ns["long"].events:
        time.sleep(0.02)
    while not any(isinstance(event, StepDone) for event in shell.user_ns["long"].events[-1:]):
        if shell.user_ns["long"].wait(0.02):
            return
