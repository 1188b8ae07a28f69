"""`Run.save` loses nothing, and a model takes memory only while it is used."""

from __future__ import annotations

import errno
import gc
import itertools
import os
import shutil
import subprocess
import sys
import weakref
from pathlib import Path

import ft_magics
import pytest
from ft_magics.errors import RunError
from ft_magics.runs import saving
from ft_magics.runs.run import Run
from ft_magics.training.launch import start_run

from runs import finish


@pytest.fixture
def run(prepared):
    return finish(start_run("kept", prepared("max_steps: 1")))


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".saved-")]


def test_what_lies_beside_the_target_is_not_touched(run, tmp_path):
    for name in ("saved.new", "saved.old", "saved.tmp", ".saved.new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("years of work")
    run.save(tmp_path / "saved")
    run.save(tmp_path / "saved", overwrite=True)
    for name in ("saved.new", "saved.old", "saved.tmp", ".saved.new"):
        assert (tmp_path / name / "thesis.txt").read_text() == "years of work"
    assert hidden(tmp_path) == []


def test_only_what_saving_wrote_is_replaced(run, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(RunError, match="is taken"):
        run.save(mine)
    with pytest.raises(RunError, match="holds no saved model, and would be lost"):
        run.save(mine, overwrite=True)
    (mine / "config.json").write_text("{}")  # as any model of the hub, and many a project, has one
    with pytest.raises(RunError, match="holds no saved model, and would be lost"):
        run.save(mine, overwrite=True)
    for inside in (run.dir, run.model_dir, run.dir.parent, run.dir / "new", "."):
        with pytest.raises(RunError, match="choose another folder"):
            run.save(inside, overwrite=True)
    assert (mine / "thesis.txt").read_text() == "years of work"
    assert run.model_dir.is_dir()


@pytest.mark.parametrize("manifest", [True, False])
@pytest.mark.parametrize("foreign", ["notes.txt", "run/notes.txt", "figures/one.png", "link", "sub"])
def test_a_file_that_saving_did_not_write_is_refused_by_name(run, tmp_path, foreign, manifest):
    saved = run.save(tmp_path / "saved")
    if not manifest:  # as version 0.1 wrote it
        (saved / "run" / "files.json").unlink()
    run.save(saved, overwrite=True)
    if foreign == "link":
        (saved / foreign).symlink_to(tmp_path)
    elif foreign == "sub":
        (saved / foreign).symlink_to("missing")
    else:
        (saved / foreign).parent.mkdir(exist_ok=True)
        (saved / foreign).write_text("mine")
    with pytest.raises(RunError, match=rf"files that saving did not write, and they would be lost: {foreign};"):
        run.save(saved, overwrite=True)
    assert os.path.lexists(saved / foreign)
    assert hidden(tmp_path) == []


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("", "an empty text is no folder"),
        ("  ", "an empty text is no folder"),
        (".", "holds the run itself"),
        ("~nosuch_user/x", "cannot be a folder"),
        ("x" * 300, "File name too long"),
        ("a\0b", "cannot be a folder"),
        (None, "None cannot be a folder"),
        (3, "3 cannot be a folder"),
        (["a"], "cannot be a folder"),
        ("small.conll/below", "Not a directory|is a file|cannot be"),
        ("loop", "cannot be a folder|is taken"),
    ],
)
@pytest.mark.parametrize("overwrite", [True, False])
def test_what_is_no_folder_is_said(run, path, says, overwrite):
    Path("loop").symlink_to("loop")
    with pytest.raises(RunError, match=says):
        run.save(path, overwrite=overwrite)


def _failing_at(nth, method):
    """The method, but for one call that finds the folder in use."""
    calls = itertools.count(1)

    def call(*arguments):
        if next(calls) == nth:
            raise OSError(errno.EBUSY, "Device or resource busy")
        return method(*arguments)

    return call


@pytest.mark.parametrize("nth", [1, 2])
def test_where_folders_cannot_be_swapped_a_fault_leaves_the_old_one(run, tmp_path, patch, nth):
    saved = run.save(tmp_path / "saved")
    (saved / "README.md").write_text("of the one before")
    patch.setattr(saving, "swap", lambda *_: False)
    with pytest.MonkeyPatch.context() as fault:
        fault.setattr(Path, "rename", _failing_at(nth, Path.rename))
        with pytest.raises(RunError, match="saved cannot be written: Device or resource busy"):
            run.save(saved, overwrite=True)
    assert (saved / "README.md").read_text() == "of the one before"
    assert hidden(tmp_path) == []
    run.save(saved, overwrite=True)
    assert (saved / "README.md").read_text() != "of the one before"
    assert hidden(tmp_path) == []


SAVE_AND_DIE = """
import os, sys
import ft_magics

run, target, moment = ft_magics.load(sys.argv[1]), sys.argv[2], int(sys.argv[3])
seen = 0


def look(event, arguments):
    global seen
    if event in ("open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "shutil.rmtree", "ctypes.call_function"):
        if any(isinstance(each, (str, bytes, os.PathLike)) and "saved" in os.fsdecode(each) for each in arguments):
            seen += 1
            if seen == moment:
                os._exit(9)


sys.addaudithook(look)
run.save(target, overwrite=True)
"""


def test_a_kill_on_the_way_leaves_the_old_or_the_new_whole(run, tmp_path):
    """At many moments of it; the audit hook sees each file that is opened, and each folder that is made or removed."""
    saved = run.save(tmp_path / "saved")
    script = tmp_path / "save.py"
    script.write_text(SAVE_AND_DIE)
    names = {path.relative_to(saved).as_posix() for path in saved.rglob("*")}
    ended = set()
    for moment in (1, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 400):
        command = [sys.executable, str(script), str(run.dir), str(saved), str(moment)]
        ended.add(subprocess.run(command, cwd=tmp_path, check=False).returncode)
        assert {path.relative_to(saved).as_posix() for path in saved.rglob("*")} == names
        assert ft_magics.load(saved).report("test") == run.report("test")
    assert ended == {0, 9}


def test_a_saved_run_can_be_saved_again(run, tmp_path):
    again = ft_magics.load(run.save(tmp_path / "saved")).save(tmp_path / "copy")
    assert ft_magics.load(again).report("test") == run.report("test")


def test_an_empty_folder_is_filled_and_keeps_its_neighbours(run, tmp_path):
    (tmp_path / "saved").mkdir()
    assert ft_magics.load(run.save("saved")).status == "done"


@pytest.mark.parametrize("how", ["renamed", "deleted", "emptied", "another in its place"])
def test_a_folder_that_goes_ends_the_training_with_the_model_in_memory(prepared, tmp_path, how):
    run = start_run("gone", prepared("epochs: 400, batch_size: 4"))
    while not run.model_dir.is_dir():
        assert not run.finished.wait(0.01)
    if how == "another in its place":  # between two system calls of ours it could come unseen
        run.pause()
        while run.status != "paused":
            assert not run.finished.wait(0.01)
    if how == "deleted":
        shutil.rmtree(run.dir, ignore_errors=True)
        shutil.rmtree(run.dir, ignore_errors=True)  # it was being written
    elif how == "emptied":
        for path in list(run.dir.iterdir()):
            shutil.rmtree(path, ignore_errors=True)
            if not path.is_dir():
                path.unlink(missing_ok=True)
    else:
        run.dir.rename(tmp_path / "renamed")
    if how == "another in its place":
        run.dir.mkdir()
        run.unpause()
    assert run.wait(60)
    assert run.status == "stopped"
    assert run.exception is None
    assert "its folder ft_runs/gone, or what was in it, was renamed or deleted" in run.events[-1].reason
    assert "gone.save('a_folder')" in run.events[-1].reason
    if how == "another in its place":
        assert list(run.dir.iterdir()) == []
    saved = ft_magics.load(run.save(tmp_path / "saved"))
    assert saved.status == "stopped"
    assert saved.config.to_plain() == run.config.to_plain()
    texts = ["ada lovelace lives in london"]
    assert saved.predict(texts) == run.predict(texts)
    if how == "renamed":
        assert ft_magics.load(tmp_path / "renamed").status == "crashed"
        assert ft_magics.load(tmp_path / "renamed").model_dir.is_dir()


def test_a_notebook_that_changes_its_directory_trains_on(prepared, tmp_path, monkeypatch):
    run = start_run("walks", prepared("epochs: 30, batch_size: 4"))
    (tmp_path / "below").mkdir()
    monkeypatch.chdir(tmp_path / "below")
    assert finish(run).status == "done"
    assert run.report().sentences == 24
    assert list((tmp_path / "below").iterdir()) == []
    assert (tmp_path / "ft_runs" / "walks" / "report.json").is_file()


def test_a_run_that_has_ended_holds_no_model(run):
    assert run._trained is None
    first = run.predict("ada lovelace")
    backbone = weakref.ref(run._trained.model)
    assert run.predict("ada lovelace") == first
    assert backbone() is not None
    run.release()
    gc.collect()
    assert backbone() is None
    assert run.predict("ada lovelace") == first


def test_one_loaded_model_at_a_time(prepared):
    runs = [finish(start_run(name, prepared("max_steps: 1"))) for name in ("one", "two", "three")]
    for run in (*runs, *runs):
        run.predict("ada lovelace")
        assert [each for each in runs if each._trained is not None] == [run]


def test_a_run_s_text_is_safe_to_print(run):
    odd = Run("x\x1b[2J\ud800", run.folder)
    assert "\x1b" not in repr(odd)
    repr(odd).encode()
