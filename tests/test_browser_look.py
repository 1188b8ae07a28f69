"""One look: a live report and its saved page say the same in the same places; keys, copied text, heights."""

from __future__ import annotations

import pytest

from browser import browser_page, code_cell, lab_server, open_notebook, run_cell, wait_for_cell, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # a minute on a machine that does nothing else

MAKE = """\
%load_ext ft_magics
import random
from pathlib import Path
import ft_magics
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.numbers.evaluate import number_report
choose = random.Random(4)
names = [("Ada Lovelace", "PER"), ("Haifa", "LOC"), ("IBM", "ORG"), ("New York", "LOC")]
words, gold, weak, strong, sure = [["小", "明", "在", "北", "京"], ["شركة", "المدينة", "هنا"]], [], [], [], []
gold += [["B-PER", "I-PER", "O", "B-LOC", "I-LOC"], ["B-ORG", "I-ORG", "O"]]
weak += [["O", "O", "O", "B-LOC", "I-LOC"], ["B-ORG", "O", "O"]]
strong += [list(tags) for tags in gold]
for at in range(60):
    name, kind = names[at % 4]
    filler = ["and", "so", "on"] * (at % 9)
    tags = [f"B-{kind}", *[f"I-{kind}" for _ in name.split()[1:]]]
    words.append(["Then", *name.split(), "met", f"word{at}", *filler])
    gold.append(["O", *tags, "O", "O", *["O" for _ in filler]])
    for side, rate in ((weak, 0.4), (strong, 0.8)):
        other = choose.choice(["PER", "LOC", "ORG"])
        guess = gold[-1] if choose.random() < rate else [tag[:2] + other if "-" in tag else tag for tag in gold[-1]]
        side.append(guess if choose.random() < 0.9 else ["O" for _ in guess])
sure = [[round(choose.uniform(0.3, 1), 3) for _ in tags] for tags in gold]
ids = [f"test.conll, line {7 * at + 1}" for at in range(len(gold))]
history = [{"epoch": at, "loss": 1 / at, "precision": 0.1 * at, "recall": 0.12 * at, "f1": 0.11 * at} for at in (1, 2, 3)]
made = dict(words=words, confidences=sure, ids=ids, history=history, resamples=100)
entities = ft_magics.entity_report(gold, weak, title="small", **made)
classes = [f"class {at:02d}" for at in range(20)]
truth = [choose.choice(classes) for _ in range(300)]
shares = [[choose.random() ** 2 + (label == one) for label in classes] for one in truth]
shares = [[each / sum(row) for each in row] for row in shares]
guesses = [classes[row.index(max(row))] for row in shares]
texts = [f"Text {at}: how much does it cost, <b>really</b>?" for at in range(300)]
labels = label_report(truth, guesses, labels=classes, probabilities=shares, texts=texts, title="intents", resamples=100)
stars = [choose.uniform(1, 5) for _ in range(100)]
numbers = number_report(stars, [star + choose.gauss(0, 1) for star in stars], texts=texts[:100], title="stars", resamples=100)
both = entities.compare([ft_magics.entity_report(gold, strong, title="large", **made)], resamples=100)
from ft_magics.display.run_comparison import RunComparison, RunCosts
shares = dict(full=1, head=0.0001, bitfit=0.0013, adapter=0.0051, lora=0.0148, dora=0.0157, ia3=0.0007, prefix=0.0041)
systems, costs = [], []
for at, (name, share) in enumerate(shares.items()):
    said = [one if choose.random() < 0.9 - 0.05 * (at % 4) else choose.choice(classes) for one in truth]
    systems.append(label_report(truth, said, labels=classes, texts=texts, title=f"{name} · test", resamples=100))
    size = dict(trainable=int(share * 22_715_526), parameters=22_715_526, elapsed_s=20.0 * at, kept_bytes=int(share * 9e7))
    costs.append(RunCosts(title=name, method=name, score=systems[-1].headline, **({} if name == "dora" else size)))
runs = RunComparison(costs=costs, split="test", predictions=systems[0].compare(systems[1:], resamples=100))
SHOWN = {"entities": entities, "labels": labels, "numbers": numbers, "both": both, "runs": runs}
from ft_magics.display.run_page import whole_page
for name, shown in SHOWN.items():
    Path(f"{name}.html").write_text(whole_page(name, shown.to_html()), encoding="utf-8")"""
NAMES = ("entities", "labels", "numbers", "both", "runs")

# All that is said, without what a live page has besides: controls, and what else was kept of the examples.
SAID = """root => {
    const page = root.cloneNode(true);
    for (const place of page.querySelectorAll('.ft-place')) place.replaceWith(place.querySelector('strong'));
    for (const fold of page.querySelectorAll('details'))
        if (/more that were kept$/.test(fold.querySelector('summary').textContent)) fold.remove();
    const controls = '.ft-tools, .ft-filters, .ft-row button, .ft-spoken, svg, [style*="user-select:none"][style^="color"]';
    page.querySelectorAll(controls).forEach(each => each.remove());
    return page.textContent.replace(/\\s/g, '');
}"""
OPEN_ALL = "root => root.querySelectorAll('details').forEach(fold => { fold.open = true; })"
PLACES = """root => Object.fromEntries([...root.querySelectorAll('details > summary')]
    .filter(({textContent}) => !/more that were kept$/.test(textContent))
    .map(summary => [summary.textContent, Math.round(summary.getBoundingClientRect().left - root.getBoundingClientRect().left)]))"""
COPIED = """element => {
    const range = document.createRange();
    range.selectNodeContents(element);
    getSelection().removeAllRanges();
    getSelection().addRange(range);
    return getSelection().toString();
}"""
NAMED = """root => {
    const texts = [...root.querySelectorAll('.ft-plot text')].filter(text => /^[a-z]+3?$/.test(text.textContent));
    const boxes = texts.map(text => text.getBoundingClientRect());
    const apart = (one, other) => one.right <= other.left || other.right <= one.left || one.bottom <= other.top + 3 || other.bottom <= one.top + 3;
    const clash = boxes.some((one, at) => boxes.slice(at + 1).some(other => !apart(one, other)));
    return [texts.map(text => text.textContent).sort(), clash];
}"""
SCROLLS = """root => [...root.querySelectorAll('*')].filter(element => {
    const {overflowX, overflowY} = getComputedStyle(element);
    const scrolls = way => way === 'auto' || way === 'scroll';
    return (scrolls(overflowY) && element.scrollHeight > element.clientHeight)
        || (scrolls(overflowX) && element.scrollWidth > element.clientWidth);
}).map(element => element.closest('[data-title]')?.dataset.title ?? element.className)"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    write_notebook(folder / "look.ipynb", MAKE, *(f"SHOWN[{name!r}]" for name in NAMES))
    with lab_server(folder) as address:
        yield folder, address


def test_a_live_report_and_its_saved_page_are_the_same(lab):
    folder, address = lab
    with browser_page(width=1500) as page:
        open_notebook(page, address, "look.ipynb")
        run_cell(page, 0)
        wait_for_cell(page, 0)
        live, places = {}, {}
        for at, name in enumerate(NAMES, 1):
            run_cell(page, at)
            wait_for_cell(page, at)
            view = code_cell(page, at).get_by_test_id("report")
            view.wait_for()
            places[name] = view.evaluate(PLACES)
            assert view.evaluate(SCROLLS) == [], name
            view.evaluate(OPEN_ALL)
            page.wait_for_function(
                "root => !root.querySelector('[data-testid=explorer]:is([data-state=asking], [data-state=waiting])')",
                arg=view.element_handle(),
                timeout=60_000,
            )
            live[name] = view.evaluate(SAID)
        runs = code_cell(page, len(NAMES)).locator("[data-title='accuracy over trainable share']")
        assert runs.evaluate(NAMED) == [["adapter", "bitfit", "full", "head", "ia3", "lora", "prefix"], False]
        saved = page.context.browser.new_page(viewport={"width": 1500, "height": 1000})
        for name in NAMES:
            saved.goto((folder / f"{name}.html").as_uri())
            body = saved.locator("body > div")
            there = body.evaluate(PLACES)
            assert list(there) == list(places[name]), name
            assert {title: left > 300 for title, left in there.items()} == {
                title: left > 300 for title, left in places[name].items()
            }
            assert len({left > 300 for left in there.values()}) == 2, "two columns"
            body.evaluate(OPEN_ALL)
            said = body.evaluate(SAID)
            at = next((at for at, (one, other) in enumerate(zip(live[name], said, strict=False)) if one != other), None)
            assert at is None, (name, live[name][at - 80 : at + 80], said[at - 80 : at + 80])
            assert len(live[name]) == len(said), name
        saved.set_viewport_size({"width": 700, "height": 1000})
        assert saved.evaluate("document.documentElement.scrollWidth <= 700")
        assert len({left > 300 for left in saved.locator("body > div").evaluate(PLACES).values()}) == 1, "one column"
        saved.goto((folder / "entities.html").as_uri())
        see_copied_text(saved.locator("body"), "div[style*=pre-wrap]")
        saved.close()
        view = code_cell(page, 1).get_by_test_id("report")
        see_copied_text(view, "[data-testid=sentence]")
        see_heights(page, view)
        see_a_sieve(code_cell(page, 2).locator("[data-title='Scores per label']"))
        see_keys(page, view)


def see_copied_text(root, sentences: str) -> None:
    """Spaces between words and none in Chinese; no label of a span."""
    mistakes = root.locator("details", has=root.page.locator("summary", has_text="Mistakes of every kind")).first
    mistakes.evaluate("fold => { fold.open = true; }")
    mistakes.locator(sentences).first.wait_for()
    texts = [each.evaluate(COPIED) for each in mistakes.locator(sentences).all()[:4]]
    assert texts[:2] == ["小明在北京", "شركة المدينة هنا"]
    assert texts[2].startswith("Then ")
    assert "gold" not in texts[2]
    assert "predicted" not in texts[2]
    assert texts[2] == " ".join(texts[2].split())


def see_heights(page, view) -> None:
    """Neither the next page of examples nor another filter moves what stands below, nor the buttons that turn pages."""
    mistakes = view.locator("[data-title^='Mistakes']")
    ready = "part => part.querySelector('[data-testid=explorer]').dataset.state === 'ready'"

    def heights() -> tuple[int, int]:
        page.wait_for_function(ready, arg=mistakes.element_handle())
        above = "part => part.querySelector('[data-testid=examples]').offsetTop - part.offsetTop"
        return mistakes.evaluate(above), mistakes.evaluate("part => part.offsetHeight")

    first, turns = heights(), 0
    lowest = first[1]
    while mistakes.get_by_test_id("next-page").is_enabled():
        mistakes.get_by_test_id("next-page").click()
        top, height = heights()
        assert top == first[0]
        assert height >= lowest  # a page of longer texts may need more room; none gives room back
        lowest, turns = height, turns + 1
    assert turns >= 2
    mistakes.get_by_test_id("explorer-search").fill("nothing like this")
    mistakes.get_by_test_id("example").first.wait_for(state="detached")
    assert heights() == (first[0], lowest)


def see_a_sieve(scores) -> None:
    """Rows that are hidden leave their room, and the line that says so has its own."""
    before = scores.evaluate("part => part.offsetHeight")
    scores.get_by_test_id("min-support").fill("15")
    assert "hidden: support below 15" in scores.get_by_test_id("hidden-rows").inner_text()
    assert scores.evaluate("part => part.offsetHeight") == before


def see_keys(page, view) -> None:
    """By keys alone: from a number to its examples and back, over the grid, a fold, a sort, a filter, a page."""
    view.locator("summary").first.focus()
    seen = []
    for _ in range(60):
        page.keyboard.press("Tab")
        focus = page.evaluate(
            """() => {
                const {outlineStyle, outlineWidth} = getComputedStyle(document.activeElement);
                const box = document.activeElement.closest('label') ?? document.activeElement;
                const drawn = outlineStyle !== 'none' && parseFloat(outlineWidth) > 0;
                return {
                    name: document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent,
                    kind: document.activeElement.tagName,
                    visible: drawn || getComputedStyle(box).outlineStyle !== 'none',
                };
            }"""
        )
        assert focus["visible"], focus
        seen.append(focus)
        if focus["name"].startswith("gold LOC, predicted LOC"):
            break
    else:
        raise AssertionError([each["name"] for each in seen])
    assert all(each["name"] for each in seen if each["kind"] == "BUTTON")
    page.keyboard.press("End")
    name = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert name.startswith("all gold LOC: ")
    page.keyboard.press("Enter")
    drawer = view.locator("[data-title^='Confusion'] [data-testid=drawer]")
    drawer.get_by_test_id("example").first.wait_for()
    count = name.split(": ")[1].split(",")[0]
    assert drawer.get_by_test_id("explorer-total").inner_text() == count
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')") == name
    assert drawer.get_by_test_id("example").count() == 0
