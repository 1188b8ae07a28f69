"""A task in a package of its own, installed here: from a cell to dashboard, report, comparison, prediction and resume."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import pytest
from ft_magics.errors import TaskError
from ft_magics.tasks.optional import trained_on

PACKAGE = Path(__file__).parent / "third_party"
WORDS = ("awful", "poor", "fair", "good", "great")

LIFE = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.io import capture_output

shell = InteractiveShell.instance()
said = {}

def run(name, cell):
    with capture_output() as captured:
        result = shell.run_cell(cell, store_history=True)
    error = result.error_in_exec or result.error_before_exec
    said[name] = captured.stdout + (f"{type(error).__name__}: {error}" if error else "")
    return result

run("load", "%load_ext ft_magics")
body = open("cell.yaml").read()
run("first", "%%finetune first\\n" + body)
run("second", "%%finetune second --set train.seed=2\\n" + body)
run("wrong", "%%finetune wrong --set data.sars=1\\n" + body)
run("report", "%evaluate first")
run("comparison", "%evaluate first second")
run("asked", "%%predict first\\na great meal\\n")
first = shell.user_ns["first"]
from ft_magics.display.run_page import run_html
page = run_html(first.events, first.status, name="first")
report = first.report("test")
out = {
    "said": said,
    "history": json.loads(first.history.to_json(orient="records")),
    "columns": list(first.history.columns),
    "page": page,
    "stars": first.predict("a great meal"),
    "headline": [report.headline.metric.name, report.headline.value, report.headline.interval],
    "status": first.status,
    "best": first.best,
    "model": str(first.model_dir),
}
json.dump(out, open("out.json", "w"))
"""

RESUMED = """
import ft_magics
from ft_magics.runs.steering import Steering
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

config = parse_cell(open("cell.yaml").read(), {})
run = start_run("again", prepare(config))
while not any(event.kind == "evaluated" for event in run.events):
    run.finished.wait(0.01)
run.stop()
run.wait()
assert run.status == "stopped", run
run = resume_run("again", prepare(config))
run.wait()
assert run.status == "done", run.exception
assert ft_magics.load("ft_runs/again").report("test").to_json() == ft_magics.load("ft_runs/first").report("test").to_json() | {
    "title": "again · test"
}
"""

BROKEN = """
from ft_rating.task import RatingTask

class Fails(RatingTask):
    def METHOD(self, *arguments, **named):
        raise KeyError("a fault of the package")

class Other:
    pass
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The folder that the package was installed into."""
    place = tmp_path_factory.mktemp("third_party")
    shutil.copytree(PACKAGE, place / "source")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--target", place / "installed", place / "source"], check=True)
    return place / "installed"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, tiny_model):
    """A working folder with data and a cell."""
    place = tmp_path_factory.mktemp("rated")
    rows = [f"a {WORDS[at % 5]} {noun},{at % 5 + 1}" for at, noun in enumerate(["meal", "room", "walk", "film"] * 10)]
    for name in ("train", "dev", "test"):
        (place / f"{name}.csv").write_text("text,stars\n" + "\n".join(rows) + "\n")
    (place / "cell.yaml").write_text(
        f"task: rating\nmodel: {tiny_model}\n"
        "data: {train: train.csv, dev: dev.csv, test: test.csv}\n"
        "train: {epochs: 3, batch_size: 8, learning_rate: 1e-3}\n"
    )
    return place


def live(installed, folder, code):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def life(installed, folder):
    done = live(installed, folder, LIFE)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "out.json").read_text())


def test_it_runs_from_a_cell(life):
    assert life["status"] == "done", life["said"]["first"]
    assert "train 40" in life["said"]["first"]


def test_its_metrics_are_the_columns_of_history_and_page(life):
    assert life["columns"][:2] == ["epoch", "step"]
    assert {"loss", "mae", "rmse", "best"} <= set(life["columns"])
    assert "mean absolute error ↓" in life["page"]


def test_the_best_model_is_that_of_the_lowest_error(life):
    errors = [row["mae"] for row in life["history"]]
    assert life["best"] == min(errors)
    bests = [row["mae"] for row in life["history"] if row["best"]]
    assert bests == sorted(bests, reverse=True)
    assert bests[-1] == min(errors)


def test_it_has_a_report_with_an_interval(life):
    name, value, interval = life["headline"]
    assert name == "mae"
    assert interval[0] <= value <= interval[1]
    assert "mean absolute error" in life["said"]["report"]


def test_its_runs_are_compared(life):
    assert "Error" not in life["said"]["comparison"]
    assert "first · test" in life["said"]["comparison"]
    assert "second · test" in life["said"]["comparison"]


def test_it_answers(life):
    assert 1 <= life["stars"] <= 5
    assert "a great meal" in life["said"]["asked"]


def test_a_wrong_key_is_named_with_its_section(life):
    assert "CellError: 1 mistake in this cell" in life["said"]["wrong"]
    assert "data.sars: unknown key. Known here: dev, test, train." in life["said"]["wrong"]


@pytest.mark.usefixtures("life")
def test_a_stopped_run_is_resumed_and_ends_like_one_that_was_not(installed, folder):
    done = live(installed, folder, RESUMED)
    assert done.returncode == 0, done.stderr[-3000:]


def test_its_folder_is_read_without_the_package(folder, life):
    import ft_magics
    from ft_magics.display.run_page import run_html

    run = ft_magics.load(folder / "ft_runs" / "first")
    assert "mean absolute error ↓" in run_html(run.events, run.status, name="first")
    assert run.best == life["best"]
    with pytest.raises(TaskError, match="there is no task `rating`; .* A task of another package needs that package"):
        run.report("test")


def run_broken(installed, folder, target, code, what):
    (installed / "ft_broken.py").write_text(code)
    info = installed / "ft_broken-0.1.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: ft_broken\nVersion: 0.1\n")
    (info / "entry_points.txt").write_text(f"[ft_magics.tasks]\nbroken = {target}\n")
    (folder / "broken.yaml").write_text((folder / "cell.yaml").read_text().replace("task: rating", "task: broken"))
    try:
        return live(installed, folder, what)
    finally:
        shutil.rmtree(info)


CELL = """
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare
try:
    run = start_run("broken", prepare(parse_cell(open("broken.yaml").read(), {})))
    run.wait()
    print(run.status, type(run.exception).__name__, run.exception)
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (
            "ft_nowhere:Task",
            "the package ft_broken cannot be imported (ModuleNotFoundError: No module named 'ft_nowhere')",
        ),
        ("ft_broken:Nothing", "the package ft_broken cannot be imported (AttributeError"),
        ("ft_broken:Other", "is not what ft_magics calls a task: it lacks metrics, read"),
    ],
)
def test_a_package_that_is_no_task_is_named(installed, folder, target, says):
    done = run_broken(installed, folder, target, BROKEN.replace("METHOD", "encode"), CELL)
    assert done.stdout.startswith("CellError 1 mistake in this cell")
    assert says in done.stdout


@pytest.mark.parametrize("method", ["encode", "decode", "report", "trained_on"])
def test_a_fault_of_the_package_is_said_as_its_own(installed, folder, method):
    code = BROKEN.replace("METHOD", method)
    done = run_broken(installed, folder, "ft_broken:Fails", code, CELL)
    assert f"`{method}` failed (KeyError: 'a fault of the package')" in done.stdout, done.stdout + done.stderr[-2000:]
    assert "TaskError" in done.stdout


@pytest.mark.parametrize(
    ("gives", "found"), [(lambda _: None, "a NoneType"), (iter, "a list_iterator"), (lambda given: given[:0], "none")]
)
def test_features_that_a_package_trains_on_are_looked_at(gives, found):
    with pytest.raises(TaskError, match=f"task `ft_broken`: `trained_on` gave {found}; expected a sequence"):
        trained_on(SimpleNamespace(name="ft_broken", trained_on=gives), [1, 2, 3])
    assert trained_on(SimpleNamespace(name="ft_all"), [1, 2, 3]) == [1, 2, 3]
