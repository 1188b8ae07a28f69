"""A run of version 0.1 on the demo corpus, as it was written: what is read from it, and what training it gives again."""

from __future__ import annotations

import json
import re
import shutil
from html import unescape
from pathlib import Path

import ft_magics
import pytest
from ft_magics.runs.cells import parse_cell
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

GOLDEN = Path(__file__).parent / "golden"


def read(name):
    return json.loads((GOLDEN / name).read_text(encoding="utf-8"))


@pytest.fixture
def old_run(tmp_path):
    shutil.copytree(GOLDEN / "demo_run", tmp_path / "demo")
    return ft_magics.load(tmp_path / "demo")


def cells(html):
    """The rows of all tables, as texts."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.DOTALL)
    split = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[unescape(re.sub(r"<[^>]*>", "", cell)).strip() for cell in row] for row in split]


@pytest.mark.parametrize("split", ["dev", "test"])
def test_the_report_has_the_same_numbers(old_run, split):
    report = json.loads(json.dumps(old_run.report(split).to_json()))
    golden = read(f"report.{split}.json")
    assert {name: report[name] for name in golden} == golden


def test_the_page_has_the_same_scores(old_run):
    found = cells(old_run.report("test").to_html())
    for row in read("page.test.json"):
        assert row in found


def test_the_history_is_the_same(old_run):
    history = old_run.history
    golden = read("history.json")
    assert json.loads(history[list(golden[0])].to_json(orient="records", double_precision=15)) == golden


def test_training_it_again_gives_the_same(old_run):
    """Other processors add up in another order, which moves the last digits, and an answer that was a toss-up."""
    run = start_run("demo", prepare(parse_cell(old_run.folder.config_text(), {}, ["save.every=null"])))
    run.wait()
    assert run.status == "done"
    old, new = ([event.to_json() for event in each.events] for each in (old_run, run))
    told = [event["kind"] for event in new if event["kind"] != "memory"]  # which an old run does not tell
    assert told == [event["kind"] for event in old]
    losses = [[event["loss"] for event in each if event["kind"] == "step"] for each in (old, new)]
    assert losses[1] == pytest.approx(losses[0], rel=0.02)
    assert run.report("test").micro.f1 == pytest.approx(old_run.report("test").micro.f1, abs=0.02)
