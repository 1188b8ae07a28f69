"""A language model whose head is computed only where a token is asked for: a seventh of the places, mostly.

The head of a small model is half of its work: every token's state times the whole vocabulary. What is computed is the
same to the last digit but for the order of sums.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

__all__ = ["ASKED", "compute_where_asked"]

ASKED = "asked"  # name in a batch of a (B, T) mask: true where the head is to be computed


class _Asked:
    """The mask of the forward pass that is being done."""

    def __init__(self) -> None:
        self.mask: Any = None

    def take(self, _: nn.Module, args: tuple[Any, ...], named: Mapping[str, Any]) -> tuple[Any, dict[str, Any]]:
        """Before the model: the mask is for this, not for the model."""
        left = dict(named)
        self.mask = left.pop(ASKED, None)
        return args, left

    def pick(self, _: nn.Module, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """Before a part of the head: states (B, T, D) → (N, D), of those asked for; later parts get these."""
        if self.mask is None or not args or getattr(args[0], "dim", int)() != 3:
            return None
        states = args[0][:, -self.mask.shape[1] :]  # virtual tokens stand before all others
        return (states[self.mask], *args[1:])


def compute_where_asked(model: nn.Module) -> None:
    """Let a model take `asked`, with which its logits are (N, V): those of the places asked for, row by row.

    Args:
        model: A `PreTrainedModel` with a body and a head for each token's state. Without `asked` it is as it was.
    """
    asked = _Asked()
    body: Any = model.base_model
    model.register_forward_pre_hook(asked.take, with_kwargs=True)
    for part in model.children():
        if part is not body:
            part.register_forward_pre_hook(asked.pick)
