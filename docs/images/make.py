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

_WIDTH, _SCALE = 1080, 1.4
_MARGIN = {"x": 12, "y": 2}  # above and below lie the borders of the cells
_LOAD, _FINETUNE, _EVALUATE = 0, 1, 2  # code cells of the quickstart


def main() -> None:
    """Write dashboard.png and report.png beside this file."""
    with tempfile.TemporaryDirectory() as folder:
        copy_quickstart(Path(folder) / "quickstart.ipynb", epochs=8)
        with lab_server(Path(folder)) as address, browser_page(width=_WIDTH, scale=_SCALE) as page:
            page.set_viewport_size({"width": _WIDTH, "height": 1800})  # the whole dashboard in one picture
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
            _picture(page, page.get_by_test_id("report"), "report.png")


def _picture(page: Any, elements: Any, name: str) -> None:
    """What is inside of these elements, with a margin around it."""
    elements.first.evaluate("element => element.scrollIntoView({block: 'center'})")
    page.mouse.move(0, 0)
    boxes = [box for box in (element.bounding_box() for element in elements.all()) if box]
    clip = {}
    for start, size in (("x", "width"), ("y", "height")):
        clip[start] = min(box[start] for box in boxes) - _MARGIN[start]
        clip[size] = max(box[start] + box[size] for box in boxes) + _MARGIN[start] - clip[start]
    page.screenshot(path=HERE / name, clip=clip)


if __name__ == "__main__":
    main()
