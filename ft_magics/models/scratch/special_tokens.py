"""The special tokens that a model's shape goes with, and how they stand around a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tokenizers import AddedToken, processors

from ft_magics.config.scratch import WRITING_SHAPES

__all__ = ["UNIGRAM_WRITES", "SpecialTokens", "special_tokens"]


@dataclass(frozen=True, slots=True)
class SpecialTokens:
    """The special tokens of a shape, the first of them with the smallest ids.

    Args:
        roles: Token by what it is to transformers, such as `pad_token`; one may have several.
        framed: Whether the class token stands before a text and the separator after it.
        segments: Whether the second text of a pair is told apart by `token_type_ids`.
    """

    roles: Mapping[str, str]
    framed: bool
    segments: bool

    def tokens(self) -> list[str]:
        """Each once, in the order of their ids."""
        return list(dict.fromkeys(self.roles.values()))

    def added(self, *, spaced: bool) -> list[AddedToken]:
        """The same for the tokenizers library.

        Args:
            spaced: Whether a token holds the space before its word, so that the mask takes that too.
        """
        mask = self.roles.get("mask_token")
        return [
            AddedToken(token, special=True, normalized=False, lstrip=spaced and token == mask)
            for token in self.tokens()
        ]

    def template(self) -> processors.TemplateProcessing | None:
        """What is put around a text and between two; None where nothing is."""
        if not self.framed:
            return None
        first, last, second = self.roles["cls_token"], self.roles["sep_token"], int(self.segments)
        return processors.TemplateProcessing(
            single=f"{first}:0 $A:0 {last}:0",
            pair=f"{first}:0 $A:0 {last}:0 $B:{second} {last}:{second}",
            special_tokens=[(token, self.tokens().index(token)) for token in (first, last)],
        )


_FRAMED = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
# GPT-2 has one token for all. A padding token of its own, as in GPT-NeoX, keeps the end of a text apart from padding.
_PLAIN = {
    "bos_token": "<|endoftext|>",
    "eos_token": "<|endoftext|>",
    "pad_token": "<|padding|>",
}
_WRITES = SpecialTokens(_PLAIN, framed=False, segments=False)
UNIGRAM_WRITES = SpecialTokens(_PLAIN | {"unk_token": "<unk>"}, framed=False, segments=False)
_OF_SHAPES: Mapping[str, SpecialTokens] = {
    "bert": SpecialTokens(_FRAMED, framed=True, segments=True),
    "electra": SpecialTokens(_FRAMED, framed=True, segments=True),
    "modernbert": SpecialTokens(_FRAMED, framed=True, segments=False),
    **dict.fromkeys(WRITING_SHAPES, _WRITES),
}


def special_tokens(shape: str, kind: str) -> SpecialTokens:
    """Those of a model's shape with a tokenizer of a kind: `wordpiece`, `bpe` or `unigram`."""
    return UNIGRAM_WRITES if shape in WRITING_SHAPES and kind == "unigram" else _OF_SHAPES[shape]
