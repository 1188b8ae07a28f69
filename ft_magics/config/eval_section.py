"""`eval:` of a cell: how often dev is evaluated while a model is trained, and how much of it."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ft_magics.config.section import Section, described

__all__ = ["EvalConfig", "EvalEvery"]

_Count = Annotated[int, Field(ge=1, le=1_000_000_000)]


class EvalEvery(Section):
    """How often dev is evaluated: after so many steps or epochs. The end of training is evaluated in any case."""

    steps: _Count | None = described(
        description="After so many optimiser steps.",
        examples=[200],
        default=None,
        origin="`eval_steps` of Hugging Face",
    )
    epochs: _Count | None = described(description="After so many epochs.", examples=[1], default=None)

    @model_validator(mode="after")
    def _one_of_them(self) -> EvalEvery:
        if sum(value is not None for value in (self.steps, self.epochs)) != 1:
            raise ValueError("expected one of steps and epochs, such as `every: {steps: 200}`")
        return self


class EvalConfig(Section):
    """When dev is evaluated on the way; each evaluation may give the best model, and counts for early stopping."""

    every: EvalEvery = described(
        expected="a section such as `{steps: 200}`",
        description="How often dev is evaluated; the last step is in any case.",
        default=EvalEvery(epochs=1),
    )
    examples: _Count | None = described(
        description="How many examples of dev an evaluation predicts, drawn evenly; at the end the best model predicts "
        "all of them.",
        otherwise="all, or 200 where a task writes texts",
        examples=[200],
        default=None,
    )
