"""Lists that a table holds as text, and shapes of rows that other tools write."""

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
from ft_magics.tasks.seq2seq.config import PairOptions
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


def test_words_in_another_case_are_the_same_entity():
    row = {
        "text": "Apple, led by Tim Cook, makes phones.",
        "triples": [["Apple", "led_by", "Tim Cook"], ["apple", "makes", "phones"]],
    }
    found = read_pairs("train", Reference("rows", [row])).examples
    assert len({(example.e1, example.e2) for example in found}) == len(found)
    assert sorted(example.label for example in found if example.label != "no_relation") == ["led_by", "makes"]
    with pytest.raises(DataError, match="`IT`, which is not in the text"):
        read_pairs("train", Reference("rows", [{"text": "It is so at IBM.", "triples": [["IT", "r", "IBM"]]}]))


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


@pytest.mark.parametrize(
    "turns",
    [
        [{"name": "Agent", "text": "Hi"}, {"name": "Customer", "text": "Hello"}],
        [{"speaker_id": 1, "text": "Hi"}, {"speaker_id": 2, "text": "Hello"}],
        [{"instruction": "Translate", "input": "Hi", "output": "Hallo"}],
    ],
)
def test_a_side_of_a_name_that_nobody_knows_is_not_guessed(turns):
    with pytest.raises(DataError):
        read_dialogues("train", Reference("rows", [{"messages": turns}]), DialogueOptions())


def test_a_text_that_is_a_list_in_json_stays_a_text(tmp_path):
    rows = [{"text": "Ann of Acme", "target": '["Person", "Org"]'}, {"text": "Bob", "target": '{"id": "5", "no": "7"}'}]
    for source in (Reference("rows", rows), csv_of(tmp_path / "j.csv", rows)):
        assert [one.references[0] for one in read_texts("train", source).examples] == [row["target"] for row in rows]
    (tmp_path / "pred.jsonl").write_text("\n".join(json.dumps({"prediction": "['a']"}) for _ in range(2)))
    report = ft_magics.evaluate(["['a']", "['a']"], str(tmp_path / "pred.jsonl"), task="summarize")
    assert report.scores["rouge1"].value == pytest.approx(1)


def test_columns_that_a_cell_names_stay_as_they_are():
    row = {"summary1": "one", "summary2": "two", "text": "a long text"}
    options = PairOptions.model_validate({"source_column": 3, "target_column": "summary1"})
    first = read_texts("train", Reference("rows", [row]), options).examples[0]
    assert (first.text, first.references) == ("a long text", ("one",))


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
        ({"article": "a long text", "headline": "short", "source": "BBC"}, "a long text", 1),
        ({"document": 1, "passage": "a long text", "headline": "short"}, "a long text", 1),
        ({"date": "3 May 2001", "iso": "2001-05-03"}, "3 May 2001", 1),
        ({"author": "x", "date": "d", "headlines": "h", "read_more": "u", "text": "t t", "ctext": "c"}, "t t", 1),
    ],
)
def test_the_usual_names_say_what_is_source_and_what_is_target(row, text, references):
    other = {name: cell if isinstance(cell, int) else f"{cell}!" for name, cell in row.items()}
    first = read_texts("train", Reference("rows", [row, other])).examples[0]
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


def test_xml_is_refused_as_what_it_is(tmp_path):
    (tmp_path / "ddi.xml").write_text('<?xml version="1.0"?>\n<document id="d">\n<sentence a="1,2,3"/>\n</document>')
    with pytest.raises(DataError, match="ddi.xml: XML is not read"):
        read_pairs("train", str(tmp_path / "ddi.xml"))
