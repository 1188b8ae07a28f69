"""Words and their tokens: nothing is lost, whatever the text and however long the sentence."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import normalise
from ft_magics.data.tagged.words import split_words
from ft_magics.errors import AlignmentError
from ft_magics.tasks.ner.task import NerTask, labels_of
from ft_magics.tasks.task import IGNORE_INDEX, Spec
from ft_magics.tasks.tokens import WordTokenizer, align_labels, make_windows
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


@given(st.lists(st.one_of(st.none(), st.integers(0, 9)), max_size=40), st.integers(0, 9), st.integers(0, 10))
def test_a_label_stands_on_the_first_token_of_an_owned_word_and_nowhere_else(word_ids, start, end):
    labels = [100 + word for word in range(10)]
    aligned = align_labels(word_ids, labels, (start, end))
    assert len(aligned) == len(word_ids)
    for at, (word, label) in enumerate(zip(word_ids, aligned, strict=True)):
        first = word is not None and start <= word < end and (at == 0 or word_ids[at - 1] != word)
        assert label == (labels[word] if first else IGNORE_INDEX)


@given(word_sizes, st.integers(8, 20))
def test_windows_overlap_and_show_whole_words(sizes, limit):
    pieces = [list(range(100 * at, 100 * at + size)) for at, size in enumerate(sizes)]
    windows = make_windows(pieces, max_length_tokens=limit, prefix=[-1], suffix=[-2])
    room = limit - 2
    for window in windows:
        shown = sorted({word for word in window.word_ids if word is not None})
        assert shown == list(range(shown[0], shown[-1] + 1))
        for word in shown:
            tokens = [token for token, owner in zip(window.input_ids, window.word_ids, strict=True) if owner == word]
            assert tokens == pieces[word][:room]  # a word longer than the model shows its beginning
    for before, after in itertools.pairwise(windows):
        assert before.owned[1] == after.owned[0]
        assert max(word for word in before.word_ids if word is not None) + 1 >= min(
            word for word in after.word_ids if word is not None
        )


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
    from ft_magics.models.loading import load_tokenizer

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


def spec(tokenizer, limit):
    return Spec(tokenizer=tokenizer, config=None, max_length_tokens=limit)


@given(
    st.lists(
        st.lists(st.one_of(st.text(max_size=6), st.sampled_from(ODD_WORDS)), min_size=1, max_size=40),
        min_size=1,
        max_size=4,
    )
)
def test_every_word_of_any_text_gets_a_prediction(tokenizer, sentences):
    examples = [TaggedSentence(tuple(words), ("O",) * len(words), str(at)) for at, words in enumerate(sentences)]
    task = NerTask(("O", "B-X", "I-X"))
    features = task.encode(examples, spec(tokenizer, 16))
    seen = sorted((feature.example, word) for feature in features for word in feature.words)
    assert seen == [(at, word) for at, words in enumerate(sentences) for word in range(len(words))]
    size = [len(feature.words) for feature in features]
    raw = [(np.ones(words, dtype=np.int64), np.full(words, 0.6)) for words in size]
    for example, prediction in zip(examples, task.decode(examples, features, raw, spec(tokenizer, 16)), strict=True):
        assert prediction.tags == ("B-X",) * len(example.words)
        assert len(prediction.confidences) == len(example.words)


tagged_words = st.lists(
    st.tuples(st.one_of(st.text(max_size=9), st.sampled_from(ODD_WORDS)), st.sampled_from(["O", "B-X", "I-X", "B-Y"])),
    min_size=1,
    max_size=40,
)


@given(st.lists(tagged_words, min_size=1, max_size=3), st.integers(8, 24))
def test_labels_go_in_and_come_out_at_the_same_words(tokenizer, sentences, limit):
    examples = [
        TaggedSentence(tuple(word for word, _ in pairs), normalise([tag for _, tag in pairs], "IOB2"), str(at))
        for at, pairs in enumerate(sentences)
    ]
    task = NerTask(("O", "B-X", "I-X", "B-Y", "I-Y"))
    words = WordTokenizer(tokenizer)
    features = task.encode(examples, spec(tokenizer, limit))
    raw = []
    for feature in features:
        example = examples[feature.example]
        pieces = words.pieces([example.words])[0]
        learned = [at for at, label in enumerate(feature.labels) if label != IGNORE_INDEX]
        assert learned == feature.positions
        assert len(feature.input_ids) == len(feature.labels) <= limit
        for word, position in zip(feature.words, feature.positions, strict=True):
            assert feature.input_ids[position] == pieces[word][0]
            assert task.labels[feature.labels[position]] == example.tags[word]
        labels = np.array([feature.labels[position] for position in feature.positions], dtype=np.int64)
        raw.append((labels, np.ones(len(labels))))
    predictions = task.decode(examples, features, raw, spec(tokenizer, limit))
    assert [item.tags for item in predictions] == [example.tags for example in examples]
    batch = task.collate(features, spec(tokenizer, limit))
    assert (batch["labels"] != IGNORE_INDEX).sum() == sum(len(example.words) for example in examples)
    assert batch["attention_mask"].sum() == sum(len(feature.input_ids) for feature in features)


@pytest.mark.shared
def test_real_files_lose_no_word(shared):
    from ft_magics.data.tagged.sources import read_split
    from ft_magics.models.loading import load_tokenizer
    from ft_magics.models.sources import find_weights

    minilm = load_tokenizer(find_weights("minilm"))
    names = ["01_bom_inside_token.conll", "06_iob1_4cols_docstart_641_tokens.txt", "08_crlf_1047_tokens.conll"]
    names += ["09_empty_tokens_emoji.conll", "18_thai_space_tokens_combining.conll", "26_derived_decomposed_nfd.conll"]
    for name in names:
        split = read_split("train", str(shared / "quirks" / name))
        task = NerTask(labels_of(split.examples))
        features = task.encode(split.examples, spec(minilm, 128))
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
