"""SemEval-2013's four ways of counting: strict, exact, partial and type.

Each prediction, in order, takes the first gold span that is not taken and that it matches; else the first that it
overlaps. What the match asks for differs: strict wants borders and type, exact wants borders, partial wants borders and
counts an overlap half, type wants an overlap and the type (of several, the one with the nearest borders).

The numbers are nervaluate 1.2's over all types together, given the same spans. One thing differs on purpose: which
spans there are. nervaluate reads tags by a rule of its own (an E- or S- begins nothing, and any prefix is taken for
I-); here spans come from conlleval's rule or a scheme's strict one, as everywhere in the report.

Source: Segura-Bedmar, Martínez and Herrero-Zazo 2013 (SemEval-2013 task 9.1); nervaluate 1.2 for the order of matching.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ft_magics.evaluation.entities.spans import SpanTable

__all__ = ["SEMEVAL", "SemevalScores", "semeval_scores"]

SEMEVAL = ("strict", "exact", "partial", "type")

Place = tuple[int, int, int]  # start, end, type


@dataclass(frozen=True, slots=True, kw_only=True)
class SemevalScores:
    """Counts of one way of counting, and its metrics (None where they do not exist)."""

    correct: int
    incorrect: int
    partial: int
    missed: int
    spurious: int
    precision: float | None
    recall: float | None
    f1: float | None

    @classmethod
    def of_counts(cls, counts: Counter[str]) -> SemevalScores:
        """Metrics of counts: a partial match counts half."""
        met = counts["correct"] + counts["incorrect"] + counts["partial"]
        credit = counts["correct"] + 0.5 * counts["partial"]
        actual, possible = met + counts["spurious"], met + counts["missed"]
        precision = credit / actual if actual else None
        recall = credit / possible if possible else None
        f1 = 0.0 if actual or possible else None
        if precision and recall:
            f1 = 2 * (precision * recall) / (precision + recall)
        return cls(
            **{name: counts[name] for name in ("correct", "incorrect", "partial", "missed", "spurious")},
            precision=precision,
            recall=recall,
            f1=f1,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def semeval_scores(gold: SpanTable, pred: SpanTable) -> dict[str, SemevalScores]:
    """All four ways of counting, over all types together."""
    counts: dict[str, Counter[str]] = {way: Counter() for way in SEMEVAL}
    for ours, theirs in _unequal_sentences(gold, pred, counts):
        for way, count in counts.items():
            _count(ours, theirs, _WAYS[way], count)
    return {way: SemevalScores.of_counts(count) for way, count in counts.items()}


def _unequal_sentences(
    gold: SpanTable, pred: SpanTable, counts: dict[str, Counter[str]]
) -> list[tuple[list[Place], list[Place]]]:
    """The spans of sentences whose two sides differ; those that are equal are counted at once."""
    places = [
        list(zip(table.start.tolist(), table.end.tolist(), table.type.tolist(), strict=True)) for table in (gold, pred)
    ]
    borders = [table.borders().tolist() for table in (gold, pred)]
    busy = np.unique(np.concatenate([gold.sentence, pred.sentence])).tolist()
    unequal = []
    for at in busy:
        ours, theirs = (spans[border[at] : border[at + 1]] for spans, border in zip(places, borders, strict=True))
        if ours == theirs and _apart(ours):
            for count in counts.values():
                count["correct"] += len(ours)
        else:
            unequal.append((ours, theirs))
    return unequal


def _apart(spans: Sequence[Place]) -> bool:
    return all(before[1] <= after[0] for before, after in pairwise(spans))


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of counting.

    Args:
        matches: Whether a predicted and a gold span that overlap are a match.
        otherwise: What an overlap that is no match counts as.
        nearest: Whether the match with the nearest borders is taken, and not the first.
    """

    matches: Callable[[Place, Place], bool]
    otherwise: str
    nearest: bool = False


_WAYS = {
    "strict": _Way(lambda pred, gold: pred == gold, "incorrect"),
    "exact": _Way(lambda pred, gold: pred[:2] == gold[:2], "incorrect"),
    "partial": _Way(lambda pred, gold: pred[:2] == gold[:2], "partial"),
    "type": _Way(lambda pred, gold: pred[2] == gold[2], "incorrect", nearest=True),
}


def _count(gold: Sequence[Place], pred: Sequence[Place], way: _Way, count: Counter[str]) -> None:
    free = list(range(len(gold)))
    for span in pred:
        overlapping = [at for at in free if _overlaps(span, gold[at])]
        matching = [at for at in overlapping if way.matches(span, gold[at])]
        if matching:
            chosen = min(matching, key=lambda at: _distance(span, gold[at])) if way.nearest else matching[0]
            count["correct"] += 1
        elif overlapping:
            chosen = overlapping[0]
            count[way.otherwise] += 1
        else:
            count["spurious"] += 1
            continue
        free.remove(chosen)
    count["missed"] += len(free)


def _overlaps(pred: Place, gold: Place) -> bool:
    """By at least a hundredth of the gold span, which is nervaluate's least."""
    shared = min(pred[1], gold[1]) - max(pred[0], gold[0])
    return shared > 0 and 100 * shared >= gold[1] - gold[0]


def _distance(pred: Place, gold: Place) -> int:
    return abs(pred[0] - gold[0]) + abs(pred[1] - gold[1])
