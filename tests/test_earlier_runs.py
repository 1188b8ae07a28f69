"""Runs of one name: where the earlier ones went, what tells them apart, and how they compare."""

from __future__ import annotations

import re
from pathlib import Path

import ft_magics
import pytest
from ft_magics.display.pages import run_bundle
from ft_magics.display.runs_page import runs_page
from ft_magics.display.runs_view import show_runs
from ft_magics.errors import RunError
from ft_magics.events import Notice
from ft_magics.magics.compare import comparison_of
from ft_magics.runs.earlier import earlier_folders, earlier_runs, name_in_folder


def test_names_of_folders_that_moved_aside():
    assert name_in_folder("ner@2026-11-28T02-13-05") == name_in_folder("ner@2026-11-28T02-13-05-2") == "ner"
    assert name_in_folder("ner") == "ner"
    assert name_in_folder("ner@home") == "ner@home"


def test_earlier_folders_are_those_of_the_name_newest_first(tmp_path):
    for name in ("a@2026-01-01T00-00-00", "a@2026-01-02T00-00-00", "ab@2026-01-01T00-00-00", "a", "a@mine"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "events.jsonl").touch()
    (tmp_path / "a@2026-01-03T00-00-00").mkdir()  # holds no run
    found = [path.name for path in earlier_folders(tmp_path / "a")]
    assert found == ["a@2026-01-02T00-00-00", "a@2026-01-01T00-00-00"]
    assert [path.name for path in earlier_folders(tmp_path / found[0])] == found[1:]
    assert earlier_folders(tmp_path / "nowhere" / "a") == []
    assert earlier_runs(tmp_path / "a", 1)[0].scores == ()


def test_a_rerun_says_where_the_earlier_run_went_and_both_are_compared(run_cell, cell, shell):
    run_cell(cell("max_steps: 2, epochs: 1, learning_rate: 1e-3, batch_size: 4, seed: 1"))
    run_cell(cell("max_steps: 4, epochs: 1, learning_rate: 1e-3, batch_size: 4, seed: 2"))
    run = shell.user_ns["small"]
    (aside,) = Path("ft_runs").glob("small@*")
    (said,) = [event.text for event in run.events if isinstance(event, Notice) and "earlier" in event.text]
    assert said == f"The earlier run small is now in {aside}; `%ft compare small {aside.name}` compares the two"
    page = run_bundle(run)["text/html"]
    assert f"<code>%ft compare small {aside.name}</code>" in page
    assert "an earlier run" in page  # a key of the chart

    table = runs_page([run, ft_magics.load(aside)])
    newer, older = (dict(zip(table.heads, row.cells, strict=True)) for row in table.rows)
    assert [newer["run"], older["run"]] == ["small", aside.name]
    assert newer["settings that differ"] == "max_steps: 4, seed: 2"
    assert older["settings that differ"] == "max_steps: 2, seed: 1"
    assert re.fullmatch(r"\d+\.\d\d", older["test F1"])
    printed = run_cell("%ft runs")
    assert f"%ft compare {aside.name} small" in printed

    printed = run_cell(f"%ft compare small {aside.name}")
    assert f"compared with small · test · {aside.name} · test" in printed
    assert "difference" in printed


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("small", "small"), "run small is named twice"),
        (("small", "nothing"), "there is no run `nothing`"),
        (("small", "topics"), "measure different things: small ner, topics classify"),
        (("small", "bare"), "run bare has no predictions for `test`: it crashed before it was evaluated"),
    ],
)
def test_runs_that_cannot_be_compared(run_cell, cell, shell, names, says):
    run_cell(cell("max_steps: 1, batch_size: 4"))
    bare = Path("ft_runs/bare")
    bare.mkdir()
    log = (Path("ft_runs/small") / "events.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
    (bare / "events.jsonl").write_text(log[0].replace('"name": "small"', '"name": "bare"'), encoding="utf-8")
    topics = Path("ft_runs/topics")
    topics.mkdir()
    begun = next(line for line in log if '"run_started"' in line).replace('"task": "ner"', '"task": "classify"')
    (topics / "events.jsonl").write_text(begun.replace('"name": "small"', '"name": "topics"'), encoding="utf-8")
    with pytest.raises(RunError, match=re.escape(says)):
        comparison_of(names, shell.user_ns)
    assert "name A and B" in run_cell("%ft compare small")


def test_the_live_table_compares_what_was_ticked(run_cell, cell, shell, monkeypatch):
    for name in ("one", "two"):
        run_cell(cell("max_steps: 1, batch_size: 4", name=name))
    monkeypatch.setenv("FT_MAGICS_DISPLAY", "widget")
    made = []
    import ft_widgets

    class Kept(ft_widgets.RunsList):
        def __init__(self, **named):
            super().__init__(**named)
            made.append(self)
            self.sent = []

        def send(self, content, buffers=None):
            self.sent.append(content)

    monkeypatch.setattr(ft_widgets, "RunsList", Kept)
    runs = [shell.user_ns[name] for name in ("one", "two")]
    show_runs(runs, ["odd"], shell, lambda names: comparison_of(names, shell.user_ns))
    (table,) = made
    assert table.page["notes"] == ["odd"]
    assert {row["handle"] for row in table.page["rows"]} == {"one", "two"}
    table._serve(table, {"id": 1, "runs": ["one", "two"]}, [])
    table._serve(table, {"id": 2, "runs": ["one", "one"]}, [])
    table._serve(table, "nonsense", [])
    first, second = table.sent
    assert (first["kind"], first["id"]) == ("comparison", 1)
    assert second == {"kind": "error", "id": 2, "text": "run one is named twice; a comparison needs two different runs"}
