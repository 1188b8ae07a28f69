"""What the tokens of a vocabulary look like in a text, so that those of two tokenizers can be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tokenizers import decoders

from ft_magics.data.letters import CJK

__all__ = ["BROKEN", "SPECIAL_ROLES", "Surface", "begins_words", "spelling_of", "surfaces_of"]

Surface = tuple[str, bool]  # the text of a token, and whether it begins a word

SPECIAL_ROLES = ("pad_token", "unk_token", "cls_token", "sep_token", "mask_token", "bos_token", "eos_token")
BROKEN = "\ufffd"  # what stands for bytes that are no character
_SPACES = {"Ġ", "▁"}
_FIRST_OF_CJK = set("âãäåæçèéïð")  # the first bytes of Chinese characters, as letters of a byte-level vocabulary


def spelling_of(tokenizer: Any) -> tuple[str, bool]:
    """What stands before a token within a word, and whether tokens are spelt in bytes.

    Tokens of two tokenizers of one spelling that are spelt alike are the same.
    """
    backend = tokenizer.backend_tokenizer
    model: Mapping[str, Any] = json.loads(backend.to_str())["model"]
    of_bytes = "ByteLevel" in repr(backend.pre_tokenizer) or "ByteLevel" in repr(backend.decoder)
    return model.get("continuing_subword_prefix") or "", of_bytes


def surfaces_of(tokenizer: Any) -> dict[int, Surface]:
    """The surface of each token but the special ones; of a part of a character, its bytes behind `BROKEN`.

    A mark or a Chinese character begins a word wherever it stands, whatever sign a tokenizer gives it.

    Args:
        tokenizer: A fast one: of word pieces, of bytes, or of pieces with a sign for the space.
    """
    prefix, of_bytes = spelling_of(tokenizer)
    special = set(tokenizer.all_special_ids)
    found: dict[int, Surface] = {}
    for token, at in tokenizer.get_vocab().items():
        if at in special or not token:
            continue
        if prefix:
            text, begins = token.removeprefix(prefix), not token.startswith(prefix)
        else:
            begins = token[0] in _SPACES
            spelt: str = decoders.ByteLevel().decode([token]) if of_bytes else token.replace("▁", " ")
            text = spelt.strip() or spelt  # some are white space alone
        if BROKEN in text:
            found[at] = (BROKEN + token, begins or token[0] in _FIRST_OF_CJK)
        elif text:
            found[at] = (text, begins or CJK.match(text) is not None or not text[0].isalnum())
    return found


def begins_words(tokenizer: Any) -> list[bool]:
    """Whether each token begins a word, by itself: without its text, and so without a segmenter's words.

    Args:
        tokenizer: A fast one.

    Returns:
        By id: true of special tokens too. Length V.
    """
    begins = [True] * (1 + max(tokenizer.get_vocab().values()))
    for at, (_, first) in surfaces_of(tokenizer).items():
        begins[at] = first
    return begins
