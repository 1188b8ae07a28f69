"""(IA)³: keys, values and the inside of the feed-forward block are scaled by trainable vectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section
from ft_magics.tuning.added_layers import AddedLayers
from ft_magics.tuning.targets import DOWN, KEY, VALUE

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Ia3", "Ia3Settings"]


class Ia3Settings(Section):
    """Vectors that scale keys, values and the feed-forward block, and the head, are trainable."""


class Ia3(AddedLayers):
    """Three vectors a layer, and the head."""

    name: ClassVar = "ia3"
    Settings: ClassVar = Ia3Settings
    title: ClassVar = "(IA)³ (Liu et al. 2022)"
    trains_matrices: ClassVar = False
    rate_factor: ClassVar = 40.0

    def __init__(self, settings: Any) -> None:
        pass

    def refusal(self, outline: Outline, task: str) -> str | None:
        """A model whose keys and values are not known."""
        if outline.matching(KEY, VALUE) and outline.matching(DOWN):
            return None
        return (
            f"where keys, values and feed-forward blocks of this {outline.model_type} model are is not known here; "
            "`method: {lora: {targets: linear}}` works on it"
        )

    def decay(self, parameter: str, decay: float, outline: Outline) -> float:
        """None for its factors: they begin at 1, and 0 would switch off what they scale."""
        return 0.0 if ".ia3_" in parameter else decay

    def config(self, outline: Outline, total_steps: int) -> Any:
        """The config of peft's."""
        from peft import IA3Config  # noqa: PLC0415  # takes seconds

        inside = outline.matching(DOWN)
        return IA3Config(
            target_modules=[*outline.matching(KEY, VALUE), *inside],
            feedforward_modules=inside,
            modules_to_save=list(outline.whole_head),
        )

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """As all that peft adds; its factors have no weight decay."""
        from dataclasses import replace  # noqa: PLC0415  # for a script alone

        return replace(super().plain(outline, run), undecayed=[".ia3_"])
