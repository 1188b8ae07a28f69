"""New texts → entities with their places."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import spans_of
from ft_magics.data.tagged.words import Word, split_words
from ft_magics.errors import DataError, type_name

if TYPE_CHECKING:
    from ft_magics.runs.predictor import TrainedModel
    from ft_magics.tasks.ner.task import Prediction

__all__ = ["Entity", "find_entities"]


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
class _Text:
    """A text and where its words stand."""

    text: str
    places: Sequence[Word]
    example: TaggedSentence


def find_entities(model: TrainedModel, texts: Any) -> list[list[Entity]]:
    """Entities in order, one list per text.

    Args:
        model: Which finds them.
        texts: Texts, or lists of words (whose places are then those in the words joined by single spaces).

    Raises:
        DataError: Not texts.
    """
    if isinstance(texts, (bytes, Mapping)) or not isinstance(texts, Iterable):
        raise DataError(f"texts is {type_name(texts)}; expected a text, a list of texts, or a list of lists of words")
    read = [_read(index, text) for index, text in enumerate(texts)]
    predictions = model.predict([text.example for text in read])
    return [_entities(text, item) for text, item in zip(read, predictions, strict=True)]


def _read(index: int, text: Any) -> _Text:
    if isinstance(text, str):
        places = split_words(text)
    elif isinstance(text, Sequence) and all(isinstance(word, str) for word in text):
        ends = list(accumulate((len(word) + 1 for word in text), initial=0))
        places = [(start, start + len(word)) for start, word in zip(ends, text, strict=False)]
        text = " ".join(text)
    else:
        raise DataError(f"texts[{index}] is {type_name(text)}; expected a text or a list of words")
    words = tuple(text[start:end] for start, end in places)
    return _Text(text, places, TaggedSentence(words, ("O",) * len(words), f"texts[{index}]"))


def _entities(text: _Text, item: Prediction) -> list[Entity]:
    found = []
    for span in spans_of(item.tags):
        start, end = text.places[span.start][0], text.places[span.end - 1][1]
        sure = min(item.confidences[span.start : span.end])
        found.append(Entity(text.text[start:end], span.type, start, end, sure))
    return found
