"""Exports of Label Studio: spans and choices, as JSON and as JSON-MIN, and notes about what was taken.

The files are written here, field by field as https://labelstud.io/guide/export and the task format describe them.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ft_magics.config.references import Reference
from ft_magics.data.tagged.sources import read_split
from ft_magics.errors import DataError
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.classify.config import ClassifySettings
from ft_magics.tasks.classify.reader import read_split as read_texts

TEXT = "Ada Lovelace met Bob in London."


def region(start, end, *labels, text=None, identity="r1"):
    value = {"start": start, "end": end, "text": TEXT[start:end] if text is None else text, "labels": list(labels)}
    return {"id": identity, "from_name": "ner", "to_name": "text", "type": "labels", "origin": "manual", "value": value}


def choice(*choices, control="sentiment"):
    return {"id": "c1", "from_name": control, "to_name": "text", "type": "choices", "value": {"choices": list(choices)}}


def annotation(*results, **more):
    about = {"completed_by": 1, "was_cancelled": False, "ground_truth": False, "created_at": "2026-01-01T10:00:00Z"}
    return {"id": 11, "result": list(results), **about, "lead_time": 2.5, **more}


def task(*annotations, number=1, text=TEXT, **data):
    about = {"id": number, "file_upload": "a.txt", "drafts": [], "predictions": [], "meta": {}, "project": 1}
    return {**about, "annotations": list(annotations), "data": {"text": text, **data}}


def short(number=1, text=TEXT, annotator=1, **fields):
    about = {"annotator": annotator, "annotation_id": 10 * number + annotator, "lead_time": 1.0}
    times = {"created_at": "2026-01-01T10:00:00Z", "updated_at": f"2026-01-0{annotator}T10:00:00Z"}
    return {"id": number, "text": text, **fields, **about, **times}


def write(records) -> str:
    Path("export.json").write_text(json.dumps(records, indent=1), encoding="utf-8")
    return "export.json"


def tags(records):
    split = read_split("train", write(records))
    return [dict(zip(example.words, example.tags, strict=True)) for example in split.examples], split.notes


def labels(records, **settings):
    split = read_texts("train", write(records), None, ClassifySettings(**settings))
    return [(example.text, *example.labels) for example in split.examples], split.notes


ENTITIES = [region(0, 12, "PER"), region(17, 20, "PER", identity="r2"), region(24, 30, "LOC", identity="r3")]
IN_MIN = [item["value"] for item in ENTITIES]
WANTED = {"Ada": "B-PER", "Lovelace": "I-PER", "met": "O", "Bob": "B-PER", "in": "O", "London": "B-LOC", ".": "O"}


@pytest.mark.parametrize(
    "records",
    [
        [task(annotation(*ENTITIES))],
        [short(ner=IN_MIN)],
        [{"id": 1, "data": {"text": TEXT}, "completions": [annotation(*ENTITIES)]}],
        [task(annotation(*ENTITIES), title="T", url="https://x.org")],
    ],
    ids=["JSON", "JSON-MIN", "of older versions", "with other fields"],
)
def test_spans_become_tags(records):
    assert tags(records) == ([WANTED], [])


def test_an_object_of_the_notebook_is_read_too():
    split = read_split("train", Reference("tasks", [task(annotation(*ENTITIES))]))
    assert split.examples[0].tags[:2] == ("B-PER", "I-PER")
    assert split.examples[0].id == "$tasks[0]"


def test_offsets_of_a_browser_are_brought_to_characters():
    text = "😀😀 Ada runs"
    found, _ = tags([task(annotation(region(5, 8, "PER", text="Ada")), text=text)])
    assert found[0]["Ada"] == "B-PER"


NOTES = {
    "overlapping spans": (
        [task(annotation(*ENTITIES, region(4, 12, "NAME"), region(0, 3, "NAME")))],
        "2 spans overlap a longer one",
    ),
    "relations": (
        [task(annotation(*ENTITIES, {"type": "relation", "from_id": "r1", "to_id": "r2", "direction": "right"}))],
        "1 relations between spans are not read",
    ),
    "several labels": ([task(annotation(region(0, 12, "PER", "POET"), *ENTITIES[1:]))], "1 spans have several labels"),
    "a span without a label": ([task(annotation(*ENTITIES, region(13, 16)))], "1 spans without a label were left out"),
    "several annotators": (
        [task(annotation(region(0, 3, "LOC")), annotation(*ENTITIES, created_at="2026-02-01T10:00:00Z"))],
        "1 tasks have several annotations; the one marked as ground truth was taken, else the newest",
    ),
    "a ground truth": (
        [task(annotation(*ENTITIES, ground_truth=True), annotation(created_at="2026-02-01T10:00:00Z"))],
        "1 tasks have several annotations",
    ),
    "several annotators in JSON-MIN": (
        [short(ner=IN_MIN[:1]), short(ner=IN_MIN, annotator=2)],
        "1 tasks have several annotations",
    ),
    "a skipped task": (
        [task(annotation(*ENTITIES)), task(annotation(was_cancelled=True), number=2), task(number=3)],
        "2 tasks without an annotation",
    ),
    "choices beside the spans": ([task(annotation(*ENTITIES, choice("good")))], "1 results of other kinds than spans"),
}


@pytest.mark.parametrize(("records", "note"), NOTES.values(), ids=list(NOTES))
def test_what_is_left_out_is_said(records, note):
    found, notes = tags(records)
    assert found == [WANTED]
    assert len(notes) == 1
    assert note in notes[0]
    assert notes[0].startswith("export.json: ")


def test_an_annotated_text_without_a_span_has_no_entity():
    found, notes = tags([task(annotation(*ENTITIES)), task(annotation(), number=2)])
    assert set(found[1].values()) == {"O"}
    assert notes == []


GOOD, BAD = ("all is good", "good"), ("all is bad", "bad")
CHOICES = {
    "JSON": [task(annotation(choice(label)), number=at, text=text) for at, (text, label) in enumerate([GOOD, BAD])],
    "JSON-MIN": [short(at, text, sentiment=label) for at, (text, label) in enumerate([GOOD, BAD])],
    "JSON-MIN with lists": [
        short(at, text, sentiment={"choices": [label]}) for at, (text, label) in enumerate([GOOD, BAD])
    ],
}


@pytest.mark.parametrize("records", CHOICES.values(), ids=list(CHOICES))
def test_choices_become_labels(records):
    assert labels(records)[0] == [GOOD, BAD]


def test_several_choices_become_several_labels():
    both = task(annotation(choice("good", "late")), number=7, text="good but late")
    found, _ = labels([*CHOICES["JSON"], both], multi_label=True)
    assert found[-1] == ("good but late", "good", "late")


def test_ratings_become_numbers():
    rating = {"from_name": "stars", "to_name": "text", "type": "rating", "value": {"rating": 4}}
    records = [task(annotation({**rating, "value": {"rating": at}}), number=at, text=f"text {at}") for at in (1, 4)]
    split = read_texts("train", write(records), None, ClassifySettings(regression=True))
    assert [example.value for example in split.examples] == [1.0, 4.0]


def test_of_two_controls_the_label_column_names_one():
    records = [
        task(annotation(choice(label), choice("en", control="language")), number=at, text=text)
        for at, (text, label) in enumerate([GOOD, BAD])
    ]
    write(records)
    cell = "task: classify\nmodel: m\ndata: {train: export.json, label_column: sentiment}"
    config = parse_cell(cell, {})
    split = read_texts("train", "export.json", config.data.source("train")[1], config.settings)
    assert [example.labels for example in split.examples] == [("good",), ("bad",)]


def test_a_task_without_a_choice_is_left_out_with_a_note():
    found, notes = labels([*CHOICES["JSON"], task(annotation(), number=9, text="unsure")])
    assert found == [GOOD, BAD]
    assert any("1 tasks without an answer were left out" in note for note in notes)


@pytest.mark.parametrize(
    ("read", "records", "says"),
    [
        (tags, [task(), task(number=2)], "no task in this export of Label Studio is annotated"),
        (tags, [task(annotation(region(90, 95, "PER", text="x")))], "record 1: the span 90–95 \\(PER\\) is empty"),
        (tags, [task(annotation(*ENTITIES)), {"text": "a"}], "record 2: this is no task as in the other records"),
        (tags, [task(annotation(*ENTITIES), text=3)], "record 1: the task has no text; its fields are text"),
        (
            labels,
            [task(annotation(*ENTITIES))],
            "no task in this export of Label Studio has choices or a rating; it has labels",
        ),
    ],
)
def test_an_export_that_cannot_be_read_is_refused(read, records, says):
    with pytest.raises(DataError, match=says):
        read(records)
