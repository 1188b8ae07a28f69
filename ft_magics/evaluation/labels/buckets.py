"""What kinds of texts are classified well: by length, by how large their class is in training, by words that it has."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.tally import Bools, Tally

__all__ = ["BUCKETS", "Bucket", "Buckets", "bucket_scores", "buckets_of", "distance_buckets", "fold", "words_of"]

BUCKETS = {
    "length": ("1–5 words", "6–10 words", "11–20 words", "21–40 words", "41–80 words", "81–160 words", "more"),
    "class_size": ("not in training", "1–10 examples", "11–30", "31–100", "101–300", "301–1,000", "more"),
    "distance": ("0–2 words between", "3–5 between", "6–10 between", "11–20 between", "more between"),
    "overlap": ("under 50 % of the words", "50–75 %", "75–90 %", "90–100 %", "all words"),
}
_UPTO = {
    "length": (5, 10, 20, 40, 80, 160),
    "class_size": (0, 10, 30, 100, 300, 1000),
    "distance": (2, 5, 10, 20),
}
_SHARES = (0.5, 0.75, 0.9, 1.0)

# Scripts that put no space between words: each letter counts as a word (Thai, Lao, Burmese, Khmer, kana, Han).
_ALONE = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"
_WORD = re.compile(rf"[{_ALONE}]|[^\s{_ALONE}]+")

Buckets = dict[str, NDArray[np.int8]]  # attribute → index into its labels per example, -1 for none. Length S


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Scores of the examples in one bucket."""

    label: str
    examples: int
    headline: float | None
    macro_f1: float | None

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def fold(text: str) -> str:
    """A text as searches and words are compared: letters alike in case and in the way they are composed."""
    return unicodedata.normalize("NFC", text).casefold()


def words_of(text: str) -> list[str]:
    """The words of a text, folded, without punctuation: what overlap with training is counted in."""
    return [word for chunk in _WORD.findall(fold(text)) if (word := _stripped(chunk))]


def _stripped(chunk: str) -> str:
    if chunk.isalnum():
        return chunk
    start, end = 0, len(chunk)
    while start < end and unicodedata.category(chunk[start])[0] in "PSZC":
        start += 1
    while end > start and unicodedata.category(chunk[end - 1])[0] in "PSZC":
        end -= 1
    return chunk[start:end]


def buckets_of(
    gold: Bools,
    names: Sequence[str],
    *,
    texts: Sequence[str] | None,
    pairs: Sequence[str] | None,
    train_counts: Mapping[str, int] | None,
    train_words: Collection[str] | None,
) -> Buckets:
    """Every attribute that can be known.

    Args:
        gold: (S, K).
        names: Of the labels. Length K.
        texts: Length S, or None.
        pairs: The second texts, or None.
        train_counts: Examples of the training data per label.
        train_words: Words of the training data, as `words_of` gives them.
    """
    found: Buckets = {}
    if texts is not None:
        lengths, overlap = _count_words(texts, pairs, train_words)
        found["length"] = np.where(lengths > 0, np.searchsorted(_UPTO["length"], lengths), -1).astype(np.int8)
        if overlap is not None:
            found["overlap"] = np.where(lengths > 0, np.searchsorted(_SHARES, overlap, side="right"), -1).astype(
                np.int8
            )
    if train_counts is not None:
        sizes = np.array([train_counts.get(name, 0) for name in names])
        smallest = np.where(gold, sizes, np.iinfo(np.int64).max).min(axis=1, initial=np.iinfo(np.int64).max)
        place = np.searchsorted(_UPTO["class_size"], smallest)
        found["class_size"] = np.where(gold.any(axis=1), place, -1).astype(np.int8)
    return found


def distance_buckets(distances: Sequence[int] | None) -> Buckets:
    """How far apart two things are that each text is about.

    Args:
        distances: Words between them. Length S; None where that is not known.
    """
    if distances is None:
        return {}
    return {"distance": np.searchsorted(_UPTO["distance"], np.array(distances, dtype=np.int64)).astype(np.int8)}


def _count_words(
    texts: Sequence[str], pairs: Sequence[str] | None, train_words: Collection[str] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Words per example, and the share of them that training has."""
    known = None if train_words is None else {fold(word) for word in train_words}
    lengths = np.zeros(len(texts), dtype=np.int64)
    seen = np.zeros(len(texts), dtype=np.int64)
    for at, text in enumerate(texts):
        words = words_of(text if pairs is None else f"{text} {pairs[at]}")
        lengths[at] = len(words)
        if known is not None:
            seen[at] = sum(word in known for word in words)
    return lengths, None if known is None else seen / np.maximum(lengths, 1)


def bucket_scores(buckets: Buckets, tally: Tally, headline: str) -> dict[str, list[Bucket]]:
    """Scores per attribute and bucket, empty ones left out.

    Args:
        buckets: Of each example.
        tally: Of the same examples.
        headline: Name of a score of the tally.
    """
    return {
        name: [
            Bucket(label=label, examples=len(chosen), headline=scores[headline], macro_f1=scores["macro_f1"])
            for at, label in enumerate(BUCKETS[name])
            if len(chosen := np.flatnonzero(place == at))
            for scores in [tally.scores(chosen)]
        ]
        for name, place in buckets.items()
    }
