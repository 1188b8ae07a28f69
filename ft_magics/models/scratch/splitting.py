"""How a text is cleaned and split before a tokenizer looks for pieces in it.

An encoder reads words: white space only separates them, each punctuation mark is one, and so is each Chinese
character. What a word's tokens are then depends on nothing around it, so that a text and a list of its words give the
same ids. A model that writes has to be able to write the spaces: there the text comes back to the letter.
"""

from __future__ import annotations

from typing import Any

from tokenizers import Regex, decoders, normalizers, pre_tokenizers

from ft_magics.config.scratch import WRITING_SHAPES
from ft_magics.data.letters import CJK
from ft_magics.models.scratch.special_tokens import SpecialTokens

__all__ = ["BYTES", "SPACE", "decoder", "normalizer", "post_processor", "pre_tokenizer"]

SPACE = "▁"  # stands for a space in the pieces of `unigram`
BYTES = sorted(pre_tokenizers.ByteLevel.alphabet())  # one letter for each byte
_CJK = CJK.pattern.encode().decode("unicode_escape")  # the library's patterns know no escapes
_WORD_LETTER = r"\p{L}\p{N}\p{M}"


def normalizer(kind: str, shape: str, *, lowercase: bool, characters: bool) -> Any:
    """What is done to a text first; None where it stays as it is.

    Args:
        kind: `wordpiece`, `bpe` or `unigram`.
        shape: Of the model.
        lowercase: Whether capitals become small letters.
        characters: Whether each Chinese character is a word.

    Source: Devlin et al. 2019 for wordpiece; Warner et al. 2024 (NFC); Kudo & Richardson 2018 (NFKC).
    """
    if kind == "wordpiece":
        return normalizers.BertNormalizer(
            clean_text=True, handle_chinese_chars=characters, strip_accents=None, lowercase=lowercase
        )
    steps: list[Any] = []
    if shape not in WRITING_SHAPES:
        steps.append(normalizers.NFC() if kind == "bpe" else normalizers.NFKC())
    if lowercase:
        steps.append(normalizers.Lowercase())
    return normalizers.Sequence(steps) if steps else None


def pre_tokenizer(kind: str, shape: str, *, characters: bool) -> Any:
    """What splits a text into the words that pieces are looked for in.

    Args:
        kind: `wordpiece`, `bpe` or `unigram`.
        shape: Of the model.
        characters: Whether each Chinese character is a word.
    """
    if kind == "wordpiece":
        return pre_tokenizers.BertPreTokenizer()
    split = [pre_tokenizers.Split(Regex(_CJK), "isolated")] if characters else []
    if shape in WRITING_SHAPES and kind == "bpe":
        return pre_tokenizers.Sequence([*split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)])
    if shape in WRITING_SHAPES:
        lines = pre_tokenizers.Split(Regex(r"\n"), "isolated")
        return pre_tokenizers.Sequence([lines, *split, pre_tokenizers.Metaspace(SPACE, prepend_scheme="first")])
    # A space before each word of letters, none before a mark or a Chinese character, which can begin nothing else.
    space = " " if kind == "bpe" else SPACE
    unmarked = pre_tokenizers.Split(Regex(f"^{space}(?={_CJK}|[^{_WORD_LETTER}])"), "removed")
    words = [*split, pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Metaspace(space, prepend_scheme="always")]
    last = [pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)] if kind == "bpe" else []
    return pre_tokenizers.Sequence([*words, unmarked, *last])


def post_processor(special: SpecialTokens) -> Any:
    """What puts the special tokens around a text; None where there are none."""
    return special.template()


def decoder(kind: str, shape: str) -> Any:
    """What makes a text of tokens again."""
    if kind == "wordpiece":
        return decoders.WordPiece(prefix="##")
    if kind == "bpe":
        return decoders.ByteLevel()
    return decoders.Metaspace(SPACE, prepend_scheme="first" if shape in WRITING_SHAPES else "always")
