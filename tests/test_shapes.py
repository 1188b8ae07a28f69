"""Shapes of rows that other tools write, for each task."""

from __future__ import annotations

import pandas as pd
import pytest
from ft_magics.config.references import Reference
from ft_magics.errors import DataError
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.reader import read_dialogues
from ft_magics.tasks.qa.reader import read_split as read_questions
from ft_magics.tasks.relation.reader import read_split as read_pairs
from ft_magics.tasks.seq2seq.config import PairOptions
from ft_magics.tasks.seq2seq.reader import read_split as read_texts


def csv_of(path, rows) -> str:
    pd.DataFrame(rows).to_csv(path, index=False)
    return str(path)


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


def test_columns_that_a_cell_names_stay_as_they_are():
    row = {"summary1": "one", "summary2": "two", "text": "a long text"}
    options = PairOptions.model_validate({"source_column": 3, "target_column": "summary1"})
    first = read_texts("train", Reference("rows", [row]), options).examples[0]
    assert (first.text, first.references) == ("a long text", ("one",))


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


def test_xml_is_refused_as_what_it_is(tmp_path):
    (tmp_path / "ddi.xml").write_text('<?xml version="1.0"?>\n<document id="d">\n<sentence a="1,2,3"/>\n</document>')
    with pytest.raises(DataError, match="ddi.xml: XML is not read"):
        read_pairs("train", str(tmp_path / "ddi.xml"))
