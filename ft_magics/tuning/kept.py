"""What was trained, in a file beside the model's config: tensors by name, and nothing of the base."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file
from torch import nn

from ft_magics.errors import ModelError
from ft_magics.models.weight_files import read_bytes
from ft_magics.tuning.outline import Outline

__all__ = ["FILE", "check_names", "read_tensors", "read_trainable", "trainable_tensors", "write_trainable"]

FILE = "tuned.safetensors"
_MOST_BYTES = 1 << 38  # of such a file; what it holds is compared with the model


def trainable_tensors(model: nn.Module, outline: Outline) -> dict[str, torch.Tensor]:
    """The parameters that training changes, by name, on the CPU."""
    wanted = set(outline.trainable)
    return {name: item.detach().cpu().contiguous() for name, item in model.named_parameters() if name in wanted}


def write_trainable(model: nn.Module, outline: Outline, folder: Path) -> None:
    """Write the parameters that training changes."""
    save_file(trainable_tensors(model, outline), folder / FILE, metadata={"format": "pt"})


def read_tensors(folder: Path, name: str = FILE) -> dict[str, torch.Tensor]:
    """The tensors of a file that was written beside a model.

    Raises:
        ModelError: It cannot be read.
    """
    path = folder / name
    try:
        found: dict[str, torch.Tensor] = load(read_bytes(path, _MOST_BYTES))
    except (SafetensorError, ValueError) as error:
        raise ModelError(f"model: {path} is no safetensors file, or cut off ({error!s:.100}); copy it again") from error
    return found


def read_trainable(model: nn.Module, outline: Outline, folder: Path) -> None:
    """Fill the parameters that training changes.

    Raises:
        ModelError: The file is not of such a model.
    """
    tensors = read_tensors(folder)
    check_names(trainable_tensors(model, outline), tensors, folder / FILE)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name in tensors:
                parameter.copy_(tensors[name])


def check_names(expected: Mapping[str, torch.Tensor], found: Mapping[str, torch.Tensor], path: Path) -> None:
    """See that tensors are of the names and shapes that a model needs.

    Raises:
        ModelError: They are not.
    """
    wrong = sorted(expected.keys() ^ found.keys()) or [
        name for name in expected if expected[name].shape != found[name].shape
    ]
    if wrong:
        raise ModelError(
            f"model: {path} is not of this model and method: {len(wrong)} tensors are missing, of another shape or too "
            f"many, such as {wrong[0]:.120}; was a file of the folder changed?"
        )
