"""What the `data` of a card holds, for each kind of card; the widget's types are made from these.

A card is a plain dict, so that it is written to JSON and sent as it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Required, TypedDict

__all__ = [
    "AnswerData",
    "CardData",
    "ContextPart",
    "LabelVersion",
    "LabelsData",
    "Own",
    "RelationData",
    "SpanVersion",
    "SpansData",
    "TextsData",
]

PlacedSpan = tuple[int, int, str]  # start, end, label: words counted from the first that is shown


class CardData(TypedDict, total=False):
    """What a card of any kind may have.

    Args:
        badge: What became of it in a word or two, such as `boundary error`.
        sign: The same as a sign, such as `↔`.
        right: Whether it is right, for the colour of its sign.
        about: More about it in short texts, such as `gold PER → predicted LOC`.
        confidence: Of the prediction, 0 to 1; None where it is not known.
        note: Why it is shown, in a sentence.
        facets: Name of a filter → the values that find this card, so that a busy kernel need not be asked.
        ranks: Name of a sort → its place in it, the least first; None for last.
    """

    badge: str
    sign: str
    right: bool | None
    about: Sequence[str]
    confidence: float | None
    note: str
    facets: Mapping[str, Sequence[str]]
    ranks: Mapping[str, float | None]


class SpanVersion(TypedDict):
    """What one of several systems predicted."""

    name: str
    predicted: Sequence[PlacedSpan]


class Own(TypedDict):
    """The spans that a card is about, rather than their neighbours."""

    gold: Sequence[PlacedSpan]
    predicted: Sequence[PlacedSpan]


class SpansData(CardData, total=False):
    """Words with marked spans.

    Args:
        words: Words, or single characters.
        spaces: Whether words are written apart.
        before: Whether words were cut off before the first.
        after: Whether words were cut off behind the last.
        gold: All gold spans.
        predicted: All predicted spans; absent where there are versions.
        versions: Of several systems; what only some of them predicted stands out.
        own: The spans that it is about.
    """

    words: Required[Sequence[str]]
    spaces: bool
    before: bool
    after: bool
    gold: Sequence[PlacedSpan]
    predicted: Sequence[PlacedSpan]
    versions: Sequence[SpanVersion]
    own: Own


class LabelVersion(TypedDict):
    """What one of several systems predicted."""

    name: str
    predicted: Sequence[str]


class LabelsData(CardData, total=False):
    """A text and its labels.

    Args:
        text: What was to be labelled.
        pair: The second text of a pair.
        gold: Names of labels, or a number as a text; absent where it is not known.
        predicted: The same; absent where there are versions, or where nothing is predicted yet.
        versions: Of several systems.
        scores: Pairs of label and share, the most probable first.
    """

    text: Required[str]
    pair: str
    gold: Sequence[str]
    predicted: Sequence[str]
    versions: Sequence[LabelVersion]
    scores: Sequence[tuple[str, float]]


class RelationData(LabelsData, total=False):
    """A text with two entities, and the relation between them.

    Args:
        e1: Where the first entity is in what is shown of the text, in characters.
        e2: Where the second is.
        types: Of both entities; empty texts where they are not known.
        none_label: The label of pairs without a relation.
        before: Whether text was cut off before what is shown.
        after: Whether text was cut off behind it.
    """

    e1: Required[Sequence[int]]
    e2: Required[Sequence[int]]
    types: Sequence[str]
    none_label: str | None
    before: bool
    after: bool


class TextsData(CardData, total=False):
    """Texts below each other.

    Args:
        texts: Pairs of name and text, such as `reference` and what it says.
        marks: Of each text the characters that are marked, start and end; absent for none at all.
        after: Whether something of a text was cut off.
    """

    texts: Required[Sequence[tuple[str, str]]]
    marks: Sequence[Sequence[tuple[int, int]]]
    after: bool


class ContextPart(TypedDict):
    """A stretch of a context.

    Args:
        text: Its letters.
        before: Whether the context has more before it.
        after: Whether the context has more behind it.
        gold: First character and character after the last of gold answers in it.
        predicted: The same of what was predicted.
    """

    text: str
    before: bool
    after: bool
    gold: Sequence[tuple[int, int]]
    predicted: Sequence[tuple[int, int]]


class AnswerData(CardData, total=False):
    """A question, and a context with the answers marked.

    Args:
        question: As it was asked.
        parts: The stretches of the context that hold an answer.
        gold: Texts of the gold answers, none for a question without an answer; absent where they are not known.
        predicted: The answer that was given, none for no answer; absent where nothing was, or where there are versions.
        versions: Of several systems.
        scores: Pairs of answer and probability, the most probable first; an empty text is no answer.
    """

    question: Required[str]
    parts: Sequence[ContextPart]
    gold: Sequence[str]
    predicted: Sequence[str]
    versions: Sequence[LabelVersion]
    scores: Sequence[tuple[str, float]]
