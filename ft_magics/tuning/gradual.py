"""Gradual unfreezing: the head is trained first, then one layer more and more, from the top."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from ft_magics.config.section import Section, described
from ft_magics.tuning.method import Method

if TYPE_CHECKING:
    from torch import nn

    from ft_magics.tuning.outline import Outline
    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["Gradual", "GradualSettings"]


class GradualSettings(Section):
    """What is trained becomes so by and by, from the head down."""

    synonyms: ClassVar = {"over": "share", "until": "share"}

    share: float = described(
        default=0.5,
        gt=0,
        le=1,
        description="The share of all steps after which everything is trainable.",
        origin="Howard and Ruder 2018, who unfreeze a layer an epoch",
    )


class Gradual(Method):
    """What else would be trainable becomes so from the top down, at equal distances; the embeddings last."""

    name: ClassVar = "gradual"
    Settings: ClassVar = GradualSettings
    title: ClassVar = "gradual unfreezing (Howard and Ruder 2018)"
    chooses: ClassVar = False
    joins: ClassVar = frozenset(("full", "bitfit", "adapter", "lora", "dora", "ia3"))
    keeps_all: ClassVar = True

    def __init__(self, settings: GradualSettings) -> None:
        self._share = settings.share
        self._top = self._lowest = -1

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """All is trainable in the end."""
        return model

    def begin_step(self, model: nn.Module, outline: Outline, *, step: int, total_steps: int) -> None:
        """Unfreeze what is due."""
        if self._top < 0:  # a head that is the embeddings once more is not at the top
            self._top = max(outline.depth(name) for name in outline.trainable)
        done = min(1.0, step / max(1.0, self._share * total_steps))
        lowest = self._top - int(done * self._top)
        if lowest == self._lowest:
            return
        self._lowest = lowest
        wanted = set(outline.trainable)
        for name, parameter in model.named_parameters():
            if name in wanted:
                parameter.requires_grad_(outline.depth(name) >= lowest)

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """A callback that knows the layers by the beginnings of their parameters' names."""
        from ft_magics.tuning.plain import PlainMethod, literal  # noqa: PLC0415  # for a script alone
        from ft_magics.tuning.plain_python import Unfreeze  # noqa: PLC0415  # the same

        embeddings = tuple(run.before + begin for begin in outline.embeddings)
        layers = [f"{run.before}{layer}." for layer in outline.layers]
        made = f"unfreeze = Unfreeze(model, {literal(embeddings)}, {literal(layers)}, {self._share!r})"
        return PlainMethod(lines=made.splitlines(), functions=[Unfreeze], callbacks=["unfreeze"])
