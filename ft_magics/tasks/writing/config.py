"""How a model that writes on writes: the settings of generation, with what is usual of causal models."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ft_magics.config.section import described
from ft_magics.tasks.generating import GenerationSettings

__all__ = ["AnswerSettings", "SampleSettings"]


class AnswerSettings(GenerationSettings):
    """How an answer is written: the most probable token each time."""

    beams: Annotated[int, Field(ge=1, le=64)] = described(
        description="How many texts are kept open at each token; 1 takes the most probable token each time.",
        default=1,
        origin="`num_beams` of Hugging Face; Sutskever et al. 2014",
    )
    max_new_tokens: Annotated[int, Field(ge=1, le=100_000)] = described(
        description="The longest text that is written.", default=64, examples=[64]
    )


class SampleSettings(AnswerSettings):
    """How a text is written on: drawn token by token."""

    do_sample: bool = described(
        description="Whether tokens are drawn by their probability; the draws depend on the input alone.", default=True
    )
