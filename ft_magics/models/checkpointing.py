"""Activation checkpointing: what a layer computed is computed again for the backward pass, and not kept until then."""

from __future__ import annotations

from typing import Any

__all__ = ["begin_checkpointing", "takes_checkpointing"]


def takes_checkpointing(model: Any) -> bool:
    """Whether a transformers model can do that."""
    return bool(model.supports_gradient_checkpointing)


def begin_checkpointing(model: Any) -> None:
    """Let the layers of a model do that while it is trained: the same numbers, random ones too, with less memory.

    Args:
        model: One that can.

    Source: Chen et al. 2016.
    """
    model.activation_checkpointing_enable({"use_reentrant": False})
    model.disable_input_require_grads()  # that way of it needs no gradient of what enters the first layer
