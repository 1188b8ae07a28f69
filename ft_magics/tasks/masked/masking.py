"""What is hidden of a row: drawn from (seed, epoch, row) alone, so that a resumed run hides the same.

Shapes: T tokens.
Source: Devlin et al. 2019, section 3.1 and appendix A.1; Joshi et al. 2020, section 3.1, for spans; Cui et al. 2021,
section 3.2, for n-grams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.errors import ModelError
from ft_magics.tasks.masked.config import MaskedSettings

__all__ = ["Masking", "hide", "maskings_of"]

Ids = NDArray[np.int64]
Bools = NDArray[np.bool_]
_HELD_OUT_RATE = 0.15
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
        ngrams: Shares of runs of one word, of two, …, which sum to 1; empty where lengths are not drawn by shares.
    """

    rate: float
    whole_words: bool
    spans: bool
    always_masked: bool
    mask_id: int
    random_ids: Ids
    special: Bools
    begins: Bools
    ngrams: tuple[float, ...] = ()


def maskings_of(settings: MaskedSettings, tokenizer: Any) -> tuple[Masking, Masking]:
    """How tokens are hidden in training, and how in evaluation, which is the same for every run.

    Args:
        settings: As the cell said.
        tokenizer: A fast one.

    Raises:
        ModelError: It has no mask token.
    """
    from ft_magics.models.scratch.surfaces import begins_words  # noqa: PLC0415  # tokenizers only where it is needed

    if tokenizer.mask_token_id is None:
        raise ModelError(
            f"model: the tokenizer of {tokenizer.name_or_path} has no mask token, so nothing can be hidden; set "
            "`tokenizer.mask_token` and save it again, or take an encoder such as `minilm`"
        )
    size = max(tokenizer.get_vocab().values()) + 1
    special = np.zeros(size, dtype=np.bool_)
    special[[at for at in tokenizer.all_special_ids if at < size]] = True
    same: dict[str, Any] = {
        "mask_id": tokenizer.mask_token_id,
        "random_ids": np.flatnonzero(~special),
        "special": special,
        "begins": np.array(begins_words(tokenizer), dtype=np.bool_),
    }
    training = Masking(
        rate=settings.mask,
        whole_words=settings.whole_words,
        spans=settings.spans,
        always_masked=False,
        ngrams=settings.lengths,
        **same,
    )
    return training, Masking(rate=_HELD_OUT_RATE, whole_words=True, spans=False, always_masked=True, **same)


def hide(ids: Ids, masking: Masking, key: Sequence[int], begins: Bools | None = None) -> tuple[Ids, Bools]:
    """Hide some tokens of a row.

    Args:
        ids: With special tokens. Length T.
        masking: How.
        key: Numbers from 0 that the draw depends on, and nothing else: seed, epoch, row.
        begins: Whether each token begins a word of its text, where the tokens alone do not say it. Length T.

    Returns:
        What is shown, and which tokens are to be predicted: at least one, where there is one that is not special.
    """
    generator = np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(key))))
    words = _words(ids, masking, masking.begins[ids] if begins is None else begins)
    wanted = max(1, round(masking.rate * sum(map(len, words))))
    chosen = np.zeros(len(ids), dtype=np.bool_)
    in_runs = masking.spans or masking.ngrams
    for word in _runs(words, wanted, generator, masking) if in_runs else _singly(words, wanted, generator):
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


def _words(ids: Ids, masking: Masking, begins: Bools) -> list[Ids]:
    """Places of the tokens of each word; of single tokens where words are not kept together."""
    places = np.flatnonzero(~masking.special[ids])
    if not len(places):
        return []
    if not masking.whole_words:
        return np.split(places, np.arange(1, len(places)))
    first = begins[places] | np.append(True, np.diff(places) > 1)
    return np.split(places, np.flatnonzero(first[1:]) + 1)


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


def _runs(words: Sequence[Ids], wanted: int, generator: np.random.Generator, masking: Masking) -> list[Ids]:
    """Runs of words at random places, until there are so many tokens; the last may be cut short."""
    free = np.ones(len(words), dtype=np.bool_)
    taken: list[Ids] = []
    left = wanted
    tries = 0
    while left > 0 and free.any() and tries < _TRIES:
        length = _length(generator, masking.ngrams)
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


def _length(generator: np.random.Generator, ngrams: Sequence[float]) -> int:
    """Words of a run: by the shares of the lengths, or geometric, as those of a span are."""
    if not ngrams:
        return min(int(generator.geometric(_SPAN_STOPS)), _LONGEST_SPAN)
    return 1 + int(generator.choice(len(ngrams), p=ngrams))
