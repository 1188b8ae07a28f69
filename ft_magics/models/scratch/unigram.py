"""The pieces of a unigram tokenizer, the same in every process.

The trainer of the tokenizers library adds up probabilities in the order of a hash table, which differs in every
process; on small texts other pieces come out. Here counts are whole numbers, ties are broken by the pieces
themselves, and the library segments the words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from tokenizers import Tokenizer, models

__all__ = ["unigram_pieces"]

Pieces = list[tuple[str, float]]  # with their log-probabilities

_LONGEST = 16  # characters of a piece, as in SentencePiece
_SEEDS = 4  # for each piece that is wanted
_MOST_LETTERS = 2_000_000  # of the words that pieces are looked for in, the most frequent ones
_KEPT = 0.75  # of the pieces, in each round, as in SentencePiece
_STEPS = 2  # of counting and estimating in a round, as in SentencePiece
_BATCH = 10_000
_UNKNOWN = "\0"
_SELDOM = 0.5  # the count of a piece that no best segmentation uses


def unigram_pieces(words: Mapping[str, int], letters: set[str], size: int) -> Pieces:
    """The pieces that make the words most likely, and every letter.

    Begins with the substrings that cover most text, estimates probabilities from the best segmentation of each word,
    and drops the pieces whose loss makes the words least unlikely, until `size` are left.

    Args:
        words: How often each stands in the text.
        letters: Those that have to be pieces.
        size: How many pieces there are to be.

    Returns:
        At most `size`, with log-probabilities, the most likely first; fewer where no more stand in the text twice.

    Source: Kudo 2018, section 3.2, with the most likely segmentation in place of all (Viterbi training).
    """
    ordered = dict(sorted(words.items()))
    seeds = _seeds(ordered, letters, _SEEDS * size)
    pieces = _estimate(seeds, list(seeds), len(seeds))
    while True:
        for _ in range(_STEPS):
            pieces = _estimate(_count(ordered, pieces), [piece for piece, _ in pieces], size)
        if len(pieces) <= size:
            return pieces
        pieces = _prune(pieces, _count(ordered, pieces), letters, max(size, int(_KEPT * len(pieces))))


def _seeds(words: Mapping[str, int], letters: set[str], most: int) -> dict[str, int]:
    """The letters, and the substrings that stand in the text at least twice and cover most of it, with their counts.

    A substring can be frequent only if the one without its last letter is, so each length asks for fewer.
    """
    frequent: list[tuple[str, int]] = []
    total = 0
    for word, count in sorted(words.items(), key=lambda item: (-item[1], item[0])):
        frequent.append((word, count))
        total += len(word)
        if total > _MOST_LETTERS:
            break
    shorter = letters
    found: dict[str, int] = {}
    for length in range(2, _LONGEST + 1):
        counts: Counter[str] = Counter()
        for word, count in frequent:
            for start in range(len(word) - length + 1):
                if word[start : start + length - 1] in shorter:
                    counts[word[start : start + length]] += count
        here = {piece: count for piece, count in counts.items() if count > 1}
        if not here:
            break
        found |= here
        shorter = set(here)
    ranked = sorted(found.items(), key=lambda item: (-item[1] * len(item[0]), item[0]))
    single: Counter[str] = Counter()
    for word, count in frequent:
        for letter in word:
            single[letter] += count
    return {**{letter: single[letter] for letter in sorted(letters)}, **dict(ranked[:most])}


def _estimate(counts: Mapping[str, int], names: Sequence[str], size: int) -> Pieces:
    """Log-probabilities by counts. Pieces of several letters that are never used are dropped, but not below `size`."""
    used = [piece for piece in names if counts.get(piece, 0) or len(piece) == 1]
    unused = [piece for piece in names if not counts.get(piece, 0) and len(piece) > 1]
    kept = {piece: counts.get(piece, 0) or _SELDOM for piece in [*used, *unused[: max(0, size - len(used))]]}
    total = math.log(math.fsum(kept.values()))
    scored = [(piece, math.log(count) - total) for piece, count in kept.items()]
    return sorted(scored, key=lambda item: (-item[1], item[0]))


def _count(words: Mapping[str, int], pieces: Pieces) -> Counter[str]:
    """How often each piece is used in the best segmentations of all words."""
    tokenizer = Tokenizer(models.Unigram([(_UNKNOWN, 0.0), *pieces], 0, byte_fallback=False))
    by_id: Counter[int] = Counter()
    for batch in _batches(list(words)):
        for encoding, word in zip(tokenizer.encode_batch_fast(batch, add_special_tokens=False), batch, strict=True):
            count = words[word]
            for piece in encoding.ids:
                by_id[piece] += count
    names = [_UNKNOWN, *(piece for piece, _ in pieces)]
    return Counter({names[at]: count for at, count in sorted(by_id.items()) if at})


def _batches(words: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(words)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _prune(pieces: Pieces, counts: Mapping[str, int], letters: set[str], size: int) -> Pieces:
    """The pieces without those whose loss costs least: its count times what the best way around it is less likely."""
    scores = dict(pieces)
    costs = [
        (-counts.get(piece, 0) * (score - _around(piece, scores)), piece)
        for piece, score in pieces
        if piece not in letters
    ]
    costs.sort()
    kept = letters | {piece for _, piece in costs[: max(0, size - len(letters))]}
    return [(piece, score) for piece, score in pieces if piece in kept]


def _around(piece: str, scores: Mapping[str, float]) -> float:
    """The log-probability of the best segmentation of a piece into others."""
    best = [0.0] + [-math.inf] * len(piece)
    for end in range(1, len(piece) + 1):
        for start in range(end):
            part = piece[start:end]
            if part != piece and part in scores:
                best[end] = max(best[end], best[start] + scores[part])
    return best[-1]
