"""Trackers that people use already: the real packages, on this machine alone."""

from __future__ import annotations

import errno
import gc
import logging
import os
import sys

import pytest
from ft_magics.errors import ModelError, TrackerError, TrainingError
from ft_magics.events import Evaluated, Notice, StepDone
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.full_disk import is_disk_full
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare
from ft_magics.training.trackers import check_tracker
from safetensors import SafetensorError

from runs import finish

TRAIN = "max_steps: {steps}, batch_size: 4, report_to: {tracker}"
ends_anywhere = pytest.mark.parametrize("steps", [8, 12], ids=["within an epoch", "with an epoch"])  # six are one


@pytest.fixture
def tracked(cell):
    def run(tracker: str, name: str = "tracked", *, steps: int = 12):
        config = parse_cell(cell(TRAIN.format(tracker=tracker, steps=steps)).partition("\n")[2], {})
        return finish(start_run(name, prepare(config)))

    return run


@pytest.fixture
def mlflow(tmp_path, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    return mlflow


@pytest.fixture
def wandb(tmp_path, monkeypatch):
    import wandb

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    return wandb


@pytest.fixture
def a_fault_in_training(monkeypatch):
    """The training fails once its second epoch is under way."""

    def fault(*arguments, **_):
        if arguments[2].global_step == 7:
            raise TrainingError("what really happened")

    monkeypatch.setattr(RunCallback, "on_step_begin", fault)


def dev_scores(run) -> list[tuple[int, float]]:
    return [
        (event.step, event.metrics["f1"])
        for event in run.events
        if isinstance(event, Evaluated) and event.split == "dev"
    ]


def losses(run) -> list[tuple[int, float]]:
    return [(event.step, event.loss) for event in run.events if isinstance(event, StepDone)]


@ends_anywhere
def test_tensorboard_finds_the_curves_below_the_run(tracked, steps):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = tracked("tensorboard", steps=steps)
    assert dev_scores(run)[-1][0] == losses(run)[-1][0] == steps
    assert len(list((run.dir / "tensorboard").iterdir())) == 1
    board = EventAccumulator(str(run.dir / "tensorboard"))
    board.Reload()
    assert [(point.step, pytest.approx(point.value)) for point in board.Scalars("train/loss")] == losses(run)
    assert [(point.step, pytest.approx(point.value)) for point in board.Scalars("eval/f1")] == dev_scores(run)
    assert {"train/learning_rate", "train/grad_norm", "eval/loss"} <= set(board.Tags()["scalars"])


def test_tensorboard_writes_where_it_was_told_to(tracked, tmp_path, monkeypatch):
    monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(tmp_path / "board"))
    run = tracked("tensorboard")
    assert list((tmp_path / "board").iterdir())
    assert not (run.dir / "tensorboard").exists()


@ends_anywhere
def test_mlflow_has_a_finished_run_of_this_name(tracked, mlflow, steps):
    run = tracked("mlflow", steps=steps)
    client = mlflow.MlflowClient()
    (record,) = client.search_runs(["0"])
    assert (record.info.run_name, record.info.status) == ("tracked", "FINISHED")
    points = sorted(client.get_metric_history(record.info.run_id, "loss"), key=lambda point: point.step)
    assert [(point.step, pytest.approx(point.value)) for point in points] == losses(run)
    scores = client.get_metric_history(record.info.run_id, "eval_f1")
    assert [(point.step, pytest.approx(point.value)) for point in scores] == dev_scores(run)


@pytest.mark.usefixtures("a_fault_in_training")
def test_mlflow_has_a_failed_run_of_a_failed_training(tracked, mlflow):
    with pytest.raises(TrainingError, match="^what really happened"):
        tracked("mlflow")
    (record,) = mlflow.MlflowClient().search_runs(["0"])
    assert record.info.status == "FAILED"


def test_a_training_ends_no_mlflow_run_that_is_begun_after_it(tracked, mlflow):
    gc.disable()
    try:
        tracked("mlflow")
        with mlflow.start_run() as mine:
            gc.collect()
            assert mlflow.active_run() is mine
    finally:
        gc.enable()


@ends_anywhere
def test_wandb_has_a_run_for_each_of_ours(tracked, monkeypatch, wandb, steps):
    noted: list[tuple[str, str, dict]] = []
    log = wandb.Run.log

    def log_and_note(run, data, **named):
        noted.append((run.id, run.name, data))
        log(run, data, **named)

    monkeypatch.setattr(wandb.Run, "log", log_and_note)
    runs = [tracked("wandb", name, steps=steps) for name in ("one", "two")]
    assert wandb.run is None
    assert len({(number, name) for number, name, _ in noted}) == len({number for number, _, _ in noted}) == 2
    for run in runs:
        mine = [data for _, name, data in noted if name == run.name]
        assert [(each["train/global_step"], each["train/loss"]) for each in mine if "train/loss" in each] == losses(run)
        assert [each["eval/f1"] for each in mine if "eval/f1" in each] == [f1 for _, f1 in dev_scores(run)]


@pytest.fixture
def wandb_cannot_finish(monkeypatch, wandb):
    finish_it = wandb.finish

    def fault(**named):
        finish_it(**named)
        raise OSError(errno.ENOSPC, "of its own disk, No space left on device")

    monkeypatch.setattr(wandb, "finish", fault)


@pytest.mark.usefixtures("wandb_cannot_finish")
def test_a_wandb_that_cannot_finish_is_said_and_spoils_no_run(tracked, caplog):
    with caplog.at_level(logging.CRITICAL):
        run = tracked("wandb")
    assert run.status == "done"
    (notice,) = (item for item in run.events if isinstance(item, Notice))
    assert "the tracker's run could not be ended (OSError: [Errno 28] of its own disk" in notice.text


@pytest.mark.usefixtures("wandb_cannot_finish", "a_fault_in_training")
def test_a_wandb_that_cannot_finish_hides_no_fault_of_the_training(tracked):
    with pytest.raises(TrainingError, match="^what really happened"):
        tracked("wandb")


def test_a_wandb_without_a_key_is_found_before_anything_starts(cell, monkeypatch, tmp_path):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("WANDB_MODE", "")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    config = parse_cell(cell(TRAIN.format(tracker="wandb", steps=12)).partition("\n")[2], {})
    with pytest.raises(TrackerError, match=r"wandb has no key here; call `wandb.login\(\)`.* WANDB_MODE=offline"):
        prepare(config)


def test_a_tracker_that_cannot_be_imported_is_found_before_anything_starts(cell, monkeypatch, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "mlflow.py").write_text("from nowhere_at_all import thing\n")
    monkeypatch.syspath_prepend(str(tmp_path / "broken"))
    monkeypatch.delitem(sys.modules, "mlflow", raising=False)
    config = parse_cell(cell(TRAIN.format(tracker="mlflow", steps=12)).partition("\n")[2], {})
    with pytest.raises(TrackerError, match="mlflow cannot be imported here .ModuleNotFoundError"):
        prepare(config)


@pytest.fixture
def not_imported(monkeypatch, tmp_path):
    """Forgets a package for the test's time, and looks for it here first."""

    def forget(package: str) -> None:
        monkeypatch.syspath_prepend(str(tmp_path))
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            monkeypatch.delitem(sys.modules, name)

    return forget


@pytest.mark.parametrize("tracker", ["wandb", "mlflow", "tensorboard"])
def test_a_folder_of_a_trackers_name_is_no_package(monkeypatch, tmp_path, not_imported, tracker):
    (tmp_path / tracker / "run-1").mkdir(parents=True)
    not_imported(tracker)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if "site-packages" not in path])
    with pytest.raises(TrackerError, match=f"{tracker} is not installed here; `pip install {tracker}`"):
        check_tracker(tracker)


@pytest.mark.parametrize("tracker", ["wandb", "mlflow"])
def test_a_file_of_a_trackers_name_is_no_package(tmp_path, not_imported, tracker):
    (tmp_path / f"{tracker}.py").write_text("mine = 1\n")
    not_imported(tracker)
    with pytest.raises(TrackerError, match=rf"{tracker}\.py shadows the package {tracker}; rename it"):
        check_tracker(tracker)


@pytest.mark.parametrize("event", ["on_train_begin", "on_log", "on_step_end", "on_epoch_end", "on_train_end"])
def test_a_tracker_that_raises_is_said_once_and_ends_nothing(tracked, monkeypatch, event, caplog):
    from transformers.integrations import TensorBoardCallback

    def fault(*_, **__):
        raise ConnectionError("the tracker's server is gone")

    monkeypatch.setattr(TensorBoardCallback, event, fault)
    with caplog.at_level(logging.CRITICAL):
        run = tracked("tensorboard")
    assert run.status == "done"
    (notice,) = (item for item in run.events if isinstance(item, Notice))
    assert f"TensorBoardCallback.{event} failed (ConnectionError: the tracker's server is gone)" in notice.text


@pytest.mark.parametrize(
    "fault",
    [RuntimeError("429: API quota exceeded"), MemoryError(), OSError(errno.ENOSPC, "full"), ModelError("no such")],
    ids=lambda fault: type(fault).__name__,
)
def test_a_trackers_fault_is_never_the_trainings(tracked, monkeypatch, fault, caplog):
    from transformers.integrations import TensorBoardCallback

    def raise_it(*_, **__):
        raise fault

    monkeypatch.setattr(TensorBoardCallback, "on_log", raise_it)
    with caplog.at_level(logging.CRITICAL):
        run = tracked("tensorboard")
    assert run.status == "done"
    (notice,) = (item for item in run.events if isinstance(item, Notice))
    assert f"TensorBoardCallback.on_log failed ({type(fault).__name__}: {fault})" in notice.text


def test_only_what_writes_files_can_say_in_words_that_a_disk_is_full():
    text = os.strerror(errno.ENOSPC)
    assert all(is_disk_full(kind(text)) for kind in (OSError, RuntimeError, SafetensorError, Exception))
    assert not any(
        is_disk_full(kind(text)) for kind in (ValueError, TrainingError, type("HTTPError", (Exception,), {}))
    )


def test_a_resumed_run_goes_on_in_the_same_board(cell):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train = "epochs: 400, batch_size: 4, report_to: tensorboard"
    config = parse_cell(cell(train, extra="save: {every: {steps: 1}}").partition("\n")[2], {})
    run = start_run("again", prepare(config))
    while not dev_scores(run):
        assert not run.finished.wait(0.01)
    run.stop()
    finish(run)
    again = resume_run("again", prepare(config))
    while len(again.events) < len(run.events) + 3:
        assert not again.finished.wait(0.01)
    again.stop()
    finish(again)
    board = EventAccumulator(str(run.dir / "tensorboard"))
    board.Reload()
    steps = [point.step for point in board.Scalars("eval/f1")]
    assert steps[-1] > dev_scores(run)[-1][0]
