"""The demo corpora are what their README says."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest
from ft_magics import demo
from ft_magics.data.tagged.schemes import count_invalid, spans_of

SIZES = {"en": {"train": 280, "dev": 60, "test": 80}, "zh": {"train": 240, "dev": 50, "test": 70}}


def read(language, split):
    blocks = demo.path(f"{language}/{split}.conll").read_text(encoding="utf-8").strip().split("\n\n")
    return [tuple(zip(*(line.split("\t") for line in block.split("\n")), strict=True)) for block in blocks]


def mentions(language, split):
    joint = " " if language == "en" else ""
    return [
        (joint.join(words[span.start : span.end]), span.type)
        for words, tags in read(language, split)
        for span in spans_of(tags)
    ]


@pytest.mark.parametrize("language", SIZES)
def test_sizes_tags_and_no_duplicates(language):
    seen = set()
    for split, size in SIZES[language].items():
        sentences = read(language, split)
        assert len(sentences) == size
        assert sum(count_invalid(tags, "IOB2") for _, tags in sentences) == 0
        assert {span.type for _, tags in sentences for span in spans_of(tags)} == {"PER", "LOC", "ORG", "EVENT"}
        assert 0.08 < sum(not spans_of(tags) for _, tags in sentences) / size < 0.25
        words = {words for words, _ in sentences}
        assert len(words) == size
        assert not words & seen
        seen |= words


@pytest.mark.parametrize("language", SIZES)
def test_four_in_ten_test_mentions_are_new(language):
    known = {surface for surface, _ in mentions(language, "train")}
    test = mentions(language, "test")
    assert sum(surface not in known for surface, _ in test) >= 0.4 * len(test)


@pytest.mark.parametrize(
    ("language", "surface", "types"),
    [
        ("en", "Paris", {"PER", "LOC"}),
        ("en", "Florence", {"PER", "LOC"}),
        ("zh", "华山", {"PER", "LOC"}),
        ("zh", "黄河", {"PER", "LOC"}),
    ],
)
def test_some_names_have_two_readings(language, surface, types):
    found = {
        kind for split in SIZES[language] for name, kind in mentions(language, split) if name.split(" ")[0] == surface
    }
    assert types <= found


def test_a_file_that_is_not_there_lists_those_that_are():
    with pytest.raises(FileNotFoundError, match="en/train.conll"):
        demo.path("fr/train.conll")


INTENTS = {"events", "library", "permits", "roads", "waste", "water"}
MESSAGES = {"en": {"train": 306, "dev": 72, "test": 90}, "zh": {"train": 192, "dev": 72, "test": 90}}
LEAST_OF_A_LABEL = {"train": 30, "dev": 12, "test": 15}


def read_messages(language, split):
    with demo.path(f"{language}/intents_{split}.csv").open(encoding="utf-8", newline="") as stream:
        rows = csv.DictReader(stream)
        assert rows.fieldnames == ["text", "label"]
        return [(row["text"], row["label"]) for row in rows]


@pytest.mark.parametrize("language", MESSAGES)
def test_every_intent_has_enough_messages_in_every_split(language):
    for split, size in MESSAGES[language].items():
        messages = read_messages(language, split)
        assert len(messages) == size
        counts = Counter(label for _, label in messages)
        assert set(counts) == INTENTS
        assert min(counts.values()) >= LEAST_OF_A_LABEL[split]
        assert all(text == text.strip() and text for text, _ in messages)


@pytest.mark.parametrize("language", MESSAGES)
def test_no_two_messages_are_nearly_the_same(language):
    def trigrams(text):
        return {text[at : at + 3] for at in range(max(1, len(text) - 2))}

    texts = [text.lower() for split in MESSAGES[language] for text, _ in read_messages(language, split)]
    assert len(set(texts)) == len(texts)
    grams = [(text, trigrams(text)) for text in texts]
    near = [(a, b) for (a, x), (b, y) in combinations(grams, 2) if len(x & y) > 0.5 * len(x | y)]
    assert near == []


@pytest.mark.parametrize("language", MESSAGES)
def test_messages_are_short_and_long_with_digits_quotes_and_commas(language):
    texts = [text for split in MESSAGES[language] for text, _ in read_messages(language, split)]
    short, long = (15, 80) if language == "en" else (7, 22)
    assert min(map(len, texts)) <= short
    assert max(map(len, texts)) >= long
    assert any(character.isdigit() for text in texts for character in text)
    assert any('"' in text or "“" in text for text in texts)
    assert any("," in text or "，" in text for text in texts)


def test_the_recipe_writes_the_same_bytes_and_answers_stand_where_they_say(tmp_path):
    recipe = Path(__file__).parent.parent / "recipes" / "demo_corpora.py"
    subprocess.run([sys.executable, str(recipe), "--out", str(tmp_path)], check=True, timeout=60)
    made = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.glob("*/*"))
    assert len(made) == 27
    for name in made:
        assert (tmp_path / name).read_bytes() == demo.path(name).read_bytes(), name
    for path in tmp_path.glob("*/questions_*.json"):
        for article in json.loads(path.read_text(encoding="utf-8"))["data"]:
            [paragraph] = article["paragraphs"]
            for question in paragraph["qas"]:
                for answer in question["answers"]:
                    assert paragraph["context"].startswith(answer["text"], answer["answer_start"])
