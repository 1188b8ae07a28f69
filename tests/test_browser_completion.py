"""Tab and Shift+Tab in a real JupyterLab: a cell is written from nothing by what they show."""

from __future__ import annotations

from contextlib import suppress

import pytest
from ft_magics.tasks.registry import task_names

from browser import browser_page, code_cell, lab_server, open_notebook, run_cell, wait_for_cell, write_notebook

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]

MOST_TRIES = 20  # of a Tab: JupyterLab drops an answer that takes over a second, as on a busy machine


def proposals(page) -> dict[str, str]:
    """Press Tab; what is proposed, and what stands beside it."""
    from playwright.sync_api import TimeoutError as TookTooLong

    for _ in range(MOST_TRIES):
        page.keyboard.press("Tab")
        items = page.locator(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item")
        with suppress(TookTooLong):
            items.first.wait_for(timeout=3000)
            break
    return items.evaluate_all(
        """items => Object.fromEntries(items.map(item => [
            item.querySelector('.jp-Completer-match').textContent,
            item.querySelector('.jp-Completer-typeExtended').textContent,
        ]))"""
    )


def take(page, text: str) -> None:
    """Choose a proposal with the arrow keys."""
    active = page.locator(".jp-Completer-item.jp-mod-active .jp-Completer-match")
    for _ in range(40):
        if active.text_content() == text:
            break
        page.keyboard.press("ArrowDown")
    assert active.text_content() == text
    page.keyboard.press("Enter")
    page.locator(".jp-Completer:not(.lm-mod-hidden)").wait_for(state="detached")


def tooltip(page) -> str:
    page.keyboard.press("Shift+Tab")
    text = page.locator(".jp-Tooltip .jp-RenderedHTMLCommon").inner_text()
    page.keyboard.press("Escape")
    return text


def test_a_cell_is_written_by_tab_alone(tmp_path):
    (tmp_path / "mine.csv").write_text("body,topic\n" + "my bin was not emptied,waste\n" * 5, encoding="utf-8")
    with lab_server(tmp_path) as address, browser_page() as page:
        write_notebook(tmp_path / "new.ipynb", "%load_ext ft_magics", "%%finetune intents\nt", "%ft ")
        open_notebook(page, address, "new.ipynb")
        run_cell(page, 0)
        wait_for_cell(page, 0)
        cell = code_cell(page, 1).locator(".cm-content")
        cell.click()
        page.keyboard.press("Control+End")

        keys = proposals(page)
        assert keys["task: "].startswith("task")
        assert "print" not in keys, "Python has no say in the body"
        take(page, "task: ")
        assert list(proposals(page)) == list(task_names())
        take(page, "classify")
        page.keyboard.press("Enter")
        page.keyboard.type("data: {train: m")
        assert proposals(page)["mine.csv"].startswith("file")
        take(page, "mine.csv")
        page.keyboard.type(", label")
        assert "column" in proposals(page)["label_column: "]
        take(page, "label_column: ")
        assert list(proposals(page)) == ["body", "topic"]
        take(page, "topic")
        page.keyboard.type("}")
        page.keyboard.press("Enter")
        page.keyboard.type("train: {epochs: 3, ")
        beside = proposals(page)
        assert "epochs: " not in beside
        assert beside["eval_batch_size: "].replace("\N{NO-BREAK SPACE}", " ") == "number = 64"
        take(page, "learning_rate: ")
        assert cell.inner_text().splitlines() == [
            *("%%finetune intents", "task: classify", "data: {train: mine.csv, label_column: topic}"),
            "train: {epochs: 3, learning_rate: ",
        ]

        for _ in range(len("_rate: ")):
            page.keyboard.press("ArrowLeft")
        said = tooltip(page)
        assert said.startswith("train.learning_rate")
        assert all(word in said for word in ("peak learning rate", "> 0, ≤ 1", "Devlin"))

        words = code_cell(page, 2).locator(".cm-content")
        words.click()
        page.keyboard.press("End")
        assert {"report", "settings", "resume"} <= set(proposals(page))
