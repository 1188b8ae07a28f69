"""Objectives with methods that train a part of the model: what is saved predicts the same, and a death changes no bit."""

from __future__ import annotations

from pathlib import Path

import ft_magics
import pytest
from ft_magics.config.scratch import NewModelSettings
from ft_magics.runs.cells import PRETRAIN, parse_cell
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare

from runs import assert_same_end, finish
from scratch_texts import small_tokenizer


class Died(BaseException):
    """What ends a run without a word."""


@pytest.fixture(scope="module")
def models(tmp_path_factory, tiny_model):
    """By objective: a tiny encoder, and a tiny model like GPT-2, whose tokenizer has no padding token either."""
    from ft_magics.models.scratch.new_model import new_model

    folder = tmp_path_factory.mktemp("gpt")
    tokenizer = small_tokenizer("bpe", "gpt2")
    settings = NewModelSettings(shape="gpt2", max_length_tokens=64, layers=2, hidden_size=32, heads=2)
    new_model(settings, tokenizer, "AutoModelForCausalLM", 1).save_pretrained(folder)
    tokenizer.pad_token = None
    tokenizer.save_pretrained(folder)
    return {"mlm": tiny_model, "clm": folder}


@pytest.mark.parametrize(
    ("objective", "method"),
    [
        ("mlm", "lora"),
        ("mlm", "adapter"),
        ("mlm", "bitfit"),
        ("clm", "lora"),
        ("clm", "adapter"),
        ("clm", "full\ntokenizer: {new_words: [nightingale, ada]}"),
    ],
)
def test_a_part_of_a_model_is_trained_and_a_death_changes_nothing(objective, method, models, patch):
    text = Path("texts.txt")
    text.write_text("\n\n".join(f"{at} the nightingale sings, and ada ran {'on ' * (at % 5)}" for at in range(20)))

    def make():
        return prepare(
            parse_cell(
                f"objective: {objective}\nmodel: {models[objective]}\n"
                f"data: {{train: {text}, dev: {{fraction: 0.2}}}}\nmethod: {method}\n"
                "train: {max_length_tokens: 48, batch_size: 4, epochs: 2, learning_rate: 1e-2}\n"
                "save: {every: {steps: 2}}",
                {},
                kind=PRETRAIN,
            )
        )

    whole = finish(start_run("whole", make()))
    counted = RunCallback.on_step_end

    def die(self, args, state, control, **named):
        if state.global_step == 5:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", make())
    assert broken.wait(120)
    assert broken.status == "failed"
    patch.setattr(RunCallback, "on_step_end", counted)
    again = finish(resume_run("broken", make()))
    assert_same_end(again, whole)
    asked = "the nightingale ____ and" if objective == "mlm" else "the nightingale"
    assert ft_magics.load(again.dir).predict(asked) == whole.predict(asked)
