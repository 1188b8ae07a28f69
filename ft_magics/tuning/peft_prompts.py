"""Models with virtual tokens before each input, as peft makes, saves and loads them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, cast

import torch
from peft import get_peft_model, get_peft_model_state_dict, set_peft_model_state_dict
from safetensors.torch import save_file
from torch import nn

from ft_magics.tuning.kept import check_names, read_tensors
from ft_magics.tuning.outline import Outline
from ft_magics.tuning.peft_layers import WEIGHTS
from ft_magics.tuning.plain_python import without_virtual

__all__ = ["filled", "head_of_tokens", "load_tokens", "save_tokens", "with_tokens"]

_PREFIX = "base_model."  # of a model within a PeftModel of this kind


def with_tokens(model: nn.Module, config: Any, outline: Outline) -> nn.Module:
    """A `PeftModel` whose virtual tokens and head are trainable.

    Args:
        model: A transformers model.
        config: Of peft.
        outline: Of the model.
    """
    made: Any = get_peft_model(model, filled(config, outline))
    made.virtual_tokens = config.num_virtual_tokens
    if config.task_type == "CAUSAL_LM":
        model.register_forward_pre_hook(_count_positions, with_kwargs=True)
        made.base_model_prepare_inputs_for_generation = partial(
            _without_positions, made.base_model_prepare_inputs_for_generation
        )
    if config.task_type in ("QUESTION_ANS", "TOKEN_CLS"):
        made.register_forward_hook(without_virtual, with_kwargs=True)
    return cast("nn.Module", made)


def _without_positions(prepare: Callable[..., dict[str, Any]], *args: Any, **named: Any) -> dict[str, Any]:
    """What a model is generated with, without the positions, which peft would leave out with a warning."""
    found = prepare(*args, **named)
    found.pop("position_ids", None)
    return found


def _count_positions(
    _: nn.Module, args: tuple[Any, ...], named: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Before a causal model: padding takes no position, on whichever side it stands; peft leaves positions out."""
    mask = named.get("attention_mask")
    if mask is None or mask.dim() != 2 or named.get("position_ids") is not None:  # (B, V + T)
        return args, named
    given = next(item for item in (named.get("inputs_embeds"), named.get("input_ids"), *args) if item is not None)
    positions = (mask.long().cumsum(dim=1) - 1).clamp(min=0)
    return args, {**named, "position_ids": positions[:, -given.shape[1] :]}


def filled(config: Any, outline: Outline) -> Any:
    """A config, with what the model says of itself filled in.

    Args:
        config: Of peft.
        outline: Of the model.
    """
    config.task_type = outline.peft_task
    config.num_transformer_submodules = 1  # of an encoder-decoder the encoder's input alone has virtual tokens
    config.num_layers, config.num_attention_heads = outline.layer_count, outline.heads
    config.modules_to_save = [
        _PREFIX + name for name in outline.head
    ]  # `head` alone would be peft's own `mlp_head` too
    return config


def save_tokens(model: Any, folder: Path) -> None:
    """Write `adapter_config.json` and `adapter_model.safetensors`: the tokens as they are used, and the head."""
    config = model.peft_config["default"]
    training = config.inference_mode
    config.inference_mode = True
    config.save_pretrained(str(folder))
    config.inference_mode = training
    save_file(_tensors(model), folder / WEIGHTS, metadata={"format": "pt"})


def _tensors(model: Any) -> dict[str, torch.Tensor]:
    found = get_peft_model_state_dict(model, save_embedding_layers=False)
    return {name: item.detach().cpu().contiguous() for name, item in found.items()}


def load_tokens(model: Any, folder: Path) -> None:
    """Fill a model that `with_tokens` gave; the tokens are then used as they are, and not trained further.

    Raises:
        ModelError: The file is not of such a model.
    """
    found = read_tensors(folder, WEIGHTS)
    check_names(_tensors(model), found, folder / WEIGHTS)
    set_peft_model_state_dict(model, found)
    model.peft_config["default"].inference_mode = True


def head_of_tokens(head: tuple[str, ...], folder: Path) -> dict[str, torch.Tensor]:
    """The head's parameters in what `save_tokens` wrote, by their names in the model.

    Raises:
        ModelError: The file cannot be read.
    """
    found = {name.removeprefix(_PREFIX): item for name, item in read_tensors(folder, WEIGHTS).items()}
    return {name: item for name, item in found.items() if name.partition(".")[0] in head}
