"""Trackers that people use already: the real packages, on this machine alone."""

from __future__ import annotations

import logging
import sys

import pytest
from ft_magics.config.cell import parse_cell
from ft_magics.errors import ModelError
from ft_magics.events import Evaluated, Notice, StepDone
from ft_magics.training.prepare import prepare
from ft_magics.training.starting import resume_run, start_run

from runs import finish

TRAIN = "max_steps: 12, batch_size: 4, report_to: {tracker}"


@pytest.fixture
def tracked(cell):
    def run(tracker: str, name: str = "tracked"):
        config = parse_cell(cell(TRAIN.format(tracker=tracker)).partition("\n")[2], {})
        return finish(start_run(name, prepare(config)))

    return run


def dev_scores(run) -> list[tuple[int, float]]:
    return [(event.step, event.f1) for event in run.events if isinstance(event, Evaluated) and event.split == "dev"]


def losses(run) -> list[tuple[int, float]]:
    return [(event.step, event.loss) for event in run.events if isinstance(event, StepDone)]


def test_tensorboard_finds_the_curves_below_the_run(tracked):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    run = tracked("tensorboard")
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


def test_mlflow_has_a_finished_run_of_this_name(tracked, tmp_path, monkeypatch):
    import mlflow

    monkeypatch.setenv("MLFLOW_ALLOW_FILE_STORE", "true")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", (tmp_path / "mlruns").as_uri())
    mlflow.set_tracking_uri((tmp_path / "mlruns").as_uri())
    run = tracked("mlflow")
    client = mlflow.MlflowClient()
    (record,) = client.search_runs(["0"])
    assert (record.info.run_name, record.info.status) == ("tracked", "FINISHED")
    points = client.get_metric_history(record.info.run_id, "loss")
    assert [(point.step, pytest.approx(point.value)) for point in points] == losses(run)
    assert record.data.metrics["eval_f1"] == pytest.approx(dev_scores(run)[-1][1])


def test_wandb_has_a_run_for_each_of_ours(tracked, tmp_path, monkeypatch):
    import wandb

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    noted: list[tuple[str, dict]] = []
    log = wandb.log
    begun = wandb.init

    def init(*arguments, **named):
        run = begun(*arguments, **named)
        monkeypatch.setattr(wandb, "log", lambda data, **more: (noted.append((run.name, data)), log(data, **more)))
        return run

    monkeypatch.setattr(wandb, "init", init)
    runs = [tracked("wandb", "one"), tracked("wandb", "two")]
    assert wandb.run is None
    assert len(list((tmp_path / "wandb").glob("offline-run-*"))) == 2
    for run in runs:
        mine = [data for name, data in noted if name == run.name]
        assert [(each["train/global_step"], each["train/loss"]) for each in mine if "train/loss" in each] == losses(run)
        assert [each["eval/f1"] for each in mine if "eval/f1" in each] == [f1 for _, f1 in dev_scores(run)]


def test_a_wandb_without_a_key_is_found_before_anything_starts(cell, monkeypatch, tmp_path):
    monkeypatch.delenv("WANDB_API_KEY", raising=False)
    monkeypatch.setenv("WANDB_MODE", "")
    monkeypatch.setenv("NETRC", str(tmp_path / "none"))
    monkeypatch.setenv("HOME", str(tmp_path))
    config = parse_cell(cell(TRAIN.format(tracker="wandb")).partition("\n")[2], {})
    with pytest.raises(ModelError, match=r"wandb has no key here; call `wandb.login\(\)`.* WANDB_MODE=offline"):
        prepare(config)


def test_a_tracker_that_cannot_be_imported_is_found_before_anything_starts(cell, monkeypatch, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "mlflow.py").write_text("from nowhere_at_all import thing\n")
    monkeypatch.syspath_prepend(str(tmp_path / "broken"))
    monkeypatch.delitem(sys.modules, "mlflow", raising=False)
    config = parse_cell(cell(TRAIN.format(tracker="mlflow")).partition("\n")[2], {})
    with pytest.raises(ModelError, match="mlflow cannot be imported here .ModuleNotFoundError"):
        prepare(config)


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
