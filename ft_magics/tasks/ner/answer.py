"""New texts → entities with their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

from ft_magics.data.columns import usual_columns
from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import spans_of
from ft_magics.data.tagged.words import Word, split_words
from ft_magics.errors import DataError, type_name
from ft_magics.markup import percent
from ft_magics.sections import Card
from ft_magics.tasks.ner.records import Prediction

__all__ = ["Entity", "card_of", "entities_in", "gold_card_of", "input_columns", "read_texts"]


@dataclass(frozen=True, slots=True)
class Entity:
    """An entity found in a text.

    Args:
        text: As in the text.
        type: Such as PER.
        start: First character.
        end: Character after the last.
        confidence: Least probability among its words, from 0 to 1.
    """

    text: str
    type: str
    start: int
    end: int
    confidence: float


@dataclass(frozen=True, slots=True)
class _PlacedSentence(TaggedSentence):
    """A sentence that knows its text, and where its words stand there."""

    text: str = ""
    places: Sequence[Word] = ()


def read_texts(texts: Any) -> list[TaggedSentence]:
    """Texts as sentences without entities.

    Args:
        texts: Texts, or lists of words (whose places are then those in the words joined by single spaces).

    Raises:
        DataError: Not texts.
    """
    if isinstance(texts, (bytes, Mapping)) or not isinstance(texts, Iterable):
        raise DataError(f"texts is {type_name(texts)}; expected a text, a list of texts, or a list of lists of words")
    return [_read(index, text) for index, text in enumerate(texts)]


def input_columns(columns: Sequence[str], data: Any) -> Sequence[str] | None:
    """The column of lists of words; else the text's. See `TakesColumns`."""
    return usual_columns(columns, (), [("tokens",), ("words",)])


def _read(index: int, text: Any) -> TaggedSentence:
    if isinstance(text, str):
        places = split_words(text)
    elif isinstance(text, Sequence) and all(isinstance(word, str) for word in text):
        ends = list(accumulate((len(word) + 1 for word in text), initial=0))
        places = [(start, start + len(word)) for start, word in zip(ends, text, strict=False)]
        text = " ".join(text)
    else:
        raise DataError(f"texts[{index}] is {type_name(text)}; expected a text or a list of words")
    words = tuple(text[start:end] for start, end in places)
    return _PlacedSentence(words, ("O",) * len(words), f"texts[{index}]", text, places)


def entities_in(example: TaggedSentence, prediction: Prediction) -> list[Entity]:
    """The entities in a text that `read_texts` read, in order."""
    if not isinstance(example, _PlacedSentence):
        raise TypeError(f"{type_name(example)} does not know its text")
    found = []
    for span in spans_of(prediction.tags):
        start, end = example.places[span.start][0], example.places[span.end - 1][1]
        sure = min(prediction.confidences[span.start : span.end])
        found.append(Entity(example.text[start:end], span.type, start, end, sure))
    return found


def card_of(example: TaggedSentence, prediction: Prediction) -> Card:
    """The words of a text with its entities, as a page shows them; a text of our own, split at every entity's edge."""
    found = entities_in(example, prediction)
    text = example.text if isinstance(example, _PlacedSentence) else " ".join(example.words)
    edges = sorted({0, len(text), *(edge for item in found for edge in (item.start, item.end))})
    place = {edge: at for at, edge in enumerate(edges)}
    return Card(
        kind="spans",
        row=example.id,
        data={
            "words": [text[start:end] for start, end in pairwise(edges)],
            "spaces": False,
            "predicted": [(place[item.start], place[item.end], item.type) for item in found],
            "about": [f"{item.type} {percent(item.confidence)} %" for item in found],
        },
    )


def gold_card_of(example: TaggedSentence) -> Card:
    """The words of a labelled sentence with its gold entities."""
    spans = [(span.start, span.end, span.type) for span in spans_of(example.tags)]
    data = {"words": list(example.words), "gold": spans, "own": {"gold": spans, "predicted": []}}
    return Card(kind="spans", row=example.id, data=data)
