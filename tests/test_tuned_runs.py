"""Runs with every method of tuning, from a cell to a folder: resumed to the same bits, loaded, merged, refused."""

from __future__ import annotations

import json

import ft_magics
import pytest
import torch
from ft_magics.errors import MethodError, ModelError, RunError
from ft_magics.events import RunResumed, RunStarted
from ft_magics.runs.cells import config_of, parse_cell
from ft_magics.runs.merging import plain_model
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare
from ft_magics.training.tuned import add_loss_term
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from architectures import make_tiny
from method_trials import METHODS, body
from runs import assert_same_end, finish, weights_of

TRAIN = "epochs: 3, batch_size: 4, learning_rate: 5e-3, early_stopping: {patience: 3}"
SAVE = "save: {every: {steps: 2}}"
TEXTS = ["the cat runs", "a pie is hot", "who knows"]


class Died(BaseException):
    """Ends a training thread without the run's own clean-up of checkpoints."""


@pytest.fixture
def config(tiny_model, tmp_path):
    def make(method, *, task="ner", model=tiny_model, **named):
        return parse_cell(body(tmp_path, model, task, method, **{"train": TRAIN, "save": SAVE, **named}), {})

    return make


def die_at(patch, step):
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == step:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("full", "adapter (houlsby)")])
def test_a_tuned_run_that_dies_ends_as_if_it_had_not(config, patch, name):
    make = lambda: prepare(config(METHODS[name]))  # noqa: E731  # each run has a model of its own
    whole = finish(start_run("whole", make()))
    with patch.context() as once:
        die_at(once, 5)
        assert start_run("broken", make()).wait(120)
    again = finish(resume_run("broken", make()))
    (resumed,) = (event for event in again.events if isinstance(event, RunResumed))
    assert resumed.step == 4
    assert_same_end(again, whole)
    assert_same_end(ft_magics.load(again.dir), whole)


def test_a_cell_with_lora_is_small_exact_and_merged(run_cell, shell, tiny_model, tmp_path):
    text = body(tmp_path, tiny_model, "classify", "{lora: {r: 4}}", train=TRAIN, save=SAVE, precision="auto")
    run_cell(f"%%finetune intents\n{text}")
    run = shell.user_ns["intents"]
    assert run.status == "done"
    started = next(event for event in run.events if isinstance(event, RunStarted))
    assert started.method == "lora"
    assert run.parameters[:2] == (started.trainable_parameters, started.parameters)
    assert 0 < run.parameters.share < 0.2
    assert "are trainable" in str(run.parameters)
    assert {path.name for path in run.model_dir.iterdir()} == {
        *("adapter_config.json", "adapter_model.safetensors", "config.json", "ft_magics.json", "README.md"),
    }
    kept = json.loads((run.model_dir / "ft_magics.json").read_text())
    assert kept["base"]["model"] == str(tiny_model)
    assert len(kept["base"]["sha256"]) == 64
    answers = run.predict(TEXTS)
    assert [answer.probabilities for answer in ft_magics.load(run.dir).predict(TEXTS)] == [
        answer.probabilities for answer in answers
    ]
    saved = run.save(tmp_path / "saved")
    assert ft_magics.load(saved).predict(TEXTS) == answers
    merged = run.merge()
    model, tokenizer = AutoModelForSequenceClassification.from_pretrained(merged), AutoTokenizer.from_pretrained(merged)
    base = AutoModelForSequenceClassification.from_pretrained(tiny_model, num_labels=2)
    theirs = PeftModel.from_pretrained(base, run.model_dir).eval()
    with torch.no_grad():
        batch = tokenizer(TEXTS, padding=True, return_tensors="pt")
        assert torch.allclose(model(**batch).logits, theirs(**batch).logits, atol=1e-5)
    assert [answer.label for answer in ft_magics.load(merged).predict(TEXTS)] == [answer.label for answer in answers]
    assert run.merge() == merged


def test_a_merged_run_needs_no_base(config, tmp_path):
    model = make_tiny(tmp_path / "base", "bert")
    made = config("bitfit", task="classify", save="save: {merge: true}", model=model, precision="auto")
    run = finish(start_run("plain", prepare(made)))
    answers = run.predict(TEXTS)
    model.rename(tmp_path / "elsewhere")
    assert ft_magics.load(run.dir).predict(TEXTS) == answers
    assert "bert.embeddings.word_embeddings.weight" in weights_of(run)


def test_checkpoints_of_a_tuned_run_are_small(config):
    sizes = {}
    for method in ("full", "{lora: {r: 1, targets: [query]}}"):
        run = finish(start_run("sized", prepare(config(method, task="classify"))))
        (newest,) = (run.dir / "checkpoints").iterdir()
        sizes[method] = sum(path.stat().st_size for path in newest.rglob("*.safetensors"))
    full, lora = sizes.values()
    assert lora < full / 10


def test_a_run_is_not_resumed_with_another_method_or_base(config, patch, tmp_path):
    model = make_tiny(tmp_path / "base", "bert")
    with patch.context() as once:
        die_at(once, 5)
        assert start_run("broken", prepare(config("{lora: {r: 4}}", model=model))).wait(120)
    with pytest.raises(
        RunError, match="was started with `method: lora`, so it cannot be resumed with `method: bitfit`"
    ):
        resume_run("broken", prepare(config("bitfit", model=model)))
    with pytest.raises(RunError, match=r"method.lora.r: 4 before, 2 now"):
        resume_run("broken", prepare(config("{lora: {r: 2}}", model=model)))
    tokenizer = model / "tokenizer_config.json"
    tokenizer.write_text(tokenizer.read_text() + "\n")
    with pytest.raises(RunError, match="its base have changed since"):
        resume_run("broken", prepare(config("{lora: {r: 4}}", model=model)))


def test_what_cannot_be_merged_says_why(config):
    run = finish(start_run("soft", prepare(config("{prompt: {length: 2}}", train="max_steps: 2, batch_size: 4"))))
    with pytest.raises(MethodError, match="`prompt` cannot be merged: .* `lora` can be merged"):
        run.merge()


def test_a_config_comes_back_from_its_plain_form(config):
    for method in (*METHODS.values(), "[{freeze: {layers: 0}}, {rates: {head: 1e-3}}]"):
        there = config(method)
        assert config_of(there.to_plain()).to_plain() == there.to_plain()
    assert config("full").to_plain()["method"] == "full"
    assert config_of({**config("full").to_plain(), "method": "full"}).method_name == "full"


@pytest.mark.parametrize("split", ["batch_size: 8", "batch_size: 2, gradient_accumulation: 4"])
def test_a_methods_term_of_the_loss_is_added_once_a_step(config, patch, split):
    """However the rows of a step are split, and before the gradient is clipped."""
    prepared = prepare(config(METHODS["adalora"], train=f"max_steps: 3, learning_rate: 1e-3, {split}"))
    tuning, model = prepared.trained.tuning, prepared.trained.model
    matrix = next(item for name, item in model.named_parameters() if "lora_A" in name)
    added = []

    def noted(trained):
        before = matrix.grad.clone()
        add_loss_term(trained)
        added.append((matrix.grad - before, torch.autograd.grad(tuning.loss_term(model), matrix)[0]))

    patch.setattr("ft_magics.training.worker.add_loss_term", noted)
    finish(start_run("parts", prepared))
    assert len(added) == 3
    for found, expected in added:
        assert expected.abs().max() > 0
        assert torch.allclose(found, expected, atol=1e-6)


def test_a_tuned_run_is_continued_from_its_merged_model(config):
    first = finish(start_run("first", prepare(config("{lora: {r: 4}}", train="max_steps: 4, batch_size: 4"))))
    plain = config("bitfit", train="max_steps: 4, batch_size: 4").to_plain()
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in plain.items() if key != "model")
    second = finish(start_run("second", prepare(parse_cell(f"model: $first\n{text}\n", {"first": first}))))
    assert plain_model(first) == first.dir / "merged"
    assert ft_magics.load(second.dir).predict([["Ada", "runs"]]) == second.predict([["Ada", "runs"]])
    soft = finish(start_run("soft", prepare(config("{prompt: {length: 2}}", train="max_steps: 2, batch_size: 4"))))
    with pytest.raises(MethodError, match="`prompt` cannot be merged"):
        prepare(parse_cell(f"model: $soft\n{text}\n", {"soft": soft}))
    with pytest.raises(ModelError, match=r"holds only what a run has trained, .*`run.merge\(\)`"):
        prepare(config("full", model=soft.model_dir))
