"""`tokenizer: {new_words: …}` in a cell of `%%finetune`: what a vocabulary lacks gets tokens, whatever the task."""

from __future__ import annotations

import json
import re

import ft_magics
import pytest
import torch
from ft_magics.errors import CellError, TaskError
from ft_magics.models.scratch.extend import extend
from ft_magics.runs.cells import parse_cell
from ft_magics.studies.transfer_runs import compared_of, prepare_parts
from ft_magics.training.callback import RunCallback
from ft_magics.training.launch import resume_run, start_run
from ft_magics.training.prepare import prepare
from ft_magics.training.script import script_of
from transformers import AutoTokenizer

from runs import assert_same_end, finish
from scratch_texts import small_tokenizer

TEMPLATE = "{% for turn in messages %}<{{ turn.role }}>{{ turn.content }}{{ eos_token }}{% endfor %}"
UNKNOWN = "龘靐齉"  # the tiny model has none of them
TEXTS = [f"ada {UNKNOWN[at % 3]} ran {UNKNOWN[(at + 1) % 3]} bob" for at in range(24)]
ROWS = {
    "classify": [{"text": text, "label": "xy"["龘" in text]} for text in TEXTS],
    "relation": [{"text": f"<e1>{text[4]}</e1>{text} <e2>b</e2>", "label": "xy"["龘" in text]} for text in TEXTS],
    "qa": [
        {"question": f"who {text[4]}?", "context": f"{text} {at}", "answers": [text[4]]}
        for at, text in enumerate(TEXTS)
    ],
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
    assert "; 3 were unknown, and begin as other words that are drawn by lot; the rest begin as means" in said
    assert re.search(r"on dev, .*; 100.0 % of the characters are known, [5-9]\d\.\d % without", said)
    assert not [text for text in prepared.check.warnings if "vocabulary lacks" in text]
    ids = prepared.trained.tokenizer.convert_tokens_to_ids(list(UNKNOWN))
    begun = prepared.trained.model.get_input_embeddings().weight.detach()[ids].clone()
    others = prepared.trained.model.get_input_embeddings().weight[: min(ids)]
    assert len({tuple(row.tolist()) for row in begun}) == 3
    assert begun.std().item() == pytest.approx(others.std().item(), rel=0.5)
    if task == "qa":
        assert {feature.labels for feature in prepared.features["train"]} == {prepared.features["train"][0].labels}

    run = finish(start_run("more", prepared))
    words = AutoTokenizer.from_pretrained(run.model_dir)
    assert words(UNKNOWN, add_special_tokens=False)["input_ids"] == ids
    loaded = ft_magics.load(run.dir)
    assert loaded.predict(ASKED[task]) == run.predict(ASKED[task])
    assert not torch.equal(prepared.trained.model.get_input_embeddings().weight.detach()[ids], begun)


@pytest.mark.parametrize("spare", [0, 40])  # rows that no token owns
def test_what_was_unknown_begins_as_another_word(tiny_model, spare):
    from transformers import AutoModelForMaskedLM

    model, tokenizer = AutoModelForMaskedLM.from_pretrained(tiny_model), AutoTokenizer.from_pretrained(tiny_model)
    words = len(tokenizer)
    model.resize_token_embeddings(words + spare, mean_resizing=False)
    with torch.no_grad():
        model.get_input_embeddings().weight[words:] = 9 * torch.randn(spare, model.config.hidden_size)
    head = model.get_output_embeddings()
    with torch.no_grad():
        head.bias.copy_(torch.linspace(-1, 1, len(head.bias)))
    old, bias = model.get_input_embeddings().weight.detach().clone(), head.bias.detach().clone()
    missing = [chr(at) for at in range(0x5000, 0x5000 + 200) if chr(at) not in tokenizer.get_vocab()]
    found = extend(model, tokenizer, [*missing, "zanzibar"])
    assert found.unknown == len(missing)
    ids = [found.ids[word] for word in missing]
    rows, values = model.get_input_embeddings().weight.detach()[ids], model.get_output_embeddings().bias.detach()[ids]
    near = torch.cdist(rows, old[:words]).argmin(dim=1)
    assert torch.allclose(rows, old[near], atol=0.6 * old[:words].std())
    assert torch.allclose(values, bias[near], atol=0.6 * bias[:words].std())
    assert len({tuple(row.tolist()) for row in rows}) == len(missing)  # though there are fewer words to lend
    lenders = tokenizer.convert_ids_to_tokens(near.tolist())
    assert len(set(lenders)) > 20
    assert all(tokenizer.tokenize(word) == [word] for word in lenders)
    assert not set(lenders) & set(tokenizer.all_special_tokens)


def test_each_of_compared_runs_has_words_of_its_own_share(body, tiny_model, tmp_path):
    more = f"compare: {{models: [{tiny_model}, scratch], share: [0.3, 1.0], seeds: 2}}"
    text = body("classify", words="{new_words: 60}", more=more).replace("max_steps: 4", "max_steps: 1")
    rows = [{"text": f"{chr(0x9F00 + at % 40)} {chr(0x9F00 + at % 7)} ran", "label": "xy"[at % 2]} for at in range(80)]
    (tmp_path / "data.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    compared = compared_of(parse_cell(text, {}), "study")
    preparing, sizes = prepare_parts(compared), set()
    for part in compared.parts:
        if part.model != "scratch":
            prepared = preparing(part.run, ())
            task, trained = prepared.trained.task, prepared.trained
            expected = task.encode(prepared.corpus.dev.examples, trained.spec)
            assert [item.input_ids for item in prepared.features["dev"]] == [item.input_ids for item in expected]
            sizes.add(len(trained.tokenizer))
    assert len(sizes) > 1


def test_a_method_that_trains_no_embeddings_says_that_they_stay_as_they_begin(body):
    more = "method: lora\nsave: {merge: true}"
    warnings = prepare(parse_cell(body("ner", more=more), {})).check.warnings
    assert [text for text in warnings if text.startswith("tokenizer: `lora` does not train embeddings, so those of")]


def test_a_model_that_talks_keeps_its_template(tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    folder = tmp_path / "talks"
    tokenizer = small_tokenizer("bpe", "gpt2")
    tokenizer.save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    GPT2LMHeadModel(
        GPT2Config(vocab_size=len(tokenizer), n_embd=16, n_layer=1, n_head=2, n_positions=64)
    ).save_pretrained(folder)
    path = tmp_path / "talk.jsonl"
    turns = [{"role": "user", "content": "a zanzibar of 龘"}, {"role": "assistant", "content": "zanzibar ran"}]
    path.write_text((json.dumps({"messages": turns}) + "\n") * 8)
    text = f"task: dialogue\nmodel: {folder}\ntokenizer: {{new_words: [zanzibar]}}\ndata: {{train: {path}}}\ntrain: {{max_steps: 1}}"
    prepared = prepare(parse_cell(text, {}))
    assert prepared.trained.tokenizer.chat_template == TEMPLATE
    assert "1 new word in the vocabulary: `zanzibar`; each begins as the mean" in "\n".join(prepared.chosen)


def test_a_run_that_is_done_again_with_another_model_keeps_the_words(body):
    recorded = parse_cell(body("ner"), {}).to_plain()
    again = parse_cell("model: ft-tiny", {}, recorded=recorded)
    assert (str(again.model), again.tokenizer.new_words) == ("ft-tiny", 10)


@pytest.mark.parametrize("task", ["classify", "relation"])  # the second adds tokens of its own
def test_without_them_the_data_check_says_what_would_help(body, task):
    plain = body(task).replace("tokenizer: {new_words: 10}\n", "")
    (warning,) = [text for text in prepare(parse_cell(plain, {})).check.warnings if "vocabulary lacks" in text]
    assert warning.endswith("or give it the letters and words that it lacks: `tokenizer: {new_words: 3000}`")


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
        ("{add_tokens: 5}", "", "tokenizer.add_tokens: unknown key. Did you mean `new_words`?"),
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
