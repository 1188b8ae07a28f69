"""`tokenizer: {new_words: …}` in a cell of `%%finetune`: what a vocabulary lacks gets tokens, whatever the task."""

from __future__ import annotations

import json
import re

import ft_magics
import pytest
import torch
from ft_magics.errors import CellError, TaskError
from ft_magics.runs.cells import parse_cell
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare
from ft_magics.training.script import script_of
from transformers import AutoTokenizer

from runs import assert_same_end, finish

UNKNOWN = "龘靐齉"  # the tiny model has none of them
TEXTS = [f"ada {UNKNOWN[at % 3]} ran {UNKNOWN[(at + 1) % 3]} bob" for at in range(24)]
ROWS = {
    "classify": [{"text": text, "label": "xy"["龘" in text]} for text in TEXTS],
    "relation": [{"text": f"<e1>{text[4]}</e1>{text} <e2>b</e2>", "label": "xy"["龘" in text]} for text in TEXTS],
    "qa": [{"question": f"who {text[4]}?", "context": text, "answers": [text[-3:]]} for text in TEXTS],
}
ASKED = {
    "ner": TEXTS[0],
    "classify": TEXTS[0],
    "relation": "<e1>龘</e1> 靐 <e2>齉</e2>",
    "qa": {"question": "龘?", "context": TEXTS[0]},
}


@pytest.fixture
def body(tiny_model, tmp_path):
    def make(task, *, words="{new_words: 10}", more=""):
        path = tmp_path / ("data.conll" if task == "ner" else "data.jsonl")
        if task == "ner":
            lines = ["\n".join(f"{word} {'B-X' if word == '龘' else 'O'}" for word in text.split()) for text in TEXTS]
            path.write_text("\n\n".join(lines), encoding="utf-8")
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in ROWS[task]), encoding="utf-8")
        return (
            f"task: {task}\nmodel: {tiny_model}\ntokenizer: {words}\ndata: {{train: {path}, dev: {{fraction: 0.2}}}}\n"
            f"train: {{max_steps: 4, batch_size: 4, learning_rate: 1e-2, threads: 1}}\n{more}"
        )

    return make


@pytest.mark.parametrize("task", ASKED)
def test_characters_that_a_model_lacks_are_tokens_that_it_learns_and_keeps(body, task):
    prepared = prepare(parse_cell(body(task), {}))
    said = "\n".join(prepared.chosen)
    assert "of the 3 that were unknown the embedding is drawn like the others'" in said
    assert re.search(r"on dev, .*; 0.0 % of the tokens unknown, [1-9]\d\.\d % without", said)
    assert not [text for text in prepared.check.warnings if "vocabulary lacks" in text]
    ids = prepared.trained.tokenizer.convert_tokens_to_ids(list(UNKNOWN))
    begun = prepared.trained.model.get_input_embeddings().weight.detach()[ids].clone()
    others = prepared.trained.model.get_input_embeddings().weight[: min(ids)]
    assert len({tuple(row.tolist()) for row in begun}) == 3
    assert begun.std().item() == pytest.approx(others.std().item(), rel=0.5)

    run = finish(start_run("more", prepared))
    words = AutoTokenizer.from_pretrained(run.model_dir)
    assert words(UNKNOWN, add_special_tokens=False)["input_ids"] == ids
    loaded = ft_magics.load(run.dir)
    assert loaded.predict(ASKED[task]) == run.predict(ASKED[task])
    assert not torch.equal(prepared.trained.model.get_input_embeddings().weight.detach()[ids], begun)


def test_without_them_the_data_check_says_what_would_help(body):
    plain = body("classify").replace("tokenizer: {new_words: 10}\n", "")
    (warning,) = [text for text in prepare(parse_cell(plain, {})).check.warnings if "vocabulary lacks" in text]
    assert warning.endswith("or give it the characters and words that it lacks: `tokenizer: {new_words: 3000}`")


def test_a_run_that_breaks_finds_the_same_words_and_ends_with_the_same_bits(body, patch):
    def made():
        return prepare(parse_cell(body("ner", more="save: {every: {steps: 2}}"), {}))

    whole = finish(start_run("whole", made()))
    counted = RunCallback.on_step_end

    class Died(BaseException):
        pass

    def die(self, args, state, control, **named):
        if state.global_step == 3:
            raise Died
        return counted(self, args, state, control, **named)

    patch.setattr(RunCallback, "on_step_end", die)
    broken = start_run("broken", made())
    assert broken.wait(120)
    assert broken.status == "failed"
    patch.setattr(RunCallback, "on_step_end", counted)
    assert_same_end(finish(resume_run("broken", made())), whole)
    assert whole.config.tokenizer.new_words == 10


@pytest.mark.parametrize(
    ("words", "more", "said"),
    [
        ("{}", "", "tokenizer: expected `new_words`, such as `tokenizer: {new_words: 500}`"),
        ("{vocab_size: 100}", "", "tokenizer.vocab_size: unknown key"),
        ("{new_words: [龘]}", "method: lora", "tokenizer.new_words: `lora` keeps only what it trains"),
        ("{add_tokens: 5}", "", "`new_words`"),
    ],
)
def test_sections_that_do_not_fit_are_refused(body, words, more, said):
    with pytest.raises(CellError) as error:
        prepare(parse_cell(body("ner", words=words, more=more), {}))
    assert said in str(error.value)


def test_a_task_that_takes_a_vocabulary_as_it_is_says_so(body, tmp_path):
    text = body("classify").replace("task: classify", "task: translate").replace("data.jsonl", "pairs.jsonl")
    rows = (json.dumps({"source": text, "target": text}) + "\n" for text in TEXTS)
    (tmp_path / "pairs.jsonl").write_text("".join(rows))
    with pytest.raises(TaskError, match="`task: translate` takes the vocabulary of a model as it is; leave"):
        prepare(parse_cell(text, {}))


def test_a_script_is_refused(body):
    with pytest.raises(TaskError, match="a run whose model got new words is not written in plain Python"):
        script_of("small", prepare(parse_cell(body("ner"), {})), threads=1)
