"""Bottleneck adapters: small networks between the layers' own maps are trained, beside the head."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from ft_magics.config.section import Section, described
from ft_magics.tuning.method import Method
from ft_magics.tuning.targets import DOWN, OUTPUT

if TYPE_CHECKING:
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Adapter", "AdapterSettings"]


class AdapterSettings(Section):
    """Narrow networks between the layers' maps are trained, with the head."""

    synonyms: ClassVar = {"non_linearity": "activation", "reduction_factor": "reduction", "style": "placement"}

    placement: Literal["pfeiffer", "houlsby"] = described(
        default="pfeiffer",
        description="`pfeiffer`: an adapter a layer, after the feed-forward block; `houlsby`: one after the attention "
        "too, and the layers' normalisations are trained.",
        origin="Pfeiffer et al. 2021; Houlsby et al. 2019",
    )
    reduction: int = described(
        default=16,
        ge=1,
        le=4096,
        description="How many times narrower than the model they are.",
        origin="Pfeiffer et al. 2021",
    )
    activation: Literal["relu", "gelu", "silu"] = described(
        default="relu", description="Between down and up.", origin="Pfeiffer et al. 2021"
    )


class Adapter(Method):
    """Bottlenecks after the last map of the feed-forward block, before its residual; and after the attention's."""

    name: ClassVar = "adapter"
    Settings: ClassVar = AdapterSettings
    title: ClassVar = "bottleneck adapters (Houlsby et al. 2019; Pfeiffer et al. 2021)"
    rate_factor: ClassVar = 20.0
    unmergeable: ClassVar = "a bottleneck bends what goes through it, which no weight matrix does; `lora` can be merged"

    def __init__(self, settings: AdapterSettings) -> None:
        self._settings = settings

    def _places(self, outline: Outline) -> list[str]:
        return outline.matching(DOWN, OUTPUT) if self._settings.placement == "houlsby" else outline.matching(DOWN)

    def refusal(self, outline: Outline, task: str) -> str | None:
        """A model whose blocks are not known; a bottleneck without width."""
        places, reduction = self._places(outline), self._settings.reduction
        if not places:
            return (
                f"where the blocks of this {outline.model_type} model end is not known here; "
                "`method: {lora: {targets: linear}}` works on it"
            )
        if reduction > outline.width:
            return f"`reduction: {reduction}` leaves nothing of the model's width, {outline.width}; take a smaller one"
        return None

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Put the adapters in; they and the head are trainable."""
        from ft_magics.tuning.bottleneck import Bottleneck, put_after  # noqa: PLC0415  # a cell is read without torch
        from ft_magics.tuning.outline import is_norm  # noqa: PLC0415  # the same

        settings = self._settings
        for name in self._places(outline):
            width = outline.linears[name][1]
            put_after(
                model.get_submodule(name),
                Bottleneck(width, max(1, width // settings.reduction), settings.activation),
            )
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name not in outline.parameters or outline.in_head(name))
        if settings.placement == "houlsby":
            for name, module in model.named_modules():
                if is_norm(module) and name.startswith(outline.layers):
                    module.requires_grad_(True)
        return model

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """The bottleneck, and where it is put."""
        from ft_magics.tuning.bottleneck import Bottleneck, put_after  # noqa: PLC0415  # a cell is read without torch
        from ft_magics.tuning.plain import PlainMethod, literal, train_what  # noqa: PLC0415  # for a script alone

        settings = self._settings
        lines = [
            f"for name in {literal(self._places(outline))}:",
            "    linear = model.get_submodule(name)",
            "    width = linear.out_features",
            f"    inside = max(1, width // {settings.reduction})",
            f"    put_after(linear, Bottleneck(width, inside, {literal(settings.activation)}))",
            *train_what(f'".adapter." in name or name.startswith({literal(outline.head_begins)})'),
        ]
        if settings.placement == "houlsby":
            lines += [
                "for name, module in model.named_modules():",
                f'    if "norm" in type(module).__name__.lower() and name.startswith({literal(outline.layers)}):',
                "        module.requires_grad_(True)",
            ]
        return PlainMethod(lines=lines, functions=[Bottleneck, put_after])
