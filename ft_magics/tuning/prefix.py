"""Prefix tuning: trainable keys and values stand before those of each input, in every layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section, described
from ft_magics.tuning.virtual_tokens import VirtualTokens, refuse_tokens

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline

__all__ = ["Prefix", "PrefixSettings"]


class PrefixSettings(Section):
    """Keys and values before those of each input are trained, with the head."""

    synonyms: ClassVar = {"num_virtual_tokens": "length", "tokens": "length", "virtual_tokens": "length"}

    length: int = described(
        default=20, ge=1, le=1000, description="Keys and values in each layer.", origin="Liu et al. 2022, P-tuning v2"
    )


class Prefix(VirtualTokens):
    """Keys and values in every layer, and the head."""

    name: ClassVar = "prefix"
    Settings: ClassVar = PrefixSettings
    title: ClassVar = "prefix tuning (Li and Liang 2021)"
    trains_matrices: ClassVar = False
    needs_cache: ClassVar = True
    rate_factor: ClassVar = 100.0

    def __init__(self, settings: PrefixSettings) -> None:
        self._settings = settings

    @property
    def virtual_tokens(self) -> int:
        """They take positions, which are counted on from theirs."""
        return self._settings.length

    def refusal(self, outline: Outline, task: str) -> str | None:
        """A model of another kind, or one that takes no keys and values."""
        if outline.writes:
            return (
                f"`prefix` puts keys and values into models of one half, and this {outline.model_type} model has two; "
                "`prompt`, before what the encoder reads, and `lora` work on it"
            )
        if not outline.takes_cache:
            return (
                f"this {outline.model_type} model takes no keys and values from elsewhere; `method: prompt` puts its "
                "virtual tokens before the embeddings, which works on it"
            )
        return refuse_tokens(outline, self.name, self._settings.length)

    def config(self, outline: Outline) -> Any:
        """The config of peft's."""
        from peft import PrefixTuningConfig  # noqa: PLC0415  # takes seconds

        return PrefixTuningConfig(num_virtual_tokens=self._settings.length)
