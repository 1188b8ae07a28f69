"""What is hidden of a row: drawn from (seed, epoch, row) alone, so that a resumed run hides the same.

Shapes: T tokens.
Source: Devlin et al. 2019, section 3.1 and appendix A.1; Joshi et al. 2020, section 3.1, for spans.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Masking", "hide"]

Ids = NDArray[np.int64]
Bools = NDArray[np.bool_]
_SHOWN_AS_MASK, _SHOWN_AS_RANDOM = 0.8, 0.1
_SPAN_STOPS, _LONGEST_SPAN = 0.2, 10  # of the geometric distribution: 3.8 words on average
_TRIES = 20  # of a span that finds no place


@dataclass(frozen=True, slots=True, kw_only=True)
class Masking:
    """How tokens are hidden.

    Args:
        rate: Share of the tokens.
        whole_words: Whether all pieces of a word are hidden together.
        spans: Whether runs of words are.
        always_masked: Whether each is shown as the mask token; else 80 % are, 10 % as a random one, 10 % as they are.
        mask_id: The mask token.
        random_ids: The tokens that a random one is drawn from.
        special: Whether a token is a special one, which is never hidden. Length V.
        begins: Whether a token begins a word. Length V.
    """

    rate: float
    whole_words: bool
    spans: bool
    always_masked: bool
    mask_id: int
    random_ids: Ids
    special: Bools
    begins: Bools


def hide(ids: Ids, masking: Masking, key: Sequence[int]) -> tuple[Ids, Bools]:
    """Hide some tokens of a row.

    Args:
        ids: With special tokens. Length T.
        masking: How.
        key: Numbers from 0 that the draw depends on, and nothing else: seed, epoch, row.

    Returns:
        What is shown, and which tokens are to be predicted: at least one, where there is one that is not special.
    """
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(key))))
    words = _words(ids, masking)
    wanted = max(1, round(masking.rate * sum(map(len, words))))
    chosen = np.zeros(len(ids), dtype=np.bool_)
    for word in _spans(words, wanted, generator) if masking.spans else _singly(words, wanted, generator):
        chosen[word] = True
    shown = ids.copy()
    if masking.always_masked:
        shown[chosen] = masking.mask_id
        return shown, chosen
    fate = generator.random(len(ids))
    random_ids = masking.random_ids[generator.integers(len(masking.random_ids), size=len(ids))]
    shown[chosen & (fate < _SHOWN_AS_MASK)] = masking.mask_id
    as_random = chosen & (fate >= _SHOWN_AS_MASK) & (fate < _SHOWN_AS_MASK + _SHOWN_AS_RANDOM)
    shown[as_random] = random_ids[as_random]
    return shown, chosen


def _words(ids: Ids, masking: Masking) -> list[Ids]:
    """Places of the tokens of each word; of single tokens where words are not kept together."""
    places = np.flatnonzero(~masking.special[ids])
    if not len(places):
        return []
    if not masking.whole_words:
        return np.split(places, np.arange(1, len(places)))
    begins = masking.begins[ids[places]] | np.append(True, np.diff(places) > 1)
    return np.split(places, np.flatnonzero(begins[1:]) + 1)


def _singly(words: Sequence[Ids], wanted: int, generator: np.random.Generator) -> list[Ids]:
    """Words in a random order, until there are so many tokens; a word that would be too much is passed over."""
    taken: list[Ids] = []
    left = wanted
    order = generator.permutation(len(words))
    for at in order:
        if len(words[at]) <= left:
            taken.append(words[at])
            left -= len(words[at])
        if left <= 0:
            break
    return taken or [words[at] for at in order[:1]]


def _spans(words: Sequence[Ids], wanted: int, generator: np.random.Generator) -> list[Ids]:
    """Runs of words at random places, until there are so many tokens."""
    free = np.ones(len(words), dtype=np.bool_)
    taken: list[Ids] = []
    left = wanted
    tries = 0
    while left > 0 and free.any() and tries < _TRIES:
        length = min(int(generator.geometric(_SPAN_STOPS)), _LONGEST_SPAN)
        begin = int(generator.integers(len(words)))
        tries += 1
        for at in range(begin, min(begin + length, len(words))):
            if not free[at] or (len(words[at]) > left and taken):
                break
            free[at] = False
            taken.append(words[at])
            left -= len(words[at])
            tries = 0
            if left <= 0:
                break
    return taken or list(words[:1])
