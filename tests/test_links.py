"""A run writes in its own folder and nowhere else: no link leads it out, and what it did not make it does not remove."""

from __future__ import annotations

import os
from pathlib import Path

import ft_magics
import pytest
from ft_magics.errors import RunError
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.lock import hold_run, is_held
from ft_magics.training.checkpoints import Checkpoints
from ft_magics.training.launch import resume_run, start_run

from runs import finish

SAVES = "save: {every: {steps: 1}, keep: 2}"


def tree_of(folder: Path) -> dict[str, bytes | str]:
    """All that a folder holds: the bytes of files, where links lead to."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def stopped(prepared):
    """A run that was stopped after its third step, with two checkpoints, and what it takes to resume it."""
    run = start_run("stopped", prepared("epochs: 400, batch_size: 4", extra=SAVES))
    while not Checkpoints(run.folder.checkpoints).path(3).is_dir():
        assert not run.finished.wait(0.01)
    run.stop()
    finish(run)
    assert run.status == "stopped"
    return run


@pytest.fixture
def elsewhere(tmp_path):
    """Another project's folder."""
    folder = tmp_path / "elsewhere"
    for name in ("checkpoint-1", "checkpoint-7", "checkpoint-9"):
        (folder / name).mkdir(parents=True)
        (folder / name / "run_state.json").write_text("{}")
        (folder / name / "weights").write_text("theirs")
    (folder / "file").write_text("theirs")
    return folder


LINKS = {
    "checkpoints": "",
    "checkpoints/checkpoint-5": "checkpoint-7",
    "model": "",
    "model/config.json": "file",
    "model.new": "",
    "model.old": "",
    "config.yaml.new": "file",
    "events.jsonl": "file",
    "report.json.new": "file",
    "predictions.dev.jsonl.new": "file",
    "STOP": "file",
    "error.txt": "file",
    "logs": "",
    "nowhere": "missing",
}


@pytest.mark.parametrize("link", LINKS)
def test_a_link_that_leads_out_is_refused_by_name(stopped, elsewhere, prepared, link):
    place = stopped.dir / link
    if link == "events.jsonl":
        (elsewhere / "file").write_bytes(place.read_bytes())
    if place.is_dir():
        place.rename(stopped.dir.parent / "away")
    place.unlink(missing_ok=True)
    place.symlink_to(elsewhere / LINKS[link])
    before = tree_of(elsewhere)
    with pytest.raises(RunError, match=f"holds links that lead out of it: {link} -> "):
        resume_run("stopped", prepared("epochs: 400, batch_size: 4", extra=SAVES))
    assert tree_of(elsewhere) == before
    assert not is_held(stopped.dir)


def test_a_link_within_the_folder_and_a_folder_that_is_a_link_are_fine(stopped, prepared, tmp_path):
    (stopped.dir / "newest").symlink_to("checkpoints")
    stopped.dir.rename(tmp_path / "large_disk")
    stopped.dir.symlink_to(tmp_path / "large_disk")
    run = resume_run("stopped", prepared("epochs: 400, batch_size: 4", extra=SAVES))
    run.stop()
    assert finish(run).status == "stopped"


def test_a_log_with_a_second_name_elsewhere_is_not_written(stopped, prepared, tmp_path):
    os.link(stopped.dir / "events.jsonl", tmp_path / "copy.jsonl")
    before = (tmp_path / "copy.jsonl").read_bytes()
    with pytest.raises(RunError, match="second name elsewhere"):
        resume_run("stopped", prepared("epochs: 400, batch_size: 4", extra=SAVES))
    assert (tmp_path / "copy.jsonl").read_bytes() == before


def test_what_a_link_leads_to_is_no_checkpoint(tmp_path, elsewhere):
    (tmp_path / "checkpoints").symlink_to(elsewhere)
    linked = Checkpoints(tmp_path / "checkpoints")
    assert linked.whole() == []
    real = Checkpoints(tmp_path / "real")
    real.folder.mkdir()
    (real.folder / "checkpoint-9").symlink_to(elsewhere / "checkpoint-9")
    for name in ("checkpoint-mine", "checkpoint-1e3", "checkpoint-²", "checkpoint-" + "9" * 200):
        (real.folder / name).mkdir()
    for each in (linked, real):
        each.drop_torn()
    assert real.whole() == []
    assert (elsewhere / "checkpoint-9" / "weights").is_file()
    assert (real.folder / "checkpoint-mine").is_dir()


@pytest.mark.parametrize("name", ["model.new", "model.old"])
def test_what_the_run_did_not_write_is_moved_aside(tmp_path, name):
    folder = RunFolder(tmp_path)
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.tex").write_text("mine")
    (tmp_path / name / "config.json").write_text("{}")
    with folder.new_model() as fresh:
        (fresh / "config.json").write_text("{}")
    (aside,) = tmp_path.glob(f"{name}@*")
    assert (aside / "thesis.tex").read_text() == "mine"
    assert not (tmp_path / name).exists()


def test_a_file_beside_the_best_model_is_kept_when_a_better_one_comes(tmp_path):
    folder = RunFolder(tmp_path)
    for _ in range(2):
        with folder.new_model() as fresh:
            (fresh / "config.json").write_text("{}")
        (folder.model / "handler.py").write_text("mine")
    (aside,) = tmp_path.glob("model.old@*")
    assert (aside / "handler.py").read_text() == "mine"


def test_a_new_run_that_cannot_begin_removes_nothing_of_another(tmp_path, patch):
    path = tmp_path / "run"
    mkdir = Path.mkdir

    def too_late(self, *arguments, **named):
        mkdir(self)
        (self / "theirs").write_text("theirs")
        mkdir(self, *arguments, **named)

    patch.setattr(Path, "mkdir", too_late)
    with pytest.raises(RunError, match="cannot be made: File exists"), RunFolder.create(path):
        pass
    assert (path / "theirs").is_file()


def test_a_lock_that_is_a_link_is_no_lock(tmp_path):
    (tmp_path / "file").write_text("theirs")
    (tmp_path / ".run.lock").symlink_to("file")
    with pytest.raises(RunError, match=r"its lock \.run\.lock beside it \(it is a link"):
        hold_run(tmp_path / "run")
    assert not is_held(tmp_path / "run")
    assert (tmp_path / "file").read_text() == "theirs"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="only Linux has such a folder")
def test_a_place_where_nothing_can_be_made_is_no_other_kernel(run_cell, cell):
    printed = run_cell(cell(extra="save: {dir: /proc}"))
    assert "another kernel" not in printed
    assert "run's folder /proc/small cannot be made" in printed
    assert "choose another" in printed


def test_stopping_writes_through_no_link(tmp_path, stopped):
    (stopped.dir / "STOP").symlink_to(tmp_path / "made")
    stopped.folder.ask_to_stop()
    assert not (tmp_path / "made").exists()


def test_a_run_whose_log_says_another_name_is_bound_to_no_name_that_is_taken(stopped, shell, run_cell, tmp_path):
    log = stopped.dir / "events.jsonl"
    text = log.read_text(encoding="utf-8")
    shell.user_ns["df"] = mine = object()
    get_ipython = shell.user_ns["get_ipython"]
    shell.user_ns["other"] = other = ft_magics.load(stopped.dir)
    for name, says in {
        "df": "`df` is an object in this notebook and would be lost",
        "get_ipython": "`get_ipython` is a name of Python's own",
        "print": "`print` is a name of Python's own",
        "class": "`class` cannot name a run",
        "a b": "`a b` cannot name a run",
        "__import__('os')": "cannot name a run",
        "\\u001b[2Jx": "cannot name a run",
        "x" * 300: "is too long for a run's folder",
    }.items():
        log.write_text(text.replace('"name": "stopped"', f'"name": "{name}"'), encoding="utf-8")
        printed = run_cell(f"%ft resume {stopped.dir}")
        assert says in printed, printed
        assert "\x1b[2J" not in printed
    other_folder = tmp_path / "ft_runs" / "other"
    (tmp_path / "ft_runs" / "stopped").rename(other_folder)
    log = other_folder / "events.jsonl"
    log.write_text(text.replace('"name": "stopped"', '"name": "other"'), encoding="utf-8")
    assert "`other` is another run in this notebook" in run_cell(f"%ft resume {other_folder}")
    assert shell.user_ns["df"] is mine
    assert shell.user_ns["get_ipython"] is get_ipython
    assert shell.user_ns["other"] is other
    assert "print" not in shell.user_ns


def test_a_name_is_folded_as_python_does(run_cell, shell, cell):
    shell.user_ns["fit"] = mine = object()
    assert "`fit` is an object in this notebook" in run_cell(cell(name="ﬁt"))
    assert shell.user_ns["fit"] is mine
    del shell.user_ns["fit"]
    run_cell(cell("max_steps: 1", name="ﬁt"))
    assert shell.user_ns["fit"].name == "fit"
    assert Path("ft_runs/fit").is_dir()
    assert "fit" in run_cell("%ft status ﬁt")
    assert "`ｐｒｉｎｔ`" not in shell.user_ns
    assert "`print` is a name of Python's own" in run_cell(cell(name="ｐｒｉｎｔ"))


def test_a_name_too_long_to_move_aside_is_said_at_the_start(run_cell, cell):
    printed = run_cell(cell(name="王" * 80))
    assert "is too long for a run's folder (240 bytes); take at most 200" in printed
    assert not Path("ft_runs").exists()


def test_one_odd_folder_hides_no_run(run_cell, cell, tmp_path):
    run_cell(cell("max_steps: 1"))
    odd = tmp_path / "ft_runs"
    for name in ("a", "b", "c", "d"):
        (odd / name).mkdir()
    (odd / "a" / "events.jsonl").symlink_to("events.jsonl")
    (odd / "b" / "events.jsonl").mkdir()
    os.mkfifo(odd / "c" / "events.jsonl")
    (odd / "d" / "events.jsonl").write_bytes(b"\xff" * 1000)
    (odd / "loop").symlink_to("loop")
    printed = run_cell("%ft runs")
    assert "small" in printed
    for name in ("a", "b", "c", "d"):
        assert f"ft_runs/{name}" in printed


def test_a_resumed_run_of_an_older_version_takes_the_settings_that_are_new(stopped, prepared):
    config = stopped.dir / "config.yaml"
    lines = config.read_text(encoding="utf-8").splitlines(keepends=True)
    assert any("threads:" in line for line in lines)
    config.write_text("".join(line for line in lines if "threads:" not in line), encoding="utf-8")
    run = resume_run("stopped", prepared("epochs: 400, batch_size: 4", extra=SAVES))
    run.stop()
    assert finish(run).status == "stopped"
