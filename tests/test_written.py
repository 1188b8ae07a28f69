"""Lists that a cell of a table holds as text, for every task that takes lists."""

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
from ft_magics.tasks.dialogue.reader import read_dialogues
from ft_magics.tasks.qa.reader import read_split as read_questions
from ft_magics.tasks.relation.reader import read_split as read_pairs
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
    ],
)
def test_lists_are_read_as_they_are_written(cell, read):
    assert read_written(cell) == read


@pytest.mark.parametrize("cell", ["[CLS] a text]", "['a', ..., 'b']", "[f(1)]", "{1, 2}", "[1-2]", "", "[", None, 3])
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


def test_an_offset_beside_an_entity_is_where_its_words_begin(tmp_path):
    text = "2005年以19部连载，长腿叔叔的作者是珍"
    row = {"sentence": text, "relation": "作者", "head": "长腿叔叔", "head_offset": text.index("长"), "tail": "珍"}
    path = csv_of(tmp_path / "deepke.csv", [{**row, "tail_offset": text.index("珍")}] * 2)
    first = read_pairs("train", path).examples[0]
    assert (first.text[slice(*first.e1)], first.text[slice(*first.e2)]) == ("长腿叔叔", "珍")


def test_indices_are_the_tokens_of_a_mention():
    head = {"text": "tjq", "type": "Q13", "indices": [[2], [5, 6]]}
    tail = {"text": "ruapehu airport", "type": "Q1", "indices": [[0, 1]]}
    row = {"tokens": ["Ruapehu", "Airport", "TJQ", "is", "there"], "head": head, "tail": tail, "relation": "P1"}
    first = read_pairs("train", Reference("rows", [row])).examples[0]
    assert (first.text[slice(*first.e1)], first.text[slice(*first.e2)]) == ("TJQ", "Ruapehu Airport")


def test_triples_are_found_in_another_case_and_in_tokens():
    triple = {"subject": "apple", "object": "Tim Cook", "predicate": "led_by"}
    for text in ("Apple is led by Tim Cook.", ["Apple", "is", "led", "by", "Tim", "Cook", "."]):
        key = "text" if isinstance(text, str) else "tokens"
        found = read_pairs("train", Reference("rows", [{key: text, "spo_list": [triple]}])).examples
        assert "led_by" in [example.label for example in found]
    with pytest.raises(DataError, match="`pear`, which is not in the text; correct it, or take the relation out"):
        read_pairs("train", Reference("rows", [{"text": "Apple is led.", "spo_list": [{**triple, "subject": "pear"}]}]))


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


def test_questions_of_pandas_and_of_mrqa():
    paragraph = {"context": "Ada lived.", "qas": [{"id": "1", "question": "Who?", "answers": [{"text": "Ada"}]}]}
    frame = pd.DataFrame({"version": ["1.1"], "data": [{"title": "t", "paragraphs": [paragraph]}]})
    for source in (frame, [{"header": {"dataset": "x"}}, paragraph]):
        assert [one.key for one in read_questions("train", Reference("rows", source)).examples] == ["1"]


def test_turns_are_read_out_of_a_table(tmp_path):
    turns = [{"role": "user", "content": "It's late?"}, {"role": "assistant", "content": "Yes."}]
    path = csv_of(tmp_path / "d.csv", [{"messages": turns}])
    assert [turn.text for turn in read_dialogues("train", path, DialogueOptions()).examples[0].turns] == [
        "It's late?",
        "Yes.",
    ]


@pytest.mark.parametrize(
    "turns",
    [
        [{"message": "Hi"}, {"message": "Hello", "attrs": []}],
        [{"human": "Hi", "assistant": "Hello"}],
        [{"user_utterance": "Hi", "system_utterance": "Hello"}],
        [{"speaker": 0, "text": "Hi"}, {"speaker": 1, "text": "Hello"}],
    ],
)
def test_turns_without_a_side_with_both_and_with_numbers(turns):
    options = DialogueOptions.model_validate({"roles": {"0": "user", "1": "assistant"}})
    split = read_dialogues("train", Reference("rows", [{"messages": turns}]), options)
    assert [(turn.role, turn.text) for turn in split.examples[0].turns] == [("user", "Hi"), ("assistant", "Hello")]


def test_sources_and_references_are_read_out_of_a_table(tmp_path):
    path = csv_of(tmp_path / "s.csv", [{"source": ["a.", "b."], "target": ["x", "y"]}] * 2)
    first = read_texts("train", path).examples[0]
    assert (first.text, first.references) == ("a. b.", ("x", "y"))
    turns = [{"speaker": "A", "text": "hi"}, {"speaker": "B", "text": "ho"}]
    first = read_texts("train", csv_of(tmp_path / "m.csv", [{"dialogue": turns, "summary": "s"}] * 2)).examples[0]
    assert first.text == "A: hi\nB: ho"


@pytest.mark.parametrize(
    ("row", "text", "references"),
    [
        ({"fname": "t_0", "dialogue": "#P1#: hi", "summary1": "one", "topic1": "z", "summary2": "two"}, "#P1#: hi", 2),
        ({"headlines": "short", "text": "a long text"}, "a long text", 1),
        ({"author": "x", "date": "d", "headlines": "h", "read_more": "u", "text": "t t", "ctext": "c"}, "t t", 1),
    ],
)
def test_the_usual_names_say_what_is_source_and_what_is_target(row, text, references):
    first = read_texts("train", Reference("rows", [row, {name: f"{cell}!" for name, cell in row.items()}])).examples[0]
    assert (first.text, len(first.references)) == (text, references)


def test_languages_in_two_lists():
    row = {"translation": {"language": ["en", "de"], "translation": ["Hi", "Hallo"]}}
    for made in (row, {"translation": str(row["translation"])}):
        first = read_texts("train", Reference("rows", [made])).examples[0]
        assert (first.text, first.references) == ("Hi", ("Hallo",))


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
    with pytest.raises(DataError, match="`evaluate` has no option `answer_colum` for `task: relation`"):
        ft_magics.evaluate(["a"], ["a"], task="relation", answer_colum=1)
    with pytest.raises(DataError, match="1 texts have no reference, the first 'z'"):
        ft_magics.evaluate({"a": "x"}, {"a": "x", "z": "q"}, task="translate")
    report = ft_magics.evaluate(["Other", "a"], ["Other", "a"], task="relation", none_label="no_relation")
    assert any("no pair has the label 'no_relation'" in note for note in report.notes)
    assert any("'Other' counts as a relation" in note for note in report.notes)


def test_xml_is_refused_as_what_it_is(tmp_path):
    (tmp_path / "ddi.xml").write_text('<?xml version="1.0"?>\n<document id="d">\n<sentence a="1,2,3"/>\n</document>')
    with pytest.raises(DataError, match="ddi.xml: XML is not read"):
        read_pairs("train", str(tmp_path / "ddi.xml"))
