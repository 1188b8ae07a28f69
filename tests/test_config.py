"""The cell's language: what is understood, and that every mistake is named with its line."""

from __future__ import annotations

import json

import pytest
from ft_magics.config.names import SETTLED_ARGUMENTS
from ft_magics.config.references import Reference
from ft_magics.errors import CellError
from ft_magics.runs.cells import parse_cell
from hypothesis import given
from hypothesis import strategies as st

DESIGN = """\
task: ner
model: minilm                       # alias | hub id | local path | $object
data:
  train: wnut17/train.conll         # path | hub id | $dataframe | $dataset
  dev:   wnut17/dev.conll           # or {fraction: 0.1, seed: 42}
  test:  wnut17/test.conll
method: full                        # full | head | bitfit | lora | adapter | prefix | prompt | {lora: {r: 8}}
train:
  epochs: 5
  learning_rate: 2e-4
  batch_size: 16
  seed: 1
  early_stopping: {patience: 3}
save:
  every: {epochs: 1}
"""
LEAST = "task: ner\nmodel: minilm\ndata: {train: a.conll, dev: b.conll}\n"


def problems(text, namespace=None, overrides=()):
    with pytest.raises(CellError) as caught:
        parse_cell(text, namespace or {}, overrides)
    return {(problem.line, problem.where): problem.text for problem in caught.value.problems}


def test_the_cell_of_the_design_is_understood():
    config = parse_cell(DESIGN, {})
    assert config.train.learning_rate == 2e-4
    assert config.train.early_stopping.patience == 3
    assert config.save.every.epochs == 1


def test_hugging_face_names_are_understood():
    text = LEAST + (
        "train: {num_train_epochs: 3, per_device_train_batch_size: 8, per_device_eval_batch_size: 32, warmup_ratio: 0.2,"
        " gradient_accumulation_steps: 2, lr_scheduler_type: cosine, bf16: true, no_cuda: true, max_seq_length: 64,"
        " early_stopping_patience: 2, lr: 1e-4, optim: adafactor, gradient_checkpointing: true, hidden_dropout: 0.3}"
    )
    train = parse_cell(text, {}).train
    assert (train.epochs, train.batch_size, train.eval_batch_size, train.warmup) == (3, 8, 32, 0.2)
    assert (train.gradient_accumulation, train.scheduler, train.precision, train.device) == (2, "cosine", "bf16", "cpu")
    assert (train.max_length_tokens, train.early_stopping.patience, train.learning_rate) == (64, 2, 1e-4)
    assert (train.optimizer, train.activation_checkpointing, train.dropout.hidden) == ("adafactor", True, 0.3)


@pytest.mark.parametrize("word", ["token-classification", "named-entity-recognition"])
def test_other_words_for_the_task(word):
    assert parse_cell(LEAST.replace("task: ner", f"task: {word}"), {}).task == "ner"


def test_a_reference_is_the_object_itself():
    rows = [object()]
    config = parse_cell("task: ner\nmodel: minilm\ndata: {train: $rows, dev: {fraction: 0.2}}", {"rows": rows})
    assert isinstance(config.data.train, Reference)
    assert config.data.train.value is rows
    assert config.to_plain()["data"]["train"] == "$rows"


def test_a_dollar_inside_a_text_is_just_a_dollar():
    assert parse_cell(LEAST.replace("a.conll", "cost$.conll"), {}).data.train == "cost$.conll"


def test_every_mistake_is_reported_at_once_with_its_line_and_the_nearest_name():
    text = """\
task: nerr
modle: minilm
data:
  train: $dff
  dev: {fraction: 1.5, sed: 1}
  test: {path: x, tag_colum: 3}
train:
  learning_rate: -1
  batch_size: "16"
  learning_rate: 3
  epochs: many
  num_train_epochs: 3
  evaluation_strategy: epoch
  early_stopping: 3
  patience: 4
save: 3
"""
    found = problems(text, {"df": 1})
    assert "Did you mean `ner`?" in found[2, "task"]
    assert "Did you mean `model`?" in found[3, "modle"]
    assert "is missing" in found[2, "model"]
    assert "Did you mean `df`?" in found[5, "data.train"]
    assert "less than 1" in found[6, "data.dev.fraction"]
    assert "Did you mean `seed`?" in found[6, "data.dev.sed"]
    assert "Did you mean `tag_column`?" in found[7, "data.test.tag_colum"]
    assert "greater than 0" in found[9, "train.learning_rate"]
    assert "take the quotes away" in found[10, "train.batch_size"]
    assert "the first is on line 9" in found[11, "train.learning_rate"]
    assert "expected a number" in found[12, "train.epochs"]
    assert "the same as `train.epochs`" in found[13, "train.num_train_epochs"]
    assert "end of every epoch" in found[14, "train.evaluation_strategy"]
    assert "or a section such as" in found[15, "train.early_stopping"]
    assert "belongs at `train.early_stopping.patience`" in found[16, "train.patience"]
    assert "expected a section" in found[17, "save"]
    assert len(found) == 16


@pytest.mark.parametrize(
    ("line", "where", "says"),
    [
        ("train: {learning_rate: 0}", "train.learning_rate", "greater than 0"),
        ("train: {learning_rate: .nan}", "train.learning_rate", "finite"),
        ("train: {learning_rate: 1e-400}", "train.learning_rate", "greater than 0"),
        ("train: {epochs: 0}", "train.epochs", "greater than 0"),
        ("train: {epochs: -3}", "train.epochs", "greater than 0"),
        ("train: {epochs: yes}", "train.epochs", "number"),
        ("train: {epochs: true}", "train.epochs", "number"),
        ("train: {batch_size: 0}", "train.batch_size", "greater than or equal to 1"),
        ("train: {batch_size: 1.5}", "train.batch_size", "whole number"),
        ("train: {seed: -1}", "train.seed", "greater than or equal to 0"),
        ("train: {warmup: 1.5}", "train.warmup", "whole number"),
        ("train: {scheduler: linaer}", "train.scheduler", "Did you mean `linear`?"),
        ("train: {precision: fp16}", "train.precision", "expected"),
        ("train: {fp16: true}", "train.fp16", "precision: bf16"),
        ("train: {device: gpu}", "train.device", "expected"),
        ("train: 3", "train", "expected a section"),
        ("train: [1]", "train", "expected a section"),
        ("method: {lora: {rnk: 8}}", "method.lora.rnk", "unknown key"),
        ("method: [lora, full]", "method", "each say what is trainable"),
        ("method: fulll", "method", "Did you mean `full`?"),
        ("save: {every: 3}", "save.every", "expected a section"),
        ("colour: red", "colour", "unknown key"),
        ("train: &a {epochs: *a}", "train.epochs", "alias"),
    ],
)
def test_one_wrong_line(line, where, says):
    found = problems(LEAST + line + "\n")
    assert says in found[5, where], found
    assert len(found) == 1


@pytest.mark.parametrize("key", SETTLED_ARGUMENTS)
def test_arguments_that_need_no_setting_say_what_happens_instead(key):
    assert "leave it out" in problems(f"{LEAST}train: {{{key}: 1}}")[5, f"train.{key}"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "the cell is empty"),
        ("# only a comment", "the cell is empty"),
        ("- a\n- b", "found a list"),
        ("just words", "found a text"),
        ("task: [1, 2", "not YAML"),
        ("task: ner\n\tmodel: minilm", "never with tabs"),
        ("task: ner: x", "not YAML"),
    ],
)
def test_text_that_is_no_config(text, says):
    with pytest.raises(CellError, match=says):
        parse_cell(text, {})


def test_model_of_a_wrong_type_is_one_mistake():
    assert len(problems(LEAST.replace("minilm", "3"))) == 1


def test_overrides_win_and_are_checked():
    config = parse_cell(LEAST, {}, ["train.epochs=2", "train.early_stopping.patience=1"])
    assert (config.train.epochs, config.train.early_stopping.patience) == (2, 1)
    assert "Did you mean `epochs`?" in problems(LEAST, {}, ["train.epoch=2"])[1, "train.epoch"]
    assert "key=value" in problems(LEAST, {}, ["train"])[1, "--set train"]


scraps = st.one_of(
    st.sampled_from("${}[]:-'\"#!|>?%@`~=_：\t\n\r\u2028\ufeff\0"),
    st.sampled_from(["$x", "&a ", "*a", "null", "1e400", "-1", ".nan", "0x1G", "1:2", "!!int ", "!!set ", "'[1'"]),
    st.sampled_from(["<<: ", "---\n", "...\n", "- ", ": ", "  ", "fraction: ", "path: ", "train"]),
)
edits = st.lists(st.tuples(st.floats(0, 1), scraps, st.sampled_from([0, 0, 1, 3, 8])), min_size=1, max_size=4)
keys = st.sampled_from(["train", "train.epochs", "task", "data.train.path", "save.every.epochs", "a.b", "train.lr"])


@given(edits, st.lists(st.tuples(keys, scraps), max_size=1))
def test_any_cell_is_understood_or_explained(changes, overrides):
    text = DESIGN
    for share, scrap, cut in changes:
        at = int(share * len(text))
        text = text[:at] + scrap + text[at + cut :]
    message = ""
    try:
        parse_cell(text, {"x": [1]}, [f"{key}={value}" for key, value in overrides])
    except CellError as error:
        message = str(error)
    for foreign in ("Input should", "pydantic", "<class", "<file>", "<source>", "is-instance"):
        assert foreign not in message


def test_early_stopping_needs_dev():
    assert (
        "no dev split"
        in problems("task: ner\nmodel: m\ndata: {train: a}\ntrain: {early_stopping: {patience: 1}}")[
            5, "train.early_stopping"
        ]
    )


def test_fractions_must_leave_something():
    text = "task: ner\nmodel: m\ndata: {train: a, dev: {fraction: 0.5}, test: {fraction: 0.5}}"
    assert "nothing is left" in problems(text)[4, "data"]


@pytest.mark.parametrize("every", [None, {"epochs": 2}])
def test_the_config_that_a_run_keeps_says_all_that_its_cell_said(every):
    config = parse_cell(f"{LEAST}\nsave: {{every: {json.dumps(every)}}}", {})
    assert parse_cell(json.dumps(config.to_plain()), {}) == config  # JSON is YAML
    assert config.to_plain()["save"]["every"] == every
    assert "max_steps" not in config.to_plain()["train"]
