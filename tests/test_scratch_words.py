"""Whole words of tokens, Chinese words by a segmenter, and how a tokenizer fits a language."""

from __future__ import annotations

import sys
import types

import pytest
from ft_magics.errors import ModelError
from ft_magics.models.scratch.fertility import coverage_and_fertility
from ft_magics.models.scratch.segmenters import _jieba, find_segmenter
from ft_magics.models.scratch.surfaces import begins_words
from ft_magics.models.scratch.words import NO_WORD, word_groups, words_of
from hypothesis import given
from hypothesis import strategies as st

from scratch_texts import mixed, small_tokenizer, texts

KINDS = [("wordpiece", "bert"), ("bpe", "bert"), ("unigram", "modernbert"), ("bpe", "gpt2"), ("unigram", "gpt2")]


def two_by_two(run):
    return [run[at : at + 2] for at in range(0, len(run), 2)]


def groups(tokenizer, text, segmenter=None):
    encoded = tokenizer(text, return_offsets_mapping=True)
    return encoded, word_groups(encoded["offset_mapping"], text, segmenter)


def grouped(tokenizer, text, segmenter=None):
    """The text of each group."""
    encoded, numbers = groups(tokenizer, text, segmenter)
    spans = {}
    for number, (start, end) in zip(numbers, encoded["offset_mapping"], strict=True):
        if number != NO_WORD:
            low, high = spans.get(number, (start, end))
            spans[number] = min(low, start), max(high, end)
    return [text[start:end].strip() for _, (start, end) in sorted(spans.items())]


def test_words_are_parted_by_space_marks_and_chinese_characters():
    def words(text, segmenter=None):
        return [text[start:end] for start, end in words_of(text, segmenter)]

    assert words("Don't go_on, naïve cafe\u0301!") == [
        "Don",
        "'",
        "t",
        "go",
        "_",
        "on",
        ",",
        "naïve",
        "cafe\u0301",
        "!",
    ]
    assert words("我爱NLP，very much") == ["我", "爱", "NLP", "，", "very", "much"]
    assert words("北京大学在bei京", two_by_two) == ["北京", "大学", "在", "bei", "京"]
    assert words("北京大学", lambda run: [run[:2]]) == ["北京", "大学"]
    assert words(" \n") == []


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_the_tokens_of_a_word_are_one_group(kind, shape):
    tokenizer = small_tokenizer(kind, shape)
    assert grouped(tokenizer, "overflowing manholes, 我爱it.") == [
        "overflowing",
        "manholes",
        ",",
        "我",
        "爱",
        "it",
        ".",
    ]
    encoded, numbers = groups(tokenizer, "overflowing manholes, 我爱it.")
    assert max(numbers.count(number) for number in set(numbers)) > 1  # some word is split
    special = [token in tokenizer.all_special_ids and token != tokenizer.unk_token_id for token in encoded["input_ids"]]
    assert [number == NO_WORD for number in numbers] == special


@pytest.mark.parametrize(("kind", "shape"), KINDS)
def test_a_segmenter_s_words_are_one_group(kind, shape):
    assert grouped(small_tokenizer(kind, shape), "在上海大学 at", two_by_two) == ["在上", "海大", "学", "at"]


@pytest.mark.parametrize(("kind", "shape"), KINDS[:3])
def test_a_vocabulary_alone_says_the_same_of_an_encoder_s_tokens(kind, shape):
    tokenizer = small_tokenizer(kind, shape)
    begins = begins_words(tokenizer)
    for text in [*mixed(), "在北京(overflowing), café_go 30% 龘"]:
        encoded, numbers = groups(tokenizer, text)
        pairs = zip([NO_WORD, *numbers], numbers, encoded["input_ids"], strict=False)
        special = tokenizer.all_special_ids  # an unknown letter may stand within a word
        assert all(begins[token] == (before != number) for before, number, token in pairs if token not in special)


def test_a_token_over_two_words_joins_them_and_white_space_goes_with_its_word():
    text = "don't  go 上海大学 "
    offsets = [(0, 0), (0, 3), (3, 5), (5, 6), (6, 9), (10, 12), (11, 13), (13, 14), (14, 15), (0, 0)]
    assert word_groups(offsets, text, two_by_two) == [NO_WORD, 0, 1, 2, 2, 3, 3, 3, 3, NO_WORD]
    assert word_groups([(0, 1)], " ") == [0]
    assert word_groups([], "") == []


@given(st.text(alphabet="ab 'é我京，_\n🙂", max_size=30))
def test_groups_count_up_and_hold_whole_words(text):
    tokenizer = small_tokenizer("bpe", "gpt2")
    encoded, numbers = groups(tokenizer, text)
    there = [number for number in numbers if number != NO_WORD]
    assert there == sorted(there)
    assert set(there) == set(range(len(set(there))))
    for start, end in words_of(text):
        of_word = [
            number
            for number, (low, high) in zip(numbers, encoded["offset_mapping"], strict=True)
            if low < end and high > start
        ]
        assert len(set(of_word)) == 1


def test_without_its_package_a_segmenter_says_how_to_have_it(monkeypatch):
    _jieba.cache_clear()
    monkeypatch.setitem(sys.modules, "jieba", None)
    with pytest.raises(ModelError, match=r"`pip install 'ft_magics\[chinese\]'`. Without it each character is a word"):
        find_segmenter("jieba")
    with pytest.raises(ModelError, match="`hanlp` is no segmenter; there is `jieba`"):
        find_segmenter("hanlp")


def test_the_segmenter_keeps_its_cache_out_of_the_folder_of_all_users(monkeypatch):
    _jieba.cache_clear()
    places = []

    class Tokenizer:
        tmp_dir = None

        def initialize(self):
            places.append(self.tmp_dir)

        def lcut(self, run, HMM):  # noqa: N803  # jieba's name
            return two_by_two(run) if HMM else [run]

    fake = types.ModuleType("jieba")
    fake.Tokenizer, fake.setLogLevel = Tokenizer, int
    monkeypatch.setitem(sys.modules, "jieba", fake)
    assert find_segmenter("jieba")("北京大学") == ["北京", "大学"]
    assert "ft_magics_jieba_" in places[0]
    _jieba.cache_clear()


def test_fertility_and_coverage_are_counted_by_hand():
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {"[UNK]": 0, "over": 1, "##flow": 2, "a": 3, "水": 4, "管": 5}
    backend = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split("水", "isolated"), pre_tokenizers.BertPreTokenizer()]
    )
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]")
    english, chinese = coverage_and_fertility(tokenizer, {"en": ["a overflow", "xyz a"], "zh": ["水管", "水了"]})
    assert (english.words, english.tokens, english.unknown, english.characters, english.covered) == (4, 5, 1, 13, 10)
    assert (english.fertility, english.continued, english.by_character) == (1.25, 0.25, False)
    assert (english.unknown_share, english.coverage) == (0.2, 10 / 13)
    assert (chinese.fertility, chinese.unknown, chinese.by_character) == (1.0, 1, True)
    assert str(chinese) == (
        "zh: 1.00 tokens per character, 0 % of words split, 75.00 % of the characters covered, 25.00 % of the tokens unknown"
    )


def test_of_bytes_nothing_is_uncovered_and_more_tokens_split_less():
    english, chinese = coverage_and_fertility(small_tokenizer("bpe"), {"en": texts("en"), "zh": texts("zh")})
    assert english.coverage == chinese.coverage == 1.0
    assert english.unknown == chinese.unknown == 0
    less = coverage_and_fertility(small_tokenizer("bpe", size=600), {"en": texts("en"), "zh": texts("zh")})
    assert [one.fertility for one in less] > [english.fertility, chinese.fertility]
    assert 1 < english.fertility < less[0].fertility
    assert english.characters == sum(len("".join(text.split())) for text in texts("en"))
    assert len(mixed()) > 400
