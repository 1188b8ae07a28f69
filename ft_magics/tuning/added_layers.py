"""What the methods that add layers of peft's have in common: put in, saved as peft reads them, loaded, merged."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.tuning.method import Method
from ft_magics.tuning.outline import Outline

if TYPE_CHECKING:
    import torch
    from torch import nn

    from ft_magics.tuning.plain import PlainMethod, PlainRun

__all__ = ["AddedLayers"]


class AddedLayers(Method):
    """A method whose parameters are layers of peft's, and the head."""

    def config(self, outline: Outline, total_steps: int) -> Any:
        """The `PeftConfig`, with explicit targets, and the head in `modules_to_save`.

        Args:
            outline: Of the model.
            total_steps: Of the run.
        """
        raise NotImplementedError

    def apply(self, model: nn.Module, outline: Outline, *, total_steps: int) -> nn.Module:
        """Put the layers in."""
        from ft_magics.tuning.peft_layers import add_layers  # noqa: PLC0415  # a cell is read without torch

        return add_layers(model, self.config(outline, total_steps), outline)

    def save(self, model: nn.Module, outline: Outline, folder: Path) -> None:
        """Write what peft's `PeftModel.from_pretrained` reads."""
        from ft_magics.tuning.peft_layers import save_layers  # noqa: PLC0415  # a cell is read without torch

        save_layers(model, self.config(outline, 1), outline, folder)

    def load(self, model: nn.Module, outline: Outline, folder: Path) -> None:
        """Fill the added layers and the head."""
        from ft_magics.tuning.peft_layers import load_layers  # noqa: PLC0415  # a cell is read without torch

        load_layers(model, outline, folder)

    def head_tensors(self, head: tuple[str, ...], folder: Path) -> dict[str, torch.Tensor]:
        """The head in peft's file."""
        from ft_magics.tuning.peft_layers import head_in  # noqa: PLC0415  # a cell is read without torch

        return head_in(head, folder)

    def merge(self, model: nn.Module) -> nn.Module:
        """Put what the layers add into the weights."""
        from ft_magics.tuning.peft_layers import merge_layers  # noqa: PLC0415  # a cell is read without torch

        return merge_layers(model)

    def plain(self, outline: Outline, run: PlainRun) -> PlainMethod:
        """The config as peft has it, and peft's own model; the head is peft's copy of it."""
        from ft_magics.tuning.plain import PlainMethod, peft_call  # noqa: PLC0415  # for a script alone

        config = self.config(outline, run.total_steps)
        first, *rest = peft_call(config, outline)
        return PlainMethod(
            lines=[f"config = {first}", *rest, "model = get_peft_model(model, config)"],
            imports=[f"from peft import {type(config).__name__}", "from peft import get_peft_model"],
            needs=["peft"],
            before="base_model.model.",
            merge=["model = model.merge_and_unload(safe_merge=True)"],
            save="model.save_pretrained({}, save_embedding_layers=False)",
        )
