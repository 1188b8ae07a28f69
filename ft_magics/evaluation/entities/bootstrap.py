"""How sure a score is: sentences are redrawn, with replacement, and the score is taken each time.

Nothing is scored again. A sentence counts by its gold, predicted and correct spans per type, and sentences with the
same counts are drawn together: how often each group is drawn follows a multinomial distribution, exactly as if its
sentences had been drawn one by one.

Source: Efron 1979 (bootstrap, percentile interval); Berg-Kirkpatrick et al. 2012 for comparing two systems.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.evaluation.entities.scores import METRICS, Interval, Scores
from ft_magics.evaluation.entities.spans import Ints, SpanTable

__all__ = ["LEVEL", "Difference", "SentenceCounts", "count_sentences", "differences", "resample", "with_intervals"]

LEVEL = 0.95
Floats = NDArray[np.float64]

_WEIGHTS_AT_ONCE = 4_000_000  # numbers in a block of resamples: 32 MB
_FEW_GROUPS = 4_000  # a multinomial draw costs a binomial per group; beyond this, drawing sentences is cheaper


@dataclass(frozen=True, slots=True)
class SentenceCounts:
    """Gold, predicted and correct spans per sentence and type, equal sentences put together.

    Args:
        rows: Counts of the distinct sentences: (G, 3, K) for groups, (gold, predicted, correct), types.
        members: Sentences per group. Length G.
        types: Type names in the order of the last axis. Length K.
    """

    rows: Floats
    members: Ints
    types: tuple[str, ...]


def count_sentences(
    gold: SpanTable, pred: SpanTable, correct: SpanTable, names: Mapping[str, int], types: Sequence[str]
) -> SentenceCounts:
    """Count per sentence and type.

    Args:
        gold: Gold spans.
        pred: Predicted spans.
        correct: The spans that both have.
        names: Type numbers by name.
        types: Which types, in order.
    """
    return _grouped(*_counted([(gold, pred, correct)], names, types), types)


def _counted(
    systems: Sequence[tuple[SpanTable, SpanTable, SpanTable]], names: Mapping[str, int], types: Sequence[str]
) -> tuple[NDArray[np.int32], int]:
    """Counts of the sentences that have a span, (sentences, systems × 3 × K), and how many have none."""
    tables = [table for system in systems for table in system]
    busy = np.unique(np.concatenate([table.sentence for table in tables]))
    place = np.zeros(len(names) + 1, dtype=np.int64)
    place[[names[name] for name in types]] = np.arange(len(types))
    width = len(types)
    dense = np.zeros((len(busy), len(tables) * width), dtype=np.int32)
    for at, table in enumerate(tables):
        np.add.at(dense, (np.searchsorted(busy, table.sentence), at * width + place[table.type]), 1)
    return dense, tables[0].sentences - len(busy)


def _grouped(dense: NDArray[np.int32], empty: int, types: Sequence[str]) -> SentenceCounts:
    as_bytes = np.ascontiguousarray(dense).view(np.dtype((np.void, max(1, dense.shape[1]) * dense.itemsize)))
    _, first, members = np.unique(as_bytes.ravel(), return_index=True, return_counts=True)
    rows = np.concatenate([dense[first], np.zeros((1, dense.shape[1]), dtype=np.int32)])
    shape = (len(rows), -1, len(types)) if types else (len(rows), 3, 0)
    return SentenceCounts(rows.reshape(shape).astype(np.float64), np.append(members, empty), tuple(types))


def resample(counts: SentenceCounts, resamples: int, seed: int) -> Iterator[Floats]:
    """Counts (gold, predicted, correct) per type of each resample, in blocks of (R, 3, K)."""
    generator = np.random.default_rng(seed)
    groups, *shape = counts.rows.shape
    flat = counts.rows.reshape(groups, -1)
    block = max(1, _WEIGHTS_AT_ONCE // max(groups, flat.shape[1], 1))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        yield (_weights(generator, counts.members, size) @ flat).reshape(size, *shape)


def _weights(generator: np.random.Generator, members: Ints, size: int) -> Floats:
    """How often each group is drawn, (size, G)."""
    total = int(members.sum())
    if len(members) <= _FEW_GROUPS:
        return generator.multinomial(total, members / total, size=size).astype(np.float64)
    of_sentence = np.repeat(np.arange(len(members)), members)
    drawn = of_sentence[generator.integers(0, total, (size, total), dtype=np.int32)]
    return np.stack([np.bincount(row, minlength=len(members)) for row in drawn]).astype(np.float64)


def _metrics_of(counts: Floats) -> Floats:
    """Precision, recall and F1 of counts.

    Args:
        counts: (R, 3, K): gold, predicted, correct.

    Returns:
        (R, 3, K + 3): types, then micro, macro and weighted; NaN where a metric does not exist.
    """
    pooled = counts.sum(axis=2, keepdims=True)
    own, micro = _shares(counts), _shares(pooled)
    as_zero = np.nan_to_num(own)
    # A type that a resample does not have, neither gold nor predicted, is no part of its averages.
    there = (counts[:, :2].sum(axis=1) > 0)[:, None, :]
    support = counts[:, :1]
    macro, weighted = (_divide((as_zero * weight).sum(axis=2), weight.sum(axis=2)) for weight in (there, support))
    return np.concatenate([own, micro, macro[..., None], weighted[..., None]], axis=2)


def _shares(counts: Floats) -> Floats:
    support, predicted, correct = (counts[:, at] for at in range(3))
    return np.stack(
        [_divide(correct, predicted), _divide(correct, support), _divide(2 * correct, support + predicted)], axis=1
    )


def _divide(over: Any, under: Any) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(under > 0, over / under, np.nan)


def with_intervals(scores: Sequence[Scores], counts: SentenceCounts, *, resamples: int, seed: int) -> list[Scores]:
    """The scores with a percentile interval for each metric.

    Args:
        scores: In the order of `counts.types`, then micro, macro and weighted. Length K + 3.
        counts: Of the same predictions.
        resamples: How many; 0 for no intervals.
        seed: For the same intervals each time.
    """
    if not resamples or not counts.types or not counts.members.sum():
        return list(scores)
    drawn = np.concatenate([_metrics_of(block) for block in resample(counts, resamples, seed)])  # (R, 3, K + 3)
    return [replace(score, intervals=_intervals(score, drawn[:, :, at])) for at, score in enumerate(scores)]


def _intervals(score: Scores, drawn: Floats) -> dict[str, Interval | None]:
    return {
        metric: None if getattr(score, metric) is None else _percentile_interval(drawn[:, at])
        for at, metric in enumerate(METRICS)
    }


def _percentile_interval(drawn: Floats) -> Interval | None:
    """The middle `LEVEL` of the values that exist."""
    there = drawn[~np.isnan(drawn)]
    if not len(there):
        return None
    low, high = np.quantile(there, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """F1 of one system less F1 of another on the same sentences.

    Args:
        difference: None where either F1 does not exist.
        interval: Percentile interval of the paired bootstrap.
        p: Two-sided: twice the smaller share of resamples on one side of 0.
    """

    difference: float | None
    interval: Interval | None
    p: float | None


def differences(
    baseline: tuple[SpanTable, SpanTable, SpanTable],
    other: tuple[SpanTable, SpanTable, SpanTable],
    names: Mapping[str, int],
    types: Sequence[str],
    *,
    resamples: int,
    seed: int,
) -> list[Difference]:
    """Paired bootstrap: both systems are scored on the same resamples.

    Args:
        baseline: Gold, predicted and correct spans of one system.
        other: Of the other; gold is the same.
        names: Type numbers by name, shared by both.
        types: Which types, in order.
        resamples: How many.
        seed: For the same numbers each time.

    Returns:
        In the order of the types, then of micro, macro and weighted. Length K + 3.
    """
    counts = _grouped(*_counted([baseline, other], names, types), types)
    pooled = (counts.rows * counts.members[:, None, None]).sum(axis=0, keepdims=True)
    observed = _f1_difference(pooled)[0]
    drawn = np.concatenate([_f1_difference(block) for block in resample(counts, resamples, seed)])
    return [_difference(float(observed[at]), drawn[:, at]) for at in range(len(types) + 3)]


def _f1_difference(counts: Floats) -> Floats:
    """(R, 6, K) → (R, K + 3)."""
    ours, theirs = _metrics_of(counts[:, :3])[:, 2], _metrics_of(counts[:, 3:])[:, 2]
    difference: Floats = theirs - ours
    return difference


def _difference(observed: float, drawn: Floats) -> Difference:
    there = drawn[~np.isnan(drawn)]
    if np.isnan(observed) or not len(there):
        return Difference(difference=None, interval=None, p=None)
    below, above = ((np.sum(side) + 1) / (len(there) + 1) for side in (there <= 0, there >= 0))
    return Difference(
        difference=observed, interval=_percentile_interval(there), p=float(min(1.0, 2 * min(below, above)))
    )
