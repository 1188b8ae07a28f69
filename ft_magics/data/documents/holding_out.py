"""A share of documents is held out; and whether what is held out stands in what is trained on."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.config.splits import Fraction
from ft_magics.data.documents.document import Chosen, Documents, Ints
from ft_magics.errors import DataError

__all__ = ["hold_out", "shared_lines"]

_SHORTEST = 20  # characters of a line that says something: shorter ones recur anywhere
_TOO_MUCH = 2  # times the share that is asked for
_LOOKED_AT = 50_000_000  # characters of train that are looked through for lines that are held out


def hold_out(documents: Documents, name: str, fraction: Fraction, source: str) -> tuple[Chosen, Chosen]:
    """What is left to train on, and a seeded share that is held out; one text is never on both sides.

    Nor are parts of one long document, but where there are so few documents that one whole would be far more than the
    share: what is held out has a note then.

    Args:
        documents: All of them.
        name: Of the split, for messages.
        fraction: The share, and the seed.
        source: Of the documents, for messages.

    Raises:
        DataError: All texts are the same, or there is only one.
    """
    wanted = max(1, round(fraction.fraction * len(documents)))
    whole = documents.hashes[_together(documents.origins(), documents.hashes)]
    held, notes = _drawn(whole, wanted, fraction.seed), []
    if held is None or (held.sum() > _TOO_MUCH * wanted and len(np.unique(documents.hashes)) > len(np.unique(whole))):
        held = _drawn(documents.hashes, wanted, fraction.seed)
        text = (
            f"{name}: {source} has too few documents to hold out whole ones, so parts of the same documents are "
            "trained on: perplexity is better than on documents that are new to the model"
        )
        notes = [text]
    if held is None:
        raise DataError(
            f"data.{name}: {source} is one document (or the same one again), so no share of it can be held out; name a "
            "file for it, or part the text by blank lines (`documents: line` takes each line as a document)"
        )
    sizes = np.zeros((2, 2), dtype=np.int64)  # kept and held out: bytes, characters
    for at, document in enumerate(documents):
        side = int(held[at])
        sizes[side] += (len(document.text.encode(errors="surrogatepass")), len(document.text))
    kept = _chosen(documents, np.flatnonzero(~held), sizes[0])
    return kept, _chosen(documents, np.flatnonzero(held), sizes[1], notes)


def _chosen(documents: Documents, indices: Ints, sizes: Any, notes: Sequence[str] = ()) -> Chosen:
    return Chosen(documents, indices, utf8_bytes=int(sizes[0]), characters=int(sizes[1]), notes=notes)


def _drawn(groups: NDArray[np.uint64], wanted: int, seed: int) -> NDArray[np.bool_] | None:
    """Which are held out: whole groups, until there are as many as wanted; None where there is one group alone.

    Args:
        groups: Of each. Length S.
        wanted: How many.
        seed: Of the draw.
    """
    found, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    if len(found) < 2:
        return None
    order = np.random.default_rng(seed).permutation(len(found))
    taken = int(np.searchsorted(np.cumsum(counts[order]), wanted)) + 1
    drawn = np.zeros(len(found), dtype=np.bool_)
    drawn[order[: min(taken, len(found) - 1)]] = True
    held: NDArray[np.bool_] = drawn[inverse]
    return held


def _together(*keys: NDArray[Any]) -> Ints:
    """Index of the first of all that belong together: those with the same key, and those with one of theirs.

    Args:
        keys: Of length S each.
    """
    first = np.arange(len(keys[0]))
    numbered = [np.unique(key, return_inverse=True)[1] for key in keys]
    while True:
        before = first
        for key in numbered:
            least = np.full(key.max() + 1, len(first))
            np.minimum.at(least, key, first)
            first = least[key]
        if np.array_equal(first, before):
            return first


def shared_lines(train: Documents, held_out: Documents) -> float:
    """Which share of the held-out lines stands in train too.

    Args:
        train: Of which at most 50 million characters are looked through.
        held_out: Of whose lines those of 20 characters or more count.
    """
    lines = np.unique(_lines(held_out, _LOOKED_AT))
    if not len(lines):
        return 0.0
    return float(np.isin(lines, np.unique(_lines(train, _LOOKED_AT))).mean())


def _lines(documents: Documents, most: int) -> NDArray[np.uint64]:
    found = array("Q")
    for document in documents:
        for line in document.text.splitlines():
            if len(line) >= _SHORTEST:
                digest = hashlib.blake2b(" ".join(line.split()).encode(errors="surrogatepass"), digest_size=8).digest()
                found.append(int.from_bytes(digest, "little"))
        most -= len(document.text)
        if most <= 0:
            break
    return np.frombuffer(found, dtype=np.uint64) if found else np.zeros(0, dtype=np.uint64)
