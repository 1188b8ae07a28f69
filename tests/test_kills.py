"""Whenever a run is killed, it continues, and ends as if it had not been."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ft_magics.errors import RunError
from ft_magics.events import StepDone
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

from lives import CAN_FORK, Lives, Moment, assert_ends_like, assert_readable, kill_at_random
from runs import finish

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="this system cannot fork")

STEPS_AN_EPOCH = 6
TRAIN = "epochs: {epochs}, batch_size: 4, learning_rate: 1e-3"
MODEL, LOG = r"open .*model\.new/config\.json", r"open .*events\.jsonl a"
MARK, UNMARK = r"os\.rename .*/run_state\.json\.new", r"os\.remove .*/run_state\.json "
SAVED = "checkpoints/checkpoint-*"

BETWEEN = "no model, between the old and the new"

# In the order in which a run comes by them.
MOMENTS = {
    "the first model, half written": Moment((MODEL,), ("model.new",), ("model",)),
    "the first model, whole and not in its place": Moment(
        (MODEL, r"os\.rename .*/model\.new"), ("model.new",), ("model",)
    ),
    "another model, beside the old one": Moment((MODEL, r"os\.rename .*/model .*/model\.old"), ("model", "model.new")),
    BETWEEN: Moment(
        (MODEL, r"os\.rename .*/model .*/model\.old", r"os\.rename .*/model\.new"),
        ("model.old", "model.new"),
        ("model",),
    ),
    "the old model, about to go": Moment(
        (r"os\.rename .*/model .*/model\.old", r"shutil\.rmtree .*/model\.old"), ("model", "model.old"), ("model.new",)
    ),
    "a best model of which the log says nothing": Moment((MODEL, r"os\.rename .*/model\.new", LOG), ("model",)),
    "going on, before it is said": Moment((LOG,)),
    "going on, the best model half restored": Moment((r"os\.link .*/best/.*/model\.new", r"os\.link"), ("model.new",)),
    "going on, the model about to go": Moment(
        (r"os\.link .*/model\.new", r"shutil\.rmtree .*/model "), ("model.new", "model")
    ),
    "going on, without a model": Moment(
        (r"os\.link .*/model\.new", r"os\.rename .*/model\.new"), ("model.new",), ("model",)
    ),
    "a checkpoint, begun": Moment((rf"open .*{SAVED[:-1]}\d+/config\.json",), (SAVED,)),
    "a checkpoint, all but the Trainer's state": Moment(
        (r"open .*/trainer_state\.json w",), (f"{SAVED}/optimizer.pt",)
    ),
    "a checkpoint, without the best model": Moment((r"shutil\.copytree .*/best",), (f"{SAVED}/trainer_state.json",)),
    "a checkpoint, half of the best model linked": Moment(
        (r"os\.link .*checkpoint-\d+/best/",) * 3, (f"{SAVED}/best/*",)
    ),
    "a checkpoint, before its mark": Moment((r"open .*/run_state\.json\.new x",), (f"{SAVED}/best/model.safetensors",)),
    "a checkpoint, its mark not in place": Moment((MARK,), (f"{SAVED}/run_state.json.new",)),
    "sealed, the old one still whole": Moment((MARK, UNMARK)),
    "sealed, the old one without a mark": Moment((UNMARK, r"shutil\.rmtree .*checkpoint-")),
    "sealed, the old one half gone": Moment((UNMARK, r"os\.rmdir best")),
    "sealed, and not said": Moment((MARK, LOG)),
    "the end, dev predicted and not in place": Moment(
        (r"os\.rename .*/predictions\.dev",), ("predictions.dev.jsonl.new",)
    ),
    "the end, test not yet": Moment(
        (r"open .*/predictions\.test.*new x",), ("predictions.dev.jsonl",), ("predictions.test.jsonl",)
    ),
    "the end, test's scores not said": Moment((r"os\.rename .*/predictions\.test", LOG), ("predictions.test.jsonl",)),
    "the end, the report half written": Moment((r"open .*/report\.json\.new x",), (), ("report.json",)),
    "the end, the report not in place": Moment(
        (r"os\.rename .*/report\.json",), ("report.json.new",), ("report.json",)
    ),
    "the end, the card not in place": Moment((r"os\.rename .*/README\.md",), ("report.json", "model/README.md.new")),
    "the end, and not said": Moment((r"os\.rename .*/README\.md", LOG), ("report.json", "model/README.md")),
}


@pytest.fixture
def lives(cell, tmp_path):
    def make(name, train, **named):
        return Lives(tmp_path, cell(train, **named).partition("\n")[2], name)

    return make


@pytest.mark.parametrize(("kills", "every", "keep", "most_steps"), [(20, "{steps: 1}", 1, 2), (10, "{steps: 3}", 2, 6)])
def test_kill_9_at_random_moments(lives, kills, every, keep, most_steps):
    """Also while a checkpoint is written, and with events after the last one."""
    settings = {"train": TRAIN.format(epochs=14), "extra": f"save: {{every: {every}, keep: {keep}}}"}
    assert kills * (most_steps + 2) < 14 * STEPS_AN_EPOCH  # whatever the machine does, no life reaches the end
    whole, killed = lives("whole", **settings).live(), lives("killed", **settings)
    kill_at_random(killed, kills, 5, most_steps=most_steps, steps_an_epoch=STEPS_AN_EPOCH)
    assert sum(killed.found.values()) == killed.kills == kills
    if every == "{steps: 1}":  # of fewer kills, and fewer checkpoints, all can fall elsewhere
        assert killed.found["elsewhere"] < kills, "no kill fell into the writing of a checkpoint"
    assert_ends_like(killed, whole, resumed=kills)


def test_kill_9_at_every_moment_that_matters(lives):
    settings = {"train": TRAIN.format(epochs=6), "extra": "save: {every: {steps: 1}, keep: 1}"}
    whole, killed = lives("whole", **settings).live(), lives("killed", **settings)
    for name, moment in MOMENTS.items():
        killed.die_at(moment)
        assert_readable(killed.path, STEPS_AN_EPOCH)
        if name == BETWEEN:
            assert killed.load().model_dir.name == "model.old"
    assert killed.kills == len(MOMENTS)
    assert_ends_like(killed, whole, resumed=len(MOMENTS) - 1)  # one dies before it says that it goes on


@pytest.mark.parametrize(
    "moment",
    [
        Moment((r"os\.rename .*/config\.yaml\.new",), ("config.yaml.new",), ("config.yaml",)),
        Moment((LOG,), ("config.yaml",), ("events.jsonl",)),
        Moment((LOG, LOG), ("events.jsonl",)),
        Moment((r"os\.rename .*/facts\.json\.new",), ("events.jsonl",), ("facts.json",)),
    ],
)
def test_kill_9_at_the_beginning(lives, moment):
    killed = lives("killed", "max_steps: 3")
    killed.die_at(moment)
    if (killed.path / "events.jsonl").exists():
        assert killed.load().status == "crashed"
    else:
        with pytest.raises(RunError, match="holds no run"):
            killed.load()
    assert [event.step for event in killed.live().events if isinstance(event, StepDone)] == [1, 2, 3]


@pytest.mark.parametrize("data", ["", "{{train: {path}, test: {path}}}"])
@pytest.mark.parametrize("steps", [6, 8])
def test_kill_9_between_the_last_checkpoint_and_the_end(lives, conll, data, steps):
    """At an epoch's end and on the way through one, with dev and without: the last evaluation is still to come."""
    settings = {"train": f"max_steps: {steps}, batch_size: 4, learning_rate: 1e-3", "data": data.format(path=conll)}
    settings["extra"] = f"save: {{every: {{steps: {steps}}}}}"
    whole, killed = lives("whole", **settings).live(), lives("killed", **settings)
    killed.die_at(Moment((MARK, LOG), (f"checkpoints/checkpoint-{steps}",)))
    assert_ends_like(killed, whole, resumed=1)


class Disk:
    """Notes what was synced as it is now, and what was not when a checkpoint got its mark."""

    def __init__(self, patch):
        self.synced, self.deeds, self.missed = {}, [], []
        self._fsync, self._replace, self._unlink = os.fsync, os.replace, os.unlink
        for name in ("fsync", "replace", "unlink"):
            patch.setattr(os, name, getattr(self, name))

    def holds(self, path):
        there = path.stat()  # a folder changes with the names in it
        return self.synced.get(there.st_ino) == (there.st_size, there.st_mtime_ns)

    def fsync(self, handle):
        self._fsync(handle)
        there = os.fstat(handle)
        self.synced[there.st_ino] = (there.st_size, there.st_mtime_ns)
        self.deeds.append(f"sync {there.st_ino}")

    def replace(self, source, target):
        if Path(target).name == "run_state.json":
            here = Path(target).parent
            run = here.parent.parent
            needed = [*here.rglob("*"), here.parent, run / "events.jsonl", run / "config.yaml", run, run.parent]
            self.missed += [path for path in needed if not self.holds(path)]
            if f"sync {here.stat().st_ino}" not in self.deeds:
                self.missed.append(here)
            self.deeds.append(f"seal {here.stat().st_ino}")
        self._replace(source, target)

    def unlink(self, path, **named):
        if Path(path).match("checkpoint-*/run_state.json"):
            self.deeds.append("unmark")
        self._unlink(path, **named)


def test_a_power_cut_finds_all_on_the_disk_before_the_mark_and_the_mark_before_pruning(lives):
    run = lives("synced", "max_steps: 9, batch_size: 4", extra="save: {every: {steps: 3}, keep: 1}")
    with pytest.MonkeyPatch.context() as patch:
        disk = Disk(patch)
        done = finish(start_run(run.name, prepare(parse_cell(run.body, {}))))
    assert disk.missed == []
    after_mark = [disk.deeds[at + 1] for at, deed in enumerate(disk.deeds) if deed.startswith("seal")]
    sealed = [deed.replace("seal", "sync") for deed in disk.deeds if deed.startswith("seal")]
    assert after_mark == sealed  # the folder is synced next
    assert len(sealed) == 3
    assert disk.deeds.count("unmark") == 2
    files = [path for path in done.dir.rglob("*") if path.is_file() and path.name != "events.jsonl"]
    assert [path for path in [*files, done.dir, done.model_dir] if not disk.holds(path)] == []
