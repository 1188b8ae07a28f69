"""A run as static HTML: what it says, what a resumption made void, how large it may get."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from pathlib import Path

import pytest
from ft_magics.display.event_text import event_text
from ft_magics.display.host import clicks_wait, way_out
from ft_magics.display.run_page import run_html
from ft_magics.display.run_summary import Known
from ft_magics.display.runs_page import runs_bundle, runs_page
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
from ft_magics.markup import measured
from ft_magics.metrics import Metric
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.run import Run

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
    html = run_html(events, "done", name="ner", known=Known(folder="ft_runs/ner"))
    assert "TYPE_1" in html
    assert re.search(r"step 200</div><div[^>]*>last checkpoint", html)
    assert "checkpoint at step 200" in html
    assert "⚠ odd &lt;tags&gt;" in html
    assert "train: &lt;a&gt;.conll" in html
    assert "test:" not in html
    assert "22.6 M of 22.6 M (100 %)" in html
    assert html.count("<img") == 5  # the chart, two labels, learning rate, gradient norm


def test_what_a_resumption_made_void_is_not_shown():
    events = [
        *(started(), step(200), evaluated(1), CheckpointSaved(step=200, path="checkpoints/checkpoint-200")),
        *(step(350), evaluated(2), ended("failed"), RunResumed(step=200, epoch=1.0)),
    ]
    html = run_html(events, "paused", name="ner")
    assert re.search(r"background:#8A5A00[^>]*>paused<", html)
    assert "200 / 20,000" in html
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
    html = run_html([*events, ended()], "done", name="ner", known=Known(folder="ft_runs/ner"))
    assert len(html.encode()) < 80_000


def test_a_terminal_hears_of_pauses_and_resumptions():
    assert event_text(PauseChanged(paused=True, reason="paused by hand")) == "paused by hand"
    assert event_text(PauseChanged(paused=False, reason="")) == "unpaused"
    assert event_text(RunResumed(step=200, epoch=1.0)) == "resumed from step 200, epoch 1"


def test_tokens_per_second_count_the_first_step():
    assert re.search(r">100</div><div[^>]*>tokens/s<", run_html([started(), step(1)], "running"))


@pytest.mark.parametrize(("place", "waits"), [("", False), ("VSCODE_PID", True), ("COLAB_RELEASE_TAG", True)])
def test_where_clicks_wait_is_known_and_another_way_is_named(monkeypatch, place, waits):
    for name in ("VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"):
        monkeypatch.delenv(name, raising=False)
    if place:
        monkeypatch.setenv(place, "1")
    assert clicks_wait() is waits
    assert way_out(Path("STOP")) == "use the interrupt button to stop, or create the file STOP"


PERPLEXITY = Metric("perplexity", "<perplexity>", higher_is_better=False, unit="number")


def other(epoch: int, value: float | None, *, best: bool = False) -> Evaluated:
    metrics = {"perplexity": value, "f1": 0.25, "unknown": 1.0}
    return Evaluated(
        step=epoch, epoch=float(epoch), split="dev", loss=0.5, metrics=metrics, by_label={"<b>": value}, best=best
    )


def test_a_page_shows_what_the_run_says_that_it_measures():
    begun = replace(started(), metrics=[PERPLEXITY, METRICS[0]], config={})
    last = RunEnded(status="done", reason="", best_epoch=1, best=12.3456, elapsed_s=60)
    html = run_html([begun, other(1, 12.3456, best=True), other(2, None), last], "done", name="x")
    heads, first, second, labels, values = re.findall(r"<tr.*?</tr>", html)
    cells = [re.findall(r">([^<]*)</t[hd]>", row) for row in (heads, first, second, labels, values)]
    assert cells[0] == ["epoch", "step", "dev loss", "&lt;perplexity&gt; ↓", "F1", ""]
    assert cells[1] == ["1", "1", "0.5000", "12.35", "25.00", "★ best"]
    assert cells[2] == ["2", "2", "0.5000", "–", "25.00", ""]
    assert cells[3:] == [["label", "", "epoch 1", "epoch 2"], ["&lt;b&gt;", "", "12.35", "–"]]
    assert "best dev &lt;perplexity&gt; at epoch 1" in html
    assert "Dev &lt;perplexity&gt; by label over epochs" in html


def test_a_terminal_hears_what_was_measured():
    metrics = [PERPLEXITY, METRICS[0]]
    assert event_text(other(2, 12.3456, best=True), metrics) == (
        "epoch 2: dev <perplexity> 12.35, F1 25.00 ★ best so far"
    )
    assert event_text(other(2, None), []) == "epoch 2: dev evaluated"
    assert event_text(ended(), METRICS) == "finished after 1 min 00 s; best dev F1 50.00"
    assert event_text(ended(), []) == "finished after 1 min 00 s"


def test_values_whose_description_cannot_be_read_stand_under_their_names():
    html = run_html([other(1, 12.0), other(2, None)], "crashed", name="x")
    assert re.findall(r">([^<]*)</t[hd]>", html)[:7] == [
        *("epoch", "step", "dev loss", "perplexity", "f1", "unknown", "")
    ]


def test_a_metric_has_the_digits_of_its_unit():
    assert [measured(value, METRICS[0]) for value in (0.81304, 1, None)] == ["81.30", "100.00", "–"]
    shown = [measured(value, PERPLEXITY) for value in (0, 1.23456, 999.94, 999.96, 48210.4, 1.5e-5, -2.5, None)]
    assert shown == ["0.000", "1.235", "999.9", "1,000", "48,210", "1.500e-05", "-2.500", "–"]


def test_runs_side_by_side_name_the_metric_that_they_share(tmp_path):
    def run(name: str, metric: Metric, value: float) -> Run:
        (tmp_path / name).mkdir()
        found = Run(name, RunFolder(tmp_path / name))
        found.events = [replace(started(), metrics=[metric]), replace(other(1, None), metrics={metric.name: value})]
        found.finished.set()
        return found

    one, two, three = run("one", METRICS[0], 0.5), run("two", METRICS[0], 0.25), run("three", PERPLEXITY, 12.0)
    head, *rows, how = runs_bundle(runs_page([one, two]))["text/plain"].splitlines()
    assert "best dev F1" in head
    assert {row.split()[2] for row in rows} == {"50.00", "25.00"}
    assert "best dev &lt;perplexity&gt; ↓" in runs_bundle(runs_page([three]))["text/html"]
    head, *rows, how = runs_bundle(runs_page([one, three]))["text/plain"].splitlines()
    assert "best on dev" in head
    assert re.fullmatch(r"To compare two: `%ft compare \S+ \S+`, the baseline first", how)
    assert {" ".join(row.split()[2:4]) for row in rows} == {"F1 50.00", "<perplexity> 12.00"}
