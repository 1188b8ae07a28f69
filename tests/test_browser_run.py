"""A run in a real JupyterLab: pause and resume, save now, a page that is reloaded, two runs, a dark theme."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from browser import (
    browser_page,
    code_cell,
    lab_server,
    open_notebook,
    read,
    run_cell,
    save,
    shut_down_kernels,
    wait_for_cell,
    write_notebook,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # a minute on a machine that does nothing else

RUN = """\
%%finetune {name}
task: ner
model: minilm
data: {{train: demo:en/train.conll, dev: demo:en/dev.conll}}
train: {{epochs: {epochs}, learning_rate: 3e-4, seed: 1}}"""
LOAD, FIRST, SECOND = 0, 1, 2


@dataclass(frozen=True)
class Lab:
    folder: Path
    address: str

    def events(self, run: str, kind: str) -> list[dict]:
        lines = (self.folder / "ft_runs" / run / "events.jsonl").read_text(encoding="utf-8").splitlines()
        return [event for event in map(json.loads, lines) if event["kind"] == kind]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder) as address:
        yield Lab(folder, address)


@pytest.fixture
def page():
    with browser_page() as page:
        yield page


def start(lab, page, *runs: tuple[str, int]) -> None:
    """Open a notebook with a cell per run, and begin the first run; comes back after its first evaluation."""
    cells = [RUN.format(name=name, epochs=epochs) for name, epochs in runs]
    write_notebook(lab.folder / f"{runs[0][0]}.ipynb", "%load_ext ft_magics", *cells)
    open_notebook(page, lab.address, f"{runs[0][0]}.ipynb")
    run_cell(page, LOAD)
    wait_for_cell(page, LOAD)
    run_cell(page, FIRST)
    wait_for_rows(page, 1)


def wait_for_rows(page, count: int) -> None:
    page.wait_for_function(
        "count => document.querySelectorAll('[data-testid=dev-table] tbody tr').length >= count", arg=count
    )


def wait_for_state(page, state: str) -> None:
    page.locator(f'[data-testid=run-dashboard][data-state="{state}"]').wait_for()


def wait_for_step_after(page, step: int) -> None:
    page.wait_for_function(
        "step => parseInt(document.querySelector('[data-testid=progress-steps]').textContent) > step", arg=step
    )


def shown_step(page) -> int:
    return int(page.get_by_test_id("progress-steps").inner_text().split(" / ")[0].replace(",", ""))


def button(page, name: str):
    return page.get_by_test_id("run-dashboard").get_by_role("button", name=name, exact=True)


def press(page, name: str) -> None:
    button(page, name).click()


def listen(page) -> None:
    """Note all that the dashboard's live region says from now on; `capture_warnings` gives it."""
    page.evaluate(
        """() => {
            window.capture_warnings = [];
            const region = document.querySelector('[data-testid=run-dashboard] > .ft-spoken[aria-live=polite]');
            new MutationObserver(() => window.capture_warnings.push(region.textContent)).observe(region, {childList: true});
        }"""
    )


def capture_warnings(page) -> list[str]:
    return page.evaluate("window.capture_warnings")


def shown_range(page) -> tuple[int, int]:
    """The first and the last step that the curve shows, as its keys find them."""
    page.wait_for_timeout(500)  # the pointer's last move is drawn with a later frame, and would take the keys' place
    page.get_by_test_id("loss-curve").focus()
    ends = []
    for key in ("Home", "End"):
        page.keyboard.press(key)
        ends.append(int(page.get_by_test_id("curve-values").inner_text().split()[1]))
    return ends[0], ends[1]


def output(page, index: int):
    return code_cell(page, index).locator(".jp-Cell-outputWrapper")


def come_back(page, lab, name: str) -> None:
    """Open the notebook again while its kernel works: `open_notebook` would wait for an idle one."""
    page.goto(f"{lab.address}/lab/tree/{name}.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")


def test_pause_stands_still_and_resume_goes_on_while_the_cell_is_busy(lab, page):
    start(lab, page, ("paused", 100))
    listen(page)
    assert button(page, "Resume").count() == 0
    button(page, "Stop").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    wait_for_state(page, "paused")
    assert button(page, "Resume").evaluate("button => button === document.activeElement")
    assert button(page, "Pause").count() == 0
    before = shown_step(page)
    page.wait_for_timeout(3000)
    assert shown_step(page) == before
    assert lab.events("paused", "step")[-1]["step"] <= before
    assert page.get_by_test_id("status").inner_text() == "paused"
    page.keyboard.press("Enter")
    wait_for_state(page, "running")
    wait_for_step_after(page, before + 1)
    button(page, "Pause").wait_for()
    said = [
        sentence for sentence in capture_warnings(page) if not re.match(r"Epoch [\d.]+: dev F1 \d+\.\d\d$", sentence)
    ]
    assert said == ["paused", "running"]
    assert [event["paused"] for event in lab.events("paused", "pause")] == [True, False]
    press(page, "Pause")
    wait_for_state(page, "paused")
    press(page, "Stop")
    wait_for_cell(page, FIRST)
    output(page, FIRST).get_by_text("stopped after").wait_for()
    shut_down_kernels(page, lab.address)


def test_save_now_writes_a_checkpoint_while_the_cell_is_busy(lab, page):
    start(lab, page, ("saved", 100))
    press(page, "Pause")
    wait_for_state(page, "paused")
    known = len(lab.events("saved", "checkpoint"))
    press(page, "Save now")
    deadline = 60
    while len(lab.events("saved", "checkpoint")) == known:
        deadline -= 1
        assert deadline
        page.wait_for_timeout(500)
    step = lab.events("saved", "checkpoint")[known]["step"]
    assert step <= lab.events("saved", "step")[-1]["step"] + 1
    page.wait_for_function(
        "step => document.querySelector('[data-testid=checkpoint]').textContent.startsWith(`step ${step}`)", arg=step
    )
    button(page, "Save now").wait_for()
    wait_for_state(page, "paused")  # the pause outlasts the save
    press(page, "Resume")
    wait_for_state(page, "running")
    page.get_by_test_id("journal").locator("summary").click()
    log = page.get_by_test_id("journal").inner_text()
    assert re.search(rf"paused by the Pause button\n.*checkpoint at step {step}\n.*unpaused\b", log)
    press(page, "Stop")
    wait_for_cell(page, FIRST)
    shut_down_kernels(page, lab.address)


def test_a_reload_brings_the_live_view_back_and_the_run_ends_well(lab, page):
    start(lab, page, ("reloaded", 100))
    save(page)
    come_back(page, lab, "reloaded")
    page.get_by_test_id("run-dashboard").wait_for()
    rows = page.get_by_test_id("dev-table").locator("tbody tr").count()
    wait_for_rows(page, rows + 1)
    assert page.locator("[data-ft-static]:visible").count() == 0
    epochs = [float(text) for text in page.locator("[data-testid=dev-table] tbody th").all_inner_texts()]
    assert epochs == [at + 1 for at in range(len(epochs))]
    wait_for_step_after(page, shown_step(page))
    press(page, "Pause")
    wait_for_state(page, "paused")
    press(page, "Resume")
    wait_for_state(page, "running")
    press(page, "Stop")
    wait_for_state(page, "stopped")
    assert page.get_by_test_id("status").inner_text() == "stopped"
    assert re.match(r"stopped after .*: by the Stop button$", page.get_by_test_id("say").inner_text())
    assert not button(page, "Stop").is_visible()
    assert page.get_by_test_id("folder").get_by_text("%ft report reloaded").is_visible()
    assert (lab.folder / "ft_runs" / "reloaded" / "report.html").is_file()
    shut_down_kernels(page, lab.address)


def test_a_page_that_was_closed_shows_the_run_when_it_comes_back(lab):
    with browser_page() as page:
        start(lab, page, ("closed", 100))
        save(page)
    with browser_page() as page:
        come_back(page, lab, "closed")
        wait_for_state(page, "running")
        wait_for_step_after(page, shown_step(page))
        press(page, "Stop")
        wait_for_state(page, "stopped")
        assert lab.events("closed", "run_ended")[-1]["status"] == "stopped"
        shut_down_kernels(page, lab.address)


def test_two_runs_in_two_cells_one_after_the_other(lab, page):
    start(lab, page, ("one", 2), ("two", 2))
    run_cell(page, SECOND)
    wait_for_cell(page, FIRST)
    output(page, FIRST).get_by_text("finished after").first.wait_for()
    wait_for_cell(page, SECOND)
    output(page, SECOND).get_by_text("finished after").first.wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=run-dashboard]')")
    save(page)
    saved = (lab.folder / "one.ipynb").read_text(encoding="utf-8")
    outputs = [cell["outputs"] for cell in json.loads(saved)["cells"]]
    assert "widgets" not in json.loads(saved)["metadata"]
    assert all(len(json.dumps(each)) < 60_000 for each in outputs)
    shut_down_kernels(page, lab.address)


def test_a_run_in_the_background_is_drawn_where_it_began(lab, page):
    cells = [RUN.format(name="behind --bg", epochs=4), "print('free', behind.status)"]
    write_notebook(lab.folder / "behind.ipynb", "%load_ext ft_magics", *cells)
    open_notebook(page, lab.address, "behind.ipynb")
    run_cell(page, LOAD)
    wait_for_cell(page, LOAD)
    run_cell(page, FIRST)
    wait_for_cell(page, FIRST)
    run_cell(page, SECOND)
    wait_for_cell(page, SECOND)
    read(output(page, SECOND), "free running")
    wait_for_rows(page, 1)
    output(page, FIRST).get_by_text("finished after").first.wait_for()
    page.wait_for_function("() => !document.querySelector('[data-testid=run-dashboard]')")
    assert "finished" not in output(page, SECOND).inner_text()
    shut_down_kernels(page, lab.address)


def test_curves_are_chosen_zoomed_and_read(lab, page):
    start(lab, page, ("curves", 4))
    wait_for_step_after(page, 30)
    press(page, "Pause")
    wait_for_state(page, "paused")
    values = page.get_by_test_id("curve-values")
    chart = page.get_by_test_id("loss-curve")
    chart.focus()
    page.keyboard.press("Home")
    assert values.inner_text().startswith("step 1 · training loss")
    page.keyboard.press("ArrowRight")
    assert re.match(r"step \d+ · training loss \d\.\d+ · smoothed", values.inner_text())
    page.get_by_test_id("curve-learning_rate").click()
    assert "learning rate" in values.inner_text()
    assert page.get_by_test_id("smoothing").is_hidden()
    page.get_by_test_id("curve-grad_norm").click()
    assert re.match(r"step \d+ · gradient norm \d+\.\d+ · smoothed", values.inner_text())
    page.get_by_test_id("curve-loss").click()
    page.get_by_test_id("log-scale").click()
    assert page.get_by_test_id("log-scale").get_attribute("aria-pressed") == "true"
    chart.hover(position={"x": 80, "y": 60})  # the notebook scrolls when a cell is clicked: places hold for a moment
    page.mouse.down()
    box = chart.bounding_box()
    page.mouse.move(box["x"] + 130, box["y"] + 60, steps=4)
    page.mouse.up()
    last = shown_step(page)
    first_shown, last_shown = shown_range(page)
    assert 1 < first_shown < last_shown < last
    assert page.get_by_test_id("all-steps").is_visible()
    chart.dblclick(position={"x": 150, "y": 60})
    assert shown_range(page) == (1, last)
    assert page.get_by_test_id("all-steps").is_hidden()
    page.keyboard.press("+")  # about the newest step, where End went
    first_shown, last_shown = shown_range(page)
    assert 1 < first_shown < last_shown == last
    page.keyboard.press("Escape")
    assert shown_range(page) == (1, last)
    page.keyboard.press("+")
    page.get_by_test_id("all-steps").click()
    assert shown_range(page) == (1, last)
    fill = page.locator(".ft-bar-fill")
    assert fill.evaluate("bar => getComputedStyle(bar).transitionDuration") == "0.2s"
    page.emulate_media(reduced_motion="reduce")
    assert fill.evaluate("bar => getComputedStyle(bar).transitionDuration") == "0s"
    page.get_by_test_id("run-config").locator("summary").click()
    assert "learning_rate: 0.0003" in page.get_by_test_id("run-config").inner_text()
    press(page, "Stop")
    wait_for_cell(page, FIRST)
    shut_down_kernels(page, lab.address)


def test_a_dark_page_has_light_text(tmp_path):
    with lab_server(tmp_path, dark=True) as address, browser_page(dark=True, width=700) as page:
        lab = Lab(tmp_path, address)
        start(lab, page, ("dark", 100))
        colours = page.get_by_test_id("run-dashboard").evaluate(
            """root => [getComputedStyle(root).color, getComputedStyle(root.querySelector('thead th')).backgroundColor]
                .map(text => text.match(/[0-9.]+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3)"""
        )
        assert colours[0] > 180
        assert colours[1] < 80
        assert page.get_by_test_id("run-dashboard").evaluate("root => root.scrollWidth <= root.clientWidth")
        press(page, "Stop")
        wait_for_cell(page, FIRST)
        shut_down_kernels(page, address)
