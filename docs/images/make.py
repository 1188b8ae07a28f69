"""Takes the README's pictures: the quickstart in a real JupyterLab, half way through its training, and its report.

Run it as `.venv/bin/python docs/images/make.py`; it needs chromium and takes two minutes.
"""  # noqa: INP001  # a script, no package

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "tests"))

from browser import (  # noqa: E402  # the tests' own tools, found by the line above
    browser_page,
    code_cell,
    copy_quickstart,
    lab_server,
    open_notebook,
    run_cell,
    wait_for_cell,
)

_WIDTH, _HEIGHT, _SCALE = 1080, 1800, 1.4
_FRAME = 300  # of menus, tabs and the status line
_AFTER_CHARTS = "Calibration: does a confidence mean what it says"  # what comes first behind the confusion grid
_MARGIN = {"x": 12, "y": 2}  # above and below lie the borders of the cells
_LOAD, _FINETUNE, _EVALUATE = 0, 1, 2  # code cells of the quickstart


def main() -> None:
    """Write dashboard.png and report.png beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        copy_quickstart(Path(folder) / "quickstart.ipynb", epochs=8)
        with lab_server(Path(folder)) as address, browser_page(width=_WIDTH, scale=_SCALE) as page:
            page.set_viewport_size({"width": _WIDTH, "height": _HEIGHT})  # the whole dashboard is in sight
            open_notebook(page, address, "quickstart.ipynb")
            run_cell(page, _LOAD)
            wait_for_cell(page, _LOAD)
            run_cell(page, _FINETUNE)
            page.get_by_test_id("dev-table").locator("tbody tr").nth(3).wait_for()
            page.wait_for_timeout(1000)  # a few steps into the next epoch
            _picture(page, code_cell(page, _FINETUNE).locator(".jp-OutputArea-output"), "dashboard.png")
            wait_for_cell(page, _FINETUNE)
            run_cell(page, _EVALUATE)
            page.get_by_test_id("report").wait_for()
            _picture(page, page.get_by_test_id("report"), "report.png", end=_AFTER_CHARTS)


def _picture(page: Any, elements: Any, name: str, *, end: str = "") -> None:
    """What is inside of these elements, with a margin around it; of what is taller than the window, up to a section.

    Args:
        page: Of the browser.
        elements: One below the other.
        name: Of the file.
        end: Text of the heading before which the picture ends; empty for all of it.
    """
    height = sum(element.bounding_box()["height"] for element in elements.all())
    page.set_viewport_size({"width": _WIDTH, "height": max(_HEIGHT, int(height) + _FRAME)})
    page.wait_for_timeout(1000)  # the notebook draws itself anew
    elements.first.evaluate("element => element.scrollIntoView({block: 'start'})")
    page.mouse.move(0, 0)
    boxes = [box for box in (element.bounding_box() for element in elements.all()) if box]
    clip = {}
    for start, size in (("x", "width"), ("y", "height")):
        clip[start] = min(box[start] for box in boxes) - _MARGIN[start]
        clip[size] = max(box[start] + box[size] for box in boxes) + _MARGIN[start] - clip[start]
    if end:
        clip["height"] = elements.first.get_by_text(end, exact=True).bounding_box()["y"] - clip["y"]
    page.screenshot(path=HERE / name, clip=clip)


if __name__ == "__main__":
    main()
