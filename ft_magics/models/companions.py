"""A second model that is trained within a first one, and kept in a folder of its own inside the first one's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from safetensors.torch import load_model

__all__ = ["companion_of", "hold_companion", "read_weights", "save_weights"]

_NAME = "companion_name"  # attribute of the first model
_WEIGHTS = "model.safetensors"


def hold_companion(model: Any, companion: Any, name: str) -> None:
    """Make a model part of another: its parameters are trained, moved and kept in checkpoints with the other's.

    Args:
        model: A `PreTrainedModel`.
        companion: Another one; it may share parameters with the first.
        name: Of the attribute, and of the folder that it is saved in.
    """
    setattr(model, name, companion)
    setattr(model, _NAME, name)


def companion_of(model: Any) -> Any:
    """The second model; None where there is none."""
    name = getattr(model, _NAME, None)
    return None if name is None else getattr(model, name)


def save_weights(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write a folder that transformers loads as a plain model; a second model has one inside it, with all its weights.

    Args:
        model: A `PreTrainedModel`.
        tokenizer: Of both.
        folder: It is there.
    """
    companion = companion_of(model)
    if companion is None:
        model.save_pretrained(folder)
    else:
        name = getattr(model, _NAME)
        own = {key: item for key, item in model.state_dict().items() if not key.startswith(f"{name}.")}
        model.save_pretrained(folder, state_dict=own)
        companion.save_pretrained(folder / name)
        tokenizer.save_pretrained(folder / name)
    tokenizer.save_pretrained(folder)


def read_weights(model: Any, folder: Path) -> None:
    """Bring a model, and the second one within it, back to what `save_weights` wrote.

    Raises:
        RuntimeError: The files are not of such models.
    """
    companion = companion_of(model)
    missing, unexpected = load_model(model, folder / _WEIGHTS, strict=companion is None)
    if companion is None:
        return
    name = getattr(model, _NAME)
    odd = [key for key in (*missing, *unexpected) if not key.startswith(f"{name}.")]
    if odd:
        raise RuntimeError(f"{folder / _WEIGHTS} is of another model: {', '.join(sorted(odd)[:3])}")
    load_model(companion, folder / name / _WEIGHTS)
