"""A run's page in a browser, without a kernel: the live one and the saved one say the same, and nothing jumps."""

from __future__ import annotations

import base64
import json
import time
from dataclasses import replace

import pytest
from ft_magics.display.run_page import run_html
from ft_magics.display.run_summary import Known
from ft_magics.display.shown import parts_of
from ft_magics.evaluation.report import Score
from ft_magics.events import (
    CheckpointSaved,
    Evaluated,
    Notice,
    PauseChanged,
    RunEnded,
    RunStarted,
    StepDone,
    StopAsked,
)
from ft_magics.metrics import Metric
from ft_magics.runs.earlier import EarlierRun
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.run import Run

from browser import browser_page
from ft_widgets.static_files import STATIC

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

F1, PRECISION = Metric("f1", "F1"), Metric("precision", "precision")
EARLIER = EarlierRun(folder="ner@2026-11-27T01-02-03", headline="f1", scores=((20, 0.3), (90, 0.6)), losses=())
SHELL = """<!doctype html><meta charset="utf-8"><style>body {{ font-family: sans-serif; margin: 8px }} #live {{ overflow: auto }} {css}</style>
<script id="jupyter-config-data" type="application/json">{{"baseUrl": "/", "serverRoot": "~"}}</script>
<body><div id="live"></div><div id="saved">{saved}</div>
<script type="module">
import make from "data:text/javascript;base64,{code}";
const values = {{ name: "ner", twin: "", controls: "c", way_out: "", clicks_blocked: false, snapshot: {snapshot} }};
const heard = {{}};
const model = {{
  get: (name) => values[name], on: (name, call) => (heard[name] ??= []).push(call), off() {{}},
  widget_manager: {{ get_model: async () => ({{ comm_live: false, send() {{}} }}) }},
}};
window.say = (name, message) => (heard[name] ?? []).forEach((call) => call(message));
const view = make();
view.initialize({{ model }});
view.render({{ model, el: document.getElementById("live") }});
</script>"""
LEAVES = """root => [...document.querySelectorAll(root + ' *')].filter(
    each => each.childElementCount === 0 && !each.closest('.ft-controls, .ft-tools, .ft-spoken, .uplot, style, [data-other], [hidden]')
    && each.textContent.trim() && each.tagName !== 'CODE' && each.tagName !== 'A'
  ).map(each => each.textContent.trim())"""
SCROLLED = """() => [...document.querySelectorAll('#live, .ft-root, .ft-root *')].filter(each => {
    const { overflowX, overflowY } = getComputedStyle(each);
    const [x, y] = [overflowX, overflowY].map(text => text === 'auto' || text === 'scroll');
    return (x && each.scrollWidth > each.clientWidth) || (y && each.scrollHeight > each.clientHeight);
  }).map(each => [each.className, each.scrollWidth - each.clientWidth, each.scrollHeight - each.clientHeight])"""
PLACES = """() => ['.ft-root', '.ft-bar', '.ft-figures', '.ft-panes', '.ft-labels', '.ft-folder'].map(name => {
    const { top, height } = document.querySelector(name).getBoundingClientRect();
    return [name, Math.round(top), name === '.ft-bar' ? 6 : Math.round(height)];
  })"""


def events_until(step: int) -> list:
    """A run of 100 steps, evaluated every 20."""
    begun = RunStarted(
        time=time.time() - 60, name="ner", task="ner", metrics=[F1, PRECISION], model="minilm", method="full",
        device="cpu", precision="fp32", epochs=5, total_steps=100, parameters=22_600_000,
        trainable_parameters=22_600_000, examples=9, config={"task": "ner", "data": {"train": "a", "dev": "b"}},
    )  # fmt: skip
    told: list = [begun, Notice(level="warning", text="odd <tags>; try `%ft runs`")]
    for at in range(1, step + 1):
        told.append(
            StepDone(step=at, epoch=at / 20, loss=2 / at, learning_rate=1e-4, grad_norm=1.0, tokens_per_s=1234.5,
                     elapsed_s=at / 2, process_memory_bytes=900 << 20)
        )  # fmt: skip
        if at % 20 == 0:
            share = at / 125
            labels = {"PER": share, "LOC": None if at == 20 else share / 2}
            metrics = {"f1": share, "precision": None}
            told.append(
                Evaluated(step=at, epoch=at / 20, split="dev", loss=1 / at, metrics=metrics, by_label=labels, best=True)
            )
            told.append(CheckpointSaved(step=at, path=f"checkpoints/checkpoint-{at}"))
    return told


def ended(status: str, reason: str = "") -> RunEnded:
    return RunEnded(status=status, reason=reason, best_epoch=3.0, best=0.48, elapsed_s=123.4, paused_s=5.0)


STATES = {
    "running": (events_until(70), "running"),
    "paused": ([*events_until(70), PauseChanged(paused=True, reason="paused by the Pause button")], "paused"),
    "stopping": ([*events_until(70), StopAsked(reason="stopped by the Stop button")], "running"),
    "stopped": ([*events_until(70), ended("stopped", "stopped by the Stop button")], "stopped"),
    "failed": ([*events_until(70), ended("failed", "OSError: <disk> full")], "failed"),
    "crashed": (events_until(70), "crashed"),
    "done": ([*events_until(100), replace(events_until(20)[-2], split="test", best=False), ended("done")], "done"),
}


@pytest.fixture(scope="module")
def page():
    with browser_page(width=1200) as page:
        yield page


def show(page, tmp_path, monkeypatch, state: str, *, width: int) -> dict:
    """Put both pages of a state side by side; gives what the dashboard was sent."""
    events, status = STATES[state]
    headline = Score(metric=F1, value=0.7957, interval=(0.727, 0.86)) if state == "done" else None
    known = Known(
        folder="ft_runs/ner", place="/home/ada/ft_runs/ner", handle="ner", split="test" if headline else "",
        headline=headline, looks=3 if headline else 0, earlier=[EARLIER],
        now=events[-1].time + 4 if status in ("running", "paused") else None,
    )  # fmt: skip
    monkeypatch.setattr("ft_magics.display.run_parts.known_of", lambda *_: known)
    monkeypatch.setattr(Run, "status", status)
    run = Run("ner", RunFolder(tmp_path / "ner"))
    run.events = events
    snapshot = parts_of(run).snapshot()
    saved = run_html(events, status, name="ner", known=known)
    code = base64.b64encode((STATIC / "run_dashboard.js").read_bytes()).decode()
    css = (STATIC / "run_dashboard.css").read_text(encoding="utf-8")
    page.set_viewport_size({"width": width, "height": 900})
    page.set_content(SHELL.format(css=css, saved=saved, code=code, snapshot=json.dumps(snapshot)))
    page.get_by_test_id("score").wait_for()
    page.evaluate(
        """() => [...document.querySelectorAll('#saved details')].filter(
            each => each.querySelector('summary').textContent.startsWith('Learning rate')
          ).forEach(each => each.setAttribute('data-other', ''))"""
    )
    return snapshot


@pytest.mark.parametrize("state", STATES)
def test_the_live_page_and_the_saved_one_say_the_same(page, tmp_path, monkeypatch, state):
    show(page, tmp_path, monkeypatch, state, width=1200)
    live, saved = page.evaluate(LEAVES, "#live"), page.evaluate(LEAVES, "#saved")
    assert live == saved
    words = {
        "running": "best dev F1 so far at epoch 3",
        "done": "test F1, 95 % interval 72.7–86.0",
        "failed": "failed after 2 min 03 s, without 5 s of pauses: OSError: <disk> full",
    }
    assert words.get(state, state) in live
    colours = """root => getComputedStyle([...document.querySelectorAll(root + ' span')].find(
        each => each.textContent === document.querySelector('[data-testid=status]').textContent)).backgroundColor"""
    assert page.evaluate(colours, "#live") == page.evaluate(colours, "#saved")
    strokes = (
        """() => [...document.querySelectorAll('#live .ft-labels polyline')].map(each => each.getAttribute('stroke'))"""
    )
    drawings = page.evaluate(
        """() => [...document.querySelectorAll('#saved td img')].map(each => atob(each.src.split(',')[1]))"""
    )
    for stroke, drawing in zip(page.evaluate(strokes), drawings, strict=True):
        assert f'stroke="{stroke}"' in drawing


@pytest.mark.parametrize("width", [1200, 700])
def test_nothing_jumps_when_the_state_changes_and_nothing_scrolls_inside(page, tmp_path, monkeypatch, width):
    places = {}
    for state in ("running", "paused", "stopping", "stopped", "crashed"):
        show(page, tmp_path, monkeypatch, state, width=width)
        page.wait_for_timeout(300)
        assert page.evaluate(SCROLLED) == [], state
        if state == "running":
            page.evaluate("say('msg:custom', {page: {}, first: 0, steps: []})")
            places["running"] = page.evaluate(PLACES)
            page.evaluate("say('comm_live_update')")
            page.locator('[data-testid=run-dashboard][data-state="gone"]').wait_for()
            assert page.get_by_test_id("status").inner_text() == "kernel gone"
            assert page.get_by_test_id("time-left").inner_text() == "–"
            assert "%load_ext ft_magics, then %ft resume ner" in page.get_by_test_id("say").inner_text()
            assert page.get_by_test_id("ask-stop").get_attribute("aria-disabled") == "true"
            places["gone"] = page.evaluate(PLACES)
            page.evaluate("say('msg:custom', {page: {}, first: 0, steps: []})")
            assert page.get_by_test_id("status").inner_text() == "running"
        else:
            places[state] = page.evaluate(PLACES)
    for state, found in places.items():
        assert found[1:5] == places["running"][1:5], state
    heights = {state: found[0][2] for state, found in places.items()}
    assert heights["paused"] == heights["stopping"] == heights["gone"] == heights["running"]
