"""A folder that plain peft wrote: an adapter without its model, which is merged into it here, number by number.

No code of peft's runs for that and no model is built: what such an adapter does to a weight is a line of arithmetic
(`peft_merging.py`), and the folder may come from anywhere.
"""

from __future__ import annotations

import hashlib
import json
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
from ft_magics.models.peft_merging import MERGED_HERE, Rule, rule_of
from ft_magics.models.sources import find_weights
from ft_magics.models.tokenizer_files import TOKENIZER_FILES
from ft_magics.models.weight_files import open_weights, read_bytes, read_json

__all__ = ["merged_adapter"]

_CONFIG, _WEIGHTS, _MARK = "adapter_config.json", "adapter_model.safetensors", "merged_from.json"
_MOST_BYTES = 1 << 34
_PREFIX = "base_model.model."
_ADVICE = "merge it with peft: `PeftModel.from_pretrained(model, folder).merge_and_unload().save_pretrained(other)`"


def merged_adapter(model: str) -> Path:
    """The folder with the adapter's base, its weights with the adapter added; made once, within the adapter's folder.

    Args:
        model: For which `is_adapter` is true.

    Raises:
        ModelError: It is of a kind that is not merged here, its base is not here, or the folder cannot be written.
    """
    folder = Path(model).expanduser()
    config = read_json(folder / _CONFIG)
    rule = _rule(folder, config)
    name = config.get("base_model_name_or_path")
    if not isinstance(name, str) or not name.strip():
        raise ModelError(f"model: {folder / _CONFIG} does not say which model it is of (`base_model_name_or_path`)")
    try:
        source = find_weights(name)
    except ModelError as error:
        raise ModelError(f"model: {folder} holds an adapter of `{name:.120}`, which is not here: {error}") from error
    raw = read_bytes(folder / _WEIGHTS, _MOST_BYTES)
    mark = {"adapter": hashlib.sha256(raw).hexdigest(), "base": base_of(name, source).sha256, "config": config}
    target = folder / "merged"
    if (target / _MARK).is_file() and read_json(target / _MARK) == mark:
        return target
    if target.exists():
        raise ModelError(f"model: {target} is of another adapter or base, or holds something else; move it away")
    weights = open_weights(Path(source)).tensors()
    tensors = _merged(folder, weights, raw, rule, transposed=bool(config.get("fan_in_fan_out")))
    try:
        _write(target, Path(source), tensors, mark)
    except OSError as error:
        raise ModelError(f"model: {target} cannot be written: {error.strerror}; {_ADVICE}") from error
    return target


def _rule(folder: Path, config: Mapping[str, Any]) -> Rule:
    """How this folder's adapter is merged."""
    where = f"model: {folder} holds an adapter that is not merged here"
    kind = config.get("peft_type")
    if kind not in MERGED_HERE:
        raise ModelError(f"{where} (`peft_type` is {kind!r:.40}, not one of {', '.join(MERGED_HERE)}); {_ADVICE}")
    patterns = ("rank_pattern", "alpha_pattern") if kind == "LORA" else ()
    odd = [key for key in patterns if config.get(key)] + ["bias"] * (config.get("bias", "none") != "none")
    if odd:
        raise ModelError(f"{where} (`{odd[0]}` is set in {_CONFIG}); {_ADVICE}")
    try:
        return rule_of(config)
    except ValueError as error:
        raise ModelError(f"model: {folder / _CONFIG}: {error}") from error


def _merged(
    folder: Path, weights: dict[str, torch.Tensor], raw: bytes, rule: Rule, *, transposed: bool
) -> dict[str, torch.Tensor]:
    """The base's weights with the adapter merged; its head is left out, since a run has a head of its own."""
    path = folder / _WEIGHTS
    try:
        found = load(raw)
    except (SafetensorError, ValueError) as error:
        raise ModelError(f"model: {path} is no safetensors file, or cut off ({error!s:.100}); copy it again") from error
    modules: dict[str, dict[str, torch.Tensor]] = {}
    for name, tensor in found.items():
        module, _, last = name.removesuffix(".weight").rpartition(".")
        if last == rule.first or last in rule.others:
            modules.setdefault(module.removeprefix(_PREFIX), {})[last] = tensor
        elif ".lora_" in name or ".ia3_" in name:
            raise ModelError(f"model: {path} holds `{name:.120}`, which is no part of such an adapter; {_ADVICE}")
    if not modules:
        raise ModelError(f"model: {path} holds nothing of an adapter; {_ADVICE}")
    for module, tensors in modules.items():
        weight = _weight_of(module, weights)
        bias = None if weight is None else f"{weight.removesuffix('weight')}bias"
        merged = None
        if weight is not None and bias is not None and weights[weight].ndim == 2 and rule.first in tensors:
            whole = weights[weight].float()
            merged = rule.merge(whole.T if transposed else whole, weights.get(bias), tensors)
        if weight is None or bias is None or merged is None:
            raise ModelError(
                f"model: {path}: `{module:.120}` fits no weight of the base; is it the adapter's own base?"
            )
        if not all(torch.isfinite(item).all() for item in merged if item is not None):
            raise ModelError(f"model: {path}: with `{module:.120}` the weights are not finite; train the adapter again")
        weights[weight] = merged[0].T if transposed else merged[0]
        if merged[1] is not None:
            weights[bias] = merged[1]
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
