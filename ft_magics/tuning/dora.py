"""DoRA: LoRA for the directions of weight vectors, and their lengths trained on their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.tuning.added_layers import AddedLayers
from ft_magics.tuning.lora import LoraSettings, lora_config, refuse_lora

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline

__all__ = ["Dora", "DoraSettings"]


class DoraSettings(LoraSettings):
    """As LoRA, with the lengths of the weights' columns trained on their own."""


class Dora(AddedLayers):
    """Weight-decomposed low-rank additions; the head is trained as a whole."""

    name: ClassVar = "dora"
    Settings: ClassVar = DoraSettings
    title: ClassVar = "DoRA (Liu et al. 2024)"
    rate_factor: ClassVar = 5.0

    def __init__(self, settings: DoraSettings) -> None:
        self._settings = settings

    def refusal(self, outline: Outline, task: str) -> str | None:
        """Targets that match nothing; a rank above the width."""
        return refuse_lora(outline, self._settings)

    def config(self, outline: Outline, total_steps: int) -> Any:
        """The config of peft's."""
        return lora_config(outline, self._settings, dora=True)
