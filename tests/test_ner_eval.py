"""`%ner_eval` in a real shell: every way to name gold and predictions, and what each shows."""

from __future__ import annotations

import json

import pytest

BOTH = "Ada B-PER B-PER\nLovelace I-PER O\nlives O O\n\nParis B-LOC B-LOC\n. O I-LOC\n\n"
OTHER = "Ada B-PER\nLovelace I-PER\nlives O\n\nparis B-LOC\n. O\n\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "both.conll").write_text(BOTH * 6)
    (tmp_path / "other.conll").write_text(OTHER + OTHER.replace("paris", "Paris") * 5)
    (tmp_path / "gold.conll").write_text(
        "".join(line.rsplit(" ", 1)[0] + "\n" if " " in line else "\n" for line in (BOTH * 6).splitlines())
    )
    return tmp_path


@pytest.fixture
def evaluate(shell, run_cell, files):
    assert files.is_dir()

    def run(line: str):
        text = run_cell(f"r = %ner_eval {line}")
        return text, shell.user_ns.get("r")

    return run


def test_one_file_with_both_columns(evaluate):
    text, report = evaluate("--data both.conll")
    assert (report.micro.support, report.micro.correct) == (12, 0)
    assert "headline numbers equal seqeval" in text
    assert report.evidence.page({"limit": 1})["cards"][0].row == "both.conll, line 1"
    _, swapped = evaluate("--data both.conll --gold-column 3 --pred-column 2")
    assert swapped.micro.support == report.micro.predicted


def test_two_files_whose_words_differ_a_little(evaluate):
    text, report = evaluate("--gold gold.conll --pred other.conll --mode strict")
    assert report.micro.f1 == 1.0
    assert report.mode == "strict"
    assert "1 of 30 words differ between the two files, first `Paris` at gold.conll, line 5" in text


def test_two_files_of_different_texts(evaluate, files):
    (files / "far.conll").write_text((OTHER * 6).replace("Ada", "Eve").replace("lives", "left"))
    text, _ = evaluate("--gold gold.conll --pred far.conll")
    assert "18 of 30 words differ" in text
    assert "Traceback" not in text


def test_spans_of_ones_own(evaluate, shell):
    shell.user_ns |= {
        "gold": [[(0, 3, "PER")], []],
        "pred": [[{"start": 0, "end": 3, "label": "PER"}], [(1, 2, "LOC")]],
    }
    text, report = evaluate("--gold $gold --pred $pred")
    assert (report.micro.correct, report.micro.predicted, report.scheme) == (1, 2, None)
    assert "types that predictions has and gold lack: LOC" in text or "LOC" in text


def test_what_is_shown_can_be_chosen(evaluate):
    text, _ = evaluate("--data both.conll --by entity_length --min-support 100")
    assert "2 rows are hidden: support below 100" in text
    assert "By entity length" in text
    assert "2 words" in text
    text, _ = evaluate("--data both.conll --by seen")
    assert "needs the training data" in text


def test_two_runs_side_by_side(evaluate, run_cell, cell):
    run_cell(cell("max_steps: 2", name="first"))
    run_cell(cell("max_steps: 6, learning_rate: 3e-3", name="second"))
    text, comparison = evaluate("first second --split test")
    assert text.count("compared with first · test") == 1
    assert "second · test" in text
    assert comparison.others[0].title == "second · test"
    assert comparison.others[0].overall.p is not None
    text, _ = evaluate("first second nobody")
    assert "there is no run `nobody`" in text


def test_a_report_in_a_file(evaluate, run_cell, cell, files):
    run_cell(cell("max_steps: 1", name="kept"))
    text, report = evaluate("ft_runs/kept/report.json")
    assert report.title == "kept · test"
    assert "micro" in text
    _, dev = evaluate("ft_runs/kept/report.json --split dev")
    assert dev.title == "kept · dev"
    record = report.to_json()
    (files / "newer.json").write_text(json.dumps(record | {"schema": 99}))
    (files / "broken.json").write_text("{")
    for line, says in [
        ("newer.json", "has schema 99; this version of ft_magics reads schema 3. Update ft_magics"),
        ("broken.json", "this is no JSON"),
        ("none.json", "cannot be read: No such file"),
    ]:
        text, _ = evaluate(line)
        assert says in text
        assert "Traceback" not in text


def test_html_for_a_notebook_that_a_program_runs(monkeypatch, files, shell):
    assert files.is_dir()
    monkeypatch.setenv("FT_MAGICS_DISPLAY", "html")
    from IPython.utils.capture import capture_output

    with capture_output() as captured:
        shell.run_cell("%ner_eval --data both.conll --by capitalisation")
    html = captured.outputs[0].data["text/html"]
    assert "<script" not in html
    fold = next(part for part in html.split("<details")[1:] if "By capitalisation" in part.split("</summary>")[0])
    assert 'open="open"' in fold.split(">")[0]


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("--data gold.conll", "Without a model, --data wants a gold and a predicted tag in the last two columns"),
        ("--data both.conll --min-support -1", "--min-support: found -1, expected a number from 0"),
        ("--gold $two --pred $two", "$two[1] is an int; expected a list of tags"),
    ],
)
def test_what_cannot_be_evaluated_says_why(evaluate, shell, line, says):
    shell.user_ns["two"] = [["O"], 3]
    text, _ = evaluate(line)
    assert says in text
    assert "Traceback" not in text


def test_two_families_of_prefixes_are_said(evaluate, shell):
    shell.user_ns |= {"gold": [["S-A"], ["B-A", "E-A"]], "pred": [["U-A"], ["B-A", "L-A"]]}
    text, _ = evaluate("--gold $gold --pred $pred")
    assert "bring gold and predictions to one scheme" in text
