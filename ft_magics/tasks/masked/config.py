"""What a cell may say about masked language modelling: `objective: {mlm: {…}}`."""

from __future__ import annotations

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from ft_magics.config.section import Section, described

__all__ = ["MaskedSettings"]


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
    spans: bool = described(
        description="Runs of words are masked together: 3.8 words long on average, 10 at most.",
        default=False,
        origin="Joshi et al. 2020 (SpanBERT), section 3.1",
    )

    @model_validator(mode="after")
    def _spans_are_of_words(self) -> MaskedSettings:
        if self.spans and not self.whole_words:
            raise PydanticCustomError(
                "elsewhere",
                "does not go with `whole_words: false`: spans are made of whole words; keep one of them",
                {"path": ("task", "mlm", "spans")},
            )
        return self
