"""Full fine-tuning: every parameter learns."""

from __future__ import annotations

from torch import nn

__all__ = ["tune_all"]


def tune_all(model: nn.Module) -> nn.Module:
    """Let every parameter learn."""
    return model.requires_grad_(True)
