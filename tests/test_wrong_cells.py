"""A newcomer's mistakes: each ends in one message that says what, where and what to do, and nothing is lost."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ft_magics import load
from ft_magics.events import RunEnded, RunStarted

from conftest import CONLL

GOOD = "task: ner\nmodel: tiny\ndata: {train: small.conll, dev: small.conll}\n"


@pytest.fixture(autouse=True)
def _offline(monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)


@pytest.fixture(autouse=True)
def _files(_in_a_folder_of_its_own, tiny_model):
    """What the cells name: a good file and the tiny model."""
    Path("small.conll").write_text(CONLL * 8, encoding="utf-8")
    Path("words.conll").write_text("Ada B-PER\n")
    Path("texts.csv").write_text("text,label\nthe bin is full,waste\n")
    Path("headless.csv").write_text("the bin is full,waste\nwhen is it open,library\n" * 4)
    Path("t.csv.gz").write_bytes(b"\x1f\x8b\x08\x00\xff\xff")
    Path("tiny").symlink_to(tiny_model, target_is_directory=True)


@pytest.fixture
def earlier(shell):
    """A finished run called `bad`, in the notebook and in its folder: no wrong cell may touch it."""
    folder = Path("ft_runs/bad")
    folder.mkdir(parents=True)
    facts = {"name": "bad", "task": "ner", "model": "tiny", "method": "full", "device": "cpu", "precision": "fp32"}
    counts = {"epochs": 1.0, "total_steps": 1, "parameters": 1, "trainable_parameters": 1, "examples": 1, "metrics": []}
    ended = RunEnded(status="done", reason="", best_epoch=None, best=None, elapsed_s=1.0)
    events = [RunStarted(**facts, **counts), ended]
    (folder / "events.jsonl").write_text("".join(json.dumps(event.to_json()) + "\n" for event in events))
    shell.user_ns["bad"] = load(folder)
    return shell.user_ns["bad"]


def everything_below(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }


@dataclass
class Refused:
    """Runs a cell that must be refused, and sees that nothing changed."""

    run_cell: object
    shell: object
    earlier: object

    def __call__(self, cell: str, says: tuple[str, ...]) -> str:
        before, names = everything_below(Path.cwd()), set(self.shell.user_ns)
        printed = self.run_cell(cell)
        assert self.run_cell.result.success is False, printed
        assert "Traceback" not in printed
        assert "UnexpectedError" not in printed
        assert len(re.findall(r"^\w+Error: ", printed, re.MULTILINE)) == 1, printed
        for fragment in says:
            assert fragment in printed, printed
        assert everything_below(Path.cwd()) == before
        assert self.shell.user_ns["bad"] is self.earlier
        assert {name for name in set(self.shell.user_ns) - names if not re.fullmatch(r"_\w*", name)} == set()
        return printed


@pytest.fixture
def refused(run_cell, shell, earlier):
    return Refused(run_cell, shell, earlier)


def table(cases: dict[str, tuple]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(("text", "says"), [(text, says) for text, *says in cases.values()], ids=list(cases))


def train(settings: str) -> str:
    return f"{GOOD}train: {{{settings}}}"


def data(splits: str) -> str:
    return f"task: ner\nmodel: tiny\ndata: {{{splits}}}"


TEXTS = {
    "a comment only": ("# task: ner", "the cell is empty", "`task: ner`"),
    "blank lines only": ("\n \n", "the cell is empty"),
    "a list": ("- task: ner", "line 2", "found a list", "`key: value`"),
    "plain words": ("fine-tune my model please", "line 2", "found a text"),
    "python": ("import torch", "line 2", "found a text"),
    "equals signs": ("task = ner\nmodel = tiny", "line 2", "found a text", "`task: ner`"),
    "tabs": ("task: ner\n\tmodel: tiny", "line 3", "never with tabs"),
    "Chinese quotation marks": (GOOD.replace("ner", "“ner”", 1), "line 2  task", "Did you mean `ner`?"),
    "no space after a colon": ("task:ner\nmodel: tiny", "line 3", "A colon needs a space after it"),
    "a full-width colon": ("task：ner\nmodel: tiny", "line 2", "full-width colon"),
    "full-width colons only": ("task：ner\nmodel：tiny", "line 2", "full-width colon"),
    "two keys on a line": ("task: ner, model: tiny", "line 2", "not YAML", "a line of its own"),
    "wrong indentation": (
        "task: ner\nmodel: tiny\ndata:\n  train: a\n   dev: b",
        "line 6",
        "not YAML",
        "indented further",
    ),
    "another column": ("task: ner\ndata:\n    train: a\n  dev: b", "line 5", "begins in another column"),
    "no colon": (f"{GOOD}learning_rate 2e-4", "line 5", "no colon behind `learning_rate`; write `learning_rate: 2e-4`"),
    "no colon in a section": (f"{GOOD}train:\n  epochs 3\n  seed: 1", "line 6", "write `epochs: 3`"),
    "no colon at first": ("task ner\nmodel: tiny", "line 2", "write `task: ner`"),
    "no colon behind a section": (f"{GOOD}train\n  epochs: 3", "line 5", "no colon behind `train`; write `train:`"),
    "no colon before a brace": (f"{GOOD}train {{epochs: 3}}", "line 5", "no colon behind `train`; write `train: {…}`"),
    "an equals sign": (f"{GOOD}epochs = 3", "line 5", "with a colon: `epochs: 3`"),
    "a full-width comma": (f"{GOOD}train: {{epochs: 1，seed: 2}}", "line 5", "full-width comma"),
    "a full-width colon in braces": (f"{GOOD}train: {{epochs： 3}}", "line 5", "full-width colon"),
    "semicolons": (f"{GOOD}train: {{epochs: 1; seed: 2}}", "line 5", "a comma parts the keys"),
    "an unclosed bracket": (f"{GOOD}train: {{epochs: 1", "the bracket was opened on line 5"),
    "an unclosed list": ("task: [ner", "the bracket was opened on line 2"),
    "an unclosed quotation": ("task: 'ner\nmodel: tiny", "the quotation mark was opened on line 2"),
    "a bad escape": ('task: "n\\q"', "line 2", "not YAML"),
    "an at sign": ("task: @ner", "line 2", "cannot start"),
    "a control character": ("task: ner\nmodel: \x07", "line 3", "U+0007"),
    "several documents": (f"{GOOD}---\n{GOOD}", "line 5", "begins another one"),
    "an unknown alias": (f"{GOOD}train: *mine", "line 5", "undefined alias"),
    "an alias inside itself": (f"{GOOD}train: &a {{epochs: *a}}", "line 5", "train.epochs", "write the value out"),
    "an anchor's own key": (f"mine: &a {{epochs: 1}}\n{GOOD}train: *a", "line 2  mine", "unknown key"),
    "a merge key": (train("<<: {epochs: 1}"), "line 5  train.<<", "merge keys are not read"),
    "an unknown tag": (GOOD.replace("ner", "!mine ner", 1), "line 2  task", "`!mine` means nothing here"),
    "a tag that lies": (train("epochs: !!float many"), "line 5", "`!!float`"),
    "a list as a key": (f"? [a, b]\n: c\n{GOOD}", "line 2", "a key must be a single word"),
    "a key twice": (f"{GOOD}model: other", "line 5  model", "the first is on line 3"),
    "a section twice": (f"{train('epochs: 1')}\ntrain: {{seed: 2}}", "line 6  train", "the first is on line 5"),
}
KEYS = {
    "a misspelt key": (GOOD.replace("model", "modle"), "line 3  modle", "Did you mean `model`?", "model: is missing"),
    "a capital letter": (GOOD.replace("task", "Task"), "Did you mean `task`?"),
    "a column by its short name": (
        "task: classify\nmodel: tiny\ndata: {train: a.csv, text: text, label: label}",
        "line 4  data.text: unknown key. Did you mean `text_column`?",
        "line 4  data.label: unknown key. Did you mean `label_column`?",
    ),
    "a tag by its short name": (data("train: small.conll, tag: 2"), "Did you mean `tag_column`?"),
    "an unknown key": (f"{GOOD}colour: red", "line 5  colour", "Known here: compare, data, eval, method"),
    "a key with points": (f"{GOOD}train.epochs: 3", "write it in its section", "--set"),
    "a setting at the top": (f"{GOOD}epochs: 3", "line 5  epochs", "it belongs at `train.epochs`"),
    "a seed at the top": (f"{GOOD}seed: 3", "it belongs at `train.seed`"),
    "Hugging Face's name at the top": (f"{GOOD}num_train_epochs: 3", "it belongs at `train.num_train_epochs`"),
    "output_dir at the top": (f"{GOOD}output_dir: here", "line 5  output_dir", "`save: {dir: …}`"),
    "output_dir under save": (f"{GOOD}save: {{output_dir: here}}", "save.output_dir", "`save: {dir: …}`"),
    "a misspelt setting": (train("learning_rat: 1"), "line 5  train.learning_rat", "Did you mean `learning_rate`?"),
    "a misspelt Hugging Face name": (train("num_train_epoch: 3"), "Did you mean `num_train_epochs`?"),
    "a settled argument": (train("fp16: true"), "train.fp16: leave it out", "bf16"),
    "two names for one setting": (train("epochs: 3, num_train_epochs: 4"), "says the same as `train.epochs`"),
    "nothing but a task": ("task: ner", "model: is missing", "data: is missing", "2 mistakes"),
    "no training data": (data("dev: small.conll"), "data.train: is missing", "train: path/to/train.conll"),
    "validation": (data("train: small.conll, validation: small.conll"), "data.validation", "Did you mean `dev`?"),
    "data that is a text": (GOOD.replace("{train: small.conll, dev: small.conll}", "small.conll"), "line 4  data"),
    "data that is a list": (GOOD.replace("{train: small.conll, dev: small.conll}", "[a]"), "found a list, expected a"),
    "sections left flat": ("task: ner\nmodel: tiny\ndata:\ntrain: a", "line 4  data: found nothing", "line 5  train"),
}
VALUES = {
    "a misspelt task": (GOOD.replace("ner", "nre", 1), "line 2  task", "Did you mean `ner`?"),
    "no task": (
        GOOD.replace("ner", "null", 1),
        "task: found nothing, expected the name of a task: `classify`, ",
    ),
    "a task in a list": (GOOD.replace("ner", "[ner]", 1), "task: found a list"),
    "a method of a number": (f"{GOOD}method: 3", "line 5  method", "found the number 3", "`{lora: {r: 8}}`"),
    "no rank": (f"{GOOD}method: {{lora: {{r: 0}}}}", "line 5  method.lora.r", "found 0"),
    "a setting beside its method": (f"{GOOD}method: {{lora: , r: 8}}", "line 5  method", "is a setting of `lora`"),
    "a misspelt method": (f"{GOOD}method: ful", "Did you mean `full`?"),
    "a misspelt method with settings": (f"{GOOD}method: {{loraa: {{r: 8}}}}", "Did you mean `lora`?"),
    "two methods": (f"{GOOD}method: {{full: {{}}, lora: {{}}}}", "`full` and `lora` each say what is trainable"),
    "settings for full": (f"{GOOD}method: {{full: {{r: 8}}}}", "method.full", "no settings"),
    "no method": (f"{GOOD}method: null", "method: found nothing"),
    "a negative rate": (train("learning_rate: -1"), "line 5  train.learning_rate: found -1, expected greater than 0"),
    "a rate of nothing": (train("learning_rate: 0"), "train.learning_rate: found 0"),
    "a rate that is no number": (train("learning_rate: .nan"), "found nan, expected a finite number"),
    "an infinite rate": (train("learning_rate: .inf"), "found inf, expected a finite number"),
    "a rate that overflows": (train("learning_rate: 1e400"), "found inf, expected a finite number"),
    "nan as a word": (train("learning_rate: nan"), "found the text `nan`, expected a number\n"),
    "a rate above one": (train("learning_rate: 3"), "train.learning_rate: found 3, expected less than or equal to 1"),
    "a number in quotes": (train("learning_rate: '2e-4'"), "found the text `2e-4`", "take the quotes away"),
    "a whole number in quotes": (train('batch_size: "16"'), "found the text `16`", "take the quotes away"),
    "a Hugging Face name": (train("num_train_epochs: many"), "line 5  train.num_train_epochs: found the text `many`"),
    "no epochs": (train("epochs: 0"), "train.epochs: found 0, expected greater than 0"),
    "epochs of null": (train("epochs: null"), "train.epochs: found nothing, expected a number"),
    "a decimal comma": (train("learning_rate: 0,001"), "line 5  train.001", "a decimal point"),
    "a power": (train("learning_rate: 10^-4"), "expected a number; 10^-4 is written 1e-4"),
    "yes": (GOOD.replace("ner", "{classify: {multi_label: yes}}", 1), "found the text `yes`, expected true or false"),
    "epochs in a list": (train("epochs: [1]"), "train.epochs: found a list"),
    "epochs as a truth": (train("epochs: true"), "found the truth value true"),
    "half a batch": (train("batch_size: 2.5"), "train.batch_size: found the number 2.5, expected a whole number"),
    "an endless batch": (train("batch_size: 100000000000000000000"), "expected less than or equal to 1000000"),
    "a number without end": (train("seed: " + "9" * 5000), "train.seed", "cannot be read as `!!int`"),
    "brackets without end": (train("epochs: " + "[" * 5000), "nested too deeply"),
    "a seed that is too large": (train("seed: 99999999999"), "train.seed"),
    "one warmup step and a half": (train("warmup: 1.5"), "line 5  train.warmup", "a whole number of steps"),
    "a warmup share above one": (train("warmup_ratio: 2"), "train.warmup_ratio: found 2", "`warmup: 100`"),
    "more warmup than training": (train("warmup: 500, max_steps: 5"), "train.warmup: 500 steps", "training has 5"),
    "early stopping as a number": (train("early_stopping: 3"), "train.early_stopping", "`{patience: 3}`"),
    "no patience": (train("early_stopping: {patience: 0}"), "train.early_stopping.patience: found 0"),
    "early stopping without dev": (
        f"{data('train: small.conll')}\ntrain: {{early_stopping: {{patience: 1}}}}",
        "line 5  train.early_stopping",
        "no dev split",
        "`dev: {fraction: 0.1}`",
    ),
    "an unknown device": (train("device: gpu"), "train.device: found the text `gpu`", "Did you mean `cuda`?"),
    "an unknown precision": (train("precision: fp16"), "train.precision", "Did you mean `bf16`?"),
    "a flag that is no truth": (train("bf16: maybe"), "train.bf16: expected true or false", "`precision: bf16`"),
    "an unknown schedule": (train("scheduler: linaer"), "Did you mean `linear`?"),
    "windows of no length": (train("max_length_tokens: 2"), "train.max_length_tokens: found 2"),
    "windows longer than the model": (train("max_length_tokens: 5000"), "train.max_length_tokens", "64 tokens"),
    "checkpoints as a number": (f"{GOOD}save: {{every: 3}}", "save.every: found the number 3", "`{epochs: 1}`"),
    "checkpoints by steps and epochs": (
        f"{GOOD}save: {{every: {{steps: 3, epochs: 1}}}}",
        "save.every",
        "one of steps, minutes",
    ),
    "checkpoints by nothing": (f"{GOOD}save: {{every: {{}}}}", "save.every", "one of steps, minutes"),
    "a tracker that nobody knows": (f"{GOOD}train: {{report_to: mlflw}}", "train.report_to", "mlflow"),
    "a folder of a number": (f"{GOOD}save: {{dir: 3}}", "save.dir: found the number 3, expected a text"),
    "a folder without a name": (f"{GOOD}save: {{dir: ''}}", "save.dir: is an empty text"),
    "somebody's home for a folder": (f"{GOOD}save: {{dir: '~nobody-of-this-name'}}", "save.dir", "home directory"),
    "a folder with a zero": (f'{GOOD}save: {{dir: "a\\0b"}}', "save.dir", "zero character"),
    "a folder that is a file": (f"{GOOD}save: {{dir: small.conll}}", "small.conll is a file", "`save: {dir: …}`"),
    "a fraction of nothing": (data("train: small.conll, dev: {fraction: 0}"), "data.dev.fraction: found 0"),
    "a fraction of all": (data("train: small.conll, dev: {fraction: 1}"), "data.dev.fraction: found 1, expected less"),
    "a fraction above all": (data("train: small.conll, dev: {fraction: 1.5}"), "data.dev.fraction: found 1.5"),
    "a percentage": (
        data("train: small.conll, dev: {fraction: 10%}"),
        "found the text `10%`, expected a number; 10% is 0.1",
    ),
    "a fraction without its key": (data("train: small.conll, dev: 0.1"), "data.dev", "such as `{fraction: 0.1}`"),
    "a fraction without a share": (data("train: small.conll, dev: {seed: 1}"), "data.dev.fraction: is missing"),
    "a fraction of a file": (data("train: small.conll, dev: {path: small.conll, fraction: 0.1}"), "go with `path`"),
    "a fraction too small": (
        data("train: small.conll, dev: {fraction: 0.001}"),
        "data.dev: 0.001 of 24 examples is 0",
    ),
    "a fraction that leaves nothing": (data("train: small.conll, dev: {fraction: 0.99}"), "leaves 0 to train on"),
    "fractions that leave nothing": (
        data("train: small.conll, dev: {fraction: 0.5}, test: {fraction: 0.5}"),
        "nothing is left to train on",
    ),
    "a fraction for train": (data("train: {fraction: 0.9}"), "data.train.path: is missing", "data.dev.fraction"),
    "an unknown scheme": (data("train: small.conll, scheme: BIO"), "data.scheme", "Did you mean `IOB2`?"),
    "a scheme it is not": (
        data("train: small.conll, scheme: IO, tag_column: 1, token_column: 1"),
        "column 1 cannot be",
    ),
    "an unknown format": (data("train: small.conll, format: parquet"), "data.format", "'conll', 'jsonl' or 'csv'"),
    "an unknown encoding": (data("train: small.conll, encoding: utf-9"), "no encoding `utf-9`"),
    "column nought": (data("train: small.conll, token_column: 0"), "data.token_column: found 0"),
    "a column before the first": (data("train: small.conll, tag_column: -9"), "there is no column -9"),
    "tags that have prefixes": (data("train: small.conll, scheme: IO"), "IO has none; leave `scheme` out"),
    "a word column too many": (data("train: small.conll, token_column: 9"), "line 1: expected at least 9 columns"),
    "a tag column too many": (data("train: small.conll, tag_column: 9"), "line 1: expected at least 9 columns"),
    "a tag column by a wrong name": (data("train: small.conll, tag_column: ner"), "no column `ner`"),
    "a word that is its tag": (data("train: small.conll, token_column: 2, tag_column: 2"), "both the word and its tag"),
    "a sentence mark nowhere": (data("train: small.conll, sentence_end: END"), "no line holds `END`"),
    "tag names that are no list": (data("train: small.conll, tag_names: O"), "data.tag_names", "expected a list"),
    "no path": (data("train: ''"), "data.train: is an empty text"),
    "a path of null": (data("train: null"), "data.train: found nothing, expected a path"),
    "a path of a number": (data("train: 3"), "data.train: found the number 3, expected a path"),
    "a list of paths": (
        data("train: [small.conll, small.conll]"),
        "data.train: found a list",
        "put several files into one",
    ),
}
PATHS = {
    "a missing file": (data("train: nowhere.conll"), "data.train: nowhere.conll: there is no such file (looked in /"),
    "a misspelt file": (data("train: smal.conll"), "Did you mean `small.conll`?"),
    "a missing folder": (data("train: no/where.conll"), "there is no folder no (looked from /"),
    "a folder": (data("train: ."), "is a folder; name a file in it: headless.csv, small.conll"),
    "several missing files": (data("train: small.conll, dev: a.conll, test: b.conll"), "data.dev: a", "data.test: b"),
    "a name without its dollar": (data("train: frame"), "there is no such file", "`$frame`"),
    "a name of the hub": (data("train: eriktks/conll2003"), "there is no folder eriktks", "datasets.load_dataset"),
    "a share as a percentage": (data("train: small.conll, dev: 10%"), "data.dev: 10% is no file", "`{fraction: 0.1}`"),
    "a path with a tab": (data('train: "C:\\new.conll"'), "data.train", "in single quotation marks"),
    "a path with an escape": (data('train: "C:\\data.conll"'), "line 4", "in single quotation marks"),
    "a compressed table": (
        "task: classify\nmodel: tiny\ndata: {train: t.csv.gz}",
        "a gzip archive",
        "`frame = pd.read_csv(…)`",
    ),
    "tagged words to classify": ("task: classify\nmodel: tiny\ndata: {train: words.conll}", "is for `task: ner`"),
    "texts for ner": (data("train: texts.csv"), "no column called sentence, word", "is for `task: classify`"),
    "a file without a header": (
        "task: classify\nmodel: tiny\ndata: {train: headless.csv, text_column: text}",
        "nothing names the columns here; give its number, from 1 to 2, such as `text_column: 1`",
    ),
    "a model by another name": (GOOD.replace("tiny", "all-MiniLM-L6-v2"), "Did you mean `minilm`?"),
    "a misspelt folder": (GOOD.replace("tiny", "./tinny"), "there is no folder ./tinny", "Did you mean `./tiny`?"),
    "an address": (data("train: 'https://x.org/a.conll'"), "is an address; download the file"),
    "a file of the demo corpus": (
        data("train: 'demo:fr/train.conll'"),
        "no `fr/train.conll`; it has en/dev.conll",
        "Did you mean `en/train.conll`?",
    ),
    "the demo corpus without its language": (data("train: 'demo:train.con'"), "Did you mean `en/train.conll`?"),
    "somebody's home": (data("train: '~nobody-of-this-name/a.conll'"), "could not determine home directory"),
    "a whole text": (data("train: " + "x" * 3000), "the file cannot be read: File name too long"),
    "a pipe": (data("train: /dev/null"), "no file with lines to read"),
    "a missing model folder": (GOOD.replace("tiny", "./tinny"), "model: there is no folder ./tinny (looked from /"),
    "a model that is a file": (GOOD.replace("tiny", "small.conll"), "small.conll is a file"),
    "a model of no name": (GOOD.replace("tiny", "''"), "model: is an empty text"),
    "a model of a number": (GOOD.replace("tiny", "3"), "model: found the number 3", "`minilm`"),
    "a model of two words": (
        GOOD.replace("tiny", "mini lm"),
        "cannot be the name of a model",
        "Did you mean `minilm`?",
    ),
    "a model of the hub, offline": (GOOD.replace("tiny", "bert-base"), "Four ways out", "a folder that holds"),
    "a misspelt model": (GOOD.replace("tiny", "minilmm"), "Did you mean `minilm`?"),
    "several things at once": (
        f"{GOOD.replace('tiny', './tinny').replace('dev: small', 'dev: smal')}train: {{device: mps}}",
        "several things are wrong",
        "train.device: `mps` is not there",
        "model: there is no folder ./tinny",
        "data.dev: smal.conll",
    ),
}
REFERENCES = {
    "a missing name": (data("train: $frme"), "line 4  data.train: `$frme` is not defined", "Did you mean `frame`?"),
    "a name that is an int": (data("train: $number"), "data.train: found the number 3"),
    "a name that is a function": (data("train: $function"), "$function is a function; expected a pandas DataFrame"),
    "a method": (data("train: $frame.head"), "$frame.head is a method; expected a pandas DataFrame"),
    "a dollar and more": (data("train: $frame-head"), "when it is the whole value"),
    "a name inside a path": (data("train: files/$frame"), "there is no folder files"),
    "a model that is a frame": (GOOD.replace("tiny", "$frame"), "model: $frame is a DataFrame; expected a run"),
    "a missing model": (GOOD.replace("tiny", "$tinny"), "model: `$tinny` is not defined"),
    "a missing task": (GOOD.replace("ner", "$taskk", 1), "1 mistake", "task: `$taskk` is not defined"),
    "a missing number": (train("epochs: $numbr"), "1 mistake", "train.epochs: `$numbr`", "Did you mean `number`?"),
    "a frame for a number": (train("epochs: $frame"), "train.epochs: found `$frame`, a DataFrame, expected a number"),
    "a dict for a section": (
        GOOD.replace("{train: small.conll, dev: small.conll}", "$columns"),
        "`{train: path/to/file}`; write `data: {train: $columns}`",
    ),
    "a dict without the split": (
        data("train: $columns"),
        "$columns is a mapping of a, b; take one split",
        "`$columns['a']`",
    ),
    "a split that is missing": (
        data('train: $splits["tain"]'),
        "`$splits` has no `tain`; it has train. Did you mean `train`?",
    ),
    "a split by its point": (data("train: $splits.tain"), "`$splits` has no `tain`"),
    "a number too many": (data("train: $short[9]"), "`$short`, a list, has no `[9]`"),
    "an attribute that is none": (
        data("train: $frame.hed"),
        "`$frame`, a DataFrame, has no `.hed`. Did you mean `head`?",
    ),
    "a call": (data('train: $splits["train"].select(9)'), "line 4", "would be code", "give it a name in another cell"),
    "an empty list": (data("train: $nothing"), "data.train: $nothing: there is no sentence in it"),
    "a list of texts": (data("train: $texts"), "$texts[0]: expected an object with `tokens` and `tags`"),
    "a list with a short tag list": (data("train: $short"), "$short[1]: 2 tokens but 1 tags"),
    "a list with a missing token": (data("train: $holes"), "$holes[0]: a token must be text, found None"),
    "half a letter": (data("train: $broken"), "$broken[0]: '\\ud800' holds half a surrogate pair"),
    "an array": (data("train: $array"), "$array[0]: expected an object"),
    "an empty frame": (data("train: $empty_frame"), "$empty_frame: the DataFrame is empty"),
    "a frame without the columns": (data("train: $other_frame"), "no column called sentence, word, tag", "a, b"),
    "a frame with a column twice": (data("train: $double_frame"), "2 columns are called tag"),
    "a frame with a hole": (data("train: $holed_frame"), "$holed_frame, row 1: the word is missing", "keep_default_na"),
    "a frame by a wrong column": (data("train: {path: $frame, tag_column: tagg}"), "no column called tagg"),
    "a data set without tags": (data("train: $untagged"), "$untagged, row 0: found the fields tokens; expected"),
    "a data set of classes": (data("train: $classes"), "$classes, row 0: spans must be a list"),
    "a data set with numbers": (data("train: $numbered"), "the tags are numbers", "tag_names: [O, B-PER, …]"),
    "a data set with a number too many": (data("train: $numbered, tag_names: [O]"), "tag 1 has no name"),
}
FLAGS = {
    "a hyphen": ("my-run", "`my-run` cannot name a run", "letters, digits and _", "as in `my_run`"),
    "a digit first": ("1run", "`1run` cannot name a run", "`run_1run`"),
    "a path": ("../run", "`../run` cannot name a run"),
    "a keyword": ("class", "`class` cannot name a run", "a keyword of Python", "`class_1`"),
    "a builtin": ("print", "`print` is a name of Python's own"),
    "a name that is taken": ("frame", "`frame` is a DataFrame in this notebook and would be lost", "`del frame`"),
    "a dollar": ("$bad", "`$bad` cannot name a run"),
    "two names": ("bad worse", "`worse` is one word too many", "such as `bad_worse`", "Usage: %%finetune"),
    "a misspelt flag": ("bad --dryrun", "no flag `--dryrun`. Did you mean `--dry-run`?"),
    "an unknown flag": ("bad --fast", "there is no flag `--fast`"),
    "asking for help": ("bad --help", "%%finetune?"),
    "a flag with a value": ("bad --dry-run=3", "--dry-run"),
    "an open quotation": ("bad --set 'train.epochs=3", "a quotation mark", "is never closed"),
    "nothing to set": ("bad --set", "--set: expected one argument"),
    "no value to set": ("bad --set epochs", "line 1  --set epochs: expected `--set key=value`"),
    "no key to set": ("bad --set =3", "--set =3: expected `--set key=value`"),
    "a key with a hole": ("bad --set train..epochs=3", "expected `--set key=value`"),
    "an empty value": ("bad --set train.epochs=", "line 1  train.epochs: found nothing, expected a number"),
    "a wrong value": ("bad --set train.epochs=many", "line 1  train.epochs: found the text `many`"),
    "a misspelt key": ("bad --set train.epoch=3", "line 1  train.epoch", "Did you mean `epochs`?"),
    "a key without its section": ("bad --set epochs=3", "line 1  epochs", "it belongs at `train.epochs`"),
    "a section as a number": ("bad --set train=3", "line 1  train: found the number 3"),
    "a key below a value": (
        "bad --set task.name=ner",
        "line 1  task: `name` is no task; there are `classify`, ",
    ),
    "no YAML": ("bad --set train.epochs=[1", "line 1  --set train.epochs=[1: `[1` is no YAML value"),
    "a missing name": ("bad --set data.train=$frme", "line 1  data.train: `$frme` is not defined"),
}
FILES = {
    "empty.conll": (b"", "empty.conll: the file is empty"),
    "blank.conll": (b"\n \t\n", "the file is empty"),
    "headers.conll": (b"word tag\n", "there is no sentence in it"),
    "untagged.conll": (b"Ada B-PER\nLovelace\nruns O\n", "line 2: `Lovelace` has no tag"),
    "words.conll": (b"Ada\nLovelace\n\nruns\n", "line 1: `Ada` has no tag", "2 more like it: line 2, line 4"),
    "mostly_words.conll": (
        b"Ada\nLovelace\nruns O\nnow\n",
        "line 1: `Ada` has no tag",
        "2 more like it: line 2, line 4",
    ),
    "typed.conll": (b"Ada PERSON\nruns O\n", "line 1: `PERSON` is no tag", "`scheme: IO`"),
    "lower.conll": (b"Ada b-PER\nruns O\n", "line 1: `b-PER` is no tag. Did you mean `B-PER`?"),
    "nought.conll": (b"Ada B-PER\nruns 0\n", "line 2: `0` is no tag. Did you mean `O`?"),
    "numbers.conll": (b"Ada 1\nruns 2\n", "line 1: `1` is a number", "tag_names"),
    "reversed.conll": (b"B-PER Ada\nO runs\n", "line 1: `Ada` is no tag", "`tag_column`"),
    "mixed.conll": (b"a B-X\nb E-X\nc U-X\n", "BIOES and BILOU stand together", "`scheme: BIOES`"),
    "ragged.conll": (b"a N B-X\nb O\nc N O\n", "line 2: found 2 columns where most lines have 3"),
    "outside.conll": (b"a O\nb O\n", "every tag is O", "nothing to learn"),
    "commas.conll": (b"Ada,B-PER\nruns,O\n", "line 1: `Ada,B-PER` has no tag"),
    "text.txt": (b"Ada Lovelace lives in London.\n", "line 1: `London.` is no tag"),
    "latin.conll": ("Müller B-PER\n".encode("latin1"), "line 1: the bytes are not utf-8", "`encoding: cp1252`"),
    "utf16.conll": ("Ada B-PER\n".encode("utf-16-le"), "line 1: there is a zero byte", "`encoding: utf-16-le`"),
    "bytes.conll": (bytes(range(256)) * 4, "the bytes are not utf-8"),
    "picture.conll": (b"\x89PNG\r\n\x1a\n" + bytes(99), "is a picture and no text"),
    "table.xlsx": (b"PK\x03\x04" + bytes(99), "a zip archive", "pd.read_excel", "`$frame`"),
    "table.parquet": (b"PAR1" + bytes(99), "a Parquet file", "`$name`"),
    "headless.csv": (b"1,Ada,B-PER\n1,runs,O\n", "There is no header row", "`sentence,word,tag`"),
    "columns.csv": (b"text,label\nhello,1\n", "no column called sentence, word; the columns are text, label"),
    "hole.csv": (b"sentence,word,tag\n1,Ada,B-PER\n1,runs,\n", "hole.csv, line 3: the tag is missing"),
    "short.csv": (b"sentence,word,tag\n1,Ada,B-PER\n1,runs\n", "short.csv, line 3: the tag is missing"),
    "long.csv": (b"sentence,word,tag\n1,Ada,B-PER,x\n", "line 2: found 4 cells where the header row has 3"),
    "quotes.csv": (b'sentence,word,tag\n1,Ada,B-PER\n1,"runs,O\n2,on,O\n', "line 3: the tag is missing; a quotation"),
    "only_a_header.csv": (b"sentence,word,tag\n", "there is no sentence in it"),
    "broken.jsonl": (b'{"tokens": ["a"], "tags": ["B-X"]}\n' * 2 + b'{"tokens": ["a"]', "line 3: this is no JSON"),
    "lengths.jsonl": (
        b'{"tokens": ["a"], "tags": ["B-X"]}\n{"tokens": ["a"], "tags": []}',
        "line 2: 1 tokens but 0 tags",
    ),
    "numbers.jsonl": (b"1\n2\n", "line 1: expected an object with `tokens` and `tags`"),
    "fields.jsonl": (b'{"words": ["a"]}', "line 1: found the fields words; expected `tokens` and `tags`"),
    "spans.jsonl": (
        b'{"text": "Ada", "spans": [[0, 9, "PER"]]}',
        "line 1: span 0–9 (PER) is empty or outside the text",
    ),
    "pairs.jsonl": (b'{"text": "Ada", "spans": [[0, 3]]}', "line 1: a span is [start, end, type]"),
    "object.json": (b'{\n "version": 1,\n "data": []\n}', "record 1: found the fields version, data; expected"),
    "deep.jsonl": (b"[" * 99_999, "nested too deeply"),
}


@pytest.fixture
def objects(shell):
    from datasets import Dataset

    def function():
        pass

    shell.user_ns |= {
        "array": np.zeros(3),
        "columns": {"a": [{"tokens": ["a"], "tags": ["O"]}], "b": []},
        "broken": [{"tokens": ["\ud800"], "tags": ["B-X"]}],
        "classes": Dataset.from_dict({"text": ["a"], "label": [0]}),
        "double_frame": pd.DataFrame([[1, "a", "B-X", "O"]], columns=["sentence", "word", "tag", "tag"]),
        "empty_frame": pd.DataFrame(),
        "frame": pd.DataFrame({"sentence": [1, 1], "word": ["a", "b"], "tag": ["B-X", "O"]}),
        "function": function,
        "holed_frame": pd.DataFrame({"sentence": [1, 1], "word": ["a", np.nan], "tag": ["B-X", "O"]}),
        "holes": [{"tokens": [None], "tags": ["B-X"]}],
        "nothing": [],
        "number": 3,
        "numbered": Dataset.from_dict({"tokens": [["a"]], "ner_tags": [[1]]}),
        "other_frame": pd.DataFrame({"a": [1], "b": [2]}),
        "short": [(["a"], ["B-X"]), (["a", "b"], ["O"])],
        "splits": {"train": []},
        "texts": ["Ada runs", "Bob sleeps"],
        "untagged": Dataset.from_dict({"tokens": [["a"]]}),
    }


@table(TEXTS | KEYS | VALUES | PATHS)
def test_a_wrong_cell_is_refused_in_one_message(refused, text, says):
    refused(f"%%finetune bad\n{text}\n", says)


@pytest.mark.usefixtures("objects")
@table(REFERENCES)
def test_a_wrong_reference_is_refused_in_one_message(refused, text, says):
    refused(f"%%finetune bad\n{text}\n", says)


@pytest.mark.usefixtures("objects")
@table(FLAGS)
def test_a_wrong_line_is_refused_in_one_message(refused, text, says):
    refused(f"%%finetune {text}\n{GOOD}", says)


@pytest.mark.parametrize(("name", "raw", "says"), [(name, raw, says) for name, (raw, *says) in FILES.items()])
def test_a_wrong_file_is_refused_in_one_message(refused, name, raw, says):
    Path(name).write_bytes(raw)
    refused(f"%%finetune bad\n{data(f'train: {name}')}", says)


def test_an_empty_body_is_refused(refused):
    refused("%%finetune bad", ("the cell is empty; write at least `task: ner`",))


def test_cuda_asked_for_and_absent(refused, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused(f"%%finetune bad\n{train('device: cuda')}", ("train.device: `cuda` is not there; this machine has",))


def test_a_file_that_may_not_be_read(refused, monkeypatch):
    def deny(path):
        raise PermissionError(13, "Permission denied", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(Path, "read_bytes", deny)
        printed = refused.run_cell(f"%%finetune bad\n{GOOD}")
    assert "data.train: small.conll: the file cannot be read: Permission denied" in printed
    assert "Traceback" not in printed


def test_a_folder_that_may_not_be_written(refused, monkeypatch):
    Path("closed").mkdir()
    monkeypatch.setattr(os, "access", lambda *_: False)
    refused(f"%%finetune bad\n{GOOD}save: {{dir: closed}}", ("closed may not be written to", "`save: {dir: …}`"))


def test_a_folder_that_is_no_run_is_not_moved_aside(refused):
    Path("corpus").mkdir()
    Path("corpus/train.conll").write_text(CONLL)
    refused(f"%%finetune corpus\n{GOOD}save: {{dir: .}}", ("corpus is there and holds no run", "not touched"))


def rewrite(path: Path, change) -> None:
    record = json.loads(path.read_text())
    change(record)
    path.write_text(json.dumps(record))


def halve(path: Path) -> None:
    raw = path.read_bytes()
    path.write_bytes(raw[: len(raw) // 2])


MODELS = {
    "an empty folder": (lambda folder: [path.unlink() for path in folder.iterdir()], "without config.json"),
    "no weights": (lambda folder: (folder / "model.safetensors").unlink(), "no file named model.safetensors"),
    "weights that are none": (
        lambda folder: (folder / "model.safetensors").write_bytes(b"no weights"),
        "is no safetensors file",
    ),
    "half of the weights": (lambda folder: halve(folder / "model.safetensors"), "is not within the file", "cut off"),
    "weights of another shape": (
        lambda folder: rewrite(folder / "config.json", lambda config: config.update(hidden_size=48)),
        "are not those of its config.json",
        "35 tensors",
    ),
    "too few layers": (
        lambda folder: rewrite(folder / "config.json", lambda config: config.update(num_hidden_layers=4)),
        "are not those of its config.json",
        "32 tensors",
    ),
    "no tokenizer": (lambda folder: [path.unlink() for path in folder.glob("*token*")], "holds no tokenizer"),
    "a broken tokenizer": (
        lambda folder: (folder / "tokenizer.json").write_text("{"),
        "tokenizer.json is not a valid JSON file",
    ),
    "a tokenizer without padding": (
        lambda folder: rewrite(folder / "tokenizer_config.json", lambda config: config.pop("pad_token")),
        "has no padding token",
    ),
    "another model's tokenizer": (
        lambda folder: rewrite(folder / "tokenizer.json", lambda config: config["model"]["vocab"].update(ada=5000)),
        "gives the token 5000",
        "do not belong together",
    ),
    "a broken config": (lambda folder: (folder / "config.json").write_text("{"), "is not a valid JSON file"),
    "an empty config": (lambda folder: (folder / "config.json").write_text("{}"), "model_type"),
    "an unknown kind": (
        lambda folder: rewrite(folder / "config.json", lambda config: config.update(model_type="mine")),
        "`mine`",
    ),
    "a decoder": (
        lambda folder: rewrite(folder / "config.json", lambda config: config.update(is_decoder=True)),
        "needs an encoder",
        "minilm",
    ),
    "code of its own": (
        lambda folder: rewrite(
            folder / "config.json",
            lambda config: config.update(model_type="mine", auto_map={"AutoConfig": "mine.Config"}),
        ),
        "needs code of its own",
        "not run here",
    ),
}


@pytest.mark.parametrize(("spoil", "says"), [(spoil, says) for spoil, *says in MODELS.values()], ids=list(MODELS))
def test_a_broken_model_is_refused_in_one_message(refused, tiny_model, spoil, says):
    shutil.copytree(tiny_model, "spoilt")
    spoil(Path("spoilt"))
    refused(f"%%finetune bad\n{GOOD.replace('tiny', 'spoilt')}", ("model: ", "spoilt", *says))


EVALUATIONS = {
    "nothing": ("", "name a run: %ner_eval NAME"),
    "an unknown run": ("ner", "there is no run `ner`", "Runs here: bad"),
    "a misspelt run": ("badd", "Did you mean `bad`?"),
    "a run with a dollar": ("$bad", "Did you mean `bad`?"),
    "something that is no run": ("number", "`number` is an int, not a run. Runs here: bad"),
    "a list": ("gold", "`gold` is a list, not a run", "--gold $gold --pred $pred"),
    "an unknown split": ("bad --split tset", "`--split tset`: expected one of `dev`, `test`. Did you mean `test`?"),
    "no split": ("bad --split", "--split: expected one argument"),
    "two runs, one unknown": ("bad ner", "run bad has no predictions"),
    "a run without predictions": ("bad", "run bad has no predictions for `test`"),
    "a folder without a run": ("tiny", "tiny holds no run", "--data file"),
    "gold alone": ("--gold $gold", "--gold and --pred go together"),
    "pred alone": ("--pred $gold", "--gold and --pred go together"),
    "gold and a run": ("bad --gold $gold --pred $gold", "--gold and --pred go together"),
    "a missing name": ("--gold $gold --pred $perd", "`$perd` is not defined", "Did you mean `pred`?"),
    "names without their dollars": ("--gold gold --pred pred", "there is no such file", "`$gold`"),
    "tags of a wrong type": ("--gold $number --pred $gold", "$number is an int; expected a list"),
    "one list of tags": ("--gold $flat --pred $flat", "$flat[0] is a str", "expected a list of tags"),
    "tags that are no scheme": ("--gold $types --pred $types", "gold sentence 0", "`PER` is no tag"),
    "numbers for tags": ("--gold $ids --pred $ids", "gold sentence 0", "expected a list of tags"),
    "fewer sentences": ("--gold $gold --pred $fewer", "gold has 2 sentences and pred has 1"),
    "fewer tags": ("--gold $gold --pred $pred", "sentence 1 (counted from 0) has 2 gold tags and 1 predicted"),
    "no tags at all": ("--gold $nothing --pred $nothing", "$nothing: there are no tags in it"),
    "no data": ("bad --data", "--data: expected one argument"),
    "data that are missing": ("tiny --data nowhere.conll", "nowhere.conll: there is no such file"),
    "data with one tag column": ("--data small.conll", "column 1 cannot be both the word and its tag"),
    "an unknown rule": ("bad --mode loose", "`--mode loose`: expected one of `conll`, `strict`"),
    "data for an unknown model": ("./nowhere --data small.conll", "model: there is no folder ./nowhere"),
    "data for a model without a head": ("tiny --data small.conll", "tiny has no trained head", "`%%finetune`"),
    "data for a run without a model": ("bad --data small.conll", "run bad (done) has no model yet"),
    "data and a split": ("bad --data small.conll --split dev", "leave one of them out"),
    "a column and no file": ("bad --tag-column 3", "--tag-column", "add --data FILE"),
    "column nought": ("bad --data small.conll --tag-column 0", "--tag-column: 0"),
    "a column too many": ("tiny --data small.conll --token-column 9", "line 1: expected at least 9 columns"),
    "an unknown scheme": ("bad --data small.conll --scheme XX", "--scheme: 'XX'"),
    "an unknown flag": ("bad --splt dev", "no flag `--splt`. Did you mean `--split`?"),
    "an open quotation": ("'bad", "a quotation mark", "is never closed"),
    "an empty word": ("'' --data small.conll", "an empty text names no model"),
}


@table(EVALUATIONS)
def test_a_wrong_evaluation_is_refused_in_one_message(refused, shell, text, says):
    shell.user_ns |= {
        "fewer": [["O", "O"]],
        "flat": ["B-PER", "O"],
        "gold": [["B-PER", "O"], ["O", "O"]],
        "ids": [[1, 0]],
        "nothing": [],
        "number": 3,
        "pred": [["B-PER", "O"], ["O"]],
        "types": [["PER", "O"]],
    }
    refused(f"%ner_eval {text}", says)


HOUSEKEEPING = {
    "a wrong word": ("status!", "there is no `%ft status!`", "Did you mean `status`?", "%ft report NAME"),
    "report without a name": ("report", "name a run: %ft report NAME"),
    "stop without a name": ("stop", "name a run: %ft stop NAME"),
    "report of an unknown run": ("report badd", "there is no run `badd`", "Did you mean `bad`?"),
    "stop of an unknown run": ("stop badd", "there is no run `badd`"),
    "report of no run": ("report number", "`number` is an int, not a run"),
    "a name too many": ("runs bad", "`%ft runs` takes no name"),
    "a word too many": ("report bad now", "`%ft report` takes one name; leave `now` out"),
}


@table(HOUSEKEEPING)
def test_wrong_housekeeping_is_refused_in_one_message(refused, shell, text, says):
    shell.user_ns["number"] = 3
    refused(f"%ft {text}", says)


def test_housekeeping_without_a_word_lists_the_words(shell, capsys):
    shell.run_cell("%ft")
    assert "%ft report NAME a run's page" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("cell", "says"),
    [("%finetune bad", "cell magic `%%finetune` exists"), ("%%ner_eval bad\nx", "line magic `%ner_eval` exists")],
)
def test_a_magic_of_the_other_kind(refused, cell, says):
    refused(cell, (says,))


BROKEN_RUNS = {
    "no events": (lambda folder: (folder / "events.jsonl").write_text(""), "holds no run"),
    "a broken config": (lambda folder: (folder / "config.yaml").write_text("a: [b"), "cannot be read"),
    "another version's config": (
        lambda folder: (folder / "config.yaml").write_text("a: b"),
        "does not hold a run's settings",
    ),
    "broken predictions": (
        lambda folder: (folder / "predictions.test.jsonl").write_text("{\n"),
        "line 1: this is not JSON",
    ),
}


@pytest.mark.parametrize(("spoil", "says"), BROKEN_RUNS.values(), ids=list(BROKEN_RUNS))
def test_a_broken_run_is_refused_in_one_message(refused, run_cell, spoil, says):
    shutil.copytree("ft_runs/bad", "ft_runs/worse")
    spoil(Path("ft_runs/worse"))
    refused("%ner_eval worse", ("ft_runs/worse", says))
    assert "ft_runs/bad\n" in run_cell("%ft runs")  # one broken folder does not hide the others


@pytest.mark.shared
@pytest.mark.parametrize("number", range(1, 27))
def test_a_file_with_a_trap_is_read_or_refused_with_its_line(run_cell, shared, number):
    (path,) = (shared / "quirks").glob(f"{number:02}_*")
    expected = json.loads((shared / "quirks" / "expected.json").read_text())[path.name]
    printed = run_cell(f"%%finetune trap --dry-run\n{data(f'train: {path}')}")
    assert "Traceback" not in printed
    assert "UnexpectedError" not in printed
    if run_cell.result.success:
        counts = expected.get("inner", expected)  # the last of two layers; the check says so
        if "sentences" in counts:
            wanted = f"{counts['sentences']:,} sentences, {counts['tokens']:,} words"
            assert wanted in printed
            assert f"{counts['entities']:,} entities" in printed
    else:
        assert number in (5, 14, 15, 16, 23), printed
        assert re.search(r"line \d+: |columns .* hold tags, and the last does not; name one", printed), printed


PLACES = {
    "an import above": (
        "import os\n%%finetune bad\ntask: ner",
        "must be the first line of its cell",
        "line 2",
        "`import os`",
    ),
    "a loop above": ("for x in []:\n    x\n%%finetune bad\ndata:\n  train: x", "first line", "line 3"),
    "a line magic above": ("%matplotlib inline\n%%finetune bad\ntask: ner", "first line", "`%matplotlib inline`"),
    "one sign": ("%finetune bad\ntask: ner\ndata:\n  train: x", "write `%%finetune` with two percent signs"),
    "a comment above texts": ("# ask it\n%%predict bad\nhello", "`%%predict` must be the first line", "line 2"),
}
KEPT_IN_PLACE = {
    "blank lines above": ("\n\n%%finetune bad\ntaks: ner", "line 4  taks"),
    "a comment above": ("# my run\n\n%%finetune bad\ntaks: ner", "line 4  taks"),
    "spaces before": ("  %%finetune bad\ntaks: ner", "line 2  taks"),
    "no body": ("%%finetune bad", "the cell is empty"),
}


@table(PLACES | KEPT_IN_PLACE)
def test_a_magic_that_is_not_in_the_first_line(refused, text, says):
    refused(text, says)


@pytest.mark.parametrize(
    "cell",
    [
        'shown = """\n%%finetune x\n"""',
        "shown = (\n# \n1)",
        "%%writefile other.py\n%%finetune x\ntask: ner",
        "shown = 1\n# %%finetune x",
    ],
    ids=["in a text", "no magic", "in another magic", "in a comment"],
)
def test_a_cell_that_only_mentions_the_magic_runs(run_cell, cell):
    run_cell(cell)
    assert run_cell.result.success


def test_unloading_takes_the_look_at_the_first_line_back(shell, run_cell):
    shell.run_line_magic("unload_ext", "ft_magics")
    assert "Cell magic `%%finetune` not found" in run_cell("%%finetune x\ntask: ner")
    assert "must be the first line" not in run_cell("import os\n%%finetune x\ntask: ner")
