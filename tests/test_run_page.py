"""A run as static HTML: what it says, what a resumption made void, how large it may get."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from ft_magics.display.host import clicks_wait, way_out
from ft_magics.display.run_page import event_text, run_html
from ft_magics.events import (
    CheckpointSaved,
    Evaluated,
    Notice,
    PauseChanged,
    RunEnded,
    RunResumed,
    RunStarted,
    StepDone,
)
from ft_magics.metrics import Metric

METRICS = [Metric("f1", "F1"), Metric("precision", "precision"), Metric("recall", "recall")]


def started() -> RunStarted:
    return RunStarted(
        name="ner",
        task="ner",
        model="minilm",
        method="full",
        device="cpu",
        precision="fp32",
        epochs=100,
        total_steps=20_000,
        parameters=22_600_000,
        trainable_parameters=22_600_000,
        metrics=METRICS,
        examples=280,
        config={"task": "ner", "data": {"train": "<a>.conll", "test": None}, "train": {"epochs": 100}},
    )


def step(at: int, loss: float = 1.0) -> StepDone:
    rates = {"learning_rate": 1e-4, "grad_norm": 1.0, "tokens_per_s": 100.0}
    return StepDone(step=at, epoch=at / 200, loss=loss, elapsed_s=at / 10, **rates)


def evaluated(epoch: int, *, types: int = 2, best: bool = False) -> Evaluated:
    scores = {"loss": 0.5, "metrics": {"f1": 0.5, "precision": 0.5, "recall": 0.5}}
    by_label = {f"TYPE_{at}": 0.25 for at in range(types)}
    return Evaluated(step=epoch * 200, epoch=float(epoch), split="dev", by_label=by_label, best=best, **scores)


def ended(status: str = "done") -> RunEnded:
    return RunEnded(status=status, reason="", best_epoch=1, best=0.5, elapsed_s=60)


def test_everything_that_a_run_says_is_there():
    events = [
        *(started(), step(1), step(200), evaluated(1, best=True)),
        CheckpointSaved(step=200, path="checkpoints/checkpoint-200"),
        Notice(level="warning", text="odd <tags>"),
        ended(),
    ]
    html = run_html(events, "done", name="ner", folder="ft_runs/ner")
    assert "TYPE_1" in html
    assert "Last checkpoint: step 200" in html
    assert "⚠ odd &lt;tags&gt;" in html
    assert "train: &lt;a&gt;.conll" in html
    assert "test:" not in html
    assert "22.6 M of 22.6 M parameters are trainable" in html
    assert html.count("<img") == 3


def test_what_a_resumption_made_void_is_not_shown():
    events = [
        *(started(), step(200), evaluated(1), CheckpointSaved(step=200, path="checkpoints/checkpoint-200")),
        *(step(350), evaluated(2), ended("failed"), RunResumed(step=200, epoch=1.0)),
    ]
    html = run_html(events, "paused", name="ner")
    assert "paused" in html
    assert "step 200 of 20000" in html
    assert "failed" not in html
    assert "epoch 2" not in html


def test_a_loss_that_is_no_number_leaves_a_hole():
    html = run_html([started(), step(1), step(2, math.nan), step(3, math.inf), step(4)], "running")
    assert "<img" in html
    assert run_html([started(), step(1, math.nan), step(2, math.nan)], "running")


def test_a_long_run_of_many_types_stays_small():
    events = [started(), *(step(at, 1 + math.sin(at)) for at in range(1, 20_001))]
    events += [evaluated(epoch, types=40, best=True) for epoch in range(1, 101)]
    events += [Notice(level="info", text="a line of the log " * 5)] * 500
    html = run_html([*events, ended()], "done", name="ner", folder="ft_runs/ner")
    assert len(html.encode()) < 60_000


def test_a_terminal_hears_of_pauses_and_resumptions():
    assert event_text(PauseChanged(paused=True, reason="paused by hand")) == "paused by hand"
    assert event_text(PauseChanged(paused=False, reason="")) == "unpaused"
    assert event_text(RunResumed(step=200, epoch=1.0)) == "resumed from step 200, epoch 1"


def test_tokens_per_second_count_the_first_step():
    assert "· 100 tokens/s" in run_html([started(), step(1)], "running")


@pytest.mark.parametrize(("place", "waits"), [("", False), ("VSCODE_PID", True), ("COLAB_RELEASE_TAG", True)])
def test_where_clicks_wait_is_known_and_another_way_is_named(monkeypatch, place, waits):
    for name in ("VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    if place:
        monkeypatch.setenv(place, "1")
    assert clicks_wait() is waits
    assert way_out(Path("STOP")) == "use the interrupt button to stop, or create the file STOP"
