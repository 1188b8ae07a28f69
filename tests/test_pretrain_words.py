"""Pre-training and words: runs of words that are hidden together, Chinese words, new words of a domain."""

from __future__ import annotations

import sys
import types

import ft_magics
import numpy as np
import pytest
import torch
from ft_magics.errors import CellError, ModelError
from ft_magics.models.scratch.segmenters import _jieba
from ft_magics.runs.cells import PRETRAIN, parse_cell
from ft_magics.tasks.masked.masking import hide
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare

from runs import finish

WORD = "北京上海"  # the tiny model has all four


class Words:
    """A segmenter that knows one word."""

    tmp_dir = None

    def initialize(self):
        pass

    def lcut(self, run, HMM):  # noqa: N803  # jieba's name
        found = []
        while run:
            size = len(WORD) if run.startswith(WORD) else 1
            found.append(run[:size])
            run = run[size:]
        return found


@pytest.fixture
def jieba(patch):
    """A jieba of one word; what a test before this one had is forgotten, and this one afterwards."""
    _jieba.cache_clear()
    fake = types.ModuleType("jieba")
    fake.Tokenizer, fake.setLogLevel, fake.__version__ = Words, int, "1"
    patch.setitem(sys.modules, "jieba", fake)
    yield fake
    _jieba.cache_clear()


@pytest.fixture
def text_file(tmp_path):
    path = tmp_path / "texts.txt"
    documents = [f"{at} ada 王小明在{WORD}去了{WORD}, and bob ran {at} {WORD}" for at in range(30)]
    path.write_text("\n\n".join(documents), encoding="utf-8")
    return path


@pytest.fixture
def make(tiny_model, text_file):
    def make(objective="mlm", *, extra="", train="max_steps: 3, learning_rate: 1e-3"):
        data = f"{{train: {text_file}, dev: {{fraction: 0.2}}}}"
        body = f"objective: {objective}\nmodel: {tiny_model}\ndata: {data}\ntrain: {{max_length_tokens: 24, {train}}}"
        return prepare(parse_cell(f"{body}\n{extra}", {}, kind=PRETRAIN))

    return make


def runs_of(chosen):
    """Lengths of the runs of true values, the order lost."""
    return np.diff(np.flatnonzero(np.diff(np.concatenate([[0], chosen.astype(int), [0]]))))[::2].tolist()


def test_runs_have_the_lengths_that_the_cell_says(make):
    threes = make("{mlm: {mask: 0.1, ngrams: [0, 0, 1]}}")
    masking = threes.features["train"][0].training
    letters = threes.trained.tokenizer.convert_tokens_to_ids(list("abcdefghijklmnopqrstuvwxyz") * 8)
    ids = np.array([2, *letters, 3])
    lengths = [length for row in range(60) for length in runs_of(hide(ids, masking, (1, 1, row))[1])]
    assert sum(lengths) == 60 * 21
    assert sum(length % 3 == 0 for length in lengths) / len(lengths) > 0.8  # two may touch, one may be cut by another
    falling = make("{mlm: {ngrams: 4}}").features["train"][0].training
    assert falling.ngrams == (0.4, 0.3, 0.2, 0.1)
    assert make("{mlm: {ngrams: 4}}").features["dev"][0].held_out.ngrams == ()
    one = hide(ids, falling, (1, 1, 7))
    assert all(np.array_equal(*pair) for pair in zip(one, hide(ids, falling, (1, 1, 7)), strict=True))


@pytest.mark.usefixtures("jieba")
def test_chinese_words_are_hidden_whole_in_training_and_by_character_in_dev(make, patch):
    single = make("{mlm: {mask: 0.3}}").features
    prepared = make("{mlm: {mask: 0.3, chinese_words: jieba}}")
    features, tokenizer = prepared.features, prepared.trained.tokenizer
    word = tokenizer.convert_tokens_to_ids(list(WORD))
    hidden = 0
    for feature in features["train"].drawn(seed=1, epoch=0):
        ids, (_, chosen) = feature.row.ids, feature.hidden()
        assert len(feature.begins) == len(ids)
        for at in range(len(ids) - len(word) + 1):
            if ids[at : at + len(word)].tolist() == word:
                assert len(set(chosen[at : at + len(word)].tolist())) == 1
                hidden += int(chosen[at])
    assert hidden > 5
    assert all(
        np.array_equal(one.hidden()[1], two.hidden()[1])
        for one, two in zip(features["dev"], single["dev"], strict=True)
    )
    assert prepared.fingerprint != make("{mlm: {mask: 0.3}}").fingerprint

    patch.setattr("ft_magics.tasks.language.borders.word_groups", None)  # they are found once
    again = make("{mlm: {mask: 0.3, chinese_words: jieba}}").features["train"].drawn(seed=1, epoch=0)
    first = features["train"].drawn(seed=1, epoch=0)
    assert all(np.array_equal(one.hidden()[0], two.hidden()[0]) for one, two in zip(first, again, strict=True))


@pytest.mark.usefixtures("jieba")
def test_chinese_words_are_hidden_whole_in_pairs_too(make, text_file):
    text_file.write_text("\n\n".join(f"在{WORD}{at}\n去了{WORD}" for at in range(20)), encoding="utf-8")
    prepared = make("[{mlm: {mask: 0.3, chinese_words: jieba}}, nsp]")
    word = prepared.trained.tokenizer.convert_tokens_to_ids(list(WORD))
    hidden = 0
    for feature in prepared.features["train"].drawn(seed=1, epoch=0):
        ids, (_, chosen) = feature.row.ids, feature.hidden()
        for at in range(len(ids) - len(word) + 1):
            if ids[at : at + len(word)].tolist() == word:
                assert len(set(chosen[at : at + len(word)].tolist())) == 1
                hidden += int(chosen[at])
    assert hidden > 5


@pytest.mark.parametrize("objective", ["{mlm: {chinese_words: jieba}}", "[{mlm: {chinese_words: jieba}}, sop]"])
def test_without_the_segmenter_s_package_nothing_is_read(make, patch, objective):
    _jieba.cache_clear()
    patch.setitem(sys.modules, "jieba", None)
    patch.setattr("ft_magics.tasks.language.text_task.read_text", None)
    with pytest.raises(CellError, match=r"objective.mlm.chinese_words.*`pip install 'ft_magics\[chinese\]'`"):
        make(objective)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("spans: true, ngrams: 3", "objective.mlm.ngrams: does not go with `spans: true`"),
        ("whole_words: false, ngrams: 3", "objective.mlm.ngrams: does not go with `whole_words: false`"),
        ("whole_words: false, chinese_words: jieba", "objective.mlm.chinese_words: does not go with"),
        ("ngrams: [0.5, 0.2]", "objective.mlm.ngrams: the shares sum to 0.7; they have to sum to 1"),
        ("ngrams: 1", "objective.mlm.ngrams"),
        ("ngrams: many", "expected the most words of a run, from 2 to 10, or shares such as `[0.4, 0.3, 0.2, 0.1]`"),
        ("chinese_words: words", "expected 'characters' or 'jieba'"),
    ],
)
def test_what_does_not_go_together_is_refused(settings, said):
    with pytest.raises(CellError) as error:
        parse_cell(f"objective: {{mlm: {{{settings}}}}}\nmodel: minilm\ndata: {{train: a.txt}}", {}, kind=PRETRAIN)
    assert said in str(error.value)


# New words


def test_new_words_are_tokens_of_the_model_that_is_saved(make, text_file):
    from transformers import AutoModelForMaskedLM, AutoTokenizer

    text_file.write_text("\n\n".join(f"{at} the nightingales, nightingales of ada" for at in range(30)))
    prepared = make(extra="tokenizer: {new_words: 5}")
    said = "\n".join(prepared.chosen)
    assert "4 new words of 5 that were asked for in the vocabulary: `nightingales`, `ada`, `the`, `of`;" in said
    assert "(train has no more that are frequent)" in said
    assert "on dev, other scripts: " in said
    assert "without the new words" in said
    before = make().trained
    pieces = before.tokenizer("nightingales", add_special_tokens=False)["input_ids"]
    at = prepared.trained.tokenizer.convert_tokens_to_ids("nightingales")
    rows = [one.model.get_input_embeddings().weight for one in (prepared.trained, before)]
    assert torch.allclose(rows[0][at], rows[1][pieces].mean(0))
    assert sum(rows[0].shape) == sum(rows[1].shape) + 4
    ids = prepared.features["train"][0].row.ids.tolist()
    assert ids.count(at) == 2

    run = finish(start_run("more", prepared))
    saved, words = AutoModelForMaskedLM.from_pretrained(run.model_dir), AutoTokenizer.from_pretrained(run.model_dir)
    assert words("nightingales", add_special_tokens=False)["input_ids"] == [at]
    assert not torch.equal(saved.get_input_embeddings().weight[at], rows[1][pieces].mean(0)), "it is trained"


def test_a_method_that_keeps_a_part_needs_the_whole_to_be_kept_for_new_words(make):
    extra = "tokenizer: {new_words: [zanzibar, ada]}\nmethod: lora\n"
    with pytest.raises(CellError, match=r"tokenizer.new_words: `lora` keeps only what it trains.*take `method: full`"):
        make(extra=extra)
    run = finish(start_run("merged", make(extra=f"{extra}save: {{merge: true}}")))
    model = ft_magics.load(run.dir)
    assert model.predict("zanzibar ____ ada")
    from transformers import AutoTokenizer

    assert "zanzibar" in AutoTokenizer.from_pretrained(run.model_dir).get_vocab()


def test_words_that_cannot_be_are_refused(make, text_file, patch):
    text_file.write_text("\n\n".join(f"{at} b c {'defghijklm'[at % 10] * at}" for at in range(30)))
    with pytest.raises(ModelError, match="no word that the model's tokenizer splits occurs in train five times"):
        make(extra="tokenizer: {new_words: 5}")
    with pytest.raises(ModelError, match="the vocabulary has all of them already"):
        make(extra="tokenizer: {new_words: [a, b]}")
    patch.setattr("ft_magics.models.heads.Head.predicts_tokens", False)
    with pytest.raises(ModelError, match="the model of `objective: mlm` predicts no tokens"):
        make(extra="tokenizer: {new_words: [c]}")


@pytest.mark.parametrize(
    ("model", "tokenizer", "said"),
    [
        ("minilm", "vocab_size: 100", "tokenizer: a trained model has its own tokenizer"),
        ("minilm", "vocab_size: 100, new_words: 5", "tokenizer.vocab_size: a trained model has its own"),
        ("{preset: tiny}", "new_words: 5", "tokenizer.new_words: a tokenizer from nothing has the words of its text"),
        ("minilm", "new_words: []", "tokenizer.new_words"),
        ("minilm", "new_words: many", "expected how many words, such as `500`, or a list of words"),
        ("minilm", "new_words: 0", "tokenizer.new_words"),
    ],
)
def test_a_tokenizer_section_that_does_not_fit_its_model_is_refused(model, tokenizer, said):
    with pytest.raises(CellError) as error:
        parse_cell(
            f"objective: mlm\nmodel: {model}\ntokenizer: {{{tokenizer}}}\ndata: {{train: a.txt}}", {}, kind=PRETRAIN
        )
    assert said in str(error.value)
