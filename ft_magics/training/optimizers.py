"""Optimisers and schedules: in Hugging Face's words where it has them, and made here where it has not."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import torch
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR

from ft_magics.config.optimizers import named_settings
from ft_magics.config.train import FittedTrain

__all__ = ["Muon", "make_schedule", "optimizer_values", "scheduler_values", "states_a_weight"]


def optimizer_values(train: FittedTrain) -> dict[str, Any]:
    """The optimiser as arguments of `TrainingArguments`; what it has no argument for is left out."""
    name, settings = named_settings(train.optimizer)
    if name == "sgd":
        nesterov = ", nesterov=true" if settings.nesterov else ""
        return {"optim": "sgd", "optim_args": f"momentum={settings.momentum:.10g}{nesterov}"}
    if name == "adafactor":
        return {"optim": "adafactor"}
    if isinstance(train.optimizer, str):
        return {}
    if name == "adamw":
        return {"adam_beta1": settings.beta1, "adam_beta2": settings.beta2, "adam_epsilon": settings.eps}
    return {}


def scheduler_values(train: FittedTrain) -> dict[str, Any]:
    """The schedule as arguments of `TrainingArguments`, which takes a warmup into account for all of these."""
    name, settings = named_settings(train.scheduler)
    if name == "constant":
        return {"lr_scheduler_type": "constant_with_warmup"}  # its `constant` knows no warmup
    if name == "polynomial":
        return {"lr_scheduler_type": "polynomial", "lr_scheduler_kwargs": {"power": settings.power, "lr_end": 0.0}}
    if name == "cosine" and settings.cycles > 1:
        return {"lr_scheduler_type": "cosine_with_restarts", "lr_scheduler_kwargs": {"num_cycles": settings.cycles}}
    return {"lr_scheduler_type": name} if name != "one_cycle" else {}


def make_schedule(optimizer: torch.optim.Optimizer, train: FittedTrain, total_steps: int) -> LRScheduler | None:
    """A schedule that Hugging Face does not have; None for one that it has.

    Args:
        optimizer: Whose groups have their rates.
        train: The settings.
        total_steps: Of the run.
    """
    name, settings = named_settings(train.scheduler)
    if name != "one_cycle":
        return None
    asked = total_steps + 1  # once more after the last step
    peak = min(total_steps, math.ceil(train.warmup if train.warmup >= 1 else train.warmup * total_steps))  # a step
    return OneCycleLR(
        optimizer,
        max_lr=[group["lr"] for group in optimizer.param_groups],
        total_steps=asked,
        pct_start=(peak + 1) / asked if peak else 0.0,
        div_factor=settings.initial,
        final_div_factor=settings.final,
        cycle_momentum=False,
    )


def states_a_weight(train: FittedTrain) -> int:
    """How many numbers are kept in memory beside a weight that is trained: its gradient, the optimiser's, an average.

    Adafactor keeps a row and a column of a matrix, which is next to nothing; Muon one number for most weights.
    """
    name, settings = named_settings(train.optimizer)
    own = {"adamw": 2, "sgd": 1 if name == "sgd" and settings.momentum else 0, "adafactor": 0, "muon": 1}
    return 1 + own[name] + (train.ema is not None)


class Muon(torch.optim.Optimizer):
    """torch's Muon for the matrices of layers, and AdamW beside it, as one optimiser.

    Muon's steps are scaled to be as long as AdamW's (Liu et al. 2025, section 2.2), so that one rate fits both.

    Args:
        groups: Parameter groups, each with `lr` and `weight_decay`.
        matrices: Ids of the parameters that are matrices of layers.
        lr: Of groups that have none.
        momentum: Of Muon.

    Source: Jordan et al. 2024, <https://kellerjordan.github.io/posts/muon/>.
    """

    _KEY: ClassVar = "by_muon"

    def __init__(self, groups: Iterable[Mapping[str, Any]], *, matrices: set[int], lr: float, momentum: float) -> None:
        split = [
            {**group, "params": chosen, self._KEY: by_muon}
            for group in groups
            for by_muon in (True, False)
            if (chosen := [item for item in group["params"] if (id(item) in matrices) == by_muon])
        ]
        super().__init__(split, {"lr": lr, "weight_decay": 0.0})
        parts = ((True, _muon(momentum)), (False, torch.optim.AdamW))
        self._parts = {
            by_muon: make([group for group in self.param_groups if group[self._KEY] == by_muon])
            for by_muon, make in parts
            if any(group[self._KEY] == by_muon for group in self.param_groups)
        }
        self._share()

    def _share(self) -> None:
        """Let the two compute with the groups and the state of the one."""
        for by_muon, part in self._parts.items():
            part.param_groups = [group for group in self.param_groups if group[self._KEY] == by_muon]
            part.state = self.state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Continue from what `state_dict` gave."""
        super().load_state_dict(state_dict)
        self._share()

    def step(self, closure: Any = None) -> Any:
        """Do a step with each."""
        loss = None if closure is None else closure()
        for part in self._parts.values():
            part.step()
        return loss


def _muon(momentum: float) -> Any:
    return lambda groups: torch.optim.Muon(groups, momentum=momentum, adjust_lr_fn="match_rms_adamw")
