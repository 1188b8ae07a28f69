"""Splits that are drawn from train: the same text is never on both sides, and nothing changes where none is repeated."""

from __future__ import annotations

import random
from dataclasses import dataclass

import pytest
from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction
from ft_magics.data.corpus import read_corpus
from ft_magics.data.examples import Split
from ft_magics.data.tagged.config import DataConfig
from ft_magics.data.tagged.sources import read_split
from ft_magics.errors import DataError
from ft_magics.tasks.classify.config import ClassifyData, ClassifySettings
from ft_magics.tasks.classify.task import ClassifyTask
from hypothesis import given, settings
from hypothesis import strategies as st


def corpus_of(texts, **fractions):
    """A corpus of classified texts; the label is the number of the row."""
    rows = [{"text": text, "label": str(index % 3)} for index, text in enumerate(texts)]
    data = ClassifyData.model_validate({"train": Reference("rows", rows), **fractions})
    return ClassifyTask.read(ClassifySettings(), data)


def ids(split):
    return [example.id for example in split.examples]


def test_without_repeated_texts_the_draw_is_a_plain_sample():
    corpus = corpus_of([f"text {number}" for number in range(200)], dev={"fraction": 0.1, "seed": 7})
    chosen = sorted(random.Random(7).sample(range(200), 20))
    assert ids(corpus.dev) == [f"$rows[{index}]" for index in chosen]
    assert corpus.dev.notes == []


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    numbers=st.lists(st.integers(0, 30), min_size=12, max_size=80).filter(lambda found: len(set(found)) > 2),
    seed=st.integers(0, 9),
    share=st.sampled_from([0.1, 0.25, 0.4]),
)
def test_a_text_is_never_on_both_sides(numbers, seed, share):
    fractions = {"dev": {"fraction": share, "seed": seed}, "test": {"fraction": 0.2, "seed": seed}}
    try:
        corpus = corpus_of([f"text {number}" for number in numbers], **fractions)
    except DataError as error:  # what is left for test is one text
        assert "the same text" in str(error) or "leaves" in str(error)  # noqa: PT017  # the other way is fine too
        return
    sides = [{example.text for example in split.examples} for split in corpus.splits]
    assert not sides[0] & sides[1]
    assert not sides[0] & sides[2]
    assert not sides[1] & sides[2]
    assert sum(len(split.examples) for split in corpus.splits) == len(numbers)
    assert [ids(split) for split in corpus.splits] == [
        ids(split) for split in corpus_of([f"text {number}" for number in numbers], **fractions).splits
    ]


def test_a_few_repeated_texts_leave_the_size_as_it_was_asked():
    texts = [f"text {number}" for number in range(180)] + ["again"] * 12 + ["white  space", "white space "] * 4
    corpus = corpus_of(texts, dev={"fraction": 0.2, "seed": 1})
    assert len(corpus.dev.examples) == 40
    (note,) = corpus.dev.notes
    assert "20 of 200 examples of $rows have a text that occurs more than once" in note
    again = {example.text.strip() for example in corpus.dev.examples} & {"again", "white space", "white  space"}
    assert {split.name for split in corpus.splits if any(item.text == "again" for item in split.examples)} in (
        {"train"},
        {"dev"},
    ), again


def test_groups_that_are_larger_than_the_share_are_drawn_whole():
    corpus = corpus_of(["a", "b", "c"] * 8, dev={"fraction": 0.1})
    assert len({example.text for example in corpus.dev.examples}) == 1
    assert len(corpus.dev.examples) == 8
    assert "(8 examples instead of 2)" in corpus.dev.notes[0]


def test_one_text_alone_cannot_be_parted():
    with pytest.raises(DataError, match=r"data\.dev: every example of \$rows has the same text"):
        corpus_of(["a"] * 20, dev={"fraction": 0.1})


def test_sentences_stay_together_by_their_words():
    rows = [{"tokens": ["Ada", f"runs{number % 5}"], "tags": ["B-PER", "O"]} for number in range(40)]
    data = DataConfig.model_validate({"train": Reference("rows", rows), "dev": {"fraction": 0.2}})
    corpus = read_corpus(data, read_split)
    train, dev = ({example.words for example in split.examples} for split in corpus.splits)
    assert not train & dev
    assert len(corpus.dev.examples) == 8


@dataclass
class Pair:
    text: str
    pair: str | None


@dataclass
class Picture:
    pixels: int


@pytest.mark.parametrize(
    ("examples", "together"),
    [
        ([Pair("a", "b"), Pair("a", "c")] * 10, True),
        ([Picture(0)] * 20, False),
    ],
    ids=["pairs count as a whole", "what has no text is drawn one by one"],
)
def test_examples_of_other_tasks(examples, together):
    @dataclass
    class Data:
        def source(self, split):
            return {"train": ("here", None), "dev": Fraction(fraction=0.5)}.get(split)

    corpus = read_corpus(Data(), lambda name, source, _: Split(name=name, source=source, examples=examples))
    assert len(corpus.dev.examples) == 10
    assert (len({str(example) for example in corpus.dev.examples}) == 1) == (
        together or len(set(map(str, examples))) == 1
    )
    assert bool(corpus.dev.notes) == together
