"""L2-SP: what was pre-trained is pulled towards where it began, and the new head towards 0."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ft_magics.config.section import Section, described
from ft_magics.tuning.method import Method

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["L2Sp", "L2SpSettings"]


class L2SpSettings(Section):
    """What is trained is pulled towards its pre-trained start, in place of weight decay."""

    synonyms: ClassVar = {"weight": "alpha", "lambda": "alpha", "head": "beta"}

    alpha: float = described(
        default=0.01,
        gt=0,
        le=1000,
        description="How strongly the backbone is pulled towards its start.",
        origin="Li et al. 2018, who try 0.001 to 1",
    )
    beta: float = described(
        default=0.01, ge=0, le=1000, description="How strongly the head is pulled towards 0.", origin="Li et al. 2018"
    )


class L2Sp(Method):
    """A term of the loss: alpha / 2 times the squared distance to the start, beta / 2 times the head's squared norm.

    The start is the base's, also of a run that is resumed: a checkpoint is read into the model after that.
    """

    name: ClassVar = "l2_sp"
    Settings: ClassVar = L2SpSettings
    title: ClassVar = "L2-SP (Li et al. 2018)"
    chooses: ClassVar = False
    joins: ClassVar = frozenset(("full", "bitfit"))
    keeps_all: ClassVar = True
    kept_copies: ClassVar = 1
    needs_whole_embedding: ClassVar = True

    def __init__(self, settings: L2SpSettings) -> None:
        self._settings = settings
        self._start: dict[str, torch.Tensor] = {}

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Remember where what is trainable begins."""
        self._start = {
            name: item.detach().clone()
            for name, item in model.named_parameters()
            if item.requires_grad and outline.in_backbone(name)
        }
        return model

    def decay(self, parameter: str, decay: float, outline: Outline) -> float:
        """None: it would pull towards 0."""
        return 0.0

    def loss_term(self, model: nn.Module) -> torch.Tensor | None:
        """How far the weights are from where they are pulled (Li et al. 2018, equation 3)."""
        import torch  # noqa: PLC0415  # a cell is read without torch

        settings, terms = self._settings, []
        for name, item in model.named_parameters():
            if not item.requires_grad:
                continue
            start = self._start.get(name)
            if start is None:
                terms.append(settings.beta / 2 * item.square().sum())
                continue
            if start.device != item.device:
                start = self._start[name] = start.to(item.device)
            terms.append(settings.alpha / 2 * (item - start).square().sum())
        return torch.stack(terms).sum() if terms else None

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """A Trainer that adds the term of the loss."""
        from ft_magics.tuning.plain import PlainMethod  # noqa: PLC0415  # for a script alone
        from ft_magics.tuning.plain_python import PulledTrainer  # noqa: PLC0415  # the same

        settings = self._settings
        return PlainMethod(
            constants={"ALPHA": settings.alpha, "BETA": settings.beta, "BACKBONE": run.before + outline.prefix},
            functions=[PulledTrainer],
            trainer="PulledTrainer",
            undecayed=[""],
        )
