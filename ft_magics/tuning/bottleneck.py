"""The bottleneck that adapters put after a linear map."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

__all__ = ["Bottleneck", "put_after"]

_NAME = "adapter"
_INIT_STD = 0.01  # Houlsby et al. 2019, section 3.6: insensitive below this
ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": nn.functional.gelu,
    "relu": nn.functional.relu,
    "silu": nn.functional.silu,
}


class Bottleneck(nn.Module):
    """x + up(f(down(x))), which is x at first.

    Args:
        width: Of x, D.
        inside: Of the bottleneck, below D.
        activation: `relu`, `gelu` or `silu`.

    Source: Houlsby et al. 2019, figure 2. The matrix up begins with zeros, so that a fresh one changes nothing.
    """

    def __init__(self, width: int, inside: int, activation: str) -> None:
        super().__init__()
        self.down = nn.Linear(width, inside)
        self.up = nn.Linear(inside, width)
        self._activate = ACTIVATIONS[activation]
        nn.init.trunc_normal_(self.down.weight, std=_INIT_STD, a=-2 * _INIT_STD, b=2 * _INIT_STD)
        for begins_with_zeros in (self.down.bias, self.up.weight, self.up.bias):
            nn.init.zeros_(begins_with_zeros)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:  # (…, D) -> (…, D)
        """The same states, changed a little."""
        added: torch.Tensor = self.up(self._activate(self.down(hidden)))
        return hidden + added


def put_after(linear: nn.Module, bottleneck: nn.Module) -> None:
    """Let a bottleneck change what a linear map gives; it becomes a part of the map, whose own names stay."""
    linear.add_module(_NAME, bottleneck)
    linear.register_forward_hook(_through)


def _through(linear: Any, _: Any, output: torch.Tensor) -> torch.Tensor:
    found: torch.Tensor = linear.adapter(output)
    return found
