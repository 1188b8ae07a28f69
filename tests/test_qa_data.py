"""Reading questions: SQuAD's and CMRC's files, tables, their flaws, and where each answer is in its context."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from ft_magics.config.references import Reference
from ft_magics.errors import DataError
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.qa.config import QaOptions
from ft_magics.tasks.qa.reader import read_split
from ft_magics.tasks.qa.spans import locate
from ft_magics.training.new_cell import cell_for

CONTEXT = "Ada Lovelace was born in London. She died in London."
ROW = {"id": "q1", "question": "Who was born?", "context": CONTEXT}


def read(value, **options):
    return read_split("train", Reference("rows", value), QaOptions(**options))


def spans(split):
    """The text in the context that each question is trained on; None for no answer."""
    return [None if each.span is None else each.text[slice(*each.span)] for each in split.examples]


@pytest.mark.parametrize(
    ("answers", "more"),
    [
        ({"text": ["London"], "answer_start": [25]}, {}),
        ([{"text": "London", "answer_start": 25}], {}),
        (["London"], {"answer_start": [25]}),
        ("London", {"answer_start": 25.0}),
        ("London", {"answer_start": "25"}),
        ("{'text': ['London'], 'answer_start': [25]}", {}),
        ('["London"]', {"answer_start": "[25]"}),
        ("London", {}),
    ],
)
def test_answers_are_written_in_many_ways(answers, more):
    (example,) = read([{**ROW, "answers": answers, **more}]).examples
    assert (example.span, example.key, example.id) == ((25, 31), "q1", "$rows[0] (q1)")
    frame = pd.DataFrame([{**ROW, "answers": answers, **more}])
    assert read(frame).examples[0].span == (25, 31)


def test_files_in_many_forms(tmp_path):
    lines = [{**ROW, "answers": ["Ada"]}, {**ROW, "id": "q2", "answers": []}, {**ROW, "id": "q3", "answers": None}]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert spans(read_split("train", "a.jsonl")) == ["Ada", None, None]
    pd.DataFrame([{**ROW, "answer": "She died", "answer_start": 33}]).to_csv("b.csv", index=False)
    assert spans(read_split("train", "b.csv")) == ["She died"]
    (tmp_path / "c.csv").write_text('q,p,a\n"Who?","Ada came.",Ada\n')
    options = QaOptions(question_column="q", context_column=2, answer_column=-1)
    assert spans(read_split("train", "c.csv", options)) == ["Ada"]
    asked = {"query_id": "T_1", "query_text": "谁？", "answers": ["王小明", "小明", "王小明"]}
    nested = [{"context_id": "T", "context_text": "王小明在北京。", "title": "t", "qas": [asked]}]
    (tmp_path / "d.json").write_text(json.dumps(nested))
    (example,) = read_split("train", "d.json").examples
    assert (example.span, len(example.gold), example.rules, example.key) == ((0, 3), 3, "cmrc", "T_1")


@pytest.mark.shared
def test_quirks_are_read_as_they_are_meant(shared):
    quirks = shared / "quirks"
    expected = json.loads((quirks / "expected.json").read_text())

    def quirk(number):
        (path,) = quirks.glob(f"{number}_*")
        split = read_split("train", str(path))
        assert len(split.examples) == expected[path.name].get("questions", len(split.examples))
        return split, expected[path.name]

    split, said = quirk(30)
    assert split.repairs["absent"] == said["answers_minus_one"] == 13
    assert all(example.span for example in split.examples)
    assert "13 of 99 answers are not in the context" in split.notes[0]
    split, _ = quirk(31)
    assert (split.repairs["moved"], split.repairs["empty question"]) == (5, 2)
    assert spans(split)[:1] == ["俗名龙尖"] or "俗名龙尖" in spans(split)
    assert sum(not example.is_trained_on for example in split.examples) == 2
    split, said = quirk(32)
    assert split.repairs["respelled"] == said["mismatches"]
    assert "il Regno Unito" in spans(split)
    assert spans(quirk(33)[0]) == [None]
    with pytest.raises(DataError, match="question 5ad3d560604f3c001a3ff2c8: the answer '11' is not in its context"):
        quirk(34)
    split, _ = quirk(35)
    assert (spans(split), split.repairs["moved"]) == (["10"], 1)
    assert spans(quirk(36)[0]) == [None, "10", "Berlin"]


@pytest.mark.shared
def test_whole_corpora_with_their_flaws(shared):
    split = read_split("train", str(shared / "cmrc2018_zh/cmrc2018_dev.json"))
    assert (len(split.examples), split.answers, split.repairs["moved"], split.repairs["absent"]) == (3219, 9657, 7, 193)
    for example in split.examples:
        assert all(
            gold.start is None or example.text[gold.start : gold.end] == gold.text.strip() for gold in example.gold
        )


@pytest.mark.parametrize(
    ("context", "text", "start", "how", "found"),
    [
        ("a b a", "a", 4, "", "a"),
        ("a b a", "a", None, "first", "a"),
        ("a b a", "a", 1, "unclear", None),
        ("a b", " b ", None, "", "b"),
        ("a b", "c", 0, "absent", None),
        ("il Re e Il Re", "Il Re", 0, "respelled", "il Re"),  # at its place, though elsewhere it is spelt alike
        ("caf\u00e9 noir", "cafe\u0301", 0, "respelled", "caf\u00e9"),
        ("cafe\u0301 noir", "caf\u00e9", 9, "respelled", "cafe\u0301"),
        ("cafe\u0301 noir", "cafe", 0, "", "cafe"),
        ("１９９０年", "1990", -1, "respelled", "１９９０"),
        ("a\u00a0b", "a b", 0, "respelled", "a\u00a0b"),
        ("هو أحمد بن علي", "أحمد", 0, "moved", "أحمد"),
        ("臺灣（台灣）", "台灣", 3, "", "台灣"),
        ("\U00020bb7野家", "野家", 1, "", "野家"),  # places count code points
    ],
)
def test_where_an_answer_is(context, text, start, how, found):
    place = locate(context, text, start)
    assert place.how == how
    assert (None if place.gold.start is None else context[place.gold.start : place.gold.end]) == found


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"question": "Who?", "answers": ["x"]}], r"no column of context was found; there are question, answers"),
        ([{"context": "x"}], r"no column of question or answer .* `question_column` and `answer_column`"),
        ([{**ROW, "context": None, "answers": []}], r"rows\[0\] \(q1\): there is no text in the context"),
        ([{**ROW, "context": " ", "answers": []}], r"the context is empty, so no answer can be in it"),
        ([{**ROW, "question": float("nan"), "answers": []}], r"no text in the question; pandas reads"),
        ([{**ROW, "answers": ["Byron"]}], r"the answer 'Byron' is not in its context; correct it"),
        ([{**ROW, "answers": {"text": ["London"], "answer_start": [3]}}], r"in its context 2 times, and not at .* 3 "),
        ([{**ROW, "answers": {"text": ["Ada"], "answer_start": [0, 1]}}], r"1 answers have 2 starts"),
        ([{**ROW, "answers": {"text": ["Ada"], "answer_start": ["x"]}}], r"must be a whole number, found 'x'"),
        ([{**ROW, "answers": [3.5j]}], r"an answer must be a text, found 3.5j"),
        ([{**ROW, "answers": ["Ada"]}] * 2, r"rows\[1\] \(q1\): the id q1 is of an earlier question too"),
        ({"data": [{"paragraphs": 5}]}, r"`paragraphs` must be a list of objects"),
        ({"data": [{"paragraphs": []}]}, r"there are no questions in it"),
    ],
)
def test_what_is_no_question_is_said_in_a_sentence(rows, said):
    with pytest.raises(DataError, match=said):
        read(rows)


def test_an_empty_answer_is_none_and_counted():
    flat = [{**ROW, "answers": {"text": [""], "answer_start": [-1]}}, {**ROW, "id": "q2", "answers": ["", "Ada"]}]
    split = read(flat)
    assert spans(split) == [None, "Ada"]
    assert split.examples[0].is_trained_on
    assert split.notes == ["train: 2 answers are empty texts and were left out; a question with no other has no answer"]
    (asked,) = read([{"context": CONTEXT, "qas": [{"id": 1, "question": "Who?", "answer": {"text": "Ada"}}]}]).examples
    assert asked.text[slice(*asked.span)] == "Ada"


def test_a_frames_own_missing_values_and_decimals_are_read():
    frame = pd.DataFrame({"question": ["a", "b", "c"], "context": "In 1843 it was.", "answer": [1843, None, 7]})
    frame["is_impossible"] = pd.array([pd.NA, False, True], dtype="boolean")
    assert spans(read(frame)) == ["1843", None, None]
    assert spans(read([{"问题": "谁?", "上下文": "王小明去了。", "答案": "王小明"}])) == ["王小明"]


def test_several_faults_are_said_at_once():
    rows = [{**ROW, "id": at, "answers": ["Byron"] if at % 2 else [None, "Ada"]} for at in range(4)]
    with pytest.raises(DataError) as error:
        read(rows)
    assert "$rows[1] (1): the answer 'Byron' is not in its context" in str(error.value)
    assert "1 more like it: $rows[3] (3)" in str(error.value)
    assert "$rows[0] (0): an answer must be a text, found None" in str(error.value)


def test_a_new_cell_knows_questions_when_it_sees_them(tmp_path, monkeypatch):
    monkeypatch.setattr("ft_magics.training.new_cell.hub_answers", lambda *_: False)
    asked = {"id": "1", "question": "Who?", "answers": [{"text": "Ada", "answer_start": 0}]}
    article = {"title": "t", "paragraphs": [{"context": CONTEXT, "qas": [asked]}]}
    (tmp_path / "train.json").write_text(json.dumps({"version": "1.1", "data": [article] * 1}))
    cell = cell_for("train.json", None, {}, lambda _: True)
    assert parse_cell(cell.body, {}).task == "qa"
    assert "1 questions about 1 contexts" in cell.about
