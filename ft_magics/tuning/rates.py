"""Learning rates of their own: for the head, and lower ones for lower layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from pydantic import model_validator

from ft_magics.config.section import Section, described
from ft_magics.tuning.method import Method

if TYPE_CHECKING:
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Rates", "RatesSettings"]


class RatesSettings(Section):
    """Learning rates that differ from `train.learning_rate`: the head's, and those of lower layers."""

    synonyms: ClassVar = {"decay": "layer_decay", "head_lr": "head", "llrd": "layer_decay"}

    head: float | None = described(
        default=None,
        gt=0,
        le=1,
        otherwise="`train.learning_rate`",
        description="The head's learning rate.",
    )
    layer_decay: float | None = described(
        default=None,
        gt=0,
        le=1,
        otherwise="1",
        examples=["0.9", "0.8"],
        description="Each layer has the rate of the one above it times this.",
        origin="0.8 in Clark et al. 2020; 0.38 in Howard and Ruder 2018",
    )

    @model_validator(mode="after")
    def _one_at_least(self) -> RatesSettings:
        if self.head is None and self.layer_decay is None:
            raise ValueError("expected `head`, `layer_decay` or both, such as `rates: {head: 1e-3, layer_decay: 0.9}`")
        return self


class Rates(Method):
    """Parameters differ in their learning rates."""

    name: ClassVar = "rates"
    Settings: ClassVar = RatesSettings
    title: ClassVar = "layer-wise learning rates (Howard and Ruder 2018)"
    chooses: ClassVar = False
    joins: ClassVar = frozenset(
        ("full", "bitfit", "adapter", "lora", "dora", "adalora", "ia3", "prefix", "prompt", "p_tuning")
    )
    keeps_all: ClassVar = True

    def __init__(self, settings: RatesSettings) -> None:
        self._settings = settings

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Nothing changes of what is trainable."""
        return model

    def rate(self, parameter: str, rate: float, outline: Outline) -> float:
        """The head's own rate, or a layer's."""
        settings = self._settings
        if outline.on_top(parameter):
            return rate if settings.head is None else settings.head
        return rate * (settings.layer_decay or 1.0) ** (outline.top - outline.depth(parameter))

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """Rates by the beginnings of parameters' names."""
        from ft_magics.tuning.plain import PlainMethod  # noqa: PLC0415  # for a script alone

        begins = [*outline.head_begins, *reversed([f"{layer}." for layer in outline.layers]), *outline.embeddings]
        rates = [(begin, self.rate(begin, run.learning_rate, outline)) for begin in begins]
        return PlainMethod(rates=[(run.before + begin, rate) for begin, rate in rates if rate != run.learning_rate])
