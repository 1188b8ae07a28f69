"""The live view in a real kernel: what it sends, what it leaves behind, and that its faults are its own."""

from __future__ import annotations

import json
import logging

import nbformat
import pytest
from nbclient import NotebookClient

LONG = "max_steps: 200, batch_size: 4"  # as many points as a curve has
DRAWN = ("comm_msg", "update_display_data")


class Listening(NotebookClient):
    """Runs a notebook, and keeps what was sent to the front end: moment, kind, content."""

    def process_message(self, message, cell, cell_index):
        self.__dict__.setdefault("capture_warnings", []).append(
            (message["header"]["date"].timestamp(), message["msg_type"], message["content"])
        )
        return super().process_message(message, cell, cell_index)


@pytest.fixture
def execute(tmp_path, monkeypatch):
    def run(*cells: str, host: str) -> tuple[nbformat.NotebookNode, list]:
        monkeypatch.setenv("FT_MAGICS_DISPLAY", host)
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(each) for each in cells])
        client = Listening(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
        return client.execute(), client.capture_warnings

    return run


def test_at_most_four_messages_in_any_second_of_a_training(execute, cell):
    often = cell("epochs: 60, batch_size: 4")  # an evaluation after every six steps
    _, capture_warnings = execute("%load_ext ft_magics", often, host="widget")
    sent = [(at, content["data"].get("content", {})) for at, kind, content in capture_warnings if kind == "comm_msg"]
    pages = [(at, message["page"]) for at, message in sent if "page" in message]
    began = next(at for at, page in pages if page.get("dev", {}).get("rows"))
    ended = next(at for at, page in pages if page.get("state") == "done")
    moments = [at for at, kind, _ in capture_warnings if kind in DRAWN and began <= at < ended]
    assert len(moments) > 4
    assert all(sum(start <= other < start + 1 for other in moments) <= 4 for start in moments)


def test_a_notebook_of_many_runs_stays_small(execute, cell):
    count = 3
    cells = [cell(LONG, name=f"run_{at}") for at in range(count)]
    notebook, _ = execute("%load_ext ft_magics", *cells, host="html")
    assert len(nbformat.writes(notebook).encode()) < 100_000 * count
    for at in range(1, count + 1):
        html = "".join(each.get("data", {}).get("text/html", "") for each in notebook.cells[at].outputs)
        assert "finished after" in html
        assert "<img" in html
    assert "widget" not in json.dumps([notebook.cells, notebook.metadata])


@pytest.mark.parametrize(
    ("broken", "host"),
    [
        ("ft_widgets.RunDashboard.__init__", "widget"),
        ("ft_widgets.RunDashboard.push", "widget"),
        ("ft_widgets.RunControls.__init__", "widget"),
        ("ft_widgets.RunDashboard.close", "widget"),
        ("ft_widgets.busy_kernel.greet_new_pages", "widget"),
        ("ft_magics.display.live.bundle_of", "html"),
        ("ft_magics.display.live.save_pages", "html"),
        ("ft_magics.display.run_views.event_text", "text"),
    ],
)
def test_a_view_that_breaks_does_not_end_the_training(run_cell, cell, monkeypatch, caplog, *, broken, host):
    def fault(*_, **__):
        raise ValueError("the display is broken")

    monkeypatch.setenv("FT_MAGICS_DISPLAY", host)
    monkeypatch.setattr(broken, fault)
    with caplog.at_level(logging.ERROR):
        printed = run_cell(cell())
    assert "Traceback" not in printed
    assert "done" in run_cell("small.status")
    assert "24" in run_cell("small.report('test').sentences")
    assert "the display is broken" in caplog.text
