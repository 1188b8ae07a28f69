"""Classification in a real JupyterLab: live columns, the report, a cell of the grid, the box, and what is saved."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest

from browser import (
    browser_page,
    code_cell,
    lab_server,
    open_notebook,
    read,
    run_cell,
    save,
    wait_for_cell,
    write_notebook,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # half a minute on a machine that does nothing else

LOAD, FINETUNE, EVALUATE, PREDICT, BOX = range(5)
WIDGET = "application/vnd.jupyter.widget-view+json"
WORDS = {"water": ("pipe", "tap", "flood"), "waste": ("bin", "bag", "skip"), "<b>roads</b>": ("hole", "lamp", "kerb")}
CELL = """\
%%finetune towns
task: classify
model: {model}
data: {{train: train.csv, dev: dev.csv}}
train: {{epochs: 40, batch_size: 8, learning_rate: 2e-3, seed: 1, precision: fp32}}"""


@dataclass(frozen=True)
class Lab:
    folder: Path
    address: str


@pytest.fixture(scope="module")
def lab(tmp_path_factory, tiny_model):
    """A Lab with the data of three classes, on dev with mistakes in gold that no model can get right."""
    folder = tmp_path_factory.mktemp("lab")
    write_texts(folder / "train.csv", count=20, seed=1)
    write_texts(folder / "dev.csv", count=8, seed=2)
    with (folder / "dev.csv").open("a", encoding="utf-8") as file:
        file.write("number 7: the <i>skip</i> and the bin,water\nnumber 8: the bag and skip,water\n")
    cells = (
        "%load_ext ft_magics",
        CELL.format(model=tiny_model),
        "%evaluate towns",
        "%%predict towns\nthe tap and the pipe\n<i>bin</i> and bag",
        "%%predict towns",
    )
    with lab_server(folder) as address:
        write_notebook(folder / "towns.ipynb", *cells)
        yield Lab(folder, address)


def write_texts(path: Path, *, count: int, seed: int) -> None:
    """A CSV with `count` texts of each class, which say a word of it twice."""
    choose = random.Random(seed)
    lines = [
        f"number {choose.randrange(1000)}: the {choose.choice(words)} and the {choose.choice(words)},{label}"
        for label, words in WORDS.items()
        for _ in range(count)
    ]
    path.write_text("\n".join(["text,label", *lines, ""]), encoding="utf-8")


def output(page, index: int):
    return code_cell(page, index).locator(".jp-Cell-outputWrapper")


def run_and_wait(page, index: int) -> None:
    run_cell(page, index)
    wait_for_cell(page, index)
    assert page.locator('[data-mime-type="application/vnd.jupyter.error"]').count() == 0, output(
        page, index
    ).inner_text()


def test_a_classifier_by_hand(lab):
    with browser_page(width=700) as page:
        open_notebook(page, lab.address, "towns.ipynb")
        run_and_wait(page, LOAD)
        run_cell(page, FINETUNE)
        see_the_columns(page)
        wait_for_cell(page, FINETUNE)
        output(page, FINETUNE).get_by_text("finished after").wait_for()
        run_and_wait(page, EVALUATE)
        see_the_report(page)
        run_and_wait(page, PREDICT)
        answers = read(output(page, PREDICT))
        assert "<i>bin</i> and bag" in answers
        assert "gold" not in answers
        run_and_wait(page, BOX)
        ask(page)
        save(page)
        see_what_was_saved(lab.folder / "towns.ipynb")


def see_the_columns(page) -> None:
    """The dashboard has the columns of this task, and a row once dev was scored."""
    table = page.get_by_test_id("dev-table")
    table.locator("tbody tr").first.wait_for()
    heads = [text.strip() for text in table.locator("thead th").all_inner_texts()]
    assert heads[3:5] == ["accuracy", "macro F1"]
    accuracy = table.locator("tbody tr").first.locator("td").nth(2)
    assert 0 <= float(accuracy.inner_text()) <= 100
    assert page.get_by_test_id("label-table").locator("summary").inner_text() == "Dev F1 by label over epochs"


def see_the_report(page) -> None:
    """A cell of the grid opens exactly its examples, which Escape closes."""
    report = output(page, EVALUATE).get_by_test_id("report")
    report.wait_for()
    read(report, "26 examples · 3 labels")
    assert report.evaluate("root => root.scrollWidth <= root.clientWidth")
    confusion = report.locator("[data-title^='Confusion']")
    cell = confusion.locator("[data-row=water][data-column=waste]")
    count = int(cell.get_attribute("data-count"))
    assert count >= 2  # the two whose gold is wrong
    cell.click()
    confusion.locator("[data-testid=explorer][data-state=ready]").wait_for()
    cards = confusion.get_by_test_id("example")
    assert cards.count() == count
    assert all("gold water" in text.replace("\n", " ") for text in cards.all_inner_texts())
    assert any("the <i>skip</i> and the bin" in text for text in cards.all_inner_texts())
    confusion.get_by_test_id("explorer-search").fill("bag and <i>")
    page.wait_for_function(
        "part => part.querySelectorAll('[data-testid=example]').length === 0", arg=confusion.element_handle()
    )
    confusion.get_by_test_id("explorer-search").fill("BAG and skip")
    cards.first.wait_for()
    assert cards.count() == 1
    page.keyboard.press("Escape")
    assert cards.count() == 0
    assert cell.evaluate("cell => cell === document.activeElement")


def ask(page) -> None:
    """What is typed is answered; an emptied box shows nothing."""
    box = output(page, BOX).get_by_test_id("predict-box")
    answers = output(page, BOX).get_by_test_id("example")
    box.click()
    page.keyboard.type("the pipe\nthe bin")
    answers.nth(1).wait_for()
    assert answers.count() == 2
    assert "the pipe" in answers.first.inner_text()
    assert "predicted" in answers.first.inner_text()
    assert box.input_value() == "the pipe\nthe bin"  # no key of it was a shortcut of the notebook
    box.fill("")
    answers.first.wait_for(state="detached")


def see_what_was_saved(path: Path) -> None:
    """Each output has HTML without a script, which says what the live one says."""
    notebook = nbformat.read(path, as_version=4)
    assert "widgets" not in notebook.metadata
    pages = [
        "".join(item.get("data", {}).get("text/html", "") for item in notebook.cells[at].outputs)
        for at in (FINETUNE, EVALUATE, PREDICT, BOX)
    ]
    assert not any("<script" in page or "<i>" in page or "<b>roads" in page for page in pages)
    finetune, evaluate, predict, box = pages
    assert "finished after" in finetune
    assert all(text in evaluate for text in ("26 examples · 3 labels", "Confusion: which label was taken for which"))
    assert "&lt;i&gt;bin&lt;/i&gt; and bag" in predict
    assert "write texts below %%predict towns" in box
    assert not any(WIDGET in item.get("data", {}) for at in (FINETUNE, PREDICT) for item in notebook.cells[at].outputs)
