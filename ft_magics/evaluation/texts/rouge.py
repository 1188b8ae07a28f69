"""ROUGE-1, ROUGE-2 and ROUGE-L: F1 of shared words, pairs of words, and the longest common subsequence.

Source: Lin 2004; words, F1 and means are those of Google's `rouge_score`, without a stemmer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from ft_magics.evaluation.labels.buckets import words_of
from ft_magics.evaluation.tally import Floats
from ft_magics.evaluation.texts.measure import Measure
from ft_magics.metrics import Metric

__all__ = ["ROUGE", "common_subsequence", "measure_rouge"]

ROUGE = (Metric("rouge1", "ROUGE-1"), Metric("rouge2", "ROUGE-2"), Metric("rougeL", "ROUGE-L"))
_ENGLISH = re.compile("[a-z0-9]+")
_OTHER_LETTERS = 0.1  # share of letters beside a to z from which a language is not written in those
_NOTE = (
    "ROUGE without a stemmer; the references are not written in a to z alone, so words are what stands between spaces "
    "and punctuation, and of Chinese and the like each character is a word"
)


def measure_rouge(references: Sequence[Sequence[str]], hypotheses: Sequence[str]) -> Measure:
    """The mean F1 over examples, 0 to 1; of several references the best of each example.

    Args:
        references: Some of each example. Length S.
        hypotheses: Length S.
    """
    plain = _is_plain(references)
    words = _english_words if plain else words_of
    rows = [
        _row(words(text), [words(one) for one in of_it]) for text, of_it in zip(hypotheses, references, strict=True)
    ]
    rule = "a-z0-9" if plain else "unicode, by character for Chinese"
    return Measure(
        metrics=ROUGE,
        counts=np.array([(1.0, *row) for row in rows], dtype=np.float64),
        finish=_finish,
        signature=f"f1|stemmer:no|case:lower|words:{rule}|nrefs:max",
        note="" if plain else _NOTE,
    )


def _is_plain(references: Sequence[Sequence[str]]) -> bool:
    """Whether texts are written in a to z; accents here and there are not seen, as `rouge_score` does not see them."""
    letters = [letter for of_it in references for text in of_it for letter in text if letter.isalpha()]
    return sum(letter > "\x7f" for letter in letters) <= _OTHER_LETTERS * len(letters)


def _english_words(text: str) -> list[str]:
    return _ENGLISH.findall(text.lower())


def _row(ours: Sequence[str], references: Sequence[Sequence[str]]) -> tuple[float, ...]:
    scorers: tuple[Callable[[Sequence[str], Sequence[str]], float], ...] = (
        lambda mine, other: _overlap(mine, other, 1),
        lambda mine, other: _overlap(mine, other, 2),
        lambda mine, other: _f1(common_subsequence(mine, other), len(mine), len(other)),
    )
    return tuple(max(scorer(ours, reference) for reference in references) for scorer in scorers)


def _overlap(ours: Sequence[str], theirs: Sequence[str], order: int) -> float:
    mine, other = (
        Counter(tuple(side[at : at + order]) for at in range(len(side) - order + 1)) for side in (ours, theirs)
    )
    return _f1((mine & other).total(), mine.total(), other.total())


def _f1(shared: int, predicted: int, expected: int) -> float:
    precision, recall = shared / max(predicted, 1), shared / max(expected, 1)
    return 2 * precision * recall / (precision + recall) if shared else 0.0


def common_subsequence(ours: Sequence[str], theirs: Sequence[str]) -> int:
    """Length of the longest common subsequence, a row of the table being the bits of one number.

    Source: Hyyrö 2004, Bit-parallel LCS-length computation revisited.
    """
    places: dict[str, int] = {}
    for at, word in enumerate(theirs):
        places[word] = places.get(word, 0) | 1 << at
    full = (1 << len(theirs)) - 1
    row = full
    for word in ours:
        matched = row & places.get(word, 0)
        row = ((row + matched) | (row - matched)) & full
    return len(theirs) - row.bit_count()


def _finish(sums: Floats) -> Floats:
    """(R, 4) → (R, 3): means."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[:, :1] > 0, sums[:, 1:] / sums[:, :1], np.nan)
