"""Ways of tuning in plain Python: `%ft script` copies these parts into a script of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from transformers import Trainer, TrainerCallback

__all__ = [
    "AllotRanks",
    "OrthogonalTrainer",
    "PulledTrainer",
    "Unfreeze",
    "orthogonality",
    "parameter_groups",
    "pull",
    "without_virtual",
]

# A script has its own values of these at its head.
ORTHOGONALITY = 0.5
ALPHA, BETA = 0.01, 0.01
BACKBONE = ""


def parameter_groups(
    model: Any,
    learning_rate: float,
    weight_decay: float,
    rates: Sequence[tuple[str, float]] = (),
    undecayed: Sequence[str] = (),
) -> list[dict[str, Any]]:
    """What is trainable, in groups for the optimizer: no weight decay on biases and norms, and rates of their own.

    `rates` holds beginnings of names and their learning rates; the first that fits counts. `undecayed` holds parts of
    names of what has no weight decay either.
    """
    norms = {
        id(parameter)
        for module in model.modules()
        if "norm" in type(module).__name__.lower()
        for parameter in module.parameters(recurse=False)
    }
    groups: dict[tuple[float, float], list[Any]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = next((rate for begin, rate in rates if name.startswith(begin)), learning_rate)
            bare = parameter.ndim < 2 or id(parameter) in norms or any(part in name for part in undecayed)
            decay = 0.0 if bare else weight_decay
            groups.setdefault((rate, decay), []).append(parameter)
    return [{"params": items, "lr": rate, "weight_decay": decay} for (rate, decay), items in groups.items()]


class Unfreeze(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy
    """Unfreezes what is trainable by and by, from the top down, at equal distances (Howard and Ruder 2018).

    `embeddings` and `layers`, lowest first, are beginnings of parameters' names; all else is the top. After `share` of
    the steps everything is trained.
    """

    def __init__(self, model: Any, embeddings: tuple[str, ...], layers: Sequence[str], share: float) -> None:
        self.share, self.depths = share, []
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                lowest = 0 if name.startswith(embeddings) else len(layers) + 1
                depth = next((at + 1 for at, layer in enumerate(layers) if name.startswith(layer)), lowest)
                self.depths.append((depth, parameter))
        self.top = max(depth for depth, _ in self.depths)

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Unfreeze what is due."""
        done = min(1.0, state.global_step / max(1.0, self.share * state.max_steps))
        lowest = self.top - int(done * self.top)
        for depth, parameter in self.depths:
            parameter.requires_grad_(depth >= lowest)


class AllotRanks(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy
    """Takes ranks away from AdaLoRA's matrices while their gradients are there."""

    def __init__(self, model: Any) -> None:
        self.model = model

    def on_optimizer_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """The optimizer has used the gradients."""
        self.model.base_model.update_and_allocate(state.global_step)


class OrthogonalTrainer(Trainer):  # type: ignore[misc]  # transformers is untyped for mypy
    """Adds the gradient of AdaLoRA's own term: once a step, before gradients are clipped."""

    def training_step(self, model: Any, *arguments: Any, **named: Any) -> Any:
        """Compute the gradients of a batch."""
        loss = super().training_step(model, *arguments, **named)
        if self.accelerator.sync_gradients:
            orthogonality(model, ORTHOGONALITY).backward()  # type: ignore[no-untyped-call]  # torch's is untyped
        return loss


def orthogonality(model: Any, weight: float) -> torch.Tensor:
    """How far the singular vectors are from being orthogonal (Zhang et al. 2023, equation 4)."""
    far = []
    for name, matrix in model.named_parameters():
        if matrix.requires_grad and ("lora_A" in name or "lora_B" in name):
            product = matrix @ matrix.T if "lora_A" in name else matrix.T @ matrix  # (r, r)
            far.append(torch.linalg.norm(product - torch.eye(len(product), device=product.device)))
    return weight * torch.stack(far).mean()


class PulledTrainer(Trainer):  # type: ignore[misc]  # transformers is untyped for mypy
    """Adds the gradient of L2-SP's term: once a step, before gradients are clipped."""

    def training_step(self, model: Any, *arguments: Any, **named: Any) -> Any:
        """Compute the gradients of a batch; the first one finds the weights where they begin."""
        if self.state.global_step == 0 and not hasattr(self, "start"):
            self.start = {
                name: item.detach().clone() for name, item in self.model.named_parameters() if name.startswith(BACKBONE)
            }
        loss = super().training_step(model, *arguments, **named)
        if self.accelerator.sync_gradients:
            pull(self.model, self.start).backward()  # type: ignore[no-untyped-call]  # torch's is untyped
        return loss


def pull(model: Any, start: dict[str, torch.Tensor]) -> torch.Tensor:
    """How far what is trained is from its start, and the head from 0 (Li et al. 2018, equation 3)."""
    terms = []
    for name, item in model.named_parameters():
        if item.requires_grad and name in start:
            terms.append(ALPHA / 2 * (item - start[name]).square().sum())
        elif item.requires_grad:
            terms.append(BETA / 2 * item.square().sum())
    return torch.stack(terms).sum()


def without_virtual(_: Any, args: Any, kwargs: Any, output: Any) -> Any:
    """Leave out the logits of the virtual tokens: (B, V + T, …) → (B, T, …)."""
    inputs = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
    for name in ("logits", "start_logits", "end_logits"):
        if output.get(name) is not None:
            output[name] = output[name][:, -inputs.shape[1] :]
    return output
