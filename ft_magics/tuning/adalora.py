"""AdaLoRA: low-rank additions that share a budget of ranks; those that matter little lose theirs on the way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import model_validator

from ft_magics.config.section import Section, described
from ft_magics.tuning.added_layers import AddedLayers
from ft_magics.tuning.lora import refuse_rank
from ft_magics.tuning.targets import Targets, find_targets, refuse_targets

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["AdaLora", "AdaLoraSettings"]

_AVERAGES = ("ipt", "exp_avg_ipt", "exp_avg_unc")  # of peft's allocator: importance, and its smoothed mean and spread


class AdaLoraSettings(Section):
    """As LoRA, with ranks taken away where they matter little."""

    synonyms: ClassVar = {"init_r": "first_r", "lora_alpha": "alpha", "target_modules": "targets", "target_r": "r"}

    r: int = described(default=8, ge=1, le=4096, description="The average rank in the end.", origin="Zhang et al. 2023")
    first_r: int = described(
        default=12, ge=1, le=4096, description="The rank at first.", origin="1.5 r, as in Zhang et al. 2023"
    )
    alpha: float = described(
        default=16, gt=0, le=100_000, description="They are scaled by alpha / first_r.", origin="as for LoRA"
    )
    dropout: float = described(default=0.0, ge=0, lt=1, description="On what goes into them.", origin="as for LoRA")
    warmup: float = described(
        default=0.1,
        ge=0,
        lt=1,
        description="Share of the steps before ranks are taken away.",
        origin="after Zhang et al. 2023",
    )
    final: float = described(
        default=0.4,
        ge=0,
        lt=1,
        description="Share of the steps after the last rank was taken away.",
        origin="after Zhang et al. 2023",
    )
    orthogonality: float = described(
        default=0.5,
        ge=0,
        le=100,
        description="Weight of what keeps the matrices orthogonal.",
        origin="peft's default",
    )
    targets: Targets = described(
        default="linear",
        expected="`linear`, `attention`, or a list of names, such as `[query, value]`",
        description="Linear maps that get them: all of the backbone's, or those named.",
        origin="Zhang et al. 2023",
    )

    @model_validator(mode="after")
    def _in_order(self) -> AdaLoraSettings:
        if self.first_r < self.r:
            raise ValueError(f"`first_r: {self.first_r}` is below `r: {self.r}`; ranks are only taken away")
        if self.warmup + self.final >= 1:
            raise ValueError("`warmup` and `final` together leave no steps to take ranks away in; lower one of them")
        return self


class AdaLora(AddedLayers):
    """Singular values of the additions are masked by their importance; the head is trained as a whole."""

    name: ClassVar = "adalora"
    Settings: ClassVar = AdaLoraSettings
    title: ClassVar = "AdaLoRA (Zhang et al. 2023)"
    rate_factor: ClassVar = 20.0

    def __init__(self, settings: AdaLoraSettings) -> None:
        self._settings = settings
        self._tuner: Any = None

    def refusal(self, outline: Outline, task: str) -> str | None:
        """Targets that match nothing; a rank above the width."""
        settings = self._settings
        return refuse_targets(outline, settings.targets) or refuse_rank(
            outline, find_targets(outline, settings.targets), settings.first_r, "first_r"
        )

    def config(self, outline: Outline, total_steps: int) -> Any:
        """The config of peft's, without a pattern of ranks: all are kept, those that were taken away as zeros."""
        from peft import AdaLoraConfig  # noqa: PLC0415  # takes seconds

        settings = self._settings
        return AdaLoraConfig(
            target_r=settings.r,
            init_r=settings.first_r,
            lora_alpha=settings.alpha,
            lora_dropout=settings.dropout,
            tinit=int(settings.warmup * total_steps),
            tfinal=int(settings.final * total_steps),
            total_step=total_steps,
            orth_reg_weight=settings.orthogonality,
            target_modules=find_targets(outline, settings.targets),
            modules_to_save=list(outline.whole_head),
        )

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Put the layers in, and keep what allots the ranks."""
        from peft.tuners.adalora import AdaLoraModel  # noqa: PLC0415  # takes seconds

        from ft_magics.tuning.peft_layers import train_head  # noqa: PLC0415  # a cell is read without torch

        config = self.config(outline, total_steps)
        config.modules_to_save = None  # the head stays as it is
        self._tuner = AdaLoraModel(model, config, "default")
        added: nn.Module = self._tuner.model
        train_head(added, outline)
        return added

    def end_step(self, model: nn.Module, *, step: int) -> None:
        """Take ranks away, by what their gradients say."""
        self._tuner.update_and_allocate(step)

    def loss_term(self, model: nn.Module) -> torch.Tensor | None:
        """How far the singular vectors are from being orthogonal (Zhang et al. 2023, equation 4)."""
        from ft_magics.tuning.plain_python import orthogonality  # noqa: PLC0415  # a cell is read without torch

        weight = self._settings.orthogonality
        return orthogonality(model, weight) if weight else None

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """As all that peft adds; with a callback that allots ranks, and a Trainer that adds the term of the loss."""
        from dataclasses import replace  # noqa: PLC0415  # for a script alone

        from ft_magics.tuning.plain_python import AllotRanks, OrthogonalTrainer  # noqa: PLC0415  # the same

        weight = self._settings.orthogonality
        return replace(
            super().plain(outline, run),
            constants={"ORTHOGONALITY": weight},
            functions=[AllotRanks, OrthogonalTrainer] if weight else [AllotRanks],
            callbacks=["AllotRanks(model)"],
            trainer="OrthogonalTrainer" if weight else "Trainer",
        )

    def state(self) -> dict[str, torch.Tensor]:
        """The allocator's averages, and the pattern of ranks."""
        import torch  # noqa: PLC0415  # a cell is read without torch

        allocator = self._tuner.rankallocator
        found = {f"{kind}:{name}": item.cpu() for kind in _AVERAGES for name, item in getattr(allocator, kind).items()}
        pattern = allocator.peft_config.rank_pattern or {}
        return found | {f"pattern:{name}": torch.tensor(ranks) for name, ranks in pattern.items()}

    def restore(self, state: Mapping[str, torch.Tensor]) -> None:
        """Continue from these."""
        allocator = self._tuner.rankallocator
        by_kind: dict[str, dict[str, Any]] = {kind: {} for kind in (*_AVERAGES, "pattern")}
        devices = {name: item.device for name, item in self._tuner.model.named_parameters()}
        for key, item in state.items():
            kind, _, name = key.partition(":")
            by_kind[kind][name] = item.tolist() if kind == "pattern" else item.to(devices[name])
        for kind in _AVERAGES:
            setattr(allocator, kind, by_kind[kind])
        allocator.peft_config.rank_pattern = by_kind["pattern"] or None
