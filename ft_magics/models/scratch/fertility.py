"""How well a tokenizer fits a language: what it does not know, and into how many tokens it splits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.data.letters import CJK
from ft_magics.models.scratch.words import words_of

__all__ = ["Fit", "coverage_and_fertility"]

_MOST_CHARACTERS = 2_000_000  # of a language; more changes no digit that is shown
_CJK_SHARE = 0.5  # of the characters: from here on a language is counted by character


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """What a tokenizer makes of the texts of a language. Special tokens around a text are not counted.

    Args:
        language: Its name.
        characters: Of the texts, without white space.
        words: Runs of letters and digits, single punctuation marks, single Chinese characters.
        tokens: That the texts become.
        unknown: How many of them are the unknown token.
        covered: How many characters stand in tokens that are known.
        split: How many words become two or more tokens.
        by_character: Whether most characters are Chinese, so that fertility is per character.
    """

    language: str
    characters: int
    words: int
    tokens: int
    unknown: int
    covered: int
    split: int
    by_character: bool

    @property
    def unknown_share(self) -> float:
        """Unknown tokens of all tokens, 0 to 1."""
        return self.unknown / max(self.tokens, 1)

    @property
    def coverage(self) -> float:
        """Characters in known tokens of all characters, 0 to 1."""
        return self.covered / max(self.characters, 1)

    @property
    def fertility(self) -> float:
        """Tokens per word, 1 at best where no token spans two words; of Chinese text tokens per character.

        Source: Rust et al. 2021, section 3.3, "subword fertility".
        """
        return self.tokens / max(self.characters if self.by_character else self.words, 1)

    @property
    def continued(self) -> float:
        """Words that are split of all words, 0 to 1.

        Source: Rust et al. 2021, section 3.3, "proportion of continued words".
        """
        return self.split / max(self.words, 1)

    def __str__(self) -> str:
        unit = "character" if self.by_character else "word"
        return (
            f"{self.language}: {self.fertility:.2f} tokens per {unit}, {100 * self.continued:.0f} % of words split, "
            f"{100 * self.coverage:.2f} % of the characters covered, {100 * self.unknown_share:.2f} % of the tokens "
            "unknown"
        )


def coverage_and_fertility(tokenizer: Any, texts_by_language: Mapping[str, Iterable[str]]) -> list[Fit]:
    """What a tokenizer makes of each language, of the first two million characters of its texts.

    Args:
        tokenizer: A fast one.
        texts_by_language: Such as `{"en": […], "zh": […]}`; held-out text, since the tokenizer fits its own best.
    """
    return [_fit(tokenizer, language, texts) for language, texts in texts_by_language.items()]


def _fit(tokenizer: Any, language: str, texts: Iterable[str]) -> Fit:
    characters = words = tokens = unknown = covered = split = chinese = read = 0
    for text in texts:
        encoded = tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
        known: set[int] = set()
        begins = [0] * (len(text) + 1)  # of tokens, by character
        for token, (start, end) in zip(ids, offsets, strict=True):
            if token == tokenizer.unk_token_id and tokenizer.unk_token not in text[start:end]:
                unknown += 1
            else:
                known.update(range(start, end))
            begins[start] += end > start
        spans = words_of(text)
        split += sum(sum(begins[start:end]) > 1 for start, end in spans)
        solid = [at for at, letter in enumerate(text) if not letter.isspace()]
        covered += sum(at in known for at in solid)
        chinese += sum(CJK.match(text[at]) is not None for at in solid)
        characters += len(solid)
        words += len(spans)
        tokens += len(ids)
        read += len(text)
        if read >= _MOST_CHARACTERS:
            break
    return Fit(
        language=language,
        characters=characters,
        words=words,
        tokens=tokens,
        unknown=unknown,
        covered=covered,
        split=split,
        by_character=chinese > _CJK_SHARE * characters,
    )
