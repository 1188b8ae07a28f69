"""The evaluation in a real JupyterLab: cells of the grid, search, sorting, themes, comparison, and very many sentences."""

from __future__ import annotations

import pytest

from browser import (
    browser_page,
    code_cell,
    lab_server,
    open_notebook,
    run_cell,
    shut_down_kernels,
    wait_for_cell,
    write_notebook,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # a minute on a machine that does nothing else

LOAD = "%load_ext ft_magics\nimport ft_magics"
SMALL = """\
words = [["Ada", "Lovelace", "met", "Paris"], ["شركة", "المدينة", "هنا"], ["小", "明", "在", "北", "京"], ["👩‍👩‍👧", "Zoë", "cafe\\u0301"]] * 3
gold = [["B-PER", "I-PER", "O", "B-PER"], ["B-ORG", "I-ORG", "O"], ["B-PER", "I-PER", "O", "B-LOC", "I-LOC"], ["O", "B-PER", "O"]] * 3
pred = [["B-PER", "I-PER", "O", "B-LOC"], ["B-ORG", "O", "O"], ["O", "O", "O", "B-LOC", "I-LOC"], ["B-ORG", "B-PER", "O"]] * 3
sure = [[0.9] * len(tags) for tags in gold]
ids = [f"file.conll, line {at}" for at in range(12)]
report = ft_magics.entity_report(gold, pred, words=words, confidences=sure, ids=ids, title="small")
report"""
LARGE = """\
import random
random.seed(1)
names = [("Ada", "PER"), ("Haifa", "LOC"), ("IBM", "ORG"), ("北京", "LOC")]
words, gold, pred = [], [], []
for at in range(100_000):
    name, kind = names[at % 4]
    words.append([f"word{at}", "and", name, "then", "more", "words"])
    gold.append(["O", "O", f"B-{kind}", "O", "O", "O"])
    guess = kind if random.random() < 0.8 else random.choice(["PER", "LOC", "ORG"])
    pred.append(["O", "O", f"B-{guess}", "O", "O", "O"])
ft_magics.entity_report(gold, pred, words=words, title="large")"""
COMPARE = """\
from ft_magics.evaluation.entities.comparison import compare_reports
other = ft_magics.entity_report(gold, gold, words=words, title="perfect")
compare_reports([ft_magics.entity_report(gold, pred, words=words, title="small"), other])"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    with lab_server(folder) as address:
        write_notebook(folder / "small.ipynb", LOAD, SMALL, COMPARE)
        write_notebook(folder / "large.ipynb", LOAD, LARGE, "import time; time.sleep(30)")
        yield address


@pytest.fixture
def page():
    with browser_page() as page:
        yield page


def run_all(page, *indices: int) -> None:
    for index in indices:
        run_cell(page, index)
        wait_for_cell(page, index)


def open_tab(view, name: str) -> None:
    view.get_by_test_id(f"tab-{name}").click()


def total(view) -> int:
    text = view.get_by_test_id("explorer-total").inner_text()
    return int(text.split()[0].replace(",", ""))


def wait_for_total(page, count: int) -> None:
    page.wait_for_function(
        """count => {
            const total = document.querySelector('[data-testid=explorer-total]');
            return total && parseInt(total.textContent) === count;
        }""",
        arg=count,
    )


def ready(view) -> None:
    view.locator("[data-testid=error-explorer][data-state=ready]").wait_for()


def test_a_cell_of_the_grid_opens_exactly_its_examples(address, page):
    open_notebook(page, address, "small.ipynb")
    run_all(page, 0, 1)
    view = code_cell(page, 1).get_by_test_id("entity-report")
    view.wait_for()
    open_tab(view, "confusion")
    cell = view.locator("[data-gold=PER][data-pred=LOC]")
    count = int(cell.get_attribute("data-count"))
    assert count == 3
    cell.click()
    ready(view)
    assert total(view) == count
    cards = view.get_by_test_id("example")
    assert cards.count() == count
    assert all("Paris" in text for text in cards.all_inner_texts())
    assert all("PER" in text and "LOC" in text for text in cards.all_inner_texts())
    view.get_by_test_id("way-back").click()

    open_tab(view, "errors")
    view.get_by_test_id("clear-filter").click()
    wait_for_total(page, 12)
    view.get_by_test_id("explorer-search").fill("المدينة")
    wait_for_total(page, 3)
    assert view.get_by_test_id("example").first.locator("[dir=auto]").count() > 0
    direction = (
        view.get_by_test_id("example")
        .first.locator("[dir=auto]")
        .first.evaluate("el => getComputedStyle(el).direction")
    )
    assert direction == "rtl"
    see_themes(page, view)
    run_all(page, 2)
    see_the_comparison(code_cell(page, 2).get_by_test_id("entity-report"))
    shut_down_kernels(page, address)


def see_themes(page, view) -> None:
    """The view takes the notebook's own colours, light and dark."""

    def ground() -> int:
        text = view.evaluate("el => getComputedStyle(el).color")
        return sum(int(part) for part in text[text.index("(") + 1 : text.index(")")].split(",")[:3])

    light = ground()
    page.evaluate("""() => {
        document.body.dataset.jpThemeLight = 'false';
        document.documentElement.style.setProperty('--jp-content-font-color1', 'rgb(240, 240, 240)');
        document.documentElement.style.setProperty('--jp-layout-color1', 'rgb(17, 17, 17)');
    }""")
    assert light < 300
    page.wait_for_function("el => getComputedStyle(el).color.includes('240')", arg=view.element_handle())


def see_the_comparison(view) -> None:
    view.wait_for()
    open_tab(view, "comparison")
    rows = view.get_by_test_id("comparison-table")
    rows.wait_for()
    assert "PER" in rows.inner_text()
    assert view.get_by_test_id("gained").count() == 1


def test_very_many_sentences(address, page):
    open_notebook(page, address, "large.ipynb")
    run_all(page, 0, 1)
    view = code_cell(page, 1).get_by_test_id("entity-report")
    view.wait_for()
    open_tab(view, "errors")
    ready(view)
    wrong = total(view)
    assert 10_000 < wrong < 30_000
    first = view.get_by_test_id("example").first.inner_text()
    view.get_by_test_id("next-page").click()
    page.wait_for_function("before => document.querySelector('[data-testid=example]').innerText !== before", arg=first)
    view.get_by_test_id("filter-kind").get_by_text("everything").click()
    view.get_by_test_id("explorer-search").fill("word77777")
    wait_for_total(page, 1)
    assert "word77777" in view.get_by_test_id("example").inner_text()
    view.get_by_test_id("explorer-search").fill("")
    ready(view)
    run_cell(page, 2)  # the kernel is busy from here on
    page.wait_for_function("""() => {
        const prompts = document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt');
        return prompts[2].textContent.includes('*');
    }""")
    open_tab(view, "confusion")
    view.locator("[data-gold=PER][data-pred=ORG]").click()
    view.get_by_test_id("example").first.wait_for()
    texts = view.get_by_test_id("example").all_inner_texts()
    assert texts
    assert all("PER" in text and "ORG" in text for text in texts)
    shut_down_kernels(page, address)
