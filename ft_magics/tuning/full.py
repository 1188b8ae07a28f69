"""Full fine-tuning: all parameters are trainable."""

from __future__ import annotations

from torch import nn

__all__ = ["tune_all"]


def tune_all(model: nn.Module) -> nn.Module:
    """Make all parameters trainable."""
    return model.requires_grad_(True)
