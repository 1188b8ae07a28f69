"""Texts with marked entities → token ids, with a special token before and behind each entity.

The tokens `[E1]` and `[E2]` before the entities are where a relation is read off (entity start). Where a text is longer
than the model takes, what is near both entities is kept, and a marker never cut.

Source: Baldini Soares et al. 2019, section 3.2; with the entity's type in the token: Zhong & Chen 2021, section 3.2.
Shapes: T tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.data.marked import MarkedText
from ft_magics.errors import ModelError
from ft_magics.tasks.tokens import WordTokenizer

__all__ = ["Marked", "MarkedTokenizer", "descriptions", "typed_marker", "types_in"]

_OPENS = ("[E1]", "[E2]")
_CLOSES = ("[/E1]", "[/E2]")
_NAMES = ("first", "second")
_CHARACTERS_A_TOKEN = 16  # more than that many around the entities, for each token that fits, are never looked at
_FEWEST = 16  # tokens beside the special ones

Ids = list[int]


@dataclass(frozen=True, slots=True)
class Marked:
    """What the model reads of an example.

    Args:
        input_ids: With special tokens and markers. Length T.
        positions: Of the markers before e1 and e2.
        cut: Whether the text is longer than this.
    """

    input_ids: Ids
    positions: tuple[int, int]
    cut: bool


def typed_marker(side: int, kind: str) -> str:
    """The marker before an entity of a type.

    Args:
        side: 0 for e1, 1 for e2.
        kind: Such as `PERSON`.
    """
    return f"{_OPENS[side][:-1]}:{kind}]"


def types_in(examples: Iterable[MarkedText]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The types of the first and of the second entities, in alphabetical order."""
    firsts, seconds = set(), set()
    for example in examples:
        firsts.add(example.types[0])
        seconds.add(example.types[1])
    return tuple(sorted(firsts - {""})), tuple(sorted(seconds - {""}))


def descriptions(types: Sequence[Sequence[str]]) -> dict[str, str]:
    """The special tokens, each with the words that it begins as.

    Args:
        types: Of e1 and of e2 that have a marker of their own; none for plain markers.
    """
    found = {}
    for side, name in enumerate(_NAMES):
        found[_OPENS[side]] = f"{name} entity"
        found[_CLOSES[side]] = f"{name} end"
        for kind in types[side]:
            found[typed_marker(side, kind)] = f"{name} {kind.replace('_', ' ').replace('-', ' ').lower()}"
    return found


class MarkedTokenizer:
    """A tokenizer that puts markers around entities.

    Args:
        tokenizer: One that has the markers.
        types: Of e1 and e2 that have a marker of their own.
        max_length_tokens: The longest input, special tokens included.

    Raises:
        ModelError: It lacks the markers, or inputs are too short for two entities.
    """

    def __init__(self, tokenizer: Any, types: Sequence[Sequence[str]], max_length_tokens: int) -> None:
        words = WordTokenizer(tokenizer)
        self._tokenizer = tokenizer
        self._prefix, self._suffix = words.prefix, words.suffix
        self._types = tuple(frozenset(kinds) for kinds in types)
        self._room = max_length_tokens - len(words.prefix) - len(words.suffix) - 2 * len(_OPENS)
        vocabulary = tokenizer.get_vocab()
        self._ids: dict[str, int] = {token: vocabulary[token] for token in descriptions(types) if token in vocabulary}
        if len(self._ids) < len(descriptions(types)):
            raise ModelError("model: its tokenizer lacks the markers of entities; was it saved with the model?")
        if self._room < _FEWEST:
            raise ModelError(
                f"model: {max_length_tokens} tokens are too few for two entities with their markers; at least "
                f"{max_length_tokens - self._room + _FEWEST} are needed"
            )
        self._marks = frozenset(self._ids.values())
        unknown = tokenizer.unk_token_id
        self._stand_in: int = tokenizer.pad_token_id if unknown is None else unknown

    def __call__(self, examples: Sequence[MarkedText]) -> list[Marked]:
        """What the model reads of each."""
        if not examples:
            return []
        parts = [part for example in examples for part in self._parts(example)]
        encoded = self._tokenizer(parts, add_special_tokens=False, return_attention_mask=False, verbose=False)
        ids = [self._without_markers(each) for each in encoded["input_ids"]]
        return [self._put_together(example, ids[5 * at : 5 * at + 5]) for at, example in enumerate(examples)]

    def _parts(self, example: MarkedText) -> list[str]:
        """What is before the entities, the first in the text, what is between, the second, what is behind."""
        (start, end), (begin, stop) = sorted((example.e1, example.e2))
        most, text = _CHARACTERS_A_TOKEN * self._room, example.text
        between = text[end:begin]
        if len(between) > 2 * most:
            between = f"{between[:most]} {between[-most:]}"
        return [
            text[max(0, start - most) : start].strip(),
            text[start:end].strip(),
            between.strip(),
            text[begin:stop].strip(),
            text[stop : stop + most].strip(),
        ]

    def _without_markers(self, ids: Ids) -> Ids:
        """A text may hold what looks like a marker; it is none."""
        return [self._stand_in if each in self._marks else each for each in ids] if self._marks & set(ids) else ids

    def _put_together(self, example: MarkedText, parts: Sequence[Ids]) -> Marked:
        fitted = _fitted(parts, self._room)
        order = (0, 1) if example.e1 <= example.e2 else (1, 0)
        ids: Ids = list(self._prefix)
        places = [0, 0]
        for at, side in enumerate(order):
            ids += fitted[2 * at]
            places[side] = len(ids)
            ids += [self._opener(side, example.types[side]), *fitted[2 * at + 1], self._ids[_CLOSES[side]]]
        ids += [*fitted[4], *self._suffix]
        return Marked(ids, (places[0], places[1]), cut=sum(map(len, fitted)) < sum(map(len, parts)))

    def _opener(self, side: int, kind: str) -> int:
        return self._ids[typed_marker(side, kind) if kind in self._types[side] else _OPENS[side]]


def _fitted(parts: Sequence[Ids], room: int) -> list[Ids]:
    """The five parts of a text, cut where they are too long: the ends first, then what is between the entities.

    Args:
        parts: Before, one entity, between, the other, behind.
        room: Tokens that they may have together.
    """
    if sum(map(len, parts)) <= room:
        return list(parts)
    before, one, between, other, behind = parts
    one, other = one[: room // 3], other[: room // 3]
    left = room - len(one) - len(other)
    if len(between) > left:
        half = left // 2
        between = [*between[: left - half], *between[len(between) - half :]]
    left -= len(between)
    first = min(len(before), max(left // 2, left - len(behind)))
    return [before[len(before) - first :], one, between, other, behind[: left - first]]
