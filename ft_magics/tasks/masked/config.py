"""What a cell may say about masked language modelling: `objective: {mlm: {…}}`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag, model_validator
from pydantic_core import PydanticCustomError

from ft_magics.config.section import Section, described

__all__ = ["MaskedSettings"]

_MOST_WORDS = 10  # of a run
_Longest = Annotated[int, Field(ge=2, le=_MOST_WORDS)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Shares = Annotated[list[_Share], Field(min_length=1, max_length=_MOST_WORDS)]
NGrams = Annotated[
    Annotated[_Shares, Tag("shares")] | Annotated[_Longest, Tag("longest")],
    Discriminator(lambda value: "shares" if isinstance(value, (list, tuple)) else "longest"),
]


class MaskedSettings(Section):
    """What is hidden in training. Dev and test are always asked the same: 15 % of the tokens, in whole words."""

    mask: float = described(
        description="Which share of the tokens is to be predicted. Of these 80 % are shown as the mask token, 10 % "
        "as a random one, 10 % as they are.",
        examples=[0.15, 0.3, 0.4],
        default=0.15,
        ge=0.01,
        le=0.6,
        origin="Devlin et al. 2019, section 3.1: 0.15; Wettig et al. 2023: up to 0.4 for larger models",
    )
    whole_words: bool = described(
        description="All pieces of a word are masked together; a Chinese character is a word.",
        default=True,
        origin="the whole-word models of Devlin et al. 2019; Cui et al. 2021 for Chinese",
    )
    chinese_words: Literal["characters", "jieba"] = described(
        description="What a word of Chinese text is in training: each character, or what the segmenter jieba finds "
        "(`pip install 'ft_magics[chinese]'`).",
        default="characters",
        origin="Cui et al. 2021, section 3.1: whole words of a segmenter",
    )
    spans: bool = described(
        description="Runs of words are masked together: 3.8 words long on average, 10 at most.",
        default=False,
        origin="Joshi et al. 2020 (SpanBERT), section 3.1",
    )
    ngrams: NGrams | None = described(
        expected="the most words of a run, from 2 to 10, or shares such as `[0.4, 0.3, 0.2, 0.1]`, which sum to 1",
        description="Runs of so many words at most are masked together, short ones more often: `4` is 40 % single "
        "words, 30 % pairs, 20 % threes, 10 % fours. A list gives the shares of the lengths 1, 2, ….",
        otherwise="single words",
        examples=[4, "[0.4, 0.3, 0.2, 0.1]"],
        default=None,
        origin="Cui et al. 2021 (MacBERT), section 3.2",
    )

    @property
    def segmenter(self) -> str | None:
        """What finds Chinese words; None where each character is one."""
        return None if self.chinese_words == "characters" else self.chinese_words

    @property
    def lengths(self) -> tuple[float, ...]:
        """Shares of runs of one word, of two, …, which sum to 1; empty where `ngrams` is not said."""
        if self.ngrams is None:
            return ()
        parts = range(self.ngrams, 0, -1) if isinstance(self.ngrams, int) else self.ngrams
        total = sum(parts)
        return tuple(part / total for part in parts)

    @model_validator(mode="after")
    def _runs_are_of_words(self) -> MaskedSettings:
        if not self.whole_words:
            for key, on in (("spans", self.spans), ("ngrams", self.ngrams), ("chinese_words", self.segmenter)):
                if on:
                    made = "finds whole words" if key == "chinese_words" else "makes runs of whole words"
                    _refuse(key, f"does not go with `whole_words: false`: it {made}; keep one of them")
        if self.spans and self.ngrams is not None:
            _refuse("ngrams", "does not go with `spans: true`: both say how long runs of words are; keep one of them")
        if isinstance(self.ngrams, list) and abs(sum(self.ngrams) - 1) > 0.005:
            _refuse("ngrams", f"the shares sum to {sum(self.ngrams):g}; they have to sum to 1, as [0.5, 0.3, 0.2] do")
        return self


def _refuse(key: str, text: str) -> None:
    raise PydanticCustomError("elsewhere", "{text}", {"path": ("task", "mlm", key), "text": text})
