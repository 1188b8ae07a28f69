"""Words and their tokens: nothing is lost, whatever the text and however long the sentence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ft_magics.data.examples import Example
from ft_magics.data.words import split_words
from ft_magics.errors import AlignmentError
from ft_magics.tasks.ner import NerTask, labels_of
from ft_magics.tasks.tokens import IGNORE_INDEX, WordTokenizer, align_labels, make_windows
from hypothesis import given
from hypothesis import strategies as st

word_sizes = st.lists(st.integers(1, 12), min_size=1, max_size=60)


@given(word_sizes, st.integers(4, 20))
def test_every_word_is_owned_by_one_window_that_holds_it(sizes, limit):
    pieces = [[10 + at] * size for at, size in enumerate(sizes)]
    windows = make_windows(pieces, max_length_tokens=limit, prefix=[1], suffix=[2])
    owned = [word for window in windows for word in range(*window.owned)]
    assert owned == list(range(len(sizes)))
    for window in windows:
        assert len(window.input_ids) == len(window.word_ids) <= limit
        assert (window.input_ids[0], window.input_ids[-1]) == (1, 2)
        assert set(range(*window.owned)) <= set(window.word_ids)
        for token, word in zip(window.input_ids, window.word_ids, strict=True):
            assert token == (10 + word if word is not None else token)


@given(word_sizes, st.integers(4, 20))
def test_every_label_is_learned_exactly_once(sizes, limit):
    labels = list(range(len(sizes)))
    windows = make_windows([[9] * size for size in sizes], max_length_tokens=limit, prefix=[1], suffix=[2])
    learned = [
        label
        for window in windows
        for label in align_labels(window.word_ids, labels, window.owned)
        if label != IGNORE_INDEX
    ]
    assert learned == labels


def test_a_short_sentence_has_one_window_and_a_word_one_label():
    (window,) = make_windows([[7, 8], [9]], max_length_tokens=10, prefix=[1], suffix=[2])
    assert window.input_ids == [1, 7, 8, 9, 2]
    assert align_labels(window.word_ids, [5, 6], window.owned) == [-100, 5, -100, 6, -100]


def test_labels_that_do_not_belong_are_refused():
    with pytest.raises(AlignmentError, match="word 1"):
        align_labels([None, 0, 1], [3], (0, 2))
    with pytest.raises(AlignmentError, match="special tokens"):
        make_windows([[1]], max_length_tokens=2, prefix=[1], suffix=[2])


@pytest.fixture(scope="module")
def tokenizer(tiny_model):
    from ft_magics.training.weights import load_tokenizer

    return load_tokenizer(str(tiny_model))


ODD_WORDS = [
    "\u200b",
    "",
    " ",
    "\ufeff",
    "\u0001",
    "🙂",
    "\u0301",
    "\ufe0f",
    "a b",
    "x" * 300,
    "\u202e",
    "\u3000",
    "\r",
]


def test_odd_words_keep_their_place(tokenizer):
    words = WordTokenizer(tokenizer)
    (pieces,) = words.pieces([ODD_WORDS])
    assert len(pieces) == len(ODD_WORDS)
    assert all(pieces)


@given(
    st.lists(
        st.lists(st.one_of(st.text(max_size=6), st.sampled_from(ODD_WORDS)), min_size=1, max_size=40),
        min_size=1,
        max_size=4,
    )
)
def test_every_word_of_any_text_gets_a_prediction(tokenizer, sentences):
    examples = [Example(tuple(words), ("O",) * len(words), str(at)) for at, words in enumerate(sentences)]
    task = NerTask(("O", "B-X", "I-X"))
    features = task.encode(examples, tokenizer, 16)
    seen = sorted((feature.example, word) for feature in features for word in feature.words)
    assert seen == [(at, word) for at, words in enumerate(sentences) for word in range(len(words))]
    logits = [np.tile([0.0, 1.0, 0.0], (len(feature.words), 1)) for feature in features]
    for example, prediction in zip(examples, task.decode(examples, features, logits), strict=True):
        assert prediction.tags == ("B-X",) * len(example.words)
        assert len(prediction.confidences) == len(example.words)


@pytest.mark.shared
def test_real_files_lose_no_word(shared):
    from ft_magics.data.sources import read_split
    from ft_magics.training.weights import find_weights, load_tokenizer

    minilm = load_tokenizer(find_weights("minilm"))
    names = ["01_bom_inside_token.conll", "06_iob1_4cols_docstart_641_tokens.txt", "08_crlf_1047_tokens.conll"]
    names += ["09_empty_tokens_emoji.conll", "18_thai_space_tokens_combining.conll", "26_derived_decomposed_nfd.conll"]
    for name in names:
        split = read_split("train", str(shared / "quirks" / name))
        task = NerTask(labels_of(split.examples))
        features = task.encode(split.examples, minilm, 128)
        assert sum(len(feature.words) for feature in features) == sum(len(example.words) for example in split.examples)
        learned = sum(label != IGNORE_INDEX for feature in features for label in feature.labels)
        assert learned == sum(len(example.words) for example in split.examples)


@given(st.text())
def test_words_of_a_text_cover_all_but_white_space(text):
    words = split_words(text)
    assert all(start < end for start, end in words)
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(words))
    covered = "".join(text[start:end] for start, end in words)
    assert covered == "".join(text.split())


def test_words_of_usual_texts():
    def words(text):
        return [text[start:end] for start, end in split_words(text)]

    assert words("I don't (really) know, Dr. Wu.") == [
        "I",
        "don't",
        "(",
        "really",
        ")",
        "know",
        ",",
        "Dr",
        ".",
        "Wu",
        ".",
    ]
    assert words("in the U.S. now") == ["in", "the", "U.S.", "now"]
    assert words("小明在iPhone店,去了") == ["小", "明", "在", "iPhone", "店", ",", "去", "了"]
    assert words("@ada #nlp 3.5% http://x.org/a?b") == ["@ada", "#nlp", "3.5", "%", "http://x.org/a?b"]
