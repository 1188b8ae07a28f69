"""From an empty notebook to a run's plain Python in a real JupyterLab: new cell, dry run, training, script, doctor."""

from __future__ import annotations

import shutil

import pytest

from browser import (
    REPOSITORY,
    browser_page,
    code_cell,
    lab_server,
    open_notebook,
    run_cell,
    wait_for_cell,
    write_notebook,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]  # half a minute on a machine that does nothing else

LOAD, NEW, MADE, DOCTOR, EXAMPLES = range(5)


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lab")
    rows = [f"a {word} <i>meal</i> {at},{word}" for at in range(20) for word in ("good", "poor")]
    (folder / "meals_train.csv").write_text("\n".join(["body,kind", *rows]) + "\n")
    (folder / "meals_dev.csv").write_text("\n".join(["body,kind", *rows[:10]]) + "\n")
    shutil.copy(REPOSITORY / "demo_notebooks" / "02_classify.ipynb", folder)
    write_notebook(folder / "new.ipynb", "%load_ext ft_magics", "%ft new meals_train.csv", "%ft doctor", "%ft examples")
    with lab_server(folder) as address:
        yield address


def add_to_line(page, index, line, text):
    """Type at the end of a line of a cell, counted from 0."""
    code_cell(page, index).locator(".cm-line").nth(line).click()
    page.keyboard.press("End")
    page.keyboard.type(text)
    page.keyboard.press("Escape")  # what Tab might propose


def test_a_new_user_gets_from_a_file_to_a_run_and_its_script(lab, tiny_model):
    with browser_page(width=700) as page:
        open_notebook(page, lab, "new.ipynb")
        for index in (LOAD, NEW):
            run_cell(page, index)
            wait_for_cell(page, index)
        made = code_cell(page, MADE)
        made.get_by_text("%%finetune meals").wait_for()
        text = made.locator(".cm-content").inner_text()
        for part in ("# columns: body, kind", "train: meals_train.csv", "dev: meals_dev.csv", "label_column: kind"):
            assert part in text
        assert page.locator(".jp-Notebook .jp-CodeCell").count() == 5

        model = next(at for at, line in enumerate(text.splitlines()) if line.startswith("model: "))
        made.locator(".cm-line").nth(model).click()
        page.keyboard.press("End")
        page.keyboard.press("Shift+Home")
        page.keyboard.type(f"model: {tiny_model}")
        page.keyboard.press("Escape")
        add_to_line(page, MADE, 0, " --dry-run")
        run_cell(page, MADE)
        wait_for_cell(page, MADE)
        made.get_by_text("Dry run: nothing was trained").wait_for()
        made.get_by_text("a good <i>meal</i> 0").wait_for()
        tokens = made.locator("details", has_text="Their tokens")
        assert not tokens.get_by_text("[CLS]").first.is_visible()
        tokens.locator("summary").click()
        assert tokens.get_by_text("[CLS]").first.is_visible()
        wide = made.locator(".jp-OutputArea-output").first
        assert wide.evaluate("output => output.scrollWidth <= output.clientWidth + 1")

        run_cell(page, DOCTOR)
        wait_for_cell(page, DOCTOR)
        for part in ("the Stop button at once", "ipykernel", "Hub"):
            code_cell(page, DOCTOR).get_by_text(part).first.wait_for()

        code_cell(page, EXAMPLES).locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.type("%ft script meals")
        page.keyboard.press("Escape")
        run_cell(page, EXAMPLES)
        wait_for_cell(page, EXAMPLES)
        page.locator(".jp-Notebook .jp-CodeCell").nth(EXAMPLES + 1).get_by_text("in plain Python. It needs").wait_for()

        code_cell(page, EXAMPLES).locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.type("%ft examples")
        page.keyboard.press("Escape")
        run_cell(page, EXAMPLES)
        code_cell(page, EXAMPLES).get_by_role("link", name="02_classify").click()
        page.locator(".lm-TabBar-tabLabel", has_text="02_classify.ipynb").wait_for()
