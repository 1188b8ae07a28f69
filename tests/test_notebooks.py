"""The demo notebook, run for real by the script behind `make demo`."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from conftest import HOST_VARIABLES, REPOSITORY

WIDGET = "application/vnd.jupyter.widget-view+json"
MOST_BYTES = 260_000  # most are cards, each with its style: hosts strip style sheets
MOST_BYTES_OF = {
    "03_ways_to_tune": 400_000,  # a comparison: the examples that seven runs gained and lost
    "04_relations": 500_000,  # two runs, and cards with arrows
}


@dataclass(frozen=True)
class Executed:
    folder: Path
    printed: str
    code: int
    notebook: nbformat.NotebookNode

    def outputs(self, begin: str) -> list:
        """Outputs of the cell whose text begins so."""
        (cell,) = (cell for cell in self.notebook.cells if cell.source.startswith(begin))
        return cell.outputs

    def html(self, begin: str) -> str:
        return "".join(item.get("data", {}).get("text/html", "") for item in self.outputs(begin))


def run_notebook(folder: Path, name: str, **changed: str) -> Executed:
    """Run a demo notebook in a folder.

    Args:
        folder: For what it makes.
        name: Of the notebook.
        changed: Words of its cells that are others here.
    """
    script = load_script()
    notebook = (script.HERE / f"{name}.ipynb").read_text(encoding="utf-8")
    for word, other in changed.items():
        assert word in notebook
        notebook = notebook.replace(word, other)
    source = folder / "source"
    source.mkdir()
    (source / f"{name}.ipynb").write_text(notebook, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
        for variable in HOST_VARIABLES:
            patch.delenv(variable, raising=False)
        patch.setattr(script, "OUTPUT", folder)
        patch.setattr(script, "HERE", source)
        code = script.main(name)
    return Executed(folder, printed.getvalue(), code, nbformat.read(folder / f"{name}.ipynb", as_version=4))


def load_script():
    """`run_demo.py` as a module."""
    spec = importlib.util.spec_from_file_location("run_demo", REPOSITORY / "demo_notebooks" / "run_demo.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """Half as long as a person's: what it learns is enough to be seen."""
    return run_notebook(tmp_path_factory.mktemp("demo"), "01_quickstart", **{"epochs: 8": "epochs: 4"})


@pytest.fixture(scope="module")
def classified(tmp_path_factory):
    return run_notebook(tmp_path_factory.mktemp("demo_classify"), "02_classify", **{"epochs: 5": "epochs: 3"})


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    """Eight runs are many: each is a few steps of a small model here."""
    few = {"epochs: 6": "max_steps: 3", "model: minilm": "model: ft-tiny"}
    return run_notebook(tmp_path_factory.mktemp("demo_tuned"), "03_ways_to_tune", **few)


@pytest.fixture(scope="module")
def pretrained(tmp_path_factory):
    """With few steps, so nothing is learned; that every cell runs and what it shows is the same."""
    few = {
        "epochs: 12": "max_steps: 3",
        "epochs: 15": "max_steps: 2",
        "[0.25, 1.0]": "[1.0]",
        ", ft-tiny, minilm]": "]",
    }
    return run_notebook(tmp_path_factory.mktemp("demo_pretrained"), "08_pretraining", **few)


@pytest.fixture(scope="module")
def related(tmp_path_factory):
    """Two runs of few steps of a small model; the graph takes what they say, sure or not."""
    few = {
        "epochs: 6": "max_steps: 3",
        "model: minilm": "model: ft-tiny",
        "least_confidence=0.3": "least_confidence=0.0",
    }
    return run_notebook(tmp_path_factory.mktemp("demo_related"), "04_relations", **few)


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    few = {"epochs: 8": "max_steps: 3", "model: minilm": "model: ft-tiny"}
    return run_notebook(tmp_path_factory.mktemp("demo_answered"), "05_question_answering", **few)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    short = "{generation: {max_new_tokens: 4}}"  # most of the time is taken by writing
    few = {
        "epochs: 10": "max_steps: 2, share: 0.1",
        "every: {epochs: 5}, ": "",
        "task: translate": f"task: {{translate: {short}}}",
        "task: summarize": f"task: {{summarize: {short}}}",
    }
    return run_notebook(tmp_path_factory.mktemp("demo_written"), "06_translation_and_summaries", **few)


@pytest.fixture(scope="module")
def talked(tmp_path_factory):
    few = {"epochs: 20": "max_steps: 2", "epochs: 4": "max_steps: 2", "model: minilm": "model: ft-tiny"}
    return run_notebook(tmp_path_factory.mktemp("demo_talked"), "07_dialogue", **few)


FIXTURES = {
    "01_quickstart": "executed",
    "02_classify": "classified",
    "03_ways_to_tune": "tuned",
    "04_relations": "related",
    "05_question_answering": "answered",
    "06_translation_and_summaries": "written",
    "07_dialogue": "talked",
    "08_pretraining": "pretrained",
}


@pytest.fixture(params=FIXTURES)
def either(request):
    return request.getfixturevalue(FIXTURES[request.param])


def test_every_notebook_is_run_here_and_comes_with_the_package():
    there = {path.stem for path in (REPOSITORY / "demo_notebooks").glob("*.ipynb")}
    assert there == set(FIXTURES)
    packed = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert all(f'"demo_notebooks/{name}.ipynb" = "ft_magics/demo_notebooks/{name}.ipynb"' in packed for name in there)


def test_every_cell_runs_and_none_complains(either):
    assert either.code == 0
    code = [cell for cell in either.notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    outputs = [item for cell in code for item in cell.outputs]
    assert not [item for item in outputs if item.output_type == "error"]
    assert not [item.text for item in outputs if item.get("name") == "stderr"]


def test_dev_f1_rises_from_the_first_epoch_to_the_last(executed):
    lines = (executed.folder / "ft_runs" / "ner" / "events.jsonl").read_text(encoding="utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    dev = [event["metrics"]["f1"] for event in events if event["kind"] == "evaluated" and event["split"] == "dev"]
    assert len(dev) >= 3
    assert dev[-1] > dev[0] + 0.2
    assert events[-1]["status"] == "done"


def test_the_run_and_its_report_stay_in_the_notebook_as_html(executed):
    run = executed.html("%%finetune")
    assert "finished after" in run
    assert "★ best" in run
    report = executed.html("report = %ner_eval")
    assert all(f">{name}</th>" in report for name in ("EVENT", "LOC", "ORG", "PER", "micro", "macro", "weighted"))
    assert "spurious" in report
    (text,) = (item.text for item in executed.outputs("print(") if item.output_type == "stream")
    micro = float(text.split("micro F1 ")[1].split(",")[0])
    assert f"F1 {100 * micro:.2f}" in report


def test_nothing_in_it_needs_a_kernel_or_is_large(either):
    assert "widgets" not in either.notebook.metadata
    (path,) = either.folder.glob("0*.ipynb")
    text = path.read_text(encoding="utf-8")
    assert WIDGET not in text
    assert "<script" not in text
    assert len(text.encode()) < MOST_BYTES_OF.get(path.stem, MOST_BYTES)


def test_the_classifier_is_evaluated_asked_and_saved(classified):
    assert "finished after" in classified.html("%%finetune")
    report = classified.html("report = %evaluate")
    assert all(f">{name}</th>" in report for name in ("waste", "roads", "library"))
    (text,) = (item.text for item in classified.outputs("print(") if item.output_type == "stream")
    accuracy = float(text.split("accuracy ")[1].split(",")[0])
    assert accuracy > 0.7
    assert f"{100 * accuracy:.2f}" in report
    assert "waste" in classified.html("%%predict")
    assert (classified.folder / "saved_models" / "intents" / "model.safetensors").is_file()
    (answer,) = (item.data["text/plain"] for item in classified.outputs("from transformers"))
    assert "roads" in answer


def test_eight_ways_to_tune_are_compared(tuned):
    names = ["full", "lora", "adapter", "bitfit", "ia3", "prefix", "prompt", "head"]
    loop = tuned.outputs("from IPython.utils.capture")
    assert {item.output_type for item in loop} == {"stream"}  # of the pages nothing is shown
    printed = "".join(item.text for item in loop)
    told = [line.partition(":")[0] for line in printed.splitlines()]
    assert told == ["head", "bitfit", "adapter", "ia3", "prefix", "prompt"]
    assert printed.count("are trainable") == 6
    page = tuned.html("%ft compare")
    assert all(f">{name}</th>" in page for name in names)
    assert "Score and cost" in page
    assert "trainable parameters, % of all (logarithmic)" in page
    script = (tuned.folder / "lora.py").read_text(encoding="utf-8")
    assert "get_peft_model(model, config)" in script
    assert "import ft_magics" not in script


def test_it_uses_and_saves_the_model(executed):
    (entities,) = (item.data["text/plain"] for item in executed.outputs("ner.predict"))
    assert "Ada Lovelace" in entities
    assert "'LOC'" in entities
    (same,) = (item.data["text/plain"] for item in executed.outputs("import ft_magics"))
    assert same == "True"
    assert (executed.folder / "saved_models" / "ner" / "model.safetensors").is_file()


def test_the_terminal_sees_progress_the_report_and_where_things_lie(executed):
    lines = executed.printed.splitlines()
    assert any(line.startswith("  step ") and line.endswith("tokens/s") for line in lines)
    assert any(line.startswith("  epoch 1: dev F1 ") for line in lines)
    assert any(line.split()[:1] == ["PER"] for line in lines)
    page = executed.folder / "01_quickstart.html"
    for path in (page.with_suffix(".ipynb"), page, executed.folder / "ft_runs" / "ner" / "report.html"):
        assert any(line.endswith(str(path)) for line in lines)
        assert path.is_file()
    assert "entity type" in page.read_text(encoding="utf-8")


def test_the_follower_prints_lines_as_they_come_and_waits_for_whole_ones(tmp_path, capsys):
    events, done = tmp_path / "events.jsonl", threading.Event()
    follower = threading.Thread(target=load_script().follow, args=(events, done))
    follower.start()
    printed = ""

    def wait_for(text: str) -> None:
        nonlocal printed
        deadline = time.monotonic() + 60
        while text not in printed and time.monotonic() < deadline:
            time.sleep(0.1)
            printed += capsys.readouterr().out
        assert text in printed

    def step(number: int, elapsed_s: float) -> str:
        numbers = {"epoch": 0.5, "loss": 1.25, "learning_rate": 0.1, "grad_norm": None, "tokens_per_s": 4321.0}
        return (
            json.dumps(
                {
                    "kind": "step",
                    "time": 1.0,
                    "process_memory_bytes": 1,
                    "device_memory_bytes": None,
                    "step": number,
                    "elapsed_s": elapsed_s,
                    **numbers,
                }
            )
            + "\n"
        )

    try:
        time.sleep(0.1)  # it has looked once, and there was no file
        notice = json.dumps({"kind": "notice", "time": 1.0, "level": "info", "text": "一切就绪"}, ensure_ascii=False)
        events.write_text(step(1, 1) + step(2, 2) + '{"kind": "of a newer version"}\n' + notice[:20], encoding="utf-8")
        wait_for("  step 1, epoch 0.50, loss 1.2500, 4,321 tokens/s\n")
        with events.open("a", encoding="utf-8") as stream:
            stream.write(notice[20:] + "\n" + step(3, 6.5))
        wait_for("step 3")
    finally:
        done.set()
        follower.join()
    assert printed.count("step 1") == 1
    assert "step 2" not in printed  # steps are told every five seconds
    assert "  一切就绪\n" in printed


def test_a_notebook_that_fails_says_so_and_is_kept(tmp_path, capsys, monkeypatch):
    script = load_script()
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    (tmp_path / "notebooks").mkdir()
    nbformat.write(notebook, tmp_path / "notebooks" / "01_quickstart.ipynb")
    monkeypatch.setattr(script, "HERE", tmp_path / "notebooks")
    monkeypatch.setattr(script, "OUTPUT", tmp_path / "output")
    assert script.main() == 1
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert "ZeroDivisionError" in (tmp_path / "output" / "01_quickstart.ipynb").read_text(encoding="utf-8")
