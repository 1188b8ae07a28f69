"""Examples of a report as CSV, JSON lines and a DataFrame, and how pages hand them out."""

from __future__ import annotations

import base64
import csv
import io
import json
import re
from html import unescape

import pytest
from ft_magics import entity_report
from ft_magics.display.pages import report_bundle
from ft_magics.display.report_parts import parts_of
from ft_magics.errors import DataError
from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.evaluation.example_rows import ExampleRows, file_name
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.numbers.evaluate import number_report

WORDS = [["Ada", "Lovelace", "saw", "北", "京", "."], ["=cmd|'/c calc'!A1", "ran"]]
GOLD = [["B-PER", "I-PER", "O", "B-LOC", "I-LOC", "O"], ["O", "O"]]
PRED = [["B-PER", "O", "O", "B-LOC", "I-LOC", "O"], ["B-PER", "O"]]


@pytest.fixture
def entities():
    sure = [[0.9, 0.8, 1, 0.95, 0.9, 1], [0.6, 1]]
    ids = ["test.conll, line 1", "test.conll, line 8"]
    return entity_report(GOLD, PRED, words=WORDS, confidences=sure, ids=ids, title="ner · test", resamples=0)


def labels(texts=("a", "b", "c"), **more):
    told = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]]
    named = {"labels": ["no", "yes"], "probabilities": told, "texts": texts, "title": "intents · test", "resamples": 0}
    return label_report(["no", "yes", "yes"], ["no", "no", "yes"], **{**named, **more})


def test_mistakes_of_entities_have_both_spans_and_where_they_stand(entities):
    assert list(entities.errors) == [
        {
            "row": "test.conll, line 1",
            "outcome": "boundary error",
            "text": "Ada Lovelace saw 北京 .",
            "gold": "PER",
            "gold_text": "Ada Lovelace",
            "predicted": "PER",
            "predicted_text": "Ada",
            "confidence": 0.9,
        },
        {
            "row": "test.conll, line 8",
            "outcome": "spurious",
            "text": "=cmd|'/c calc'!A1 ran",
            "gold": "",
            "gold_text": "",
            "predicted": "PER",
            "predicted_text": "=cmd|'/c calc'!A1",
            "confidence": 0.6,
        },
    ]
    assert [row["outcome"] for row in entities.predictions] == ["boundary error", "correct", "spurious"]


def test_mistakes_of_labels_and_of_numbers():
    assert list(labels().errors) == [
        {"row": "example 1", "outcome": "wrong", "text": "b", "gold": "yes", "predicted": "no", "confidence": 0.8}
    ]
    assert len(labels().predictions) == 3
    several = label_report([["a", "b"], []], [["a"], ["b"]], multi_label=True, pairs=["c", "d"], texts=["e", "f"])
    assert [(row["text_pair"], row["gold"], row["predicted"]) for row in several.errors] == [
        ("c", "a; b", "a"),
        ("d", "", "b"),
    ]
    (first, _) = number_report([1.0, 2.0], [1.5, 2.0], resamples=0).errors
    assert (first["gold"], first["predicted"], first["outcome"]) == ("1", "1.5", "off by +0.5")


def test_a_spreadsheet_runs_nothing_and_knows_the_encoding(entities, tmp_path):
    path = tmp_path / "mistakes.csv"
    assert entities.errors.to_csv(path) is None  # a cell whose last line it is shows nothing
    text = entities.errors.to_csv()
    assert path.read_bytes().decode("utf-8-sig") == text
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert rows[0]["text"] == "Ada Lovelace saw 北京 ."
    assert rows[1]["predicted_text"] == "'=cmd|'/c calc'!A1"
    assert rows[1]["confidence"] == "0.6"


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@SUM(A1)", "\tx", "\rx", " =1", "\uff1d1"])
def test_what_begins_a_formula_is_a_text(text):
    (_, row) = csv.reader(io.StringIO(ExampleRows(({"text": text},)).to_csv(), newline=""))
    assert row == [f"'{text}"]


@pytest.mark.parametrize("text", ["-1.5", "+3", "1e-5", "a=b", "", "–", "😀"])
def test_what_is_no_formula_stays_as_it_is(text):
    (_, row) = csv.reader(io.StringIO(ExampleRows(({"text": text, "more": 1},)).to_csv(), newline=""))
    assert row == [text, "1"]


def test_json_lines_and_frames_have_every_text_as_it_is(entities, tmp_path):
    path = tmp_path / "mistakes.jsonl"
    entities.errors.to_jsonl(path)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines == list(entities.errors)
    frame = entities.errors.to_pandas()
    assert list(frame.columns) == entities.errors.columns
    assert frame["predicted_text"].tolist() == ["Ada", "=cmd|'/c calc'!A1"]


def test_quotes_line_feeds_and_halves_of_characters_come_through():
    text = 'a "b",\n\ud83dc'
    found = labels([text, text, text]).errors.to_csv()
    (row,) = csv.DictReader(io.StringIO(found, newline=""))
    assert row["text"] == 'a "b",\n?c'


def test_there_may_be_none_and_thousands():
    assert labels(texts=None).errors.to_csv().startswith("row,outcome,text,gold,predicted,confidence\r\n")
    right = label_report(["a"] * 450, ["a"] * 450, resamples=0)
    assert len(right.errors) == 0
    assert right.errors.to_csv() == "\r\n"
    assert len(right.predictions) == 450
    assert [row["row"] for row in right.predictions[448:]] == ["example 448", "example 449"]


def test_a_report_of_a_file_says_where_its_examples_are(entities):
    with pytest.raises(DataError, match=r"ask the run for it .*predictions"):
        EntityReport.from_json(json.loads(json.dumps(entities.to_json()))).errors  # noqa: B018  # it is what raises


def test_the_live_view_is_handed_what_it_shows(entities):
    page = parts_of(entities).page
    asked = {"kind": "file", "section": 3, "filter": {"kind": ["spurious"]}, "sort": "row"}
    file = page({**asked, "format": "csv"})
    assert (file["kind"], file["name"], file["mime"]) == ("file", "ner_test.csv", "text/csv")
    assert file["text"].startswith("\ufeffrow,outcome,")
    assert file["text"].count("\r\n") == 2
    lines = page({**asked, "format": "jsonl"})
    assert [json.loads(line)["outcome"] for line in lines["text"].splitlines()] == ["spurious"]
    assert page({"section": 3, "filter": {}})["kind"] == "page"


def test_more_than_a_page_can_save_is_refused_with_the_way_out(entities, monkeypatch):
    monkeypatch.setattr("ft_magics.display.example_files._MOST_CHARACTERS", 100)
    with pytest.raises(DataError, match=r"errors\.to_csv"):
        parts_of(entities).page({"kind": "file", "section": 0, "format": "csv"})
    monkeypatch.setattr("ft_magics.display.example_files._MOST_ROWS", 2)
    with pytest.raises(DataError, match="3 examples are more than the 2"):
        parts_of(entities).page({"kind": "file", "section": 0, "format": "csv"})


def test_a_saved_page_hands_out_its_mistakes_in_links(entities):
    html = report_bundle(entities)["text/html"]
    links = dict(re.findall(r'<a href="data:[^,]*,([^"]*)" download="([^"]*)">', html))
    files = {name: base64.b64decode(content).decode("utf-8-sig") for content, name in links.items()}
    assert files == {"ner_test.csv": entities.errors.to_csv(), "ner_test.jsonl": entities.errors.to_jsonl()}
    assert "the 2 mistakes as CSV" in html


def test_links_do_not_swell_a_notebook(entities, monkeypatch):
    monkeypatch.setattr("ft_magics.display.example_files._BYTES_IN_NOTEBOOK", 100)
    html = report_bundle(entities)["text/html"]
    assert "data:text/csv" not in html
    assert '.report().errors.to_csv("mistakes.csv")' in unescape(html)


def test_a_file_has_a_name_that_every_system_takes():
    assert file_name("人物/../a:b · test", "csv") == "人物_a_b_test.csv"
    assert file_name("···", "csv") == "examples.csv"
