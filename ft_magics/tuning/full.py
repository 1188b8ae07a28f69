"""Full fine-tuning: all parameters are trainable, and the whole model is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section
from ft_magics.tuning.method import Method

if TYPE_CHECKING:
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Full", "FullSettings"]


class FullSettings(Section):
    """All parameters are trainable, and the whole model is kept."""


class Full(Method):
    """All parameters are trainable."""

    name: ClassVar = "full"
    Settings: ClassVar = FullSettings
    title: ClassVar = "full fine-tuning (Devlin et al. 2019)"
    keeps_all: ClassVar = True

    def __init__(self, settings: Any) -> None:
        pass

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Make all parameters trainable."""
        return model.requires_grad_(True)

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """Nothing is to be said: a model is trainable as it is loaded."""
        from ft_magics.tuning.plain import PlainMethod  # noqa: PLC0415  # for a script alone

        return PlainMethod()
