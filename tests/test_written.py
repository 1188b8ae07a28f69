"""Lists that a table holds as text, for every task that takes lists."""

from __future__ import annotations

import json

import ft_magics
import numpy as np
import pandas as pd
import pytest
from ft_magics.config.references import Reference
from ft_magics.data.written import read_written
from ft_magics.errors import DataError
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.inputs import read_asked
from ft_magics.tasks.dialogue.reader import read_dialogues
from ft_magics.tasks.qa.reader import read_split as read_questions
from ft_magics.tasks.relation.answer import read_texts as marked
from ft_magics.tasks.relation.reader import read_split as read_pairs
from ft_magics.tasks.seq2seq.reader import read_source
from ft_magics.tasks.seq2seq.reader import read_split as read_texts


def csv_of(path, rows) -> str:
    pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)


@pytest.mark.parametrize(
    ("cell", "read"),
    [
        ("['Bob', \"don't\"]", ["Bob", "don't"]),
        ('["a", "b"]', ["a", "b"]),
        (str(np.array(["a b", "c"])), ["a b", "c"]),
        (str(np.array([0, 3, -5])), [0, 3, -5]),
        (str(np.array([{"speaker": "A"}, {"speaker": "B"}])), [{"speaker": "A"}, {"speaker": "B"}]),
        (
            str({"text": np.array(["Denver"], dtype=object), "answer_start": np.array([7])}),
            {"text": ["Denver"], "answer_start": [7]},
        ),
        (str([np.int64(3), float("nan")]), [3, None]),
        (str(np.array([0.0, 1, 1])), [0.0, 1.0, 1.0]),
        (str(np.array([True, False])), [True, False]),
        (str(np.array(["a", None], dtype=object)), ["a", None]),
        (str([np.array([1, 2]), np.array([3])]), [[1, 2], [3]]),
        (str(np.array([list("a"), list("bc")], dtype=object)), [["a"], ["b", "c"]]),
    ],
)
def test_lists_are_read_as_they_are_written(cell, read):
    assert read_written(cell) == read


@pytest.mark.parametrize(
    "cell",
    [
        *("[CLS] a text]", "['a', ..., 'b']", "[f(1)]", "{1, 2}", "[1-2]", "[3 - 2]", "", "[", None, 3),
        *("{{1}}", "{{'name'}}", "{[0, 1]}", "{[1]: 2}", "[{{'a'}}]"),
    ],
)
def test_what_is_no_list_stays_as_it_is(cell):
    assert read_written(cell) is cell


def test_tokens_of_a_relation_are_read_out_of_a_table(tmp_path):
    rows = [
        {"tokens": ["Bob", "Smith", "left", "IBM", "Corp"], "e1": [0, 2], "e2": [3, 5], "label": "left"},
        {"tokens": ["Ann", "runs", "Acme"], "e1": [0, 1], "e2": [2, 3], "label": "runs"},
    ]
    arrays = [{**row, "tokens": np.array(row["tokens"])} for row in rows]
    for made in (rows, arrays, [{**row, "tokens": json.dumps(row["tokens"])} for row in rows]):
        split = read_pairs("train", csv_of(tmp_path / "t.csv", made))
        first = split.examples[0]
        assert first.text == "Bob Smith left IBM Corp"
        assert (first.text[slice(*first.e1)], first.text[slice(*first.e2)]) == ("Bob Smith", "IBM Corp")
        assert split.notes == ["t.csv: lists that tokens has as text were read as lists"]


def test_a_table_with_broken_lists_is_refused_with_their_rows(tmp_path):
    row = {"tokens": ["Bob", "left", "IBM"], "e1": [0, 1], "e2": [2, 3], "label": "left"}
    broken = {**row, "tokens": "['Bob', 'left'"}
    with pytest.raises(DataError, match=r"t.csv, line 4: tokens is .*, expected a list as in other rows; mend it"):
        read_pairs("train", csv_of(tmp_path / "t.csv", [row, row, broken]))
    long = {**row, "tokens": np.array([f"w{at}" for at in range(2000)])}
    with pytest.raises(DataError, match=r"line 2: .*NumPy left a part out of it; write `.tolist\(\)` of it"):
        read_pairs("train", csv_of(tmp_path / "t.csv", [long]))


def test_what_is_predicted_is_read_as_what_was_trained_on(tmp_path):
    tokens = {"tokens": "['Bob', 'left', 'IBM']", "head": "[0, 1]", "tail": "[2, 3]"}
    offsets = {"text": "Bob left Bob and IBM", "head": "Bob", "head_offset": 9, "tail": "IBM", "tail_offset": 17}
    for row in (tokens, offsets):
        trained = read_pairs("train", csv_of(tmp_path / "t.csv", [{**row, "relation": "left"}])).examples[0]
        asked = marked([row])[0]
        assert (asked.text, asked.e1, asked.e2) == (trained.text, trained.e1, trained.e2)
    assert asked.e1 == (9, 12)
    assert read_source("['a.', 'b.']", "row 1") == "a. b."
    turns = [{"role": "user", "content": "It's late?"}]
    assert [turn.text for turn in read_asked([str(turns)])[0].turns] == ["It's late?"]


def test_answers_in_arrays_are_read_out_of_a_table(tmp_path):
    answers = {"text": np.array(["Denver"], dtype=object), "answer_start": np.array([0])}
    none = {"text": np.array([], dtype=object), "answer_start": np.array([], dtype=int)}
    context = "Denver won the game."
    rows = [
        {"id": "a", "question": "Who won?", "context": context, "answers": answers},
        {"id": "b", "question": "Who lost?", "context": context, "answers": none},
    ]
    path = csv_of(tmp_path / "g.csv", rows)
    assert [len(example.gold) for example in read_questions("train", path).examples] == [1, 0]
    assert ft_magics.evaluate(path, {"a": "Denver", "b": ""}, task="qa").scores["exact_match"].value == 1.0


def test_turns_are_read_out_of_a_table(tmp_path):
    turns = [{"role": "user", "content": "It's late?"}, {"role": "assistant", "content": "Yes."}]
    path = csv_of(tmp_path / "d.csv", [{"messages": turns}])
    assert [turn.text for turn in read_dialogues("train", path, DialogueOptions()).examples[0].turns] == [
        "It's late?",
        "Yes.",
    ]


def test_a_text_that_is_a_list_in_json_stays_a_text(tmp_path):
    rows = [{"text": "Ann of Acme", "target": '["Person", "Org"]'}, {"text": "Bob", "target": '{"id": "5", "no": "7"}'}]
    for source in (Reference("rows", rows), csv_of(tmp_path / "j.csv", rows)):
        assert [one.references[0] for one in read_texts("train", source).examples] == [row["target"] for row in rows]
    (tmp_path / "pred.jsonl").write_text("\n".join(json.dumps({"prediction": "['a']"}) for _ in range(2)))
    report = ft_magics.evaluate(["['a']", "['a']"], str(tmp_path / "pred.jsonl"), task="summarize")
    assert report.scores["rouge1"].value == pytest.approx(1)


def test_sources_and_references_are_read_out_of_a_table(tmp_path):
    path = csv_of(tmp_path / "s.csv", [{"source": ["a.", "b."], "target": ["x", "y"]}] * 2)
    first = read_texts("train", path).examples[0]
    assert (first.text, first.references) == ("a. b.", ("x", "y"))
    turns = [{"speaker": "A", "text": "hi"}, {"speaker": "B", "text": "ho"}]
    first = read_texts("train", csv_of(tmp_path / "m.csv", [{"dialogue": turns, "summary": "s"}] * 2)).examples[0]
    assert first.text == "A: hi\nB: ho"
