"""Layers of peft in a model: added, saved as peft reads them, loaded, merged.

They are put into the model's own modules, so the model stays what it is, and the head stays out of peft's hands: peft
would wrap it, or take it for a target. What is written names the head in `modules_to_save`, so that plain
`PeftModel.from_pretrained(base, folder)` fills it too.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from peft import PeftType, get_peft_model_state_dict, inject_adapter_in_model, set_peft_model_state_dict
from peft.tuners.tuners_utils import BaseTunerLayer
from safetensors.torch import save_file
from torch import nn

from ft_magics.errors import ModelError
from ft_magics.tuning.kept import check_names, read_tensors
from ft_magics.tuning.outline import Outline

__all__ = ["WEIGHTS", "add_layers", "head_in", "load_layers", "merge_layers", "save_layers", "train_head"]

WEIGHTS = "adapter_model.safetensors"  # peft's name
_PREFIX = "base_model.model."  # of a model within a PeftModel


def train_head(model: nn.Module, outline: Outline) -> None:
    """Make the parameters on top of the backbone trainable."""
    for name, parameter in model.named_parameters():
        if name.partition(".")[0] in outline.head:
            parameter.requires_grad_(True)


def add_layers(model: nn.Module, config: Any, outline: Outline) -> nn.Module:
    """Add a config's layers; they and the head are trainable, and nothing else.

    Args:
        model: A transformers model.
        config: Of peft, with explicit targets.
        outline: Of the model.
    """
    config.modules_to_save = None  # the head stays as it is
    added: nn.Module = inject_adapter_in_model(config, model)
    train_head(added, outline)
    return added


def _tensors(model: nn.Module, outline: Outline) -> dict[str, torch.Tensor]:
    """What was trained, by the names that peft gives it in a file."""
    with _all_ranks(model):
        added = get_peft_model_state_dict(model, save_embedding_layers=False)
    head = {name: item for name, item in model.named_parameters() if name.partition(".")[0] in outline.head}
    return {_PREFIX + name: item.detach().cpu().contiguous() for name, item in {**added, **head}.items()}


@contextmanager
def _all_ranks(model: Any) -> Iterator[None]:
    """Within it peft leaves out no rank that AdaLoRA took away: a shorter sum would end in other digits."""
    config = model.peft_config["default"]
    if config.peft_type != PeftType.ADALORA:
        yield
        return
    pattern, config.rank_pattern = config.rank_pattern, None
    try:
        yield
    finally:
        config.rank_pattern = pattern


def save_layers(model: nn.Module, config: Any, outline: Outline, folder: Path) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors`.

    Args:
        model: That `add_layers` gave.
        config: As it was given to `add_layers`, with the head in `modules_to_save`.
        outline: Of the model.
        folder: To write them into.
    """
    config.inference_mode = True
    config.base_model_name_or_path = getattr(model, "name_or_path", None)
    config.save_pretrained(str(folder))
    save_file(_tensors(model, outline), folder / WEIGHTS, metadata={"format": "pt"})


def head_in(head: tuple[str, ...], folder: Path) -> dict[str, torch.Tensor]:
    """The head's parameters in what `save_layers` wrote, by their names in the model.

    Raises:
        ModelError: The file cannot be read.
    """
    found = {name.removeprefix(_PREFIX): item for name, item in read_tensors(folder, WEIGHTS).items()}
    return {name: item for name, item in found.items() if name.partition(".")[0] in head}


def load_layers(model: nn.Module, outline: Outline, folder: Path) -> None:
    """Fill a model that `add_layers` gave.

    Raises:
        ModelError: The file is not of such a model.
    """
    found = read_tensors(folder, WEIGHTS)
    check_names(_tensors(model, outline), found, folder / WEIGHTS)
    plain = {name.removeprefix(_PREFIX): item for name, item in found.items()}
    head = {name: item for name, item in plain.items() if name.partition(".")[0] in outline.head}
    with _all_ranks(model):
        set_peft_model_state_dict(model, {name: item for name, item in plain.items() if name not in head})
    model.load_state_dict(head, strict=False)


def merge_layers(model: nn.Module) -> nn.Module:
    """Put what the layers add into the weights, and take the layers out.

    Raises:
        ModelError: The weights would not be finite.
    """
    for name, module in list(model.named_modules()):
        if not isinstance(module, BaseTunerLayer):
            continue
        try:
            module.merge(safe_merge=True)
        except ValueError as error:
            raise ModelError(f"{name} cannot be merged ({error}); its weights would not be finite") from error
        parent, _, last = name.rpartition(".")
        setattr(model.get_submodule(parent), last, module.get_base_layer())
    if hasattr(model, "peft_config"):
        del model.peft_config
    return model
