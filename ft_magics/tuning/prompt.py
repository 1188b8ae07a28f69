"""Prompt tuning: trainable embeddings stand before each input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section, described
from ft_magics.tuning.virtual_tokens import VirtualTokens, refuse_tokens

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline

__all__ = ["Prompt", "PromptSettings"]


class PromptSettings(Section):
    """Embeddings before each input are trained, with the head."""

    synonyms: ClassVar = {"num_virtual_tokens": "length", "tokens": "length", "virtual_tokens": "length"}

    length: int = described(
        default=20,
        ge=1,
        le=1000,
        description="Virtual tokens; more than 20 gain little.",
        origin="Lester et al. 2021, section 3.2",
    )


class Prompt(VirtualTokens):
    """Virtual tokens before the embeddings, and the head."""

    name: ClassVar = "prompt"
    Settings: ClassVar = PromptSettings
    title: ClassVar = "prompt tuning (Lester et al. 2021)"
    trains_matrices: ClassVar = False
    rate_factor: ClassVar = 100.0

    def __init__(self, settings: PromptSettings) -> None:
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
        from peft import PromptTuningConfig  # noqa: PLC0415  # takes seconds

        return PromptTuningConfig(num_virtual_tokens=self._settings.length, token_dim=outline.embedding_width)
