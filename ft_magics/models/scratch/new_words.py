"""Which words of a domain's text a vocabulary lacks most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ft_magics.data.letters import CJK
from ft_magics.models.scratch.words import Segmenter, words_of

__all__ = ["NewWord", "new_words"]

_MOST_WORDS = 1_000_000  # that are counted at once; the rarest are forgotten then
_OF_ONE_LETTER = 2  # times that an unknown character stands there: lost altogether, it is worth a token sooner
_LONGEST = 50  # characters of a word; longer ones are addresses and sequences


@dataclass(frozen=True, slots=True)
class NewWord:
    """A word that deserves a token of its own.

    Args:
        word: As the tokenizer sees it, in small letters where it makes them small.
        count: How often it occurs in the text.
        pieces: The tokens that it is split into now.
    """

    word: str
    count: int
    pieces: tuple[str, ...]


def new_words(
    texts: Iterable[str], tokenizer: Any, count: int, *, min_count: int = 5, segmenter: Segmenter | None = None
) -> list[NewWord]:
    """The words whose own token would save most tokens: their count times the tokens that they are split into, less 1.

    A word that holds an unknown token counts as split into one more than its letters, since it is lost altogether.
    Numbers and punctuation are no words.

    Args:
        texts: Read once; memory stays below that of a million words.
        tokenizer: A fast one.
        count: At most so many.
        min_count: Rarer words are left out; of single characters that are unknown, those that stand there once only.
        segmenter: For Chinese words of several characters; without it only characters that are unknown are found.

    Returns:
        The most saving first; fewer than `count` where no more stand in the texts often enough.
    """
    counts: Counter[str] = Counter()
    forgotten = 0  # what a word that comes back may have lost (Manku & Motwani 2002)
    for text in texts:
        counts.update(text[start:end] for start, end in words_of(text, segmenter) if end - start <= _LONGEST)
        while len(counts) > _MOST_WORDS:
            forgotten += 1
            counts = Counter({word: times for word, times in counts.items() if times > forgotten})
    normalized: Counter[str] = Counter()
    for word, times in counts.items():
        if any(letter.isalpha() for letter in word):
            normalized[_as_seen(word, tokenizer)] += times
    vocabulary = tokenizer.get_vocab()
    found = []
    for word in sorted(normalized.keys() - vocabulary.keys()):
        times = normalized[word]
        if times < (min(min_count, _OF_ONE_LETTER) if len(word) == 1 else min_count):
            continue
        pieces = tuple(tokenizer.tokenize(_in_place(word)))
        if tokenizer.unk_token in pieces or (len(pieces) > 1 and times >= min_count):
            found.append(NewWord(word, times, pieces))
    found.sort(key=lambda new: (-_saved(new, tokenizer.unk_token), new.word))
    return found[:count]


def _saved(new: NewWord, unknown: str | None) -> int:
    split = len(new.word) + 1 if unknown in new.pieces else len(new.pieces)
    return new.count * (split - 1)


def _as_seen(word: str, tokenizer: Any) -> str:
    """A word after the tokenizer's cleaning, without the spaces or signs that that puts around it."""
    cleaner = tokenizer.backend_tokenizer.normalizer
    seen: str = word if cleaner is None else cleaner.normalize_str(word)
    return "".join(seen.split()).replace("▁", "")


def _in_place(word: str) -> str:
    """A word as it stands within a text: with a space before it, but for Chinese."""
    return word if CJK.match(word) else f" {word}"
