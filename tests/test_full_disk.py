"""Wherever a disk gets full, a run stops cleanly; with room again it ends as if the disk had been large enough.

The disk is a real one, small and of this test's own, and fills up with a file that nobody needs.
"""

from __future__ import annotations

import errno
import gc
import json
import os
import re
import subprocess
import sys
import traceback
import weakref
from dataclasses import dataclass
from pathlib import Path

import ft_magics
import pytest
import torch
from ft_magics.display.pages import run_bundle
from ft_magics.errors import RunError, TrainingError
from ft_magics.events import RunResumed
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.full_disk import how_full, is_disk_full
from ft_magics.training.checkpoints import Checkpoints
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare
from safetensors.torch import load_file
from transformers import modeling_utils

from conftest import CONLL, skip_or_fail
from runs import assert_same_end, finish

SIZE_BYTES = 16 << 20
PAGE_BYTES = 4096
STEPS = 6
SETTINGS = f"max_steps: {STEPS}, batch_size: 8, learning_rate: 1e-3"  # two epochs
CHECKPOINT = r"/checkpoints/checkpoint-4/"

# In the order in which a run comes by them; how many bytes are free when the file is about to be written.
PLACES = {
    "facts": (r"/facts\.json\.new", 0),
    "the first model's config": (r"/model\.new/config\.json", 0),
    "the first model's weights": (r"/model\.new/model\.safetensors", 4 * PAGE_BYTES),
    "the first model's tokenizer": (r"/model\.new/tokenizer_config\.json", PAGE_BYTES),
    "a checkpoint's optimizer, half": (CHECKPOINT + r"optimizer\.pt", 30 * PAGE_BYTES),
    "a checkpoint's scheduler": (CHECKPOINT + r"scheduler\.pt", 0),
    "a checkpoint's random states": (CHECKPOINT + r"rng_state\.pth", PAGE_BYTES),
    "a checkpoint's mark": (CHECKPOINT + r"run_state\.json\.new", 0),
    "the end, dev": (r"/predictions\.dev\.jsonl\.new", PAGE_BYTES),
    "the end, test": (r"/predictions\.test\.jsonl\.new", 0),
    "the end, the card": (r"/model/README\.md\.new", 0),
}


@dataclass
class Disk:
    """A small file system.

    Args:
        path: Where it is mounted.
    """

    path: Path

    @property
    def free(self):
        stat = os.statvfs(self.path)
        return stat.f_bavail * stat.f_frsize

    def fill(self, left=0):
        """Take all of its room but some bytes."""
        with (self.path / "ballast").open("ab") as stream:
            os.posix_fallocate(stream.fileno(), stream.tell(), self.free - left)
        assert self.free == left

    def make_room(self):
        (self.path / "ballast").unlink()


class _Awaited:
    """Calls something once, before a file is opened for writing."""

    def __init__(self):
        self.pattern = self.action = None
        self.came = False

    def expect(self, pattern, action):
        self.pattern, self.action, self.came = re.compile(pattern), action, False

    def look(self, path):
        if self.pattern and self.pattern.search(str(path)):
            self.pattern, self.came = None, True
            self.action()


_awaited = _Awaited()


def _audit(event, arguments):
    if event == "open" and _awaited.pattern and isinstance(arguments[1], str) and arguments[1][0] in "wax":
        _awaited.look(arguments[0])


@pytest.fixture(scope="module", autouse=True)
def _looks_at_files():
    sys.addaudithook(_audit)  # for good: there is no way to take it back
    yield
    _awaited.pattern = None


@pytest.fixture
def awaited(monkeypatch):
    """Files that torch and safetensors open are not audited."""
    for module, name in ((torch, "save"), (modeling_utils, "safe_save_file")):
        _tell_of(monkeypatch, module, name)
    yield _awaited
    _awaited.pattern = None


def _tell_of(monkeypatch, module, name):
    write = getattr(module, name)

    def told(content, path, *arguments, **named):
        _awaited.look(path)
        return write(content, path, *arguments, **named)

    monkeypatch.setattr(module, name, told)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, where one may be mounted."""
    path = tmp_path / "disk"
    path.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE_BYTES}", "none", str(path)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = f"no small disk can be mounted: {getattr(error, 'stderr', None) or error}"
        skip_or_fail(reason, "FT_MAGICS_NEED_MOUNT")
    yield Disk(path)
    gc.collect()
    if subprocess.run(["umount", str(path)], capture_output=True, check=False).returncode:
        subprocess.run(["umount", "-l", str(path)], check=True)
        pytest.fail("something still holds a file open, and with it its room")


@pytest.fixture(scope="module")
def prepared(tiny_model, tmp_path_factory):
    """Makes what a run begins with."""
    conll = tmp_path_factory.mktemp("data") / "small.conll"
    conll.write_text(CONLL * 8)

    def make(folder, train=SETTINGS, *, every="{steps: 2}", splits=("train", "dev", "test")):
        data = {split: str(conll) for split in splits}
        save = f"{{dir: {folder}, every: {every}, keep: 2}}"
        return prepare(
            parse_cell(f"task: ner\nmodel: {tiny_model}\ndata: {data}\ntrain: {{{train}}}\nsave: {save}\n", {})
        )

    return make


@pytest.fixture(scope="module")
def whole(prepared, tmp_path_factory):
    """A run that had room."""
    return finish(start_run("whole", prepared(tmp_path_factory.mktemp("runs"))))


def _start(prepared):
    """Begin a run of which nothing here keeps the model."""
    model = weakref.ref(prepared.trained.model)
    return start_run("mine", prepared), model


def assert_stopped_cleanly(run, model, *, state="is full"):
    """A run that failed on a full disk has said so, let go of its model, and left only what is whole."""
    assert run.wait(120)
    assert run.status == "failed"
    assert isinstance(run.exception, TrainingError)
    checkpoints = Checkpoints(run.folder.checkpoints)
    newest = checkpoints.newest()
    kept = f"The last whole checkpoint is {newest.name}" if newest else "There is no checkpoint yet"
    message = f"the disk that holds {run.dir} {state}, so training stopped. {kept}; make room, then resume with "
    assert f"{message}`%ft resume {run.folder.handle}`" in str(run.exception)
    shown = "".join(traceback.format_exception(run.exception))  # what `%ft debug` shows
    assert is_disk_full(run.exception.__cause__)
    assert str(run.exception.__cause__) in shown
    assert 'ft_magics/training/worker.py"' in shown
    gc.collect()
    assert model() is None
    assert sorted(run.folder.checkpoints.glob("*")) == sorted(checkpoints.whole())
    assert_nothing_half_written(run.dir)
    there = ft_magics.load(run.dir)
    assert there.status in ("failed", "crashed")  # dead where not even the end could be written down
    for each in (run, there):
        assert "text/html" in run_bundle(each)
        for split in ("dev", "test"):
            if split in each.folder.splits():
                assert each.report(split).sentences == 24
            else:
                with pytest.raises(RunError, match=f"has no predictions for `{split}`"):
                    each.report(split)
    if there.model_dir.is_dir():
        assert there.predict(["Ada lives in London"])


def assert_nothing_half_written(folder):
    assert [path for path in folder.rglob("*") if path.suffix in (".new", ".old")] == []
    for path in folder.rglob("*.json"):
        json.loads(path.read_text())
    for path in folder.rglob("*.jsonl"):
        assert path.read_bytes().endswith(b"\n")
        for line in path.read_text().splitlines():
            json.loads(line)
    for path in folder.rglob("model.safetensors"):
        assert load_file(path)


def assert_goes_on(prepared, whole):
    """With room, a run that a full disk stopped ends as one that always had it."""
    again = finish(resume_run("mine", prepared))
    assert again.status == "done"
    assert_same_end(again, whole)
    assert_same_end(ft_magics.load(again.dir), whole)
    ours, theirs = ({path.relative_to(run.dir) for path in run.dir.rglob("*")} for run in (again, whole))
    assert ours == theirs
    return next(event for event in reversed(again.events) if isinstance(event, RunResumed))


@pytest.mark.parametrize("place", PLACES)
def test_a_disk_that_gets_full_at_a_file(small_disk, awaited, prepared, whole, place):
    pattern, left = PLACES[place]
    awaited.expect(pattern, lambda: small_disk.fill(left))
    run, model = _start(prepared(small_disk.path))
    assert run.wait(120)
    assert awaited.came
    assert_stopped_cleanly(run, model)
    small_disk.make_room()
    resumed = assert_goes_on(prepared(small_disk.path), whole)
    if "the end" in place:
        assert resumed.step == STEPS  # nothing is learned twice


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.99])
def test_a_disk_that_is_too_small(small_disk, prepared, whole, share):
    """Wherever that stops it."""
    needed = {path.stat().st_ino: path.stat().st_size for path in whole.dir.rglob("*") if path.is_file()}
    small_disk.fill(int(share * sum(needed.values())) // PAGE_BYTES * PAGE_BYTES)
    assert_stopped_cleanly(*_start(prepared(small_disk.path)))
    small_disk.make_room()
    assert_goes_on(prepared(small_disk.path), whole)


def test_a_step_that_the_log_does_not_take_leaves_no_torn_line(small_disk, awaited, prepared):
    """Training alone writes little: the log continues to the end of its page, and then takes half a line."""
    settings = ("max_steps: 30, batch_size: 8",)
    named = {"every": "null", "splits": ("train", "test")}
    awaited.expect(r"/events\.jsonl", lambda: None)
    run, model = _start(prepared(small_disk.path, *settings, **named))
    awaited.expect(r"/events\.jsonl", small_disk.fill)
    assert_stopped_cleanly(run, model)
    assert awaited.came
    assert "append_event" in "".join(run.exception.__cause__.__notes__)
    assert (run.dir / "events.jsonl").stat().st_size % PAGE_BYTES > 0  # not a torn line up to the page's end
    small_disk.make_room()
    assert_goes_on(prepared(small_disk.path, *settings, **named), _finish_beside(small_disk, prepared, settings, named))


def _finish_beside(small_disk, prepared, settings, named):
    return finish(start_run("whole", prepared(small_disk.path, *settings, **named)))


def test_an_old_best_model_stays_whole_where_a_better_one_finds_no_room(small_disk, awaited, prepared, monkeypatch):
    improved = iter([True, True])
    monkeypatch.setattr("ft_magics.training.best.Best.improve", lambda *_: next(improved))
    before = {}

    def fill():
        before.update(_contents(small_disk.path / "mine/model"))
        small_disk.fill(4 * PAGE_BYTES)

    def await_the_second():
        awaited.expect(r"/model\.new/model\.safetensors", fill)

    awaited.expect(r"/checkpoint-4/config\.json", await_the_second)
    run, model = _start(prepared(small_disk.path))
    assert_stopped_cleanly(run, model)
    assert before
    assert _contents(run.model_dir) == before


@pytest.mark.parametrize("earlier", [False, True])
def test_a_run_that_cannot_begin_leaves_all_as_it_was(small_disk, prepared, earlier):
    if earlier:
        assert finish(start_run("mine", prepared(small_disk.path, "max_steps: 1"))).status == "done"
    before = _contents(small_disk.path)
    small_disk.fill()
    with pytest.raises(RunError, match=r"run's folder .*/mine cannot be made: No space left on device"):
        start_run("mine", prepared(small_disk.path))
    small_disk.make_room()
    assert _contents(small_disk.path) == before
    assert finish(start_run("mine", prepared(small_disk.path, "max_steps: 1"))).status == "done"  # nobody holds it


def _contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".mine.lock"}


def test_a_disk_that_is_still_full_lets_no_run_go_on(small_disk, awaited, prepared, whole):
    awaited.expect(CHECKPOINT + r"optimizer\.pt", small_disk.fill)
    run, model = _start(prepared(small_disk.path))
    assert_stopped_cleanly(run, model)
    small_disk.fill()
    log = run.dir / "events.jsonl"
    with log.open("ab") as stream:  # up to the end of its page: the next line wants another
        stream.write(b"\n" * (-log.stat().st_size % PAGE_BYTES))
    before = _contents(run.dir)
    with pytest.raises(RunError, match="run mine cannot be resumed: .* cannot be written: No space left on device"):
        resume_run("mine", prepared(small_disk.path))
    assert _contents(run.dir) == before
    small_disk.make_room()
    assert_goes_on(prepared(small_disk.path), whole)


@pytest.mark.parametrize("file", ["model.safetensors", "optimizer.pt"])
def test_a_file_that_may_not_be_so_large(awaited, prepared, whole, tmp_path, file):
    """Real, and for anyone: a limit on the size of files, as some file systems have one."""
    resource = pytest.importorskip("resource")  # Windows has no such limit
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (8 * PAGE_BYTES, usual[1]))

    awaited.expect(CHECKPOINT + re.escape(file), limit)
    try:
        run, model = _start(prepared(tmp_path))
        assert run.wait(120)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    assert awaited.came
    state = f"takes no more ({run.exception.__cause__})"
    assert ("File too large" in state) == (file == "model.safetensors")  # torch does not know why
    assert_stopped_cleanly(run, model, state=state)
    assert_goes_on(prepared(tmp_path), whole)


def test_a_quota_is_no_full_disk_and_ends_a_run_like_one(tmp_path):
    error = OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))
    assert is_disk_full(error)
    assert how_full(error, tmp_path) == "takes no more (Disk quota exceeded)"


CELL = """%%finetune mine
task: ner
model: {model}
data: {{train: {data}, dev: {data}}}
train: {{max_steps: 4, batch_size: 8}}
save: {{dir: {folder}, every: {{steps: 2}}}}"""


@pytest.fixture
def run_mine(small_disk, run_cell, tiny_model, conll):
    """Runs the cell as a user would."""
    return lambda: run_cell(CELL.format(model=tiny_model, data=conll, folder=small_disk.path))


def test_a_notebook_says_what_happened_and_what_to_do(small_disk, awaited, run_cell, run_mine):
    awaited.expect(CHECKPOINT + r"optimizer\.pt", small_disk.fill)
    said = run_mine()
    assert "TrainingError: run mine failed: TrainingError: the disk that holds" in said
    assert "is full, so training stopped. The last whole checkpoint is checkpoint-2; make room, then resume" in said
    assert "Traceback" not in said
    assert "_save_optimizer_and_scheduler" in run_cell("%ft debug")
    small_disk.make_room()
    assert "Traceback" not in run_cell("%ft resume mine")
    assert ft_magics.load(small_disk.path / "mine").status == "done"


def test_a_page_that_finds_no_room_does_not_spoil_a_run(small_disk, awaited, run_mine, caplog):
    awaited.expect(r"/report\.html\.new", small_disk.fill)
    said = run_mine()
    assert awaited.came
    assert "Traceback" not in said
    (record,) = (record for record in caplog.records if "report.html" in record.getMessage())
    assert record.getMessage().endswith("report.html cannot be written: No space left on device")
    assert record.exc_info is None
    run = ft_magics.load(small_disk.path / "mine")
    assert run.status == "done"
    assert_nothing_half_written(run.dir)


def test_a_copy_of_a_run_that_finds_no_room_leaves_nothing(small_disk, whole):
    small_disk.fill(20 * PAGE_BYTES)
    with pytest.raises(
        RunError, match=r"/copy cannot be written: \[Errno 28\] No space left on device: '[^']*' -> "
    ) as said:
        whole.save(small_disk.path / "copy")
    assert str(said.value).count("No space left") == 1
    assert small_disk.free == 20 * PAGE_BYTES
