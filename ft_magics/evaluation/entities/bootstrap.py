"""How sure a score over entities is: what each sentence adds to it, as a `Tally`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from ft_magics.evaluation import bootstrap
from ft_magics.evaluation.bootstrap import LEVEL, Difference
from ft_magics.evaluation.entities.scores import METRICS, Scores
from ft_magics.evaluation.entities.spans import SpanTable
from ft_magics.evaluation.scores import shares_of
from ft_magics.evaluation.tally import Floats, Tally

__all__ = ["LEVEL", "Difference", "differences", "tally_spans", "with_intervals"]

_AVERAGES = ("micro", "macro", "weighted")
_DIGEST_BYTES = 8


def tally_spans(
    gold: SpanTable, pred: SpanTable, correct: SpanTable, names: Mapping[str, int], types: Sequence[str]
) -> Tally:
    """Count per sentence and type.

    Args:
        gold: Gold spans.
        pred: Predicted spans.
        correct: The spans that both have.
        names: Type numbers by name.
        types: Which types, in order. Length K.

    Returns:
        Counts (sentences, 3 × K): gold, then predicted, then correct; scores are precision, recall and F1, each of
        the types and then of micro, macro and weighted.
    """
    tables, width = (gold, pred, correct), len(types)
    place = np.zeros(len(names) + 1, dtype=np.int64)
    place[[names[name] for name in types]] = np.arange(width)
    counts = np.zeros((gold.sentences, 3 * width), dtype=np.int32)
    for at, table in enumerate(tables):
        np.add.at(counts, (table.sentence, at * width + place[table.type]), 1)
    support, predicted, right = (np.bincount(table.sentence, minlength=gold.sentences) for table in tables)
    return Tally(
        counts=counts,
        finish=_finish,
        names=[
            name
            for metric in METRICS
            for name in (*(f"{metric} of {kind}" for kind in types), *(f"{way}_{metric}" for way in _AVERAGES))
        ],
        cost=(support + predicted - 2 * right).astype(np.float64),
        gold=_digests(gold, names),
    )


def _finish(sums: Floats) -> Floats:
    """(R, 3 × K) → (R, 3 × (K + 3))."""
    shares = shares_of(sums.reshape(len(sums), 3, sums.shape[1] // 3))
    return shares.reshape(len(sums), shares.shape[1] * shares.shape[2])


def _digests(gold: SpanTable, names: Mapping[str, int]) -> list[bytes]:
    """A digest of the spans of each sentence, by the names of their types."""
    texts = [""] * gold.sentences
    called = {number: name for name, number in names.items()}
    for sentence, start, end, number in gold.rows():
        texts[sentence] += f"{start} {end} {called[number]!r};"
    empty = _digest("")
    return [_digest(text) if text else empty for text in texts]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()


def with_intervals(scores: Sequence[Scores], tally: Tally, *, resamples: int, seed: int) -> list[Scores]:
    """The scores with a percentile interval for each metric.

    Args:
        scores: In the order of the tally's types, then micro, macro and weighted. Length K + 3.
        tally: Of the same predictions.
        resamples: How many; 0 for no intervals.
        seed: For the same intervals each time.
    """
    if not resamples or not len(tally.counts) or not tally.counts.shape[1]:
        return list(scores)
    found = bootstrap.intervals(tally, resamples, seed)
    return [
        replace(score, intervals={metric: found[row * len(scores) + at] for row, metric in enumerate(METRICS)})
        for at, score in enumerate(scores)
    ]


def differences(ours: Tally, theirs: Tally, *, resamples: int, seed: int) -> list[Difference]:
    """The paired bootstrap of F1.

    Args:
        ours: Of one system.
        theirs: Of the other; gold and types are the same.
        resamples: How many.
        seed: For the same numbers each time.

    Returns:
        In the order of the types, then of micro, macro and weighted. Length K + 3.
    """
    found = bootstrap.differences(ours, theirs, resamples, seed)
    return found[-(len(found) // len(METRICS)) :]
