"""`Run.predict_file`: the answers of `predict`, a row at a time, written so that a kill loses little."""

from __future__ import annotations

import csv
import json
import re
import tracemalloc
from types import SimpleNamespace

import pytest
from ft_magics.data.streams import stream_rows
from ft_magics.errors import DataError, RunError
from ft_magics.runs.cells import parse_cell
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.run import Run
from ft_magics.tasks.file_inputs import FileInputs
from ft_magics.tasks.registry import find_task
from ft_magics.training.prepare import prepare

TEXTS = ["the cat sits", "", "a pie, it cools", 'she said "no"', "two\nlines", "语言", *(f"cow {n}" for n in range(60))]
DATA = {
    "classify": "text,label\nthe cat,animal\na pie,food\n",
    "qa": 'question,context,answers\nwho?,the cat sits,"the cat"\nwhat?,a pie cools,a pie\n',
    "ner": "Ada B-PER\nruns O\n\nParis B-LOC\nis O\n",
}


@pytest.fixture
def make(tiny_model, tmp_path):
    """Makes a run with a model that was never trained."""

    def run_of(task="classify", name="run"):
        train = tmp_path / ("train.conll" if task == "ner" else "train.csv")
        train.write_text(DATA[task])
        config = parse_cell(f"task: {task}\nmodel: {tiny_model}\ndata: {{train: {train}}}", {})
        (tmp_path / name).mkdir()
        prepare(config).trained.save(tmp_path / name / "model")
        run = Run(name, RunFolder(tmp_path / name), config)
        run.finished.set()
        run.predict(["warm?  up"])
        run._trained.batch_size = 1  # so that there are several windows
        return run

    return run_of


def write_csv(path, texts=TEXTS):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([("id", "text"), *enumerate(texts)])
    return path


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_answers_are_those_of_predict_with_the_lines_of_the_file(make, tmp_path, capsys):
    run = make()
    path = run.predict_file(write_csv(tmp_path / "new.csv"))
    assert path == run.dir / "predicted" / "new.csv.jsonl"
    found, expected = lines(path), run.predict(TEXTS)
    assert [line["answer"]["label"] for line in found] == [answer.label for answer in expected]
    assert [line["answer"]["probabilities"] for line in found] == [
        pytest.approx(dict(answer.probabilities), abs=1e-6) for answer in expected
    ]
    assert [line["line"] for line in found[:7]] == [2, 3, 4, 5, 6, 8, 9]  # a cell has a line feed in it
    assert "new.csv: 66 of 66 rows" in capsys.readouterr().out
    assert sorted(each.name for each in path.parent.iterdir()) == ["new.csv.jsonl", "new.csv.jsonl.about.json"]
    before = path.stat()
    assert run.predict_file(tmp_path / "new.csv") == path  # nothing is left to do
    assert path.stat() == before


def test_entities_of_lines_and_answers_of_json_lines_are_those_of_predict(make, tmp_path):
    (tmp_path / "new.txt").write_bytes(b"\xef\xbb\xbfAda Lovelace wrote\r\n\r\nto Babbage")
    ner = make("ner")
    found = lines(ner.predict_file(tmp_path / "new.txt", progress=False))
    expected = ner.predict(["Ada Lovelace wrote", "", "to Babbage"])
    assert [
        [(item["text"], item["type"], item["start"], item["end"]) for item in line["answer"]] for line in found
    ] == [[(item.text, item.type, item.start, item.end) for item in answer] for answer in expected]
    asked = [{"id": 1, "context": "the cat sits", "question": "who?"}, {"context": "a pie", "question": "what?"}]
    (tmp_path / "new.jsonl").write_text("\n\n".join(map(json.dumps, asked)))
    qa = make("qa", "reader")
    found = lines(qa.predict_file(tmp_path / "new.jsonl", progress=False))
    assert [(line["line"], line["answer"]["text"]) for line in found] == [
        (at, answer.text) for at, answer in zip((1, 3), qa.predict(asked), strict=True)
    ]


def test_a_batch_ends_where_the_rest_would_be_padding(make, monkeypatch):
    trained = make()._trained
    trained.batch_size, batches = 64, []
    batch = type(trained)._batch
    monkeypatch.setattr(
        type(trained), "_batch", lambda self, of, chosen, to: batches.append(chosen) or batch(self, of, chosen, to)
    )
    trained.predict(trained.task.parse(["the cat " * size for size in (2, 25, 2, 24, *[25] * 10, *[7] * 40)]))
    assert [len(each) for each in batches] == [12, 40, 2]
    assert sorted(batches[0]) == [1, *range(3, 14)]


def test_what_was_cut_off_continues_behind_the_last_whole_line(make, tmp_path, monkeypatch, capsys):
    run, path = make(), write_csv(tmp_path / "new.csv")
    whole = run.predict_file(path, output=tmp_path / "whole.jsonl", progress=False).read_bytes()
    trained, predicted = run._trained, []
    predict = type(trained).predict

    def two_windows(self, examples):
        if len(predicted) == 2:
            raise KeyboardInterrupt
        predicted.append(len(examples))
        return predict(self, examples)

    monkeypatch.setattr(type(trained), "predict", two_windows)
    with pytest.raises(KeyboardInterrupt):
        run.predict_file(path)
    assert "64 of 66 rows are kept" in capsys.readouterr().out
    partial = run.dir / "predicted" / "new.csv.jsonl.partial"
    assert not partial.with_name("new.csv.jsonl").exists()
    partial.write_bytes(partial.read_bytes()[:-5])  # a kill within a line
    predicted.clear()
    monkeypatch.setattr(
        type(trained), "predict", lambda self, given: predicted.append(len(given)) or predict(self, given)
    )
    assert run.predict_file(path, progress=False).read_bytes() == whole
    assert predicted == [3]


def test_answers_of_another_file_or_model_are_not_mixed(make, tmp_path):
    run, path = make(), write_csv(tmp_path / "new.csv")
    output = tmp_path / "out.jsonl"
    run.predict_file(path, output=output, progress=False)
    with pytest.raises(RunError, match=r"out.jsonl is there, and it is of new.csv as it is read with \{\}; remove it"):
        run.predict_file(path, output=output, column="id")
    write_csv(path, TEXTS[:3])
    with pytest.raises(RunError, match="it is of new.csv as it was before it changed; .*overwrite=True"):
        run.predict_file(path, output=output)
    assert len(lines(run.predict_file(path, output=output, overwrite=True, progress=False))) == 3
    output.rename(tmp_path / "out.jsonl.partial")
    settings = run.model_dir / "ft_magics.json"
    settings.write_text(settings.read_text() + " ")
    with pytest.raises(RunError, match="it is of another model than the run has now"):
        run.predict_file(path, output=output)
    (tmp_path / "mine.jsonl").write_text("mine")
    with pytest.raises(RunError, match="nothing beside it says what it is of"):
        run.predict_file(path, output=tmp_path / "mine.jsonl")
    assert (tmp_path / "mine.jsonl").read_text() == "mine"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("new.csv", "id,text\n1,a\n2,b,c\n", "new.csv, line 3: found 3 cells where the first row has 2; a cell"),
        ("new.csv", 'id,text\n1,"a, b"\n2,"b\n3,c\n', "new.csv, line 3: the row that begins there cannot be read"),
        ("new.csv", "a,b\n1,x\n2,y\n", "new.csv, line 2: which column is the input? There are a, b; name it with"),
        ("new.csv", "text,text\n1,x\n", "new.csv: text names more than one column"),
        ("new.jsonl", '"a"\n7\n', "new.jsonl, line 2 is an int; expected a text, or a pair of texts"),
        ("new.jsonl", '{"text": "a"}\n{"body": "b"}\n', "line 2: the input is in body here and in text above"),
        ("new.jsonl", '"a"\n{"text": \n', "new.jsonl, line 2: this is no JSON"),
        ("new.txt", b"a\nb\n\xff\n", "new.txt, line 3, byte 4: the bytes are not utf-8"),
        ("new.parquet", "x", "new.parquet: its name does not end with .csv, .jsonl, "),
        ("new.txt", " \n", "new.txt: the file is empty"),
    ],
)
def test_a_fault_is_said_with_its_line_before_anything_is_written(tmp_path, name, content, message):
    run = _quick(tmp_path)
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(DataError, match=re.escape(message)):
        run.predict_file(tmp_path / name)
    assert [each.name for each in (run.dir / "predicted").iterdir()] == []


def _quick(tmp_path):
    """A run whose model reads and never predicts."""
    (tmp_path / "run" / "model").mkdir(parents=True)
    run = Run("run", RunFolder(tmp_path / "run"))
    run.finished.set()
    task = find_task("classify")(find_task("classify").Settings(), ("a", "b"))
    run._trained = SimpleNamespace(task=task, batch_size=4)
    return run


@pytest.mark.parametrize(
    ("task", "row", "data", "given"),
    [
        ("classify", {"label": 1, "premise": "a", "hypothesis": "b"}, {}, ("a", "b")),
        ("classify", {"text": "a", "body": "b"}, {"text_column": "body"}, "b"),
        ("ner", {"tokens": ["a"], "text": "b"}, {}, ["a"]),
        ("qa", {"passage": "a", "query": "b"}, {}, ("b", "a")),
        ("relation", {"text": "a b", "e1": "a", "e2": "b"}, {}, {"text": "a b", "e1": "a", "e2": "b"}),
        ("summarize", {"highlights": "a", "article": "b"}, {}, "b"),
        ("translate", {"en": "a", "zh": "b"}, {"source_column": "zh"}, "b"),
        ("generate", {"prompt": "a", "completion": "b"}, {}, "a"),
        ("dialogue", {"id": 1, "messages": [{"role": "user"}]}, {}, [{"role": "user"}]),
        ("mlm", {"Text": "a", "id": "b"}, {}, "a"),
    ],
)
def test_the_columns_of_an_input_are_found_by_name_or_as_the_data_name_them(task, row, data, given):
    found = find_task(task)
    inputs = FileInputs(found.__new__(found), data=SimpleNamespace(**data))
    assert inputs.of(SimpleNamespace(value=row)) == given
    parted = FileInputs(found.__new__(found), column=[next(iter(row)), 2])
    assert parted.of(SimpleNamespace(value=row)) == tuple(row.values())[:2]


def test_a_prompt_in_two_columns_is_not_taken_for_one():
    task = find_task("generate")
    with pytest.raises(DataError, match="which column is the input?"):
        FileInputs(task.__new__(task)).of(SimpleNamespace(value={"instruction": "a", "input": "b", "output": "c"}))


def test_how_a_file_was_read_is_said_where_it_does_not_say_so_itself(tmp_path):
    path = tmp_path / "new.tsv"
    path.write_text('8\tthe cow\n9\t"the" cat\n')
    rows = stream_rows(str(path))
    assert [row.value for row in rows] == [{"1": "8", "2": "the cow"}, {"1": "9", "2": '"the" cat'}]
    assert rows.notes == [
        "new.tsv, line 2: quotation marks do not enclose cells here; they were read as they stand",
        "new.tsv: the first row was read as data; if it is not, say `header=True`",
    ]


def test_rows_of_a_large_file_take_no_memory(tmp_path):
    path = write_csv(tmp_path / "large.csv", [f"text number {number} " * 20 for number in range(5000)])
    rows = stream_rows(str(path))
    tracemalloc.start()
    assert sum(1 for _ in rows) == 5000
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert path.stat().st_size > 1_500_000
    assert peak < 1_000_000
