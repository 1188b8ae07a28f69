"""BitFit: the bias terms and the head are trainable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section
from ft_magics.tuning.method import Method

if TYPE_CHECKING:
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["BitFit", "BitFitSettings"]


class BitFitSettings(Section):
    """Bias terms and head are trainable."""


class BitFit(Method):
    """Every bias term, those of the normalisations too, and the head."""

    name: ClassVar = "bitfit"
    Settings: ClassVar = BitFitSettings
    title: ClassVar = "BitFit (Ben Zaken et al. 2022)"
    trains_matrices: ClassVar = False
    rate_factor: ClassVar = 20.0

    def __init__(self, settings: Any) -> None:
        pass

    def refusal(self, outline: Outline, task: str) -> str | None:
        """A model without biases."""
        if outline.biases:
            return None
        return f"this {outline.model_type} model has no bias terms to train; `method: ia3` is as small and works on it"

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Make biases and head trainable."""
        biases = set(outline.biases)
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in biases or outline.in_head(name))
        return model

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """Parameters by their names."""
        from ft_magics.tuning.plain import PlainMethod, literal, train_what  # noqa: PLC0415  # for a script alone

        wanted = f'name.endswith("bias") or name.startswith({literal(outline.head_begins)})'
        return PlainMethod(lines=train_what(wanted))
