"""Which tokens of a vocabulary begin a word, so that the pieces of a word can be kept together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.letters import CJK

__all__ = ["begins_word"]

_PIECE = "##"  # WordPiece: before what continues a word
_MARKS = ("▁", "Ġ")  # SentencePiece and byte-level BPE: before what begins one


def begins_word(tokenizer: Any) -> NDArray[np.bool_]:
    """Whether each token begins a word; a Chinese or Japanese character, and a special token, always does. Length V.

    Args:
        tokenizer: A fast one.
    """
    vocabulary = tokenizer.get_vocab()
    begins = np.ones(max(vocabulary.values()) + 1, dtype=np.bool_)
    marked = sum(token.startswith(_MARKS) for token in vocabulary)
    pieces = sum(token.startswith(_PIECE) for token in vocabulary)
    special = set(tokenizer.all_special_ids)
    for token, at in vocabulary.items():
        if at in special:
            continue
        if pieces >= marked:
            begins[at] = not token.startswith(_PIECE) or CJK.match(token.removeprefix(_PIECE)) is not None
        else:
            begins[at] = token.startswith(_MARKS) or CJK.match(tokenizer.decode([at]).strip()) is not None
    return begins
