"""Several seeds and a search for the rate in a real JupyterLab: one dashboard, what is left of it, the cell below."""

from __future__ import annotations

import random

import pytest

from browser import (
    browser_page,
    code_cell,
    lab_server,
    open_notebook,
    read,
    run_cell,
    saved_html,
    wait_for_cell,
    write_notebook,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # half a minute on a machine that does nothing else

LOAD, SEEDS, COMPARE, RATE, MADE = range(5)
HOLD = """%load_ext ft_magics
import pathlib, time
from ft_magics.training.callback import RunCallback
begin = RunCallback.on_step_begin
def held(self, *arguments, **named):
    while self.prepared.train.seed == 2 and not pathlib.Path("go").exists():
        time.sleep(0.05)
    begin(self, *arguments, **named)
RunCallback.on_step_begin = held"""
CELL = """%%finetune meals{flags}
task: classify
model: {model}
data: {{train: train.csv, dev: dev.csv, test: test.csv}}
train: {{epochs: 3, batch_size: 8{more}}}
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory, tiny_model):
    folder = tmp_path_factory.mktemp("lab")
    words, drawing = {"good": ("fine", "great"), "poor": ("awful", "grim")}, random.Random(0)
    for name, rows in (("train", 96), ("dev", 24), ("test", 40)):
        kinds = [drawing.choice(("good", "poor")) for _ in range(rows)]
        lines = [f"a {drawing.choice(words[kind])} <i>meal</i> of {name} {at},{kind}" for at, kind in enumerate(kinds)]
        (folder / f"{name}.csv").write_text("\n".join(["text,label", *lines]) + "\n")
    cells = (
        CELL.format(flags="", model=tiny_model, more=", learning_rate: 5e-3") + "seeds: [1, 2]",
        "%evaluate meals meals_seed_1",
        CELL.format(flags=" --find-rate", model=tiny_model, more=""),
    )
    write_notebook(folder / "studies.ipynb", HOLD, *cells)
    with lab_server(folder) as address:
        yield address, folder


def test_seeds_have_one_dashboard_and_a_search_for_the_rate_ends_in_a_cell(lab):
    address, folder = lab
    with browser_page() as page:
        open_notebook(page, address, "studies.ipynb")
        for index in (LOAD, SEEDS):
            run_cell(page, index)
        live = code_cell(page, SEEDS).get_by_test_id("run-dashboard")
        live.wait_for()
        assert live.count() == 1
        live.get_by_test_id("progress-seeds").get_by_text("2 / 2").wait_for()
        rows = live.get_by_test_id("dev-table").locator("tbody tr")
        rows.nth(0).locator("th, td").nth(1).get_by_text("done", exact=True).wait_for()
        read(live.get_by_test_id("keys"), "each seed")
        (folder / "go").touch()  # the second seed trains
        wait_for_cell(page, SEEDS)
        made = code_cell(page, SEEDS)
        made.get_by_text("mean of 2 seeds ± half of its 95 % interval").first.wait_for()
        assert made.get_by_test_id("run-dashboard").count() == 0
        made.get_by_text("Scores over seeds").locator("visible=true").first.wait_for()

        run_cell(page, COMPARE)
        wait_for_cell(page, COMPARE)
        code_cell(page, COMPARE).get_by_text("two-level bootstrap: seeds (2 and 1)").locator(
            "visible=true"
        ).first.wait_for()

        run_cell(page, RATE)
        wait_for_cell(page, RATE)
        tried = code_cell(page, RATE)
        tried.get_by_text("Which learning rate for meals?").locator("visible=true").first.wait_for()
        tried.locator("img[alt*='over the learning rate']").locator("visible=true").first.wait_for()
        text = read(code_cell(page, MADE).locator(".cm-content"))
        assert text.startswith("%%finetune meals\n")
        assert "train: {learning_rate: 0." in text
        kept = saved_html(page, folder / "studies.ipynb", SEEDS)
    assert "mean of 2 seeds" in kept
    assert sorted(path.name for path in (folder / "ft_runs").iterdir() if path.name[0] != ".") == ["meals"]
