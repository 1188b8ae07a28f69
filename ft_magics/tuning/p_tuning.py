"""P-tuning: the embeddings that stand before each input come out of a small network, which is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section, described
from ft_magics.tuning.virtual_tokens import VirtualTokens, refuse_tokens

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline

__all__ = ["PTuning", "PTuningSettings"]


class PTuningSettings(Section):
    """Embeddings before each input come out of a network that is trained, with the head."""

    synonyms: ClassVar = {"encoder_hidden_size": "hidden", "num_virtual_tokens": "length", "virtual_tokens": "length"}

    length: int = described(default=20, ge=1, le=1000, description="Virtual tokens.", origin="as for prompt tuning")
    hidden: int = described(default=128, ge=1, le=100_000, description="Width of the network.", origin="peft's example")


class PTuning(VirtualTokens):
    """Virtual tokens out of a network, and the head; the network is not kept, only what it gives."""

    name: ClassVar = "p_tuning"
    Settings: ClassVar = PTuningSettings
    title: ClassVar = "P-tuning (Liu et al. 2021)"
    trains_matrices: ClassVar = False
    rate_factor: ClassVar = 20.0

    def __init__(self, settings: PTuningSettings) -> None:
        self._settings = settings

    @property
    def virtual_tokens(self) -> int:
        """They take places of the input's."""
        return self._settings.length

    def refusal(self, outline: Outline, task: str) -> str | None:
        """A model of another kind; more tokens than it has room for."""
        return refuse_tokens(outline, self.name, self._settings.length)

    def config(self, outline: Outline) -> Any:
        """The config of peft's."""
        from peft import PromptEncoderConfig  # noqa: PLC0415  # takes seconds

        settings = self._settings
        return PromptEncoderConfig(
            num_virtual_tokens=settings.length,
            encoder_hidden_size=settings.hidden,
            token_dim=outline.embedding_width,
        )
