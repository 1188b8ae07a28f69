"""A checkpoint whose files are broken is said, with the folder and what to do; and doing that helps."""

from __future__ import annotations

import json
import shutil

import pytest
from ft_magics.errors import FineTuneError, RunError
from ft_magics.training.checkpoints import Checkpoints
from ft_magics.training.launch import resume_run, start_run

from runs import finish

TRAIN, SAVES = "epochs: 400, batch_size: 4", "save: {every: {steps: 1}, keep: 2}"


@pytest.fixture(scope="module")
def kept(tmp_path_factory, tiny_model):
    """The folder of a stopped run, made once; a copy of it is what a test breaks."""
    from ft_magics.runs.cells import parse_cell
    from ft_magics.training.prepare import prepare

    from conftest import CONLL

    folder = tmp_path_factory.mktemp("kept")
    data = folder / "small.conll"
    data.write_text(CONLL * 8, encoding="utf-8")
    text = f"task: ner\nmodel: {tiny_model}\ndata: {{train: {data}, dev: {data}}}\ntrain: {{{TRAIN}}}\n{SAVES[:-1]}, dir: {folder}}}"
    run = start_run("kept", prepare(parse_cell(text, {})))
    while not Checkpoints(run.folder.checkpoints).path(4).is_dir():
        assert not run.finished.wait(0.01)
    run.stop()
    finish(run)
    return run.dir, text


@pytest.fixture
def broken(kept, tmp_path):
    """A copy of the run: its newest checkpoint, and what resumes it."""
    from ft_magics.runs.cells import parse_cell
    from ft_magics.training.prepare import prepare

    folder, text = kept
    copy = tmp_path / "kept"
    shutil.copytree(folder, copy)

    def resume():
        return resume_run("kept", prepare(parse_cell(text, {})), folder=copy)

    return Checkpoints(copy / "checkpoints").newest(), resume


def changed(**values):
    """The state with other values; what is given as `...` is missing."""

    def change(raw):
        state = {**json.loads(raw), **values}
        return json.dumps({name: value for name, value in state.items() if value is not ...}).encode()

    return change


STATES = {
    "cut off": lambda raw: raw[:20],
    "empty": lambda _: b"",
    "no UTF-8": lambda _: b"\xff\xfe",
    "a list": lambda _: b"[]",
    "null": lambda _: b"null",
    "deep": lambda _: b"[" * 100_000,
    "5,000 digits": lambda raw: raw.replace(b'"step":', b'"step":' + b"9" * 5000),
    "without a step": changed(step=...),
    "a step that is a text": changed(step="four"),
    "a step of 400 digits": changed(step=int("9" * 400)),
    "a negative step": changed(step=-1),
    "time that is not a number": changed(elapsed_s=float("nan")),
    "no best": changed(best=None),
    "a best of another kind": changed(best={"epoch": "first"}),
    "data that is no text": changed(data=[]),
    "threads of another kind": changed(threads={"now": 10**9, "numbers": [], "steps": [], "best": None}),
}


@pytest.mark.parametrize("change", STATES.values(), ids=STATES)
def test_a_broken_state_is_said_before_anything_is_written(broken, change):
    newest, resume = broken
    path = newest / "run_state.json"
    path.write_bytes(change(path.read_bytes()))
    log = newest.parent.parent / "events.jsonl"
    before = log.read_bytes()
    with pytest.raises(RunError, match=f"{newest.name}.*Remove the folder .*{newest.name}"):
        resume()
    assert log.read_bytes() == before


def test_doing_what_is_said_helps(broken):
    newest, resume = broken
    (newest / "run_state.json").write_text("{}")
    with pytest.raises(RunError, match="Remove the folder"):
        resume()
    shutil.rmtree(newest)
    run = resume()
    run.stop()
    assert finish(run).status == "stopped"


TRAINER_STATES = {
    "cut off": lambda raw: raw[:20],
    "a list": lambda _: b"[]",
    "without a step": changed(global_step=...),
    "a step that is a text": changed(global_step="four"),
    "a log that is a number": changed(log_history=5),
}


@pytest.mark.parametrize("change", TRAINER_STATES.values(), ids=TRAINER_STATES)
def test_a_broken_state_of_the_trainer_is_said_too(broken, change):
    newest, resume = broken
    path = newest / "trainer_state.json"
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(RunError, match=rf"{newest.name}/trainer_state\.json.*Remove the folder"):
        resume()


@pytest.mark.parametrize("name", ["optimizer.pt", "scheduler.pt", "rng_state.pth", "model.safetensors"])
@pytest.mark.parametrize("change", [lambda raw: raw[: len(raw) // 2], lambda _: b"", lambda raw: raw[::-1]])
def test_a_broken_file_of_a_library_ends_the_run_with_what_to_do(broken, name, change):
    newest, resume = broken
    path = newest / name
    path.write_bytes(change(path.read_bytes()))
    run = resume()
    assert run.wait(60)
    assert run.status == "failed"
    assert isinstance(run.exception, FineTuneError)
    assert f"{newest.name} cannot be read" in str(run.exception)
    assert "Remove that folder, and the run resumes from the checkpoint before it" in str(run.exception)
