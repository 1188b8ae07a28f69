"""Linear probing: the head alone is trainable, on top of a backbone that stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section
from ft_magics.tuning.method import Method

if TYPE_CHECKING:
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Head", "HeadSettings"]


class HeadSettings(Section):
    """The head alone is trainable."""


class Head(Method):
    """The head alone is trainable."""

    name: ClassVar = "head"
    Settings: ClassVar = HeadSettings
    title: ClassVar = "linear probing (Alain and Bengio 2017)"
    trains_matrices: ClassVar = False
    rate_factor: ClassVar = 20.0

    def __init__(self, settings: Any) -> None:
        pass

    def refusal(self, outline: Outline, task: str) -> str | None:
        """A model whose head has no weights of its own."""
        if outline.head or outline.pretrained_head:
            return None
        if not outline.tied:
            return (
                f"the last map of this {outline.model_type} model is a part of what is tuned as a whole; "
                "`method: {freeze: {except_top: 1}}` and `lora` work on it"
            )
        return (
            f"the head of this {outline.model_type} model is its embeddings once more, so there is none to train; "
            "`method: {freeze: {except_top: 1}}` and `lora` work on it"
        )

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Make the head trainable."""
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(outline.on_top(name))
        return model

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """Parameters by their names."""
        from ft_magics.tuning.plain import PlainMethod, literal, train_what  # noqa: PLC0415  # for a script alone

        return PlainMethod(lines=train_what(f"name.startswith({literal(outline.head_begins)})"))
