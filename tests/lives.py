"""Lives of a run: each a process of its own, forked from a warm one within half a second, and killed for real."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from unittest.mock import patch

import ft_magics
import pytest
from ft_magics.display.run_page import run_html
from ft_magics.display.run_summary import Known
from ft_magics.errors import RunError
from ft_magics.events import CheckpointSaved, Evaluated, RunResumed, StepDone
from ft_magics.training.checkpoints import Checkpoints

from runs import assert_same_end

CAN_FORK = "forkserver" in multiprocessing.get_all_start_methods()
_SETUP_S, _STEP_S = 0.08, 0.03  # about what the first step and another one take; only where kills fall hangs on these
_LONG_S = 120  # a life that says nothing for so long hangs


@dataclass(frozen=True, slots=True)
class Moment:
    """Where a life kills itself: just before the last of some file operations that come in this order.

    Args:
        operations: A pattern each, for an audit event and its first two arguments.
        leaves: Patterns of files in the run's folder that must then be there.
        lacks: And of those that must not.
    """

    operations: tuple[str, ...]
    leaves: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()


@dataclass(slots=True)
class Lives:
    """The lives of one run, one after the other.

    Args:
        folder: The working folder of each.
        body: Of the cell.
        name: Of the run.
    """

    folder: Path
    body: str
    name: str
    kills: int = 0
    found: Counter = field(default_factory=Counter)

    @property
    def path(self):
        return self.folder / "ft_runs" / self.name

    def load(self):
        return ft_magics.load(self.path)

    def live(self):
        """A life that reaches the run's end."""
        process, began = self._begin()
        process.join(300)
        assert process.exitcode == 0
        began.close()
        run = self.load()
        assert run.status == "done"
        return run

    def die_at(self, moment):
        """A life that ends at a moment of its own."""
        process, began = self._begin(moment=moment)
        process.join(_LONG_S)
        began.close()
        assert process.exitcode == -signal.SIGKILL, f"the life ended by itself, so {moment} never came"
        self.kills += 1
        for pattern in moment.leaves:
            assert list(self.path.glob(pattern)), f"{moment}: there is no {pattern}"
        for pattern in moment.lacks:
            assert not list(self.path.glob(pattern)), f"{moment}: there is a {pattern}"

    def die_after(self, steps, delay_s):
        """A life that is killed some time after its beginning, or after a number of steps; it never goes far beyond."""
        began_at = _newest_step(self.path)
        process, began = self._begin(stand_still_after=steps + 2)
        assert began.poll(_LONG_S)
        began.recv()
        until = time.monotonic() + _LONG_S
        while steps and _steps_said(self.path) < steps:
            assert process.is_alive()
            assert time.monotonic() < until
            time.sleep(0.002)
        time.sleep(delay_s)
        assert process.is_alive()
        process.kill()
        process.join()
        began.close()
        assert process.exitcode == -signal.SIGKILL
        self.kills += 1
        self.found.update(_half_done(self.load(), began_at))

    def is_ahead(self):
        """Whether the log's last line is of a step that the newest checkpoint does not have."""
        *_, last = _log(self.path)
        return last["step"] > _newest_step(self.path)

    def tear_the_log(self, size):
        """Cut the end of the log off, as a power cut would."""
        log = self.path / "events.jsonl"
        log.write_bytes(log.read_bytes()[:-size])

    def _begin(self, **named):
        context = forks()
        began, end = context.Pipe(duplex=False)
        process = context.Process(target=_live, args=(self.folder, self.body, self.name, end), kwargs=named)
        process.daemon = True
        process.start()
        end.close()
        return process, began


@cache
def forks():
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["warm"])
    paths = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    with patch.dict(os.environ, PYTHONPATH=os.pathsep.join(paths)):  # where it finds that
        forkserver.ensure_running()
    return context


def _live(folder, body, name, began, *, moment=None, stand_still_after=None):
    import torch
    from ft_magics.runs.cells import parse_cell
    from ft_magics.training.launch import find_unfinished, resume_run, start_run
    from ft_magics.training.prepare import prepare

    torch.set_num_threads(1)
    os.chdir(folder)
    if stand_still_after:
        stand_still(stand_still_after)
    config = parse_cell(body, {})
    begin = start_run if find_unfinished(config.save.dir, name) is None else resume_run
    prepared = prepare(config)
    if moment:
        _die_at(moment)
    run = begin(name, prepared)
    began.send("began")
    run.wait()
    if run.exception:
        raise run.exception


def stand_still(steps):
    """So that no run ends before it was killed often enough, however late the killer comes."""
    from ft_magics.training.callback import RunCallback

    begun = 0
    begin = RunCallback.on_step_begin

    def on_step_begin(*arguments, **named):
        nonlocal begun
        begun += 1
        if begun > steps:
            multiprocessing.parent_process().join()
            os._exit(1)
        begin(*arguments, **named)

    RunCallback.on_step_begin = on_step_begin


def _die_at(moment):
    awaited = [re.compile(pattern) for pattern in moment.operations]

    def look(event, arguments):
        if not event.startswith(("open", "os.", "shutil.")):
            return
        if awaited[0].search(" ".join([event, *map(str, arguments[:2])])):
            if len(awaited) == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            awaited.pop(0)

    sys.addaudithook(look)


def _log(path):
    """The lines of events.jsonl as they are; None for one that is no JSON."""
    lines = (path / "events.jsonl").read_bytes().split(b"\n")
    for line in lines[:-1] if not lines[-1] else lines:
        try:
            yield json.loads(line)
        except ValueError:
            yield None


def _steps_said(path):
    """How many steps this life has said."""
    lately = (path / "events.jsonl").read_bytes().rpartition(f'"kind": "{RunResumed.kind}"'.encode())[2]
    return lately.count(f'"kind": "{StepDone.kind}"'.encode())


def _newest_step(path):
    newest = Checkpoints(path / "checkpoints").newest()
    return int(newest.name.rpartition("-")[2]) if newest else 0


def _half_done(run, began_at):
    """What of a checkpoint's writing a life that began at a step left half done."""
    checkpoints = Checkpoints(run.folder.checkpoints)
    newest = _newest_step(run.dir)
    torn = [path for path in run.folder.checkpoints.glob("checkpoint-*") if path not in checkpoints.whole()]
    if any(int(path.name.rpartition("-")[2]) > newest for path in torn):
        yield "torn"
    elif torn or (newest > began_at and len(checkpoints.whole()) > run.config.save.keep):
        yield "pruning"
    elif newest > began_at and not any(
        isinstance(event, CheckpointSaved) and event.step == newest for event in run.events
    ):
        yield "unsaid"
    else:
        yield "elsewhere"


def assert_readable(path, batches_an_epoch):
    """A folder whose run was killed can be read, and its log has everything up to the newest checkpoint, once."""
    run = ft_magics.load(path)
    assert run.status in ("crashed", "done")
    newest = _newest_step(path)
    steps = [event.step for event in run.events if isinstance(event, StepDone)]
    assert steps == list(range(1, len(steps) + 1))
    assert len(steps) >= newest  # not one missing: a step is said before its checkpoint is begun
    dev = [event.step for event in run.events if isinstance(event, Evaluated) and event.split == "dev"]
    assert dev == [batches_an_epoch * (at + 1) for at in range(len(dev))]
    assert len(dev) >= newest // batches_an_epoch
    _assert_torn_at_ends(path)
    assert run.name in repr(run)
    assert list(run.history.step) == dev
    assert "<" in run_html(run.events, run.status, name=run.name, known=Known(folder=str(path)))
    for split in ("dev", "test"):
        if split in run.folder.splits():
            assert run.report(split).sentences
        else:
            with pytest.raises(RunError, match=f"has no predictions for `{split}`"):
                run.report(split)
    return run


def _assert_torn_at_ends(path):
    records = list(_log(path))
    for record, after in zip(records, [*records[1:], {"kind": RunResumed.kind}], strict=True):
        assert record is not None or after["kind"] == RunResumed.kind


def kill_at_random(lives, kills, seed, *, most_steps, steps_an_epoch):
    """Kill lives after some steps and a part of another, or on the way to the first; the folder stays readable."""
    generator = random.Random(seed)
    for _ in range(kills):
        steps = generator.randint(0, most_steps)
        lives.die_after(steps, generator.uniform(0, _STEP_S if steps else _SETUP_S))
        run = assert_readable(lives.path, steps_an_epoch)
        if isinstance(run.events[-1], StepDone) and generator.random() < 0.5 and lives.is_ahead():
            lives.tear_the_log(generator.randint(1, 40))
            assert_readable(lives.path, steps_an_epoch)


def assert_ends_like(lives, whole, *, resumed):
    """Live to the end; nothing but the log's lines of the deaths tells it from a run that never died."""
    run = lives.live()
    assert sum(isinstance(event, RunResumed) for event in run.events) == resumed
    assert_same_end(run, whole)
    assert [event.step for event in run.events if isinstance(event, CheckpointSaved)] == [
        event.step for event in whole.events if isinstance(event, CheckpointSaved)
    ]
    ours, theirs = ({path.relative_to(each.dir) for path in each.dir.rglob("*")} for each in (run, whole))
    assert ours == theirs
