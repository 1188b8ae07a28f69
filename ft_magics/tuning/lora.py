"""LoRA: to each chosen weight matrix a trainable product of two narrow ones is added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ft_magics.config.section import Section, described
from ft_magics.tuning.added_layers import AddedLayers
from ft_magics.tuning.targets import Targets, find_targets, refuse_targets

if TYPE_CHECKING:
    from ft_magics.tuning.outline import Outline

__all__ = ["Lora", "LoraSettings", "lora_config", "refuse_lora", "refuse_rank"]


class LoraSettings(Section):
    """Narrow matrices are added to the weights and trained, with the head."""

    synonyms: ClassVar = {
        "lora_alpha": "alpha",
        "lora_dropout": "dropout",
        "modules": "targets",
        "rank": "r",
        "target_modules": "targets",
    }

    r: int = described(default=8, ge=1, le=4096, description="The rank of the added matrices.", origin="Hu et al. 2022")
    alpha: float = described(
        default=16,
        gt=0,
        le=100_000,
        description="They are scaled by alpha / r.",
        origin="2 r, a common choice",
    )
    dropout: float = described(default=0.0, ge=0, lt=1, description="On what goes into them.")
    targets: Targets = described(
        default="linear",
        expected="`linear`, `attention`, or a list of names, such as `[query, value]`",
        description="Linear maps that get them: all of the backbone's, or those named, `[query, value]` in Hu et al.",
        origin="Dettmers et al. 2023, section 4",
    )


def refuse_rank(outline: Outline, names: list[str], rank: int, key: str = "r") -> str | None:
    """Why a rank is too high; None where it is not."""
    narrow = min(names, key=lambda name: min(outline.linears[name]))
    width = min(outline.linears[narrow])
    if rank > width:
        return f"`{key}: {rank}` is above the width of `{narrow}`, {width}; take at most {width}, or `method: full`"
    return None


def refuse_lora(outline: Outline, settings: LoraSettings) -> str | None:
    """Targets that match nothing; a rank above the width."""
    return refuse_targets(outline, settings.targets) or refuse_rank(
        outline, find_targets(outline, settings.targets), settings.r
    )


def lora_config(outline: Outline, settings: LoraSettings, *, dora: bool = False) -> Any:
    """The config of peft's."""
    from peft import LoraConfig  # noqa: PLC0415  # takes seconds

    return LoraConfig(
        r=settings.r,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        use_dora=dora,
        fan_in_fan_out=outline.transposed,
        target_modules=find_targets(outline, settings.targets),
        modules_to_save=list(outline.whole_head),
    )


class Lora(AddedLayers):
    """Low-rank additions to linear maps; the head is trained as a whole."""

    name: ClassVar = "lora"
    Settings: ClassVar = LoraSettings
    title: ClassVar = "LoRA (Hu et al. 2022)"
    rate_factor: ClassVar = 5.0

    def __init__(self, settings: LoraSettings) -> None:
        self._settings = settings

    def refusal(self, outline: Outline, task: str) -> str | None:
        """Targets that match nothing; a rank above the width."""
        return refuse_lora(outline, self._settings)

    def config(self, outline: Outline, total_steps: int) -> Any:
        """The config of peft's."""
        return lora_config(outline, self._settings)
