"""What peft's added tensors do to the weight they were added to, without peft: one rule for each of its kinds.

Shapes: O outputs, I inputs of a linear map, R rank. A `Conv1D` of GPT-2's keeps its weight as (I, O).
Sources: Hu et al. 2022 (LoRA); Liu et al. 2024 (DoRA); Zhang et al. 2023 (AdaLoRA); Liu et al. 2022 (IA3).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch

__all__ = ["MERGED_HERE", "Rule", "rule_of"]

Tensors = Mapping[str, torch.Tensor]  # of one module, by the name of what was added


class Rule(NamedTuple):
    """How one kind of adapter is merged.

    Attributes:
        first: The name of the tensor that every adapted module has.
        others: The names of those that may stand beside it.
        merge: From a weight (O, I), a bias (O,) or none, and a module's tensors, the weight and the bias to have
            instead; `None` where the shapes do not fit.
    """

    first: str
    others: frozenset[str]
    merge: Callable[[torch.Tensor, torch.Tensor | None, Tensors], tuple[torch.Tensor, torch.Tensor | None] | None]


MERGED_HERE = ("LORA", "ADALORA", "IA3")


def rule_of(config: Mapping[str, Any]) -> Rule:
    """The rule for the folder of this `adapter_config.json`, whose `peft_type` is one of `MERGED_HERE`.

    Raises:
        ValueError: Its numbers are not those of such an adapter.
    """
    if config["peft_type"] == "IA3":
        return Rule("ia3_l", frozenset(), _scaled)
    alpha = config.get("lora_alpha")
    if isinstance(alpha, bool) or not isinstance(alpha, (int, float)) or not math.isfinite(alpha):
        raise ValueError("`lora_alpha` is not a number")
    if config["peft_type"] == "ADALORA":
        return Rule("lora_A", frozenset({"lora_B", "lora_E"}), partial(_by_singular_values, alpha=alpha))
    rank = config.get("r")
    if type(rank) is not int or rank < 1:
        raise ValueError("`r` is not a rank")
    scale = alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)
    if config.get("use_dora"):
        others = frozenset({"lora_B", "lora_magnitude_vector"})
        return Rule("lora_A", others, partial(_with_magnitudes, scale=scale))
    return Rule("lora_A", frozenset({"lora_B"}), partial(_low_rank, scale=scale))


def _product(weight: torch.Tensor, down: torch.Tensor | None, up: torch.Tensor | None) -> torch.Tensor | None:
    """(O, R) times (R, I), if it has the shape of the weight."""
    if down is None or up is None or down.ndim != 2 or up.ndim != 2 or up.shape[1] != down.shape[0]:
        return None
    return up.float() @ down.float() if (up.shape[0], down.shape[1]) == weight.shape else None


def _low_rank(
    weight: torch.Tensor, bias: torch.Tensor | None, found: Tensors, *, scale: float
) -> tuple[torch.Tensor, torch.Tensor | None] | None:
    product = _product(weight, found.get("lora_A"), found.get("lora_B"))
    return None if product is None else (weight + scale * product, bias)


def _with_magnitudes(
    weight: torch.Tensor, bias: torch.Tensor | None, found: Tensors, *, scale: float
) -> tuple[torch.Tensor, torch.Tensor | None] | None:
    moved, magnitude = _low_rank(weight, bias, found, scale=scale), found.get("lora_magnitude_vector")
    if moved is None or magnitude is None or magnitude.shape != weight.shape[:1]:
        return None
    total = moved[0]
    return total * (magnitude.float() / total.norm(dim=1))[:, None], bias


def _by_singular_values(
    weight: torch.Tensor, bias: torch.Tensor | None, found: Tensors, *, alpha: float
) -> tuple[torch.Tensor, torch.Tensor | None] | None:
    down, values = found.get("lora_A"), found.get("lora_E")
    if down is None or values is None or values.shape != (down.shape[0], 1):
        return None
    product = _product(weight, down.float() * values.float(), found.get("lora_B"))
    return None if product is None else (weight + product * (alpha / (len(values) + 1e-5)), bias)  # as peft divides


def _scaled(
    weight: torch.Tensor, bias: torch.Tensor | None, found: Tensors
) -> tuple[torch.Tensor, torch.Tensor | None] | None:
    """Outputs are scaled by a column (O, 1), inputs by a row (1, I)."""
    factors = found["ia3_l"].float()
    if factors.shape == (1, weight.shape[1]):
        return weight * factors, bias
    if factors.shape == (weight.shape[0], 1):
        return weight * factors, None if bias is None else bias * factors[:, 0]
    return None
