"""A run that has no evaluation says why, and what to do, to those who ask for one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

END = {"kind": "run_ended", "time": 1.0, "best_epoch": None, "best": None, "elapsed_s": 1.0}


@pytest.mark.parametrize(
    ("end", "says"),
    [
        (None, "it crashed before it was evaluated, and its kernel is gone. `%ft resume ner` resumes it"),
        (
            {"status": "failed", "reason": "OSError: odd"},
            "it failed before it was evaluated (OSError: odd). Once the cause is gone, `%ft resume ner` resumes it",
        ),
        ({"status": "stopped", "reason": ""}, "it was stopped before it was evaluated. `%ft resume ner` resumes it"),
        ({"status": "done", "reason": ""}, "nor for any other split: its cell has neither `dev:` nor `test:`"),
    ],
)
@pytest.mark.parametrize("magic", ["%ner_eval ner", "%evaluate ner --split test"])
def test_why_there_is_none_and_what_to_do(run_cell, end, says, magic):
    folder = Path("ft_runs/ner")
    folder.mkdir(parents=True)
    begun = {
        "kind": "run_started",
        "time": 1.0,
        "name": "ner",
        "task": "ner",
        "metrics": [],
        "model": "m",
        "method": "full",
        "device": "cpu",
        "precision": "fp32",
        "epochs": 1.0,
        "total_steps": 9,
        "parameters": 1,
        "trainable_parameters": 1,
        "examples": 1,
    }
    events = [begun, *([{**END, **end}] if end else [])]
    (folder / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    printed = run_cell(magic)
    assert "run ner has no predictions for `test`" in printed
    assert says in printed
    assert "--data FILE" not in printed  # there is no model
    (folder / "model").mkdir()
    assert "`%evaluate ner --data FILE`" in run_cell(magic)
