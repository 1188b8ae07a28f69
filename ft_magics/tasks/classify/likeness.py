"""Texts that are the same, or all but the same, found in linear time: each text has a key, and equal keys are like."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from ft_magics.tasks.classify.examples import LabelledText

__all__ = ["likeness_key", "likeness_keys", "repeated", "same_texts", "similar_texts"]

_NUMBER = re.compile("0+")
_FEW_WORDS = 4  # below that the order of words is much of what a text says
_LONG_WORD = 8  # characters a word on average, above which spaces do not part words

Key = tuple[str, str]
Match = tuple[LabelledText, LabelledText]


class _Folds(dict[int, str]):
    """Characters → what they count as: punctuation and controls as a space, each digit as 0, letters as themselves.

    Marks stay, which are the vowels of many scripts, and pictures, which may be all that a text says.
    """

    def __missing__(self, code: int) -> str:
        letter = chr(code)
        kind = unicodedata.category(letter)
        folded = "0" if kind == "Nd" else " " if kind[0] in "PZC" or kind in ("Sm", "Sc", "Sk") else letter
        self[code] = folded
        return folded


_FOLDS = _Folds()


def likeness_key(text: str) -> str:
    """What is left of a text without case, width, punctuation, white space and the value of numbers.

    Its different words in alphabetical order, so that their order and repetition make no difference; of a text of few
    words, or of one that is written without spaces, the words as they stand. Empty where there is no word in it.
    """
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_FOLDS)
    words = _NUMBER.sub("0", folded).split()
    if len(words) < _FEW_WORDS or len(folded) > _LONG_WORD * len(words):
        return "".join(words)
    return " ".join(sorted(set(words)))


def likeness_keys(examples: Sequence[LabelledText]) -> list[Key]:
    """The keys of each text and of its pair. Length S."""
    return [(likeness_key(example.text), likeness_key(example.pair or "")) for example in examples]


def same_texts(first: Sequence[LabelledText], second: Sequence[LabelledText]) -> list[Match]:
    """Texts of the second split that stand in the first word for word, each with the first such one there."""
    known = {(example.text, example.pair): example for example in reversed(first)}
    found = ((example, known.get((example.text, example.pair))) for example in second)
    return [(example, match) for example, match in found if match is not None]


def similar_texts(
    first: Sequence[LabelledText], second: Sequence[LabelledText], first_keys: Sequence[Key], second_keys: Sequence[Key]
) -> list[Match]:
    """Texts of the second split that the first has in another wording only, each with the first such one there.

    Args:
        first: A split.
        second: Another one.
        first_keys: Of the first, as `likeness_keys` gave them.
        second_keys: Of the second.
    """
    exact = {(example.text, example.pair) for example in first}
    like = dict(zip(reversed(first_keys), reversed(first), strict=True))
    found = (
        (example, like.get(key))
        for example, key in zip(second, second_keys, strict=True)
        if any(key) and (example.text, example.pair) not in exact
    )
    return [(example, match) for example, match in found if match is not None]


def repeated(examples: Sequence[LabelledText]) -> int:
    """How many texts have stood in the split before, word for word."""
    return len(examples) - len({(example.text, example.pair) for example in examples})
