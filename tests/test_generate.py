"""`task: generate`: rows that do not see each other, the loss against transformers' own, a cell from start to files."""

from __future__ import annotations

import json
import math
import pickle
import re
from pathlib import Path
from types import SimpleNamespace

import ft_magics
import numpy as np
import pandas as pd
import pytest
import torch
from ft_magics.config.references import Reference
from ft_magics.errors import CellError, DataError, ModelError
from ft_magics.evaluation.language.written import distinct_scores
from ft_magics.runs.cells import config_of, parse_cell
from ft_magics.tasks.generate.config import PassageOptions
from ft_magics.tasks.generate.reader import Passage, read_passages
from ft_magics.tasks.task import IGNORE_INDEX, Spec
from ft_magics.tasks.writing.continuing import most_written, room_before
from ft_magics.tasks.writing.encoding import pieces_of
from ft_magics.tasks.writing.pieces import Pack, Piece, collate_packs, pack, takes_packs
from ft_magics.training.prepare import prepare

from conftest import make_tiny_bert
from scratch_texts import texts

PADDED = Spec(tokenizer=SimpleNamespace(pad_token_id=0), config=None, max_length_tokens=16)
NEW = "{layers: 1, hidden_size: 32, heads: 2, max_length_tokens: 64}"
SMALL = {
    "vocab_size": 64,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 64,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


@pytest.fixture(scope="module")
def rows():
    """Prompts and completions, in two languages."""
    both = [*texts("en")[:30], *texts("zh")[:30]]
    return [{"prompt": text[: len(text) // 2], "completion": text[len(text) // 2 :]} for text in both]


@pytest.fixture
def body(rows, tmp_path):
    def make(
        train="max_steps: 3, learning_rate: 1e-3", *, task="generate", model=NEW, extra="tokenizer: {vocab_size: 400}"
    ):
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        data = f"{{train: {path}, dev: {{fraction: 0.2}}}}"
        return f"task: {task}\nmodel: {model}\ndata: {data}\ntrain: {{{train}}}\n{extra}"

    return make


@pytest.fixture
def make(body):
    return lambda *arguments, **named: prepare(parse_cell(body(*arguments, **named), {}))


def _piece(at, size):
    ids = np.random.default_rng(at).integers(3, 60, size=size).astype(np.int32)
    return Piece(at, ids, np.r_[False, np.ones(size - 1, dtype=bool)])


def test_pieces_are_packed_tightly_and_none_is_lost():
    pieces = [_piece(at, size) for at, size in enumerate((5, 9, 3, 14, 2, 16, 1))]
    packs = pack(pieces, longest=16)
    assert sorted(piece.example for item in packs for piece in item.pieces) == list(range(7))
    assert all(item.tokens <= 16 for item in packs)
    assert len(packs) == 4
    assert pack(pieces, longest=16) == packs


@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "qwen2"])
def test_packed_logits_are_those_of_each_text_alone(kind, attention):
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(kind, **SMALL)
    assert takes_packs(config, longest=16)
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config, attn_implementation=attention).eval()
    packs = pack([_piece(at, size) for at, size in enumerate((5, 9, 3, 14, 2))], longest=16)
    batch = collate_packs(packs, PADDED)
    labels, asked = batch.pop("labels"), batch.pop("asked")
    assert int((labels[:, 1:] != IGNORE_INDEX).sum()) == int(asked.sum()) == sum(sum(item.counts) for item in packs)
    with torch.no_grad():
        together = model(**batch).logits[:, :-1][asked[:, :-1]]
        ids = [torch.from_numpy(piece.ids.astype(np.int64))[None] for item in packs for piece in item.pieces]
        alone = torch.cat([model(input_ids=one).logits[0, :-1] for one in ids])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


def test_a_window_narrower_than_a_row_is_not_packed_over():
    from transformers import MistralConfig

    assert not takes_packs(MistralConfig(sliding_window=8), longest=16)
    assert takes_packs(MistralConfig(sliding_window=16), longest=16)


def test_every_token_of_a_long_text_is_asked_for_once():
    found = pieces_of(0, [1, 2, 3], list(range(10, 41)), longest=8)
    assert [token for piece in found for token in piece.ids[piece.asked]] == list(range(10, 41))
    assert all(len(piece.ids) <= 8 and not piece.asked[0] for piece in found)
    short = pieces_of(0, list(range(100)), [200, 201], longest=8)
    assert short[0].ids.tolist() == [94, 95, 96, 97, 98, 99, 200, 201]  # the end of the prompt is kept


@pytest.mark.parametrize("packing", [False, True])
def test_the_loss_is_transformers_own_and_exact_when_a_step_is_split(make, packing):
    prepared = make(task=f"{{generate: {{packing: {str(packing).lower()}}}}}")
    trained, task = prepared.trained, prepared.trained.task
    features = prepared.features["train"][:8]
    trained.model.eval()
    batch = task.collate(features, trained.spec)
    labels = batch.pop("labels")
    value = task.loss(trained.model(**batch), labels)
    losses, count = 0.0, 0
    for piece in (piece for item in features for piece in item.pieces):
        ids = torch.from_numpy(piece.ids.astype(np.int64))[None]
        own = torch.where(torch.from_numpy(piece.asked)[None], ids, torch.tensor(IGNORE_INDEX))
        number = int(piece.asked.sum())
        losses += trained.model(input_ids=ids, labels=own).loss.item() * number
        count += number
    assert value.item() == pytest.approx(losses / count, rel=1e-6)
    whole = torch.autograd.grad(value, list(trained.model.parameters()))
    items = (labels[:, 1:] != IGNORE_INDEX).sum()
    split = [torch.zeros_like(item) for item in whole]
    for at in range(0, 8, 2):
        part = task.collate(features[at : at + 2], trained.spec)
        asked = part.pop("labels")
        loss = task.loss(trained.model(**part), asked, items)
        for total, item in zip(split, torch.autograd.grad(loss, list(trained.model.parameters())), strict=True):
            total.add_(item)
    for one, two in zip(whole, split, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-5, atol=1e-6)
    with torch.no_grad():
        kept = task.infer(trained.model, batch, trained.model(**batch), features)
    assert len(pickle.dumps(kept)) < 4000  # numbers and a few tokens, whatever the vocabulary
    narrow = trained._rows_of([64] * 8)
    trained.model.config.vocab_size = 1 << 24
    assert trained._rows_of([64] * 8) == 1 < narrow  # a batch's logits take no more memory with a large vocabulary
    assert sum(loss for row in kept for _, loss, _ in row.sums) == pytest.approx(losses, rel=1e-5)


def test_a_cell_trains_a_model_from_nothing_that_writes_on(run_cell, shell, body):
    said = run_cell(f"%%finetune writer\n{body(task='{generate: {samples: 3, generation: {max_new_tokens: 5}}}')}")
    assert run_cell.result.success, said
    assert "model from nothing: Llama" in said
    assert "`prompt` was read as the prompt" in said or "prompt was read as the prompt" in said
    run = shell.user_ns["writer"]
    assert run.status == "done"
    report = run.report()
    scores = {name: score.value for name, score in report.scores.items()}
    assert scores["byte_perplexity"] == pytest.approx(2 ** scores["bits_per_byte"])
    assert math.log(scores["perplexity"]) == pytest.approx(run.history["loss"].min(), rel=1e-4)
    assert 0 < scores["distinct_1"] <= 1
    assert "Samples" in report.to_html()
    assert type(report).from_json(report.to_json()).to_json() == report.to_json()
    answer = run.predict("where is")
    assert isinstance(answer, str)
    assert ft_magics.load(run.dir).predict(["where is"]) == [answer]
    assert ft_magics.load(run.dir).report().scores == report.scores
    assert config_of(run.folder.read_config()).to_plain() == run.config.to_plain()

    from transformers import AutoModelForCausalLM, AutoTokenizer

    assert not AutoModelForCausalLM.from_pretrained(run.model_dir, output_loading_info=True)[1]["missing_keys"]
    assert AutoTokenizer.from_pretrained(run.model_dir).eos_token
    said = run_cell("%%predict writer\nwhere is\nwhat")
    assert "output" in said
    scored = ft_magics.evaluate(["the cat sat"], ["the cat sat"], task="generate", resamples=0)
    assert scored.scores["rougeL"].value == 1


def test_what_is_read_and_what_is_refused(tmp_path):
    def read(value, **options):
        return read_passages("train", Reference("rows", value), PassageOptions(**options))

    frame = pd.DataFrame({"question": ["a", None], "answer": ["b", "c"]})
    assert read(frame).examples == [Passage("a", "b", "$rows, row 0"), Passage("", "c", "$rows, row 1")]
    assert [each.text for each in read(["one", "two"]).examples] == ["one", "two"]
    assert [each.text for each in read([{"text": "one"}]).examples] == ["one"]
    some = read([{"prompt": "a", "completion": ""}, {"prompt": "b", "completion": "c"}])
    assert len(some.examples) == 1
    assert "1 of 2 rows have no completion and were left out" in some.notes[-1]
    alpaca = read([{"instruction": "a", "input": "x", "output": "b", "id": "1"}])
    assert alpaca.examples[0].text == "a\nx"
    assert "instruction and input, joined by a line end, were read as the prompt" in alpaca.notes[-1]
    assert alpaca.notes[-1].endswith("not read: id")
    with pytest.raises(DataError, match="holds half a surrogate pair"):
        read(["a\ud800"])
    with pytest.raises(DataError, match="which column is the text"):
        read([{"dialogue_id": "1", "turns": ["a", "b"]}])  # no text is an id
    (tmp_path / "x.csv").write_text("alpha,beta\na,b\nc,d\n", encoding="utf-8")
    with pytest.raises(
        DataError, match=r"the first row being 'alpha', 'beta'; .*`prompt_column` and `completion_column`"
    ):
        read_passages("train", str(tmp_path / "x.csv"), PassageOptions())
    named = read_passages(
        "train", str(tmp_path / "x.csv"), PassageOptions(prompt_column="alpha", completion_column="beta")
    )
    assert [(item.text, item.completion) for item in named.examples] == [("a", "b"), ("c", "d")]
    with pytest.raises(DataError, match=r"no column called reply for `completion_column`.*prompt, completion"):
        read([{"prompt": "a", "completion": "b"}], completion_column="reply")
    with pytest.raises(DataError, match="no column looks like the completion"):
        read([{"prompt": "a", "x": "b"}], prompt_column="prompt")
    with pytest.raises(DataError, match=r"\$rows\[1\]: found 3, expected a text"):
        read([{"prompt": "a", "completion": "b"}, {"prompt": "a", "completion": 3}])
    with pytest.raises(DataError, match="no row has a completion"):
        read([{"prompt": "a", "completion": None}])


def test_models_that_do_not_fit_are_told_what_does(make, tiny_model, tmp_path):
    with pytest.raises(ModelError, match=r"left to right, such as GPT-2 or Qwen2; .*An encoder takes `task: classify`"):
        make(model=tiny_model, extra="")
    prepared = make(task="{generate: {packing: true}}", model=_bert_gpt(tmp_path), extra="method: prefix")
    assert any("virtual tokens stand before a row" in note for note in prepared.check.notes)
    with pytest.raises(CellError, match="has its own tokenizer"):
        make(model="ft-tiny")


def test_a_tokenizer_without_an_end_and_a_padding_token_gets_them_and_it_is_said(make, tmp_path):
    prepared = make(model=_bert_gpt(tmp_path), extra="")
    tokenizer = prepared.trained.tokenizer
    assert tokenizer.eos_token == tokenizer.pad_token == "[SEP]"
    assert any("has no end token; [SEP] ends a text" in said for said in prepared.chosen)
    assert any("has no padding token" in said for said in prepared.chosen)
    trained = prepared.trained
    assert len(trained.predict(trained.task.parse(["ada"]))) == 1


def _bert_gpt(folder):
    """A GPT-2 with the tokenizer of a BERT, as Chinese ones have it, which lacks an end and here a padding token."""
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    tokenizer = AutoTokenizer.from_pretrained(make_tiny_bert(folder / "bert"))
    tokenizer.pad_token = None
    torch.manual_seed(0)
    sizes = {"vocab_size": len(tokenizer), "n_positions": 64, "n_embd": 32, "n_layer": 1, "n_head": 2}
    GPT2LMHeadModel(GPT2Config(**sizes)).save_pretrained(folder / "gpt")
    tokenizer.save_pretrained(folder / "gpt")
    return folder / "gpt"


def test_a_prompt_and_what_is_written_after_it_have_their_positions(make):
    for positions, asked in ((512, 600), (512, 300), (100, 64), (64, 16), (1, 5)):
        config = SimpleNamespace(max_position_embeddings=positions)
        assert room_before(positions, asked) + most_written(config, asked) <= max(positions, 2)
        for ahead in (1, positions // 3, positions // 2):
            assert room_before(positions - ahead, asked) + most_written(config, asked, ahead) + ahead <= positions + 1
    task = "{generate: {samples: 2, generation: {do_sample: false, max_new_tokens: 5000}}}"
    assert any("at most" in said and "tokens are written" in said for said in make(task=task).check.warnings)


def test_distinct_words_are_counted_over_all_outputs():
    found = distinct_scores(["a b a", "a b", "好好"])
    assert found["distinct_1"].value == pytest.approx(3 / 7)  # a, b, 好
    assert found["distinct_2"].value == pytest.approx(3 / 4)  # a b, b a, 好好
    assert distinct_scores([""])["distinct_1"].value is None


def test_a_row_of_one_piece_needs_no_mask_of_pairs():
    batch = collate_packs([Pack((_piece(0, 4),)), Pack((_piece(1, 2),))], PADDED)
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1], [1, 1, 0, 0]]
    assert "position_ids" not in batch


def test_the_shape_that_was_made_is_written_down_and_an_older_run_is_a_gpt2(run_cell, shell):
    Path("texts.jsonl").write_text("".join(json.dumps({"text": f"the day {at} was good"}) + "\n" for at in range(40)))
    cell = (
        "%%finetune {name}{flags}\ntask: generate\nmodel: {{layers: 1, hidden_size: 32, heads: 2, "
        "max_length_tokens: 64{shape}}}\ntokenizer: {{vocab_size: 270}}\ndata: {{train: texts.jsonl, dev: "
        "{{fraction: 0.2}}}}\ntrain: {{max_steps: 4, batch_size: 4, learning_rate: 1e-3}}\nsave: {{every: {{steps: 2}}}}"
    )
    run_cell(cell.format(name="new", flags="", shape=""))
    assert shell.user_ns["new"].config.model.shape == "llama"
    assert shell.user_ns["new"].folder.read_config()["model"]["shape"] == "llama"

    run_cell(cell.format(name="old", flags="", shape=", shape: gpt2"))
    folder = shell.user_ns["old"].folder
    path = folder.path / "config.yaml"
    path.write_text(re.sub(r",\s*shape:\s*gpt2", "", path.read_text()))
    assert "shape:" not in path.read_text()
    assert folder.read_config()["model"]["shape"] == "gpt2"
    printed = run_cell("%%finetune again --from old")
    assert run_cell.result.success, printed
    assert shell.user_ns["again"].history["loss"].tolist() == shell.user_ns["old"].history["loss"].tolist()
    init = ", init: {from: old, layers: [0]}"
    printed = run_cell(cell.format(name="begun", flags="", shape=init))
    assert run_cell.result.success, printed
    assert shell.user_ns["begun"].config.model.shape == "gpt2"
    printed = run_cell(
        cell.format(name="odd", flags="", shape=", intermediate_size: 64").replace("heads: 2", "heads: 32")
    )
    assert "rotary positions turn pairs of numbers" in printed
    run_cell(cell.format(name="old", flags=" --resume", shape="").replace("max_steps: 4", "max_steps: 6"))
    assert run_cell.result.success
    assert shell.user_ns["old"].config.model.shape == "gpt2"
