"""A folder that plain peft wrote: an adapter without its model, which is merged into it here, number by number.

No code of peft's runs for that and no model is built: LoRA's addition to a weight is a product of two matrices, and the
folder may come from anywhere.
"""

from __future__ import annotations

import hashlib
import json
import math
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save_file

from ft_magics.errors import ModelError
from ft_magics.models.base import base_of
from ft_magics.models.sources import find_weights
from ft_magics.models.tokenizer_files import TOKENIZER_FILES
from ft_magics.models.weight_files import open_weights, read_bytes, read_json

__all__ = ["merged_adapter"]

_CONFIG, _WEIGHTS, _MARK = "adapter_config.json", "adapter_model.safetensors", "merged_from.json"
_MOST_BYTES = 1 << 34
_PREFIX, _A, _B = "base_model.model.", ".lora_A.weight", ".lora_B.weight"
_ADVICE = "merge it with peft: `PeftModel.from_pretrained(model, folder).merge_and_unload().save_pretrained(other)`"


def merged_adapter(model: str) -> Path:
    """The folder with the adapter's base, its weights with the adapter added; made once, within the adapter's folder.

    Args:
        model: For which `is_adapter` is true.

    Raises:
        ModelError: It is no plain LoRA, its base is not here, or the folder cannot be written.
    """
    folder = Path(model).expanduser()
    config = read_json(folder / _CONFIG)
    scale = _scale(folder, config)
    name = config.get("base_model_name_or_path")
    if not isinstance(name, str) or not name.strip():
        raise ModelError(f"model: {folder / _CONFIG} does not say which model it is of (`base_model_name_or_path`)")
    try:
        source = find_weights(name)
    except ModelError as error:
        raise ModelError(f"model: {folder} holds an adapter of `{name:.120}`, which is not here: {error}") from error
    raw = read_bytes(folder / _WEIGHTS, _MOST_BYTES)
    mark = {"adapter": hashlib.sha256(raw).hexdigest(), "base": base_of(name, source).sha256, "scale": scale}
    target = folder / "merged"
    if (target / _MARK).is_file() and read_json(target / _MARK) == mark:
        return target
    if target.exists():
        raise ModelError(f"model: {target} is of another adapter or base, or holds something else; move it away")
    tensors = _added(folder, open_weights(Path(source)).tensors(), raw, scale)
    try:
        _write(target, Path(source), tensors, mark)
    except OSError as error:
        raise ModelError(f"model: {target} cannot be written: {error.strerror}; {_ADVICE}") from error
    return target


def _scale(folder: Path, config: Mapping[str, Any]) -> float:
    """By what the product of the two matrices is multiplied."""
    where = f"model: {folder} holds an adapter that is not merged here"
    if config.get("peft_type") != "LORA":
        raise ModelError(f"{where} (`peft_type` is {config.get('peft_type')!r:.40}, not LORA); {_ADVICE}")
    odd = [key for key in ("use_dora", "fan_in_fan_out", "rank_pattern", "alpha_pattern") if config.get(key)]
    odd += ["bias"] * (config.get("bias", "none") != "none")
    if odd:
        raise ModelError(f"{where} (`{odd[0]}` is set in {_CONFIG}); {_ADVICE}")
    rank, alpha = config.get("r"), config.get("lora_alpha")
    if type(rank) is not int or rank < 1 or isinstance(alpha, bool) or not isinstance(alpha, (int, float)):
        raise ModelError(f"model: {folder / _CONFIG}: `r` and `lora_alpha` are not the numbers of a LoRA")
    return float(alpha / (math.sqrt(rank) if config.get("use_rslora") else rank))


def _added(folder: Path, weights: dict[str, torch.Tensor], raw: bytes, scale: float) -> dict[str, torch.Tensor]:
    """The base's weights with the adapter's additions; its head is left out, since a run has a head of its own."""
    path = folder / _WEIGHTS
    try:
        found = load(raw)
    except (SafetensorError, ValueError) as error:
        raise ModelError(f"model: {path} is no safetensors file, or cut off ({error!s:.100}); copy it again") from error
    modules = {name.removesuffix(_A).removeprefix(_PREFIX): name for name in found if name.endswith(_A)}
    if not modules or any(".lora_" in name and not name.endswith((_A, _B)) for name in found):
        raise ModelError(f"model: {path} holds more than LoRA's matrices A and B, or none of them; {_ADVICE}")
    for module, name in modules.items():
        matrix_a, matrix_b = found[name].float(), found.get(name.removesuffix(_A) + _B)
        fits = _weight_of(module, weights)
        shape = None if matrix_b is None or matrix_a.ndim != 2 else (matrix_b.shape[0], matrix_a.shape[1])
        if fits is None or matrix_b is None or shape != tuple(weights[fits].shape):
            raise ModelError(
                f"model: {path}: `{module:.120}` fits no weight of the base; is it the adapter's own base?"
            )
        total = weights[fits].float() + scale * (matrix_b.float() @ matrix_a)
        if not torch.isfinite(total).all():
            raise ModelError(f"model: {path}: with `{module:.120}` the weights are not finite; train the adapter again")
        weights[fits] = total
    return weights


def _weight_of(module: str, weights: Mapping[str, torch.Tensor]) -> str | None:
    """The name of a module's weight in the base's files, which may leave the model's prefix out, or have one more."""
    wanted = f"{module}.weight"
    names = [name for name in weights if name == wanted or name.endswith(f".{wanted}") or wanted.endswith(f".{name}")]
    return names[0] if len(names) == 1 else None


def _write(target: Path, source: Path, tensors: dict[str, torch.Tensor], mark: Mapping[str, Any]) -> None:
    """Write a model's folder whole or not at all."""
    fresh = Path(tempfile.mkdtemp(prefix="merged_", dir=target.parent))
    try:
        for name in ("config.json", *TOKENIZER_FILES):
            if (source / name).is_file():
                shutil.copyfile(source / name, fresh / name)
        plain = {name: tensor.contiguous().clone() for name, tensor in tensors.items()}
        save_file(plain, fresh / "model.safetensors", metadata={"format": "pt"})
        (fresh / _MARK).write_text(json.dumps(mark), encoding="utf-8")
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
