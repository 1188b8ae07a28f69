"""Tokenizers from nothing: their pieces, special tokens, files; the same in every process; what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ft_magics.config.scratch import WRITING_SHAPES, TokenizerSettings
from ft_magics.errors import DataError, ModelError
from ft_magics.models.scratch.sampling import sample_texts
from pydantic import ValidationError

from scratch_texts import mixed, small_tokenizer, texts

KINDS = [
    *(("wordpiece", "bert"), ("bpe", "bert"), ("unigram", "bert")),
    *(("wordpiece", "modernbert"), ("bpe", "modernbert"), ("unigram", "modernbert")),
    *(("bpe", "gpt2"), ("unigram", "gpt2"), ("bpe", "llama"), ("unigram", "llama")),
]
ENCODERS = [pair for pair in KINDS if pair[1] not in WRITING_SHAPES]
TEXT = "Hello, don't 北京 is big: 我爱it."


def train(sample, **settings):
    from ft_magics.models.scratch.train_tokenizer import train_tokenizer

    shape = settings.pop("shape", "bert")
    return train_tokenizer(sample, TokenizerSettings(**settings), shape=shape)


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_saved_and_loaded_it_is_the_same(kind, shape, tmp_path):
    from ft_magics.models.loading import load_tokenizer

    tokenizer = small_tokenizer(kind, shape)
    tokenizer.save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": shape}))
    loaded = load_tokenizer(str(tmp_path))
    assert json.loads(loaded.backend_tokenizer.to_str()) == json.loads(tokenizer.backend_tokenizer.to_str())
    assert loaded.special_tokens_map == tokenizer.special_tokens_map
    assert loaded.model_max_length == 64
    for text in (TEXT, *mixed()[::20]):
        assert loaded(text, "two", return_offsets_mapping=True) == tokenizer(text, "two", return_offsets_mapping=True)


@pytest.mark.parametrize("shape", ["bert", "modernbert"])
def test_an_encoder_s_text_is_framed(shape):
    tokenizer = small_tokenizer("wordpiece", shape)
    assert tokenizer.convert_ids_to_tokens(range(5)) == ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    pair = tokenizer("a", "a")
    middle = tokenizer.convert_ids_to_tokens(pair["input_ids"])
    assert (middle[0], middle[2], middle[-1]) == ("[CLS]", "[SEP]", "[SEP]")
    assert ("token_type_ids" in pair) == (shape == "bert")
    if shape == "bert":
        assert pair["token_type_ids"] == [0, 0, 0, 1, 1]


def test_gpt2_s_text_is_bytes_and_comes_back_to_the_letter():
    tokenizer = small_tokenizer("bpe", "gpt2")
    assert tokenizer.eos_token == tokenizer.bos_token == "<|endoftext|>"
    assert tokenizer.pad_token_id != tokenizer.eos_token_id
    odd = "  Two  spaces,\n\tété 北京 🙂 \u0e01."
    assert tokenizer.decode(tokenizer(odd)["input_ids"]) == odd


@pytest.mark.parametrize(("kind", "shape"), [("bpe", "bert"), ("bpe", "gpt2")])
def test_to_bytes_nothing_is_unknown(kind, shape):
    tokenizer = small_tokenizer(kind, shape)
    assert tokenizer.unk_token_id not in tokenizer("ဤသည် 🙂 ꙮ")["input_ids"]


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_each_chinese_character_is_split_off_as_bert_does(kind, shape):
    tokenizer = small_tokenizer(kind, shape)
    text = "上海big市政府"
    covered = [
        set(range(start, end))
        for start, end in tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)["offset_mapping"]
    ]
    chinese = {at for at, letter in enumerate(text) if letter > "z"}
    assert all(len(places) == 1 for places in covered if places & chinese)


def test_pieces_of_several_characters_where_they_are_asked_for():
    tokenizer = train(mixed(), type="unigram", vocab_size=1300, cjk="pieces")
    assert any(len(piece) > 1 and min(piece) > "\u4e00" for piece in tokenizer.get_vocab())
    with pytest.raises(ValidationError, match="`wordpiece` reads a run of Chinese characters as one word"):
        TokenizerSettings(type="wordpiece", cjk="pieces")


@pytest.mark.parametrize(("kind", "shape"), ENCODERS)
def test_a_text_and_its_words_have_the_same_ids(kind, shape):
    tokenizer = small_tokenizer(kind, shape)
    words = ["Hello", ",", "don", "'", "t", "北", "京", "is", "big", ":", "我", "爱", "it", "."]
    assert tokenizer(words, is_split_into_words=True)["input_ids"] == tokenizer(TEXT)["input_ids"]


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "unigram"])
def test_small_letters_only_where_they_are_asked_for(kind):
    assert (
        small_tokenizer(kind, lowercase=True)("The")["input_ids"]
        == small_tokenizer(kind, lowercase=True)("the")["input_ids"]
    )
    assert small_tokenizer(kind)("The")["input_ids"] != small_tokenizer(kind)("the")["input_ids"]


PRINT = """
import hashlib, sys
sys.path.insert(0, {tests!r})
from scratch_texts import small_tokenizer
for kind in ("wordpiece", "bpe", "unigram"):
    print(hashlib.sha256(small_tokenizer(kind).backend_tokenizer.to_str().encode()).hexdigest())
"""


def test_the_same_text_gives_the_same_tokenizer_in_every_process():
    here = [
        hashlib.sha256(small_tokenizer(kind).backend_tokenizer.to_str().encode()).hexdigest()
        for kind in ("wordpiece", "bpe", "unigram")
    ]
    for threads in ("1", "3"):
        done = subprocess.run(
            [sys.executable, "-c", PRINT.format(tests=str(Path(__file__).parent))],
            env=os.environ | {"RAYON_NUM_THREADS": threads, "PYTHONHASHSEED": threads},
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.split() == here


def test_a_long_stream_leaves_a_fair_sample_of_the_size_asked_for():
    def stream():
        for at in range(20_000):
            yield f"{'en' if at < 10_000 else 'zh'} text {at:5d}"

    few = sample_texts(stream(), 30_000)
    assert 15_000 <= sum(map(len, few)) <= 30_000
    assert few == sample_texts(stream(), 30_000)
    assert few == sorted(few, key=lambda text: int(text.split()[-1]))
    share = sum(text.startswith("en") for text in few) / len(few)
    assert 0.4 < share < 0.6
    assert sample_texts(["a", "b"], 10) == ["a", "b"]
    assert len(sample_texts(["x" * 1_000_000], 200_000)[0]) == 100_000


def test_rare_characters_are_unknown_and_all_are_known_at_a_coverage_of_one():
    sample = [*mixed(), *mixed(), "ꙮ is rare"]
    for kind in ("wordpiece", "unigram"):
        few = train(sample, type=kind, vocab_size=1300, character_coverage=0.999)
        assert few.unk_token_id in few("ꙮ")["input_ids"]
        assert few.unk_token_id not in few("is")["input_ids"]
        assert (
            few.unk_token_id not in train(sample, type=kind, vocab_size=1300, character_coverage=1.0)("ꙮ")["input_ids"]
        )


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "unigram"])
def test_more_tokens_than_the_text_supports_are_refused_with_the_number_that_it_does(kind):
    with pytest.raises(ModelError, match="is more than this text supports: it has") as refused:
        train(mixed(), type=kind, vocab_size=100_000)
    supported = int(str(refused.value).partition("Take `vocab_size: ")[2].partition("`")[0])
    assert len(train(mixed(), type=kind, vocab_size=supported)) == supported


def test_a_vocabulary_smaller_than_the_characters_is_refused():
    for kind, least in (("wordpiece", "900"), ("bpe", "300"), ("unigram", "900")):
        with pytest.raises(ModelError, match=f"take at least `vocab_size: {least}`"):
            train(mixed(), type=kind, vocab_size=200)


def test_no_text_and_a_type_that_cannot_write_are_refused():
    for nothing in ([], [" ", "\n"]):
        with pytest.raises(DataError, match="there is no text"):
            train(nothing)
    with pytest.raises(ModelError, match="loses the spaces"):
        train(texts("en"), type="wordpiece", shape="gpt2")


def test_the_type_follows_from_the_shape():
    assert [TokenizerSettings().kind(shape) for shape in ("bert", "modernbert", "gpt2")] == ["wordpiece", "bpe", "bpe"]
