"""The evaluation in a real JupyterLab: cells of the grid, search, sorting, themes, comparison, and very many sentences."""

from __future__ import annotations

import csv

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


def section(view, title: str):
    """A section by the beginning of its title, opened."""
    found = view.locator(f"[data-title^='{title}']").first
    if not found.evaluate("fold => fold.open"):
        found.locator("summary").first.click()
    return found


def total(part) -> int:
    text = part.get_by_test_id("explorer-total").inner_text()
    return int(text.split()[0].replace(",", ""))


def wait_for_total(page, part, count: int) -> None:
    page.wait_for_function(
        """([part, count]) => {
            const total = part.querySelector('[data-testid=explorer-total]');
            return total && parseInt(total.textContent) === count;
        }""",
        arg=[part.element_handle(), count],
    )


def ready(part) -> None:
    part.locator("[data-testid=explorer][data-state=ready]").wait_for()


def test_a_cell_of_the_grid_opens_exactly_its_examples(address, page):
    open_notebook(page, address, "small.ipynb")
    run_all(page, 0, 1)
    view = code_cell(page, 1).get_by_test_id("report")
    view.wait_for()
    confusion = section(view, "Confusion")
    cell = confusion.locator("[data-row=PER][data-column=LOC]")
    count = int(cell.get_attribute("data-count"))
    assert count == 3
    cell.click()
    ready(confusion)
    assert total(confusion) == count
    cards = confusion.get_by_test_id("example")
    assert cards.count() == count
    assert all("Paris" in text for text in cards.all_inner_texts())
    assert all("PER" in text and "LOC" in text for text in cards.all_inner_texts())
    confusion.get_by_test_id("way-back").click()
    assert cards.count() == 0
    assert cell.evaluate("cell => cell === document.activeElement")

    mistakes = section(view, "Mistakes")
    wait_for_total(page, mistakes, 12)
    mistakes.get_by_test_id("explorer-search").fill("المدينة")
    wait_for_total(page, mistakes, 3)
    first = mistakes.get_by_test_id("example").first.locator("[data-testid=sentence]")
    assert first.evaluate("el => getComputedStyle(el).direction") == "rtl"
    see_the_file(page, mistakes)
    see_sorting(section(view, "Scores per entity type"))
    see_charts(section(view, "Calibration"))
    see_themes(page, view)
    run_all(page, 2)
    see_the_comparison(page, code_cell(page, 2).get_by_test_id("report"))
    shut_down_kernels(page, address)


def see_the_file(page, mistakes) -> None:
    """What the search left is saved, all of it and nothing else."""
    with page.expect_download() as waiting:
        mistakes.get_by_test_id("save-csv").click()
    assert waiting.value.suggested_filename == "small.csv"
    rows = list(csv.DictReader(waiting.value.path().open(encoding="utf-8-sig", newline="")))
    assert [row["row"] for row in rows] == [f"file.conll, line {at}" for at in (1, 5, 9)]
    assert all("المدينة" in row["text"] and row["confidence"] == "0.9" for row in rows)


def see_sorting(scores) -> None:
    """A click on a heading sorts, a key does too."""
    names = scores.locator("tbody th")
    before = names.all_inner_texts()
    scores.get_by_role("button", name="support", exact=True).press("Enter")
    assert scores.locator("th[aria-sort=descending]").inner_text() == "support"
    supports = [int(text) for text in scores.locator("tbody td:nth-child(6)").all_inner_texts()]
    assert supports == sorted(supports, reverse=True)
    assert sorted(before) == sorted(names.all_inner_texts())


def see_charts(calibration) -> None:
    """A chart is drawn within the view."""
    box = calibration.locator("svg").bounding_box()
    assert box["width"] > 200
    assert calibration.locator("svg rect").count() > 0


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


def see_the_comparison(page, view) -> None:
    view.wait_for()
    systems = section(view, "Systems")
    assert "perfect" in systems.inner_text()
    assert "PER" in section(view, "perfect").inner_text()
    gained = section(view, "Sentences with fewer mistakes")
    wait_for_total(page, gained, 12)
    assert gained.get_by_test_id("example").first.get_by_test_id("sentence").count() == 2
    gained.get_by_test_id("explorer-search").fill("sentence 2")
    wait_for_total(page, gained, 1)


def test_very_many_sentences(address, page):
    open_notebook(page, address, "large.ipynb")
    run_all(page, 0, 1)
    view = code_cell(page, 1).get_by_test_id("report")
    view.wait_for()
    mistakes = section(view, "Mistakes")
    ready(mistakes)
    wrong = total(mistakes)
    assert 10_000 < wrong < 30_000
    first = mistakes.get_by_test_id("example").first.inner_text()
    mistakes.get_by_test_id("next-page").click()
    page.wait_for_function("before => document.querySelector('[data-testid=example]').innerText !== before", arg=first)
    mistakes.get_by_test_id("filter-kind").get_by_text("everything").click()
    mistakes.get_by_test_id("explorer-search").fill("word77777")
    wait_for_total(page, mistakes, 1)
    assert "word77777" in mistakes.get_by_test_id("example").inner_text()
    mistakes.get_by_test_id("explorer-search").fill("")
    ready(mistakes)
    run_cell(page, 2)  # the kernel is busy from here on
    page.wait_for_function("""() => {
        const prompts = document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt');
        return prompts[2].textContent.includes('*');
    }""")
    confusion = section(view, "Confusion")
    confusion.locator("[data-row=PER][data-column=ORG]").click()
    confusion.get_by_test_id("example").first.wait_for()
    texts = confusion.get_by_test_id("example").all_inner_texts()
    assert texts
    assert all("PER" in text and "ORG" in text for text in texts)
    shut_down_kernels(page, address)
