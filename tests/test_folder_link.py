"""Where the link to a run's folder leads."""

from __future__ import annotations

import json
import os

import pytest
from ft_magics.display import folder_link
from ft_magics.display.folder_link import folder_href


@pytest.fixture(autouse=True)
def runtime(tmp_path, monkeypatch):
    """Jupyter's runtime folder, without a server."""
    folder = tmp_path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(folder))
    folder_link._server.cache_clear()
    yield folder
    folder_link._server.cache_clear()


def test_without_a_server_it_is_relative_to_the_notebook(tmp_path):
    assert folder_href(tmp_path / "ft_runs" / "a b") == "ft_runs/a%20b"
    assert folder_href(tmp_path.parent / "other") == (tmp_path.parent / "other").as_uri()


def test_below_the_root_of_the_server_it_leads_into_the_list_of_files(tmp_path, runtime):
    record = {"root_dir": str(tmp_path), "base_url": "/user/ada/"}
    (runtime / f"jpserver-{os.getppid()}.json").write_text(json.dumps(record))
    assert folder_href(tmp_path / "sub" / "ft_runs" / "王") == "/user/ada/lab/tree/sub/ft_runs/%E7%8E%8B"
    assert folder_href(tmp_path.parent / "other").startswith("file://")


@pytest.mark.parametrize("text", ["", "[]", '{"root_dir": 3}', "{"])
def test_an_odd_record_is_no_server(tmp_path, runtime, text):
    (runtime / f"jpserver-{os.getppid()}.json").write_text(text)
    assert folder_href(tmp_path / "ft_runs" / "ner") == "ft_runs/ner"
