"""The sentences behind a report: which spans are where, what was taken for what, and how to look through them.

A report is small and plain; the evidence is as large as the data and stays in the kernel. Lists of examples are made
from it a page at a time.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ft_magics.evaluation.calibration import BINS, bin_name, bins_of
from ft_magics.evaluation.entities.buckets import ATTRIBUTES, Attribute, surface_of
from ft_magics.evaluation.entities.cards import KIND_NAMES, example_card
from ft_magics.evaluation.entities.matching import KINDS, Pairs
from ft_magics.evaluation.entities.spans import Bools, Ints, SpanTable
from ft_magics.evaluation.entities.suspects import Doubts
from ft_magics.evaluation.joining import join_words
from ft_magics.sections import Card

__all__ = ["Evidence", "Texts"]

_FIRST_PAGE = 20
_MOST_PLACES = 1_000  # where only offsets are known: a span of theirs can be longer than any text
_AROUND = {"word": 60, "character": 240}  # of a longer sentence the surroundings are shown

PlacedSpan = list[Any]  # start, end, type


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """What the sentences say.

    Args:
        words: Words per sentence, or single characters where offsets count characters. None where only tags are known.
        ids: Where each sentence stands, such as `train.conll, line 12`.
        unit: `word` or `character`.
    """

    words: Sequence[Sequence[str]] | None
    ids: Sequence[str]
    unit: str = "word"

    def window(self, sentence: int, start: int, end: int, length: int) -> tuple[int, int]:
        """The part of a sentence that is shown around a span."""
        around = _AROUND[self.unit]
        if length <= 2 * around:
            return 0, length
        first, last = max(0, start - around), min(length, end + around)
        return first, last if self.words is not None else min(last, first + _MOST_PLACES)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Spans, pairs and texts of one set of predictions.

    Args:
        texts: What the sentences say.
        gold: Gold spans.
        pred: Predicted spans.
        pairs: Which was compared with which.
        names: Type names by number; number 0 is no type.
        lengths: Words (or characters) per sentence.
        confidence: Per predicted span; None where it is not known.
        doubts: How probably gold is wrong; None where confidences or words are not known.
        attributes: Buckets of each span.
    """

    texts: Texts
    gold: SpanTable
    pred: SpanTable
    pairs: Pairs
    names: tuple[str, ...]
    lengths: Ints
    confidence: Any = None
    doubts: Doubts | None = None
    attributes: Mapping[str, Attribute] = field(default_factory=dict)

    @cached_property
    def numbers(self) -> dict[str, int]:
        """Type numbers by name."""
        return {name: at for at, name in enumerate(self.names) if at}

    @property
    def correct(self) -> tuple[Ints, Ints]:
        """Indices of the gold and the predicted spans that are equal."""
        right = self.pairs.kind == 0
        return self.pairs.gold[right], self.pairs.pred[right]

    @cached_property
    def pair_confidence(self) -> Any:
        """Confidence per pair, NaN where nothing was predicted or it is not known."""
        sure = np.full(len(self.pairs), np.nan)
        if self.confidence is not None:
            there = self.pairs.pred >= 0
            sure[there] = self.confidence[self.pairs.pred[there]]
        return sure

    @cached_property
    def suspects(self) -> Ints:
        """Indices of the pairs whose gold is probably wrong, the most suspect first."""
        return np.zeros(0, dtype=np.int64) if self.doubts is None else self.doubts.suspects()

    @cached_property
    def _lines(self) -> list[str]:
        """Sentences and their row ids as the search compares them."""
        words = self.texts.words or [[]] * len(self.texts.ids)
        spaces = self.texts.unit == "word"
        rows = zip(words, self.texts.ids, strict=True)
        return [_folded(f"{join_words(sentence, spaces=spaces)}\n{row}") for sentence, row in rows]

    def mentions(self, sentence: int, text: str) -> bool:
        """Whether a sentence or its row id has a text in it."""
        return _folded(text) in self._lines[sentence]

    def surfaces(self, table: SpanTable) -> list[str]:
        """The words of each span; empty texts where only tags are known."""
        words = self.texts.words
        if words is None:
            return [""] * len(table)
        columns = (table.sentence.tolist(), table.start.tolist(), table.end.tolist())
        return [surface_of(words[at][start:end]) for at, start, end in zip(*columns, strict=True)]

    def select(self, chosen: Mapping[str, Any]) -> Ints:
        """Indices of the pairs that pass a filter, in the order of the text.

        Args:
            chosen: `kind` (as on the screen, or as in `KINDS`), `gold` and `pred` (a type, or an empty text for no
                span on that side), `type` (on either side), an attribute such as `seen` (a bucket's label, on either
                side; `gold_seen` and `pred_seen`: on that side), `confidence_bin` (such as `0.8–0.9`),
                `least_confidence` (a number: predicted with at least that), `suspect` (any value: gold is probably
                wrong), `text` (anywhere in the sentence). Each is a value, or several of which any will do; None, none
                or absent: anything.
        """
        keep = np.ones(len(self.pairs), dtype=np.bool_)
        for name, wanted in chosen.items():
            values = [str(value) for value in (wanted if isinstance(wanted, (list, tuple)) else [wanted])]
            if wanted is not None and values:
                keep &= self._pass(name, values)
        return np.flatnonzero(keep)

    def _pass(self, name: str, values: list[str]) -> Bools:
        """Which pairs pass one part of a filter; none for a part that nobody knows."""
        if name == "kind":
            kinds = [KIND_NAMES.get(value, value) for value in values]
            return np.isin(self.pairs.kind, [KINDS.index(kind) for kind in kinds if kind in KINDS])
        if name in ("gold", "pred", "type"):
            numbers = [self.numbers.get(value, -1 if value else 0) for value in values]
            sides = ("gold", "pred") if name == "type" else (name,)
            passed: Bools = np.any([np.isin(self._types(side), numbers) for side in sides], axis=0)
            return passed
        if name == "suspect":
            return np.isin(np.arange(len(self.pairs)), self.suspects)
        if name == "text":
            wanted = _folded(values[0])
            return self._holds(np.array([wanted in line for line in self._lines], dtype=np.bool_))
        if name in ("confidence_bin", "least_confidence"):
            return self._as_sure(name, values)
        side, _, attribute = name.partition("_")
        one_sided = side in ("gold", "pred") and attribute in self.attributes
        return self._in_bucket(attribute, values, (side,)) if one_sided else self._in_bucket(name, values)

    def _as_sure(self, name: str, values: list[str]) -> Bools:
        """Which pairs have a confidence in some bins, or from a threshold on."""
        if name == "confidence_bin":
            return np.isin(self._bins, [at for at in range(BINS) if bin_name(at) in values])
        enough: Bools = np.nan_to_num(self.pair_confidence, nan=-1.0) >= float(values[0])
        return enough

    def _types(self, side: str) -> Ints:
        """Type number per pair; 0 for no span on that side."""
        at: Ints = getattr(self.pairs, side)
        table: SpanTable = getattr(self, side)
        types = np.append(table.type, 0)
        return types[at]

    @cached_property
    def _bins(self) -> Ints:
        """The bin of each pair's confidence, -1 where it is not known."""
        known = ~np.isnan(self.pair_confidence)
        found = np.full(len(self.pairs), -1, dtype=np.int64)
        found[known] = bins_of(self.pair_confidence[known])
        return found

    def _in_bucket(self, name: str, labels: list[str], sides: Sequence[str] = ("gold", "pred")) -> Bools:
        attribute = self.attributes.get(name)
        if attribute is None:
            return np.zeros(len(self.pairs), dtype=np.bool_)
        numbers = [ATTRIBUTES[name].index(label) for label in labels if label in ATTRIBUTES[name]]
        passed: Bools = np.any(
            [np.isin(np.append(getattr(attribute, side), -1)[getattr(self.pairs, side)], numbers) for side in sides],
            axis=0,
        )
        return passed

    def _holds(self, sentences: Bools) -> Bools:
        held: Bools = sentences[self.pairs.sentence] if len(sentences) else np.zeros(len(self.pairs), dtype=np.bool_)
        return held

    def sort(self, chosen: Ints, order: str) -> Ints:
        """Pairs in another order; those without a confidence last.

        Args:
            chosen: Indices.
            order: `row`, `confidence` (highest first), `doubt` (lowest first) or `suspicion` (highest first).
        """
        if order == "row" or (order == "suspicion" and self.doubts is None):
            return chosen
        if order == "suspicion" and self.doubts is not None:
            return chosen[np.argsort(-self.doubts.score[chosen], kind="stable")]
        sure = self.pair_confidence[chosen]
        return chosen[np.argsort(np.where(np.isnan(sure), np.inf, sure if order == "doubt" else -sure), kind="stable")]

    def preview(self, most: int = 200) -> list[Card]:
        """What is sent along with a report: the first page of mistakes, then examples of each pair of types in turn."""
        rank = self._ranks(np.arange(len(self.pairs)))
        rank[np.flatnonzero(self.pairs.kind > 0)[:_FIRST_PAGE]] = -1
        chosen = np.sort(np.argsort(rank, kind="stable")[:most])
        return [example_card(self.example(int(at))) for at in chosen]

    def mistakes(self, most: int) -> list[dict[str, Any]]:
        """The first page of mistakes in the order of the text, then of as many pairs of types as there is room for."""
        wrong = np.flatnonzero(self.pairs.kind > 0)
        rank = self._ranks(wrong)
        rank[:_FIRST_PAGE] = -1
        chosen = np.sort(wrong[np.argsort(rank, kind="stable")[:most]])
        return [self.example(int(at)) for at in chosen]

    def _ranks(self, chosen: Ints) -> Ints:
        """How many pairs of the same two types stand before each of some pairs, which are in order. Length of these."""
        cell = (self._types("gold") * len(self.names) + self._types("pred"))[chosen]
        order = np.argsort(cell, kind="stable")
        rank = np.empty(len(cell), dtype=np.int64)
        rank[order] = np.arange(len(cell)) - np.searchsorted(cell[order], cell[order], side="left")
        return rank

    def page(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Some examples: `filter` as in `select`, `sort`, `offset` and `limit`; gives `total` and `cards`."""
        chosen = self.sort(self.select(request.get("filter") or {}), str(request.get("sort", "row")))
        offset, limit = max(0, int(request.get("offset", 0))), min(max(0, int(request.get("limit", 20))), 200)
        return {
            "total": len(chosen),
            "cards": [example_card(self.suspect(int(at))) for at in chosen[offset : offset + limit]],
        }

    def suspect(self, at: int) -> dict[str, Any]:
        """The same as `example`, with `score` and `reason` where gold is probably wrong."""
        if self.doubts is None or at not in self.doubts.reasons:
            return self.example(at)
        return {
            **self.example(at),
            "score": round(float(self.doubts.score[at]), 4),
            "reason": self.doubts.reasons[at],
        }

    def example(self, at: int) -> dict[str, Any]:
        """One pair with its sentence, as plain data."""
        gold, pred = int(self.pairs.gold[at]), int(self.pairs.pred[at])
        sentence = int(self.pairs.sentence[at])
        spans = [_span_at(table, index) for table, index in ((self.gold, gold), (self.pred, pred)) if index >= 0]
        start, end = min(span[0] for span in spans), max(span[1] for span in spans)
        first, last = self.texts.window(sentence, start, end, int(self.lengths[sentence]))
        sure = float(self.pair_confidence[at])
        return {
            "pair": at,
            "row": self.texts.ids[sentence],
            "sentence": sentence,
            "kind": KINDS[self.pairs.kind[at]],
            "gold": self._placed(self.gold, gold, first),
            "pred": self._placed(self.pred, pred, first),
            "confidence": None if np.isnan(sure) else round(sure, 4),
            "words": self.words(sentence, first, last),
            "spaces": self.texts.unit == "word",
            "before": first > 0,
            "after": last < int(self.lengths[sentence]),
            "gold_spans": self.spans_in(self.gold, sentence, first, last),
            "pred_spans": self.spans_in(self.pred, sentence, first, last),
            "buckets": self._buckets(at, gold, pred),
        }

    def words(self, sentence: int, first: int, last: int) -> list[str]:
        """A part of a sentence; places where only tags are known."""
        if self.texts.words is None:
            return [f"[{at}]" for at in range(first, last)]
        return list(self.texts.words[sentence][first:last])

    def whole_sentence(self, sentence: int, *others: SpanTable) -> tuple[int, int]:
        """All of a sentence; where only offsets are known, the part with its first span.

        Args:
            sentence: Its index.
            others: Spans of other systems in the same sentences.
        """
        length = int(self.lengths[sentence])
        if self.texts.words is not None or length <= _MOST_PLACES:
            return 0, length
        tables = (self.gold, self.pred, *others)
        starts = [start for table in tables for start in table.start[table.sentence == sentence].tolist()]
        return self.texts.window(sentence, min(starts, default=0), length, length)

    def spans_in(self, table: SpanTable, sentence: int, first: int, last: int) -> list[PlacedSpan]:
        """The spans of one side that touch a part of a sentence, counted from its first word."""
        begin, end = np.searchsorted(table.sentence, [sentence, sentence + 1])
        return [
            [int(table.start[at]) - first, int(table.end[at]) - first, self.names[table.type[at]]]
            for at in range(begin, end)
            if table.start[at] < last and table.end[at] > first
        ]

    def _placed(self, table: SpanTable, index: int, first: int) -> PlacedSpan | None:
        if index < 0:
            return None
        start, end, number = _span_at(table, index)
        return [start - first, end - first, self.names[number]]

    def _buckets(self, at: int, gold: int, pred: int) -> dict[str, list[str]]:
        """Values that find a pair: of each attribute on either side and on each, and the bin of its confidence."""
        found: dict[str, list[str]] = {}
        for name, attribute in self.attributes.items():
            sides = {"gold": (attribute.gold, gold), "pred": (attribute.pred, pred)}
            own = {side: ATTRIBUTES[name][int(of[span])] for side, (of, span) in sides.items() if span >= 0}
            found[name] = list(dict.fromkeys(own.values()))
            found |= {f"{side}_{name}": [label] for side, label in own.items()}
        if self._bins[at] >= 0:
            found["confidence_bin"] = [bin_name(int(self._bins[at]))]
        return found


def _folded(text: str) -> str:
    """A text as the search compares it: letters alike in case and in the way they are composed."""
    return unicodedata.normalize("NFC", text).casefold()


def _span_at(table: SpanTable, index: int) -> tuple[int, int, int]:
    """One span of a table: start, end, type number."""
    return int(table.start[index]), int(table.end[index]), int(table.type[index])
