"""A real JupyterLab in a real browser: the quickstart by hand, both ways to stop, the notebook after its kernel."""

from __future__ import annotations

import json
import os
import re
import signal
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from browser import (
    browser_page,
    code_cell,
    copy_quickstart,
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

LOAD, FINETUNE, EVALUATE, PREDICT = 0, 1, 2, 4  # code cells of the quickstart
WIDGET = "application/vnd.jupyter.widget-view+json"
DEAD = ("model not found", "Error displaying widget", "Error creating widget", "javascript error", "Loading widget")


@dataclass(frozen=True)
class Lab:
    folder: Path
    address: str

    def events(self, run: str) -> list[dict]:
        lines = (self.folder / "ft_runs" / run / "events.jsonl").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder) as address:
        yield Lab(folder, address)


@pytest.fixture
def page():
    with browser_page() as page:
        yield page


def run_and_wait(page, index: int) -> None:
    run_cell(page, index)
    wait_for_cell(page, index)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0, all_text(page)


def output(page, index: int):
    return code_cell(page, index).locator(".jp-Cell-outputWrapper")


def all_text(page) -> str:
    """What a person can read in the notebook; hidden elements are left out."""
    return page.locator(".jp-Notebook").inner_text()


def dead_views(page) -> list[str]:
    """What Lab says, for a person to read, where a widget was."""
    return [text for text in DEAD if text.lower() in all_text(page).lower()]


def wait_for_rows(page, count: int) -> None:
    page.wait_for_function(
        "count => document.querySelectorAll('[data-testid=dev-table] tbody tr').length >= count", arg=count
    )


def inked_pixels(page) -> int:
    """Pixels of the loss curve in its own blue; axes and grid are grey."""
    return page.locator("[data-testid=loss-curve] canvas").evaluate(
        """canvas => {
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let count = 0;
            for (let at = 0; at < data.length; at += 4)
                if (data[at + 3] > 128 && data[at + 2] - data[at] > 60) count++;
            return count;
        }"""
    )


def test_the_quickstart_by_hand(lab, page):
    copy_quickstart(lab.folder / "quickstart.ipynb", epochs=3)
    open_notebook(page, lab.address, "quickstart.ipynb")
    run_and_wait(page, LOAD)
    run_cell(page, FINETUNE)
    see_it_learn(page)
    wait_for_cell(page, FINETUNE)
    see_the_saved_run(page)
    run_and_wait(page, EVALUATE)
    look_into_the_report(page)
    for index in range(EVALUATE + 1, 6):
        run_and_wait(page, index)
    read(output(page, PREDICT), "Lovelace")
    save(page)
    see_what_was_saved(lab.folder / "quickstart.ipynb")

    shut_down_kernels(page, lab.address)
    open_notebook(page, lab.address, "quickstart.ipynb")
    see_the_saved_run(page)
    see_the_saved_report(page)
    see_the_live_report_again(page)


def see_it_learn(page) -> None:
    dashboard = page.get_by_test_id("run-dashboard")
    assert dashboard.get_attribute("data-state") == "running"
    assert page.get_by_role("button", name="Stop").is_visible()
    wait_for_rows(page, 1)
    steps, ink = page.get_by_test_id("progress-steps").inner_text(), inked_pixels(page)
    assert steps.endswith("/ 54")
    assert ink > 100
    wait_for_rows(page, 2)
    later = page.get_by_test_id("progress-steps").inner_text()
    assert int(later.split(" / ")[0]) > int(steps.split(" / ")[0]) > 0
    bar = page.get_by_role("progressbar", name="training progress")
    assert int(bar.get_attribute("aria-valuenow")) >= int(later.split(" / ")[0])
    assert inked_pixels(page) > 100


def see_the_saved_run(page) -> None:
    run = output(page, FINETUNE)
    run.get_by_text("finished after").wait_for()
    assert page.get_by_test_id("run-dashboard").count() == 0
    assert page.get_by_role("button", name="Stop").count() == 0
    read(run, "★ best", "best dev F1", "EVENT", "LOC", "ORG", "PER", "micro", "spurious")
    curve = run.locator("img[alt^='training loss']")
    assert curve.evaluate("image => image.complete && image.naturalWidth > 0 && image.clientWidth > 0")


def look_into_the_report(page) -> None:
    report = page.get_by_test_id("report")
    report.wait_for()
    page.wait_for_function("document.querySelector('[data-ft-static]').hidden")  # its twin is not shown beside it
    table = report.locator("[data-title='Scores per entity type'] table")
    table.get_by_role("button", name="F1").first.click()
    assert values(table, "F1") == sorted(values(table, "F1"), reverse=True)
    table.get_by_role("button", name="F1").first.click()
    assert values(table, "F1") == sorted(values(table, "F1"))
    assert len(values(table, "F1")) == 4


def values(table, heading: str) -> list[float]:
    """Numbers of a column of the table of scores, as they are shown."""
    return table.evaluate(
        """(table, heading) => {
            const heads = [...table.querySelectorAll('thead th')].map(head => head.textContent.replace(/\\W+$/, ''));
            const at = heads.indexOf(heading);
            return [...table.querySelectorAll('tbody tr')].map(row => parseFloat(row.children[at].textContent));
        }""",
        heading,
    )


def see_what_was_saved(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    finetune, evaluate = (notebook.cells[at].outputs for at in (3, 5))
    assert not any(WIDGET in item.get("data", {}) for item in finetune)
    assert any("finished after" in item.get("data", {}).get("text/html", "") for item in finetune)
    assert any("data-ft-static" in item.get("data", {}).get("text/html", "") for item in evaluate)
    # Most are cards of mistakes, as many as the precision makes, each with its style: hosts strip style sheets.
    assert path.stat().st_size < 280_000


def see_the_saved_report(page) -> None:
    report = output(page, EVALUATE)
    report.locator("[data-ft-static]").wait_for()
    page.wait_for_timeout(1000)  # whatever Lab says about widgets it has said by now
    assert page.get_by_test_id("report").count() == 0
    read(report, "EVENT", "LOC", "ORG", "PER", "micro")
    assert not dead_views(page)


def see_the_live_report_again(page) -> None:
    """A fresh kernel reads the run from its folder."""
    run_cell(page, LOAD)
    run_cell(page, EVALUATE)
    page.get_by_test_id("report").wait_for()
    assert page.locator("[data-ft-static]:visible").count() == 0


LONG = """\
%%finetune {name}
task: ner
model: minilm
data: {{train: demo:en/train.conll, dev: demo:en/dev.conll}}
train: {{epochs: 100, learning_rate: 3e-4, seed: 1}}"""


def test_a_run_whose_kernel_dies_leaves_what_it_was_seen_to_do(lab, page):
    load = "%load_ext ft_magics\nimport os; print(os.getpid())"
    write_notebook(lab.folder / "killed.ipynb", load, LONG.format(name="killed"), "%ft report killed")
    open_notebook(page, lab.address, "killed.ipynb")
    run_and_wait(page, LOAD)
    pid = int(read(output(page, LOAD)))
    run_cell(page, FINETUNE)
    wait_for_rows(page, 2)
    page.wait_for_timeout(1000)  # the twin is drawn right after the dashboard
    assert page.get_by_test_id("run-dashboard").is_visible()
    assert page.locator("[data-ft-static]:visible").count() == 0  # the dashboard stands in for it
    save(page)
    os.kill(pid, signal.SIGKILL)
    open_notebook(page, lab.address, "killed.ipynb")

    saved = output(page, FINETUNE)
    saved.get_by_text("So it was when this was drawn; %ft report killed shows it now.").wait_for()
    read(saved, "%ft resume killed")
    page.wait_for_timeout(1000)  # whatever Lab says about widgets it has said by now
    assert saved.locator("[data-ft-static] tbody tr:visible").count() >= 2
    assert not dead_views(page)
    run_and_wait(page, LOAD)
    run_and_wait(page, 2)
    said = read(output(page, 2), "%ft resume killed")
    assert re.search(r"^crashed$", said, re.MULTILINE)
    assert re.search(r"^Its kernel is gone\. To resume it .+ %ft resume killed$", said, re.MULTILINE)
    assert output(page, 2).locator("tbody tr").count() >= 2
    shut_down_kernels(page, lab.address)


def press_stop(page) -> None:
    page.get_by_role("button", name="Stop").click()


def press_interrupt(page) -> None:
    page.locator('[data-command="notebook:interrupt-kernel"]').first.click()


@pytest.mark.parametrize(
    ("name", "press", "reason"),
    [
        ("by_button", press_stop, "by the Stop button"),
        ("by_interrupt", press_interrupt, "by the interrupt"),
    ],
)
def test_a_busy_cell_stops_within_a_step_and_keeps_the_best_model(lab, page, name, press, reason):
    use = f"print({name}.status, len({name}.predict('Ada Lovelace lives in London.')))"
    write_notebook(lab.folder / f"{name}.ipynb", "%load_ext ft_magics", LONG.format(name=name), use)
    open_notebook(page, lab.address, f"{name}.ipynb")
    run_and_wait(page, LOAD)
    run_cell(page, FINETUNE)
    wait_for_rows(page, 1)
    press(page)
    wait_for_cell(page, FINETUNE)

    output(page, FINETUNE).get_by_text("stopped after").wait_for()
    assert re.search(rf"stopped after .+: {reason}$", read(output(page, FINETUNE), "stopped after"), re.MULTILINE)
    assert page.get_by_test_id("run-dashboard").count() == 0
    events = lab.events(name)
    kinds = [event["kind"] for event in events]
    assert kinds[kinds.index("stop_asked") :].count("step") <= 1
    assert (events[-1]["kind"], events[-1]["status"]) == ("run_ended", "stopped")
    assert events[-1]["best"] == max(event["metrics"]["f1"] for event in events if event["kind"] == "evaluated")
    run_and_wait(page, 2)
    assert read(output(page, 2)).startswith("stopped ")
    shut_down_kernels(page, lab.address)
