"""Tokens of a text to be written, in pieces that the model takes.

A piece begins with the token that begins a text (of most models the end token), so that its first real token is asked
for too. A longer text is cut into several, of which each begins with the last token of the one before it: every token
is asked for once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ft_magics.tasks.writing.pieces import Piece

__all__ = ["FEWEST_LEARNED", "begin_of", "pieces_of", "tokens_of_texts", "unasked"]

FEWEST_LEARNED = 4  # tokens that a piece has room for, whatever stands before them
_AT_ONCE = 1000


def begin_of(tokenizer: Any) -> list[int]:
    """What a text begins with: the special tokens that the tokenizer puts there, else its begin or its end token."""
    marked = tokenizer("a", return_special_tokens_mask=True)
    mask = marked["special_tokens_mask"]
    prefix: list[int] = marked["input_ids"][: mask.index(0)]
    if prefix:
        return prefix
    first = tokenizer.bos_token_id if tokenizer.bos_token_id is not None else tokenizer.eos_token_id
    return [] if first is None else [first]


def tokens_of_texts(texts: Sequence[str], tokenizer: Any) -> Iterator[list[int]]:
    """Tokens of each text, without special ones around it."""
    for start in range(0, len(texts), _AT_ONCE):
        chunk = list(texts[start : start + _AT_ONCE])
        options = {"add_special_tokens": False, "return_attention_mask": False, "verbose": False}
        yield from tokenizer(chunk, **options)["input_ids"]


def pieces_of(example: int, before: Sequence[int], learned: Sequence[int], *, longest: int) -> list[Piece]:
    """The pieces of one example.

    Args:
        example: Its index.
        before: Tokens that are seen and not asked for: what begins a text, a prompt. At least one.
        learned: Tokens that are asked for.
        longest: Most tokens of a piece.

    Returns:
        At least one. What stands before is cut from the left, so that half of the first piece is left for what is
        learned, or as much as that needs.
    """
    room = min(len(learned), max(longest // 2, FEWEST_LEARNED))
    seen = list(before[max(0, len(before) - (longest - room)) :])
    first = longest - len(seen)
    found = [_piece(example, seen, learned[:first])]
    at = first
    while at < len(learned):
        size = longest - 1
        found.append(_piece(example, [learned[at - 1]], learned[at : at + size]))
        at += size
    return found


def unasked(example: int, ids: Sequence[int]) -> Piece:
    """A piece that asks for nothing: a prompt of a person's."""
    return Piece(example, np.array(ids, dtype=np.int32), np.zeros(len(ids), dtype=np.bool_))


def _piece(example: int, seen: Sequence[int], learned: Sequence[int]) -> Piece:
    ids = np.array([*seen, *learned], dtype=np.int32)
    asked = np.zeros(len(ids), dtype=np.bool_)
    asked[len(seen) :] = True
    asked[0] = False
    return Piece(example, ids, asked)
