"""What kinds of entities are found well: scores by length, by whether training had them, and so on.

Each span, gold or predicted, falls into one bucket of each attribute by its own words, so that recall speaks of the
gold entities of a bucket and precision of the predicted ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ft_magics.evaluation.entities.scores import Scores
from ft_magics.evaluation.entities.spans import Ints, SpanTable

__all__ = ["ATTRIBUTES", "Attribute", "Surfaces", "attributes_of", "bucket_scores", "surface_of"]

Surfaces = Mapping[str, Mapping[str, int]]  # surface → type → how often training has it

ATTRIBUTES = {
    "entity_length": ("1 word", "2 words", "3 words", "4 words or more"),
    "sentence_length": ("1–10 words", "11–20 words", "21–40 words", "41 words or more"),
    "seen": ("in training as this type", "in training as another type only", "not in training"),
    "train_frequency": ("never in training", "once", "2–5 times", "6–20 times", "21 times or more"),
    "ambiguity": ("one type", "several types", "never an entity in gold or training"),
    "capitalisation": ("Capitalised", "ALL CAPITALS", "lower case", "mIxed", "letters without case"),
}
_UPTO = {"entity_length": (1, 2, 3), "sentence_length": (10, 20, 40), "train_frequency": (0, 1, 5, 20)}


@dataclass(frozen=True, slots=True)
class Attribute:
    """The bucket of each span in one respect.

    Args:
        gold: Index into `ATTRIBUTES[name]` per gold span.
        pred: The same per predicted span.
    """

    gold: Ints
    pred: Ints


def attributes_of(
    gold: SpanTable,
    pred: SpanTable,
    names: Sequence[str],
    *,
    lengths: Ints | None,
    words: Sequence[Sequence[str]] | None,
    surfaces: Surfaces | None,
) -> dict[str, Attribute]:
    """Every attribute that can be known.

    Args:
        gold: Gold spans.
        pred: Predicted spans.
        names: Type names by number.
        lengths: Words per sentence; None where offsets count characters.
        words: The sentences' words, for what is seen on the surface.
        surfaces: What training has as entities.
    """
    found: dict[str, Attribute] = {}
    tables = (gold, pred)
    if lengths is not None:
        found["entity_length"] = _stepped("entity_length", [table.end - table.start for table in tables])
        found["sentence_length"] = _stepped("sentence_length", [lengths[table.sentence] for table in tables])
    if words is None:
        return found
    texts = [_surfaces(table, words) for table in tables]
    types = [[names[number] for number in table.type.tolist()] for table in tables]
    found["capitalisation"] = _labelled([[_case(text) for text in side] for side in texts])
    found["ambiguity"] = _labelled(_ambiguity(texts, types, surfaces or {}))
    if surfaces is not None:
        sides = list(zip(texts, types, strict=True))
        found["seen"] = _labelled(
            [[_seen(surfaces.get(text, {}), kind) for text, kind in zip(*side, strict=True)] for side in sides]
        )
        most = _UPTO["train_frequency"][-1] + 1  # more make no difference, and the sum may be any number
        often = [
            np.array([min(most, sum(map(int, surfaces.get(text, {}).values()))) for text in side], dtype=np.int64)
            for side in texts
        ]
        found["train_frequency"] = _stepped("train_frequency", often)
    return found


def surface_of(words: Sequence[str]) -> str:
    """An entity's words as the key of `Surfaces`."""
    return " ".join(words)


def _surfaces(table: SpanTable, words: Sequence[Sequence[str]]) -> list[str]:
    columns = (table.sentence.tolist(), table.start.tolist(), table.end.tolist())
    return [surface_of(words[sentence][start:end]) for sentence, start, end in zip(*columns, strict=True)]


def _stepped(name: str, values: Sequence[Ints]) -> Attribute:
    gold, pred = (np.searchsorted(_UPTO[name], side, side="left") for side in values)
    return Attribute(gold, pred)


def _labelled(values: Sequence[Sequence[int]]) -> Attribute:
    gold, pred = (np.array(side, dtype=np.int64) for side in values)
    return Attribute(gold, pred)


def _case(text: str) -> int:
    letters = [letter for letter in text if letter.lower() != letter.upper()]
    if not letters:
        return 4
    upper = [letter.isupper() for letter in letters]
    if all(upper):
        return 1 if len(letters) > 1 else 0
    if not any(upper):
        return 2
    first = next((word for word in text.split() if any(letter.lower() != letter.upper() for letter in word)), "")
    return 0 if first[:1].isupper() and not any(word[1:].lower() != word[1:] for word in text.split()) else 3


def _seen(types: Mapping[str, int], kind: str) -> int:
    return 0 if kind in types else 1 if types else 2


def _ambiguity(texts: Sequence[Sequence[str]], types: Sequence[Sequence[str]], surfaces: Surfaces) -> list[list[int]]:
    known: dict[str, set[str]] = {text: set(kinds) for text, kinds in surfaces.items()}
    for text, kind in zip(texts[0], types[0], strict=True):
        known.setdefault(text, set()).add(kind)
    label = {0: 2, 1: 0}
    return [[label.get(len(known.get(text, ())), 1) for text in side] for side in texts]


def bucket_scores(name: str, attribute: Attribute, correct_gold: Ints) -> dict[str, Scores]:
    """Scores per bucket, empty ones left out.

    Args:
        name: Key of `ATTRIBUTES`.
        attribute: Buckets of the spans.
        correct_gold: Indices of the gold spans that were found.
    """
    labels = ATTRIBUTES[name]
    support, predicted, correct = (
        np.bincount(side, minlength=len(labels)).tolist()
        for side in (attribute.gold, attribute.pred, attribute.gold[correct_gold])
    )
    return {
        label: Scores.of_counts(support=support[at], predicted=predicted[at], correct=correct[at])
        for at, label in enumerate(labels)
        if support[at] or predicted[at]
    }
