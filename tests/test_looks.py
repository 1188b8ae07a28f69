"""How often the test split was looked at: counted for people, kept in the folder, and never in the way."""

from __future__ import annotations

import shutil

import ft_magics
import pytest
from ft_magics.display.pages import run_bundle
from ft_magics.runs.earlier import earlier_looks
from ft_magics.runs.files import move_aside
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.looks import count_looks, note_look
from ft_magics.training.launch import start_run

from runs import finish


@pytest.fixture
def run(prepared):
    return finish(start_run("small", prepared("max_steps: 2, batch_size: 4")))


def test_each_evaluation_for_someone_counts_and_drawing_the_page_does_not(run, run_cell):
    assert count_looks(run.folder) == 1  # at the end of the training
    assert "test was looked at once" in run_bundle(run)["text/html"]
    run.report("dev")
    assert count_looks(run.folder) == 1
    run.report("test")
    ft_magics.load(run.dir).report()
    run_cell("%evaluate small --split test")
    run_cell("%ner_eval small")
    run_cell("%ft report small")
    assert count_looks(run.folder) == 5
    assert "test was looked at 5 times" in run_bundle(ft_magics.load(run.dir))["text/html"]
    kept = run.save("kept")
    assert "test was looked at 5 times" in run_bundle(ft_magics.load(kept))["text/html"]


def test_a_run_without_a_test_split_or_without_a_record(run, prepared, conll):
    run.folder.looks.unlink()
    assert "test was looked at once" in run_bundle(run)["text/html"]  # of an older version
    data = f"{{train: {conll}, dev: {conll}}}"
    without = finish(start_run("other", prepared("max_steps: 2, batch_size: 4", data=data)))
    assert "looked at" not in run_bundle(without)["text/html"]
    assert "there is no evaluation on test" in run_bundle(without)["text/html"]


def test_looks_of_earlier_runs_of_the_name_are_told_apart(run):
    run.report("test")
    move_aside(run.dir)
    assert earlier_looks(run.dir) == 2
    shutil.copytree(next(run.dir.parent.glob("small@*")), run.dir)
    assert (
        "test was looked at twice, and twice in earlier runs of this name"
        in (run_bundle(ft_magics.load(run.dir))["text/html"])
    )


def test_a_record_that_cannot_be_written_is_no_reason_to_show_nothing(tmp_path):
    folder = RunFolder(tmp_path / "run")
    note_look(folder, "report")  # there is no folder
    (tmp_path / "run").mkdir()
    folder = RunFolder(tmp_path / "run")
    folder.looks.symlink_to(tmp_path / "elsewhere")
    note_look(folder, "report")
    assert not (tmp_path / "elsewhere").exists()
    folder.looks.unlink()
    folder.looks.mkdir()
    note_look(folder, "report")
    assert count_looks(folder) == 0
    folder.looks.rmdir()
    folder.looks.write_bytes(b"\xff" * 3 + b"\n" + b"x" * (1 << 20))
    note_look(folder, "report")  # it is full
    assert count_looks(folder) == 1
    assert folder.looks.stat().st_size == (1 << 20) + 4
