"""`ft_magics.evaluate` on files, and what it says of what does not fit."""

from __future__ import annotations

import json

import ft_magics
import pandas as pd
import pytest
from ft_magics.errors import DataError


def csv_of(path, rows) -> str:
    pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)


def test_evaluate_reads_files_as_cells_do(tmp_path):
    lines = [{"id": str(at), "answers": {"text": ["Paris"], "answer_start": [0]}} for at in range(2)]
    (tmp_path / "gold.json").write_text("\n".join(map(json.dumps, lines)))
    given = [{"id": str(at), "prediction_text": "paris"} for at in range(2)]
    (tmp_path / "pred.json").write_text(json.dumps(given))
    (tmp_path / "pred.jsonl").write_text("\n".join(map(json.dumps, given)))
    for pred in ("pred.json", "pred.jsonl", csv_of("pred.csv", given), given):
        assert ft_magics.evaluate("gold.json", pred, task="qa").scores["exact_match"].value == 1.0
    assert ft_magics.evaluate(["Paris", ""], ["paris", ""], task="qa").scores["f1"].value == 1.0
    (tmp_path / "by_id.json").write_text(json.dumps({"a": "the cat", "b": "the dog"}))
    report = ft_magics.evaluate("by_id.json", {"a": "the cat", "b": "the dog"}, task="translate")
    assert report.scores["chrf"].value == pytest.approx(100)
    csv_of("named.csv", {"first": ["x"], "second": ["the cat"]})
    assert ft_magics.evaluate("named.csv", ["the cat"], task="summarize", target_column="second").scores[
        "rouge1"
    ].value == pytest.approx(1)


def test_evaluate_says_what_does_not_belong_together():
    with pytest.raises(
        DataError, match="there is no option `none_lable`; there are none_label, .* Did you mean `none_label`"
    ):
        ft_magics.evaluate(["a"], ["a"], task="relation", none_lable="a")
    with pytest.raises(DataError, match=r"there is no reference for 'z' \(1 in all\)"):
        ft_magics.evaluate({"a": "x"}, {"a": "x", "z": "q"}, task="translate")
    with pytest.raises(DataError, match="format: found 'nope'"):
        ft_magics.evaluate(["x"], ["x"], task="summarize", format="nope")
    report = ft_magics.evaluate(["Other", "a"], ["Other", "a"], task="relation", none_label="no_relation")
    assert any("no pair has the label 'no_relation'" in note for note in report.notes)
    assert any("'Other' counts as a relation" in note for note in report.notes)
