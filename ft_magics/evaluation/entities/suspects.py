"""Where gold is probably wrong: the model is sure of something else, and the words are used that way elsewhere.

Four things tell a wrong label from a wrong prediction, both of which are disagreements: how often the model is right;
how sure it is of every word that the two sides are about, measured by how sure it is where it is right; how often the
same words are what was predicted in the training data and elsewhere in these data; and how often they are what gold has
here. A logistic model weighs them. Its weights come from flipped labels, as `benchmarks/label_errors.py` flips them;
docs/experiments.md has what it finds, and docs/decisions/0012 why it is so.

The model must not have been trained on what is evaluated: it is sure of what it has seen.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

import numpy as np

from ft_magics.evaluation.entities.buckets import Surfaces, surface_of
from ft_magics.evaluation.entities.matching import KINDS, Pairs
from ft_magics.evaluation.entities.spans import Ints, SpanTable
from ft_magics.evaluation.tally import Floats

__all__ = ["LEAST_SCORE", "Doubts", "Use", "doubts_of", "score_of", "surer_than", "union_of"]

LEAST_SCORE = 0.5  # of what is called a suspect
_BIAS, _SURE, _USED, _SEEN, _MISSED = -2.2, 0.45, 0.7, 0.7, -3.6  # log odds; see `score_of`
_BEST = 0.7  # precision; a model that is better than those that were measured is believed no more
_LEAST, _MOST = 0.01, 0.995  # shares beyond tell no more
_MOST_WORDS = 12  # of a surface that is looked for where no entity is


@dataclass(frozen=True, slots=True)
class Use:
    """How often some words are something.

    Args:
        training: In the training data.
        here: In the data that are evaluated, the place itself left out.
    """

    training: int = 0
    here: int = 0

    @property
    def total(self) -> int:
        """Everywhere."""
        return self.training + self.here


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubts:
    """How probably gold is wrong.

    Args:
        score: Per pair, from 0 to 1; 0 where both sides agree. Length P.
        reasons: Pair → why, in a sentence; of those that are suspects.
    """

    score: Floats
    reasons: Mapping[int, str]

    def suspects(self) -> Ints:
        """Indices of the pairs that are suspects, the most suspect first."""
        ranked: Ints = np.argsort(-self.score, kind="stable")
        return ranked[self.score[ranked] >= LEAST_SCORE]


def score_of(sure: float, predicted: int, gold: int, *, precision: float, missed: bool = False) -> float:
    """How probably gold is wrong at one disagreement, from 0 to 1; the share holds where one label in twenty is wrong.

    Args:
        sure: Share of the correct predictions of which the model was no surer, from 0 to 1; see `surer_than`.
        predicted: How often the words are used elsewhere as they were predicted here.
        gold: How often they are used elsewhere as gold has them here.
        precision: Of the model, from 0 to 1: one that is mostly wrong says nothing of gold.
        missed: Whether nothing was predicted: a model is sure too that there is nothing where it knows no better.
    """
    odds = _BIAS + _logit(min(precision, _BEST)) + _SURE * _logit(sure) + _USED * log((1 + predicted) / (1 + gold))
    return 1 / (1 + exp(-(odds + _SEEN * (predicted > 0) + _MISSED * missed)))


def _logit(share: float) -> float:
    kept = min(max(share, _LEAST), _MOST)
    return log(kept / (1 - kept))


def surer_than(confidence: Floats, correct: Floats) -> Floats:
    """The share of correct predictions of which the model was no surer: the same for a timid and for a bold model.

    Args:
        confidence: Any length N.
        correct: Of the correct predictions; one half where there are none.

    Returns:
        From 0 to 1. Length N.
    """
    rank = np.searchsorted(np.sort(correct), confidence, side="right")
    shares: Floats = (rank + 0.5) / (len(correct) + 1)
    return shares


def union_of(pairs: Pairs, gold: SpanTable, pred: SpanTable) -> SpanTable:
    """For each pair the words from the first to the last of its spans. Length P."""
    sides = [
        (np.append(table.start, 0)[at], np.append(table.end, 0)[at], at >= 0) for table, at in _both(pairs, gold, pred)
    ]
    far = np.iinfo(np.int64).max
    start = np.minimum(*(np.where(there, first, far) for first, _, there in sides))
    end = np.maximum(*(np.where(there, last, 0) for _, last, there in sides))
    return SpanTable(pairs.sentence, start, end, np.zeros(len(pairs), dtype=np.int64), gold.sentences)


def _both(pairs: Pairs, gold: SpanTable, pred: SpanTable) -> tuple[tuple[SpanTable, Ints], tuple[SpanTable, Ints]]:
    return (gold, pairs.gold), (pred, pairs.pred)


def doubts_of(
    pairs: Pairs,
    gold: SpanTable,
    pred: SpanTable,
    names: Sequence[str],
    *,
    words: Sequence[Sequence[str]],
    confidence: Floats,
    correct: Floats,
    training: Surfaces | None = None,
) -> Doubts:
    """Look at every disagreement.

    Args:
        pairs: All pairs. Length P.
        gold: Gold spans.
        pred: Predicted spans.
        names: Type names by number.
        words: Per sentence.
        confidence: The least of the model's probabilities of its own labels over the words of `union_of`. Length P.
        correct: The same of the correct predictions.
        training: The entities of the training data.
    """
    uses = _Uses(gold, pred, names, words, training or {})
    wrong = np.flatnonzero(pairs.kind > 0).tolist()
    uses.look_for_plain(pairs, wrong)
    sure, precision = surer_than(confidence, correct), (len(correct) + 1) / (len(pred) + 2)
    score = np.zeros(len(pairs))
    reasons: dict[int, str] = {}
    for at in wrong:
        theirs, ours = uses.of_pair(pairs, at)
        missed = KINDS[pairs.kind[at]] == "missed"
        uses_of = theirs.use.total, ours.use.total
        score[at] = score_of(float(sure[at]), *uses_of, precision=precision, missed=missed)
        if score[at] >= LEAST_SCORE:
            reasons[at] = f"{theirs}; {ours}"
    return Doubts(score=score, reasons=reasons)


@dataclass(frozen=True, slots=True)
class _Reading:
    """Some words as something, and how often that is so elsewhere."""

    surface: str
    kind: str  # an entity type; empty for none
    use: Use

    def __str__(self) -> str:
        said = f"is {self.kind}" if self.kind else "is untagged"
        places = [(self.use.training, "in training"), (self.use.here, "elsewhere here")]
        counted = [f"{count} time{'' if count == 1 else 's'} {where}" for count, where in places if count]
        return f"`{self.surface}` {said} {' and '.join(counted) or 'nowhere else'}"


class _Uses:
    """What surfaces are, in the training data and in gold."""

    def __init__(
        self, gold: SpanTable, pred: SpanTable, names: Sequence[str], words: Sequence[Sequence[str]], training: Surfaces
    ) -> None:
        self._words, self._training = words, training
        self._gold, self._pred = (
            [(surface_of(words[at][start:end]), names[kind]) for at, start, end, kind in table.rows()]
            for table in (gold, pred)
        )
        self._spans = gold
        self._here = Counter(self._gold)
        self._plain: Counter[str] = Counter()

    def look_for_plain(self, pairs: Pairs, wrong: Iterable[int]) -> None:
        """Count where the surfaces that one side alone has are no entity."""
        wanted: dict[str, set[tuple[str, ...]]] = {}
        lone = [at for at in wrong if pairs.gold[at] < 0 or pairs.pred[at] < 0]
        for at in lone:
            table, of = (self._gold, pairs.gold) if pairs.gold[at] >= 0 else (self._pred, pairs.pred)
            parts = tuple(table[int(of[at])][0].split(" "))
            if len(parts) <= _MOST_WORDS:
                wanted.setdefault(parts[0], set()).add(parts)
        borders, starts, ends = self._spans.borders().tolist(), self._spans.start.tolist(), self._spans.end.tolist()
        for sentence, words in enumerate(self._words):
            spans = range(borders[sentence], borders[sentence + 1])
            for first, word in enumerate(words):
                for parts in wanted.get(word, ()):
                    last = first + len(parts)
                    if last > first + 1 and tuple(words[first:last]) != parts:
                        continue
                    if not any(starts[at] < last and ends[at] > first for at in spans):
                        self._plain[surface_of(parts)] += 1

    def of_pair(self, pairs: Pairs, at: int) -> tuple[_Reading, _Reading]:
        """What was predicted, and what gold has."""
        to_gold, to_pred = int(pairs.gold[at]), int(pairs.pred[at])
        if to_pred < 0:
            surface, kind = self._gold[to_gold]
            return _Reading(surface, "", Use(0, self._plain[surface])), self._as_gold(surface, kind)
        surface, kind = self._pred[to_pred]
        theirs = _Reading(surface, kind, Use(self._trained(surface, kind), self._here[surface, kind]))
        if to_gold < 0:
            return theirs, _Reading(surface, "", Use(0, max(0, self._plain[surface] - 1)))
        return theirs, self._as_gold(*self._gold[to_gold])

    def _as_gold(self, surface: str, kind: str) -> _Reading:
        return _Reading(surface, kind, Use(self._trained(surface, kind), self._here[surface, kind] - 1))

    def _trained(self, surface: str, kind: str) -> int:
        return int(self._training.get(surface, {}).get(kind, 0))
