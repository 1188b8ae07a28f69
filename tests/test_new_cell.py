"""`%ft new`: a cell that fits the data, as a user gets it, and that parses, is tried and trains as it stands."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pandas as pd
import pexpect
import pytest
from ft_magics.data.beside import find_beside, name_of_split
from ft_magics.errors import DataError, TaskError
from ft_magics.models.choosing import choose_model
from ft_magics.runs.cells import parse_cell
from ft_magics.tasks.registry import find_task
from ft_magics.training.new_cell import cell_for, cell_for_demo

ROWS = [(f"the film was {word} {at}", word) for at in range(20) for word in ("good", "poor")]
PACKAGE = Path(__file__).parent / "third_party"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    monkeypatch.setattr("ft_magics.training.new_cell.hub_answers", lambda *_: False)


def made(source, task=None, namespace=None, free=lambda _: True):
    """The cell for data, with its config as it is parsed."""
    cell = cell_for(source, task, namespace or {}, free)
    return cell, parse_cell(cell.body, namespace or {})


def reference(name, value):
    from ft_magics.config.references import Reference

    return Reference(name, value)


def write(name, rows, header=("text", "label"), separator=","):
    Path(name).write_text("\n".join(separator.join(map(str, row)) for row in (header, *rows)) + "\n", encoding="utf-8")
    return name


@pytest.mark.parametrize(
    ("task", "source"),
    [
        ("ner", "demo:en/train.conll"),
        ("classify", "demo:en/intents_train.csv"),
        ("qa", "demo:en/questions_train.json"),
    ],
)
def test_without_data_it_is_the_demo_corpus_cell(task, source):
    cell = cell_for_demo(task, lambda _: True)
    config = parse_cell(cell.body, {})
    assert (config.task, config.data.train) == (task, source)
    assert config.data.dev == source.replace("train", "dev")
    assert config.data.test == source.replace("train", "test")
    assert "found beside train" in cell.body
    assert cell_for_demo(None, lambda _: True).task == "ner"


def test_columns_sizes_and_a_share_for_dev_are_said():
    write("reviews.csv", [(at, *row) for at, row in enumerate(ROWS)], ("id", "body", "verdict"))
    cell, config = made("reviews.csv")
    assert cell.text.startswith("%%finetune reviews\n# columns: id, body, verdict\n# 40 texts, 2 classes (")
    assert (config.data.text_column, config.data.label_column) == ("body", "verdict")
    assert (config.data.dev.fraction, config.data.test) == (0.2, None)
    assert "# test: path/to/test" in cell.body
    assert "the longest 20 characters" in cell.body


@pytest.mark.parametrize(
    ("columns", "settings"),
    [
        ({"text": ["a", "b"] * 20, "score": [0.5, 1.25] * 20}, {"regression": True}),
        ({"text": ["a", "b"] * 20, "year": range(40)}, {"regression": True}),
        ({"text": ["a", "b"] * 20, "stars": [1, 5] * 20}, {}),
        ({"text": ["a", "b"] * 20, "labels": [["x"], ["x", "y"]] * 20}, {"multi_label": True}),
        (
            {"comment_text": ["aa", "bb"] * 20, "toxic": [0, 1] * 20, "rude": [1, 1] * 19 + [1, 0]},
            {"multi_label": True},
        ),
        ({"comment_text": ["aa", "bb"] * 20, "toxic": [0, 1] * 20, "rude": [1, 0] * 20}, {"multi_label": False}),
    ],
)
def test_the_kind_of_labels_is_seen(columns, settings):
    frame = pd.DataFrame(columns)
    _, config = made(reference("df", frame), namespace={"df": frame})
    assert {name: getattr(config.settings, name) for name in settings} == settings
    assert config.settings.regression is bool(settings.get("regression"))
    assert config.task == "classify"
    find_task("classify").read(config.settings, config.data)


@pytest.mark.parametrize(
    "value",
    [
        [[("Ada", "B-PER"), ("lives", "O")]] * 8,
        [{"tokens": ["Ada", "lives"], "ner_tags": ["B-PER", "O"]}] * 8,
        [{"text": "Ada lives", "spans": [[0, 3, "PER"]]}] * 8,
    ],
)
def test_words_with_tags_are_entities(value):
    cell, config = made(reference("tagged", value), namespace={"tagged": value})
    assert config.task == "ner"
    assert "8 sentences, 1 entity type (PER 8), tagged in IOB2" in cell.body


def test_names_that_yaml_reads_as_something_else_are_quoted():
    names = ("yes, no", "no: 1 # x", "$x", "'", "1", "true", "标签")
    frame = pd.DataFrame(
        {name: [f"text {at} of {name}" for at in range(30)] for name in names} | {"class": ["a", "b"] * 15}
    )
    for name in names:
        chosen = frame[[name, "class"]]
        _, config = made(reference("df", chosen), namespace={"df": chosen})
        assert config.data.text_column == (1 if name == "$x" else name)  # `$x` would be an object
        assert find_task("classify").read(config.settings, config.data).train.examples[0].text.startswith("text")


def test_files_beside_train_are_found_by_name_and_read_before_they_are_taken(tmp_path):
    write("mood_train.csv", ROWS)
    write("mood_valid.csv", ROWS)
    Path("mood_test.csv").write_text("nothing\n")
    cell, config = made("mood_train.csv")
    assert (config.data.dev, config.data.test, cell.name) == ("mood_valid.csv", None, "mood")
    assert "# mood_test.csv was left out: " in cell.body
    (tmp_path / "wnut").mkdir()
    for name in ("wnut17train.conll", "emerging.dev.conll", "other.conll"):
        (tmp_path / "wnut" / name).write_text("Ada B-PER\n\n" * 9)
    assert find_beside("wnut/wnut17train.conll") == {"dev": "wnut/emerging.dev.conll"}


@pytest.mark.parametrize(
    ("train", "split", "names", "found"),
    [
        ("train.csv", "dev", ["val.csv", "test.csv"], "val.csv"),
        ("Train_df", "test", ["TEST_df"], "TEST_df"),
        ("reviews", "dev", ["dev", "reviews_dev"], None),
        ("strain.csv", "dev", ["sdev.csv"], None),
        ("x.train.tsv", "dev", ["a.dev.tsv", "b.dev.tsv"], None),
        ("training.json", "test", ["testing.json"], "testing.json"),
    ],
)
def test_a_split_is_known_by_its_name(train, split, names, found):
    assert name_of_split(train, split, names) == found


def test_objects_beside_train_are_found_by_name():
    frame = pd.DataFrame(ROWS, columns=["text", "label"])
    namespace = {"train_df": frame, "dev_df": frame, "test_df": "a text"}
    cell, config = made(reference("train_df", frame), namespace=namespace)
    assert str(config.data.dev) == "$dev_df"
    assert config.data.test is None
    assert cell.name == "classify"


def test_a_mapping_of_splits_gives_each_of_them():
    frame = pd.DataFrame(ROWS, columns=["text", "label"])
    splits = {"train": frame, "validation": frame}
    _, config = made(reference("corpus", splits), namespace={"corpus": splits})
    assert (str(config.data.train), str(config.data.dev), config.data.test) == ("$corpus", "$corpus", None)


def test_a_name_that_is_taken_is_not_given():
    write("reviews.csv", ROWS)
    assert made("reviews.csv", free=lambda name: name != "reviews")[0].name == "reviews_classify"
    assert made("reviews.csv", free=lambda name: name.endswith("3"))[0].name == "reviews_3"


def test_few_examples_leave_none_for_dev():
    write("tiny.csv", ROWS[:4])
    assert made("tiny.csv")[1].data.dev is None


def test_the_model_is_chosen_by_language_and_by_what_can_be_had():
    english, chinese, russian = ["My bin was not emptied."], ["我的垃圾桶没有清空。"], ["Мой мусор не вывезли."]
    assert choose_model(english, hub=False).name == "minilm"
    assert choose_model(chinese, hub=True).name == "bert-base-chinese"
    assert choose_model(russian, hub=True).name == "distilbert-base-multilingual-cased"
    offline = choose_model(chinese, hub=False)
    assert offline.name == "ft-tiny"
    assert "`bert-base-chinese` is far better" in offline.why
    assert choose_model([], hub=True).name == "minilm"


def test_what_is_wrong_says_where_and_what_to_do(run_cell, shell):
    shell.user_ns["number"], shell.user_ns["frame"] = 5, pd.DataFrame(ROWS, columns=["text", "label"])
    for line, *parts in (
        ("%ft new nowhere.csv", "nowhere.csv: there is no such file", "looked in"),
        ("%ft new clasify $frame", "there is no task `clasify`", "Did you mean `classify`?"),
        ("%ft new $number", "$number is an int; expected a pandas DataFrame", "%ft new TASK $number"),
        ("%ft new $frme", "`$frme` is not defined in this notebook. Did you mean `frame`?"),
        ("%ft new frame", "An object of the notebook is `$frame`"),
        ("%ft new ner $frame", "no column called sentence, word", "the columns are text, label"),
        ("%ft new classify a b", "takes at most 2 words"),
        ("%ft new .", "is a folder; name a file in it"),
    ):
        printed = run_cell(line)
        assert not run_cell.result.success, line
        for part in parts:
            assert part in printed, (line, printed)
    assert getattr(shell, "rl_next_input", None) is None


def test_data_that_no_task_reads_say_what_each_task_wants():
    Path("odd.txt").write_text("one\ntwo\n")
    with pytest.raises(DataError, match=r"(?s)is not seen to be of any task.*as classify: .*as ner: "):
        cell_for("odd.txt", None, {}, lambda _: True)
    with pytest.raises(TaskError, match="there is no task `poetry`"):
        cell_for_demo("poetry", lambda _: True)


def test_in_a_notebook_that_a_program_runs_the_cell_is_printed(run_cell, shell, monkeypatch):
    monkeypatch.setenv("FT_MAGICS_DISPLAY", "html")
    printed = run_cell("%ft new")
    assert "%%finetune ner\n" in printed
    assert getattr(shell, "rl_next_input", None) is None


@pytest.mark.parametrize("words", ["", "classify", "$reviews"])
def test_the_cell_is_tried_and_trains_as_it_stands(run_cell, shell, tiny_model, words):
    shell.user_ns["reviews"] = pd.DataFrame(ROWS, columns=["text", "label"])
    printed = run_cell(f"%ft new {words}")
    assert "Written below: " in printed
    cell = shell.rl_next_input
    shell.rl_next_input = None
    assert cell.splitlines()[0] in ("%%finetune ner", "%%finetune intents", "%%finetune reviews_classify")
    cell = cell.replace("model: minilm", f"model: {tiny_model}")
    printed = run_cell(cell.replace("\n", " --dry-run\n", 1))
    assert run_cell.result.success, printed
    run_cell(cell.replace("\n", " --set train.max_steps=2\n", 1))
    assert run_cell.result.success
    assert shell.user_ns[cell.split()[1]].status == "done"


def test_a_task_without_a_proposal_of_its_own_is_given_its_file(monkeypatch):
    monkeypatch.syspath_prepend(PACKAGE)
    from ft_rating.task import RatingTask

    monkeypatch.setattr("ft_magics.training.new_cell.find_task", lambda _: RatingTask)
    write("stars.csv", [("a poor meal", 2), ("a great meal", 5)] * 4, ("text", "stars"))
    cell = cell_for("stars.csv", "rating", {}, lambda _: True)
    assert "task: rating\n" in cell.body
    assert "train: stars.csv" in cell.body
    assert json.dumps(cell.name) == '"stars"'
    sys.modules.pop("ft_rating.task")


def test_in_a_terminal_the_next_prompt_has_the_cell_and_enter_runs_it(tmp_path):
    write("gone.csv", ROWS)
    command = [
        "-m",
        "IPython",
        "--no-banner",
        "--no-confirm-exit",
        "--HistoryManager.enabled=False",
        "--colors=nocolor",
    ]
    environment = {**os.environ, "TERM": "xterm", "HOME": str(tmp_path), "PROMPT_TOOLKIT_NO_CPR": "1"}
    child = pexpect.spawn(
        sys.executable, command, env=environment, dimensions=(50, 140), encoding="utf-8", timeout=120, cwd=tmp_path
    )
    try:
        child.expect(r"In \[1\]")
        child.send("%load_ext ft_magics\r")
        child.expect(r"In \[2\]")
        child.send("%ft new gone.csv\r")
        child.expect("Written below: `classify` on gone.csv")
        child.expect("%%finetune gone")
        child.expect("label_column: label")
        child.expect("batch_size")
        Path("gone.csv").unlink()
        child.send("\r")
        child.expect("gone.csv: there is no such file")
    finally:
        child.close(force=True)


def test_the_settings_that_are_written_are_those_that_would_be_chosen():
    from ft_magics.training.prepare import prepare

    cell = cell_for_demo("classify", lambda _: True)
    without = cell.body.partition("# what fits these data")[0]
    written, chosen = (prepare(parse_cell(body, {})).train for body in (cell.body, without))
    assert written == chosen
