"""A sample of a stream of texts that is no larger than asked for, the same one in every process."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

__all__ = ["sample_texts"]

_FINEST = 1 << 64
_LONGEST = 100_000  # characters; a longer text is drawn in parts


def sample_texts(texts: Iterable[str], most_characters: int) -> list[str]:
    """The texts of a stream, all of them where they are few, a fair draw where they are many.

    Each text has a number from its place in the stream, and those with small numbers stay. The limit of what is small
    is halved whenever there are too many characters, so memory is flat however long the stream is.

    Args:
        texts: Read once, from first to last.
        most_characters: Of all texts that are kept together.

    Returns:
        Those that are kept, in their order.
    """
    kept: list[tuple[int, str]] = []
    limit, characters, place = _FINEST, 0, 0
    for text in texts:
        for start in range(0, len(text), _LONGEST):
            number = _number(place)
            place += 1
            if number >= limit:
                continue
            part = text[start : start + _LONGEST]
            kept.append((number, part))
            characters += len(part)
            while characters > most_characters and len(kept) > 1:
                limit //= 2
                kept = [(drawn, one) for drawn, one in kept if drawn < limit]
                characters = sum(len(one) for _, one in kept)
    return [part for _, part in kept]


def _number(place: int) -> int:
    return int.from_bytes(hashlib.blake2b(place.to_bytes(8, "big"), digest_size=8).digest(), "big")
