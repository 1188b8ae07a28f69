"""How much memory a training takes, measured on a row of it, and what to do when there is not enough."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from ft_magics.models.memory import free_bytes, free_memory, is_out_of_memory
from ft_magics.runs.predictor import TrainedModel

__all__ = ["MemoryNeed", "measure_need", "memory_advice", "need_text"]

_STATES_A_WEIGHT = 3  # the gradient and Adam's two moments
_SPARE = 1.15  # what is computed with for a moment comes on top of what is kept for the backward pass; measured
_SHORTER = "lower `train: {max_length_tokens: …}`, or take a smaller model"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """Bytes that a training takes.

    Args:
        weights_bytes: The model.
        optimizer_bytes: Gradients and the optimizer's moments.
        constant_bytes: Kept for the backward pass whatever the number of rows.
        row_bytes: Kept for the backward pass for each row.
        row_tokens: Tokens of that row.
        one_at_most: Whether there was no memory for two rows when they were tried.
    """

    weights_bytes: int
    optimizer_bytes: int
    constant_bytes: int
    row_bytes: int
    row_tokens: int
    one_at_most: bool = False

    def batch_bytes(self, rows: int) -> int:
        """What a batch takes beside the model and the optimizer."""
        return int(_SPARE * (self.constant_bytes + rows * self.row_bytes))

    def total_bytes(self, rows: int) -> int:
        """All of it, with a batch of so many rows."""
        return self.weights_bytes + self.optimizer_bytes + self.batch_bytes(rows)

    def rows_in(self, free: int) -> int:
        """How many rows fit, where so many bytes are free beside the weights; 0 for none."""
        rows = max(0, int(((free - self.optimizer_bytes) / _SPARE - self.constant_bytes) // self.row_bytes))
        return min(rows, 1) if self.one_at_most else rows


def measure_need(trained: TrainedModel, features: Sequence[Any]) -> MemoryNeed | None:
    """Measure what a forward pass in training keeps for the backward pass, with one row and then with two.

    It is measured on the training's own device, since the kernels that compute there decide what is kept.

    Args:
        trained: The model.
        features: The longest of them is the row.

    Returns:
        The need; None where there is no memory for a single row.
    """
    longest = max(features, key=lambda feature: feature.tokens)
    one = _kept_if_it_fits(trained, [longest])
    two = None if one is None else _kept_if_it_fits(trained, [longest] * 2)
    free_memory()
    if one is None:
        return None
    learning = [item for item in trained.model.parameters() if item.requires_grad]
    return MemoryNeed(
        weights_bytes=_bytes(trained.model.parameters()),
        optimizer_bytes=_STATES_A_WEIGHT * _bytes(learning),
        constant_bytes=0 if two is None else max(0, 2 * one - two),
        row_bytes=max(1, one if two is None else two - one),
        row_tokens=longest.tokens,
        one_at_most=two is None,
    )


def _kept_if_it_fits(trained: TrainedModel, rows: list[Any]) -> int | None:
    try:
        return _kept_bytes(trained, rows)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    free_memory()  # not before the error is gone, whose frames hold the batch
    return None


def _kept_bytes(trained: TrainedModel, rows: list[Any]) -> int:
    """Bytes that autograd keeps for a backward pass, each storage once, the weights left out."""
    model = trained.model.to(trained.device)
    seen = {item.untyped_storage().data_ptr() for item in model.parameters()}
    kept = 0

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        nonlocal kept
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in seen:
            seen.add(storage.data_ptr())
            kept += storage.nbytes()
        return tensor

    batch = trained.task.collate(rows, trained.spec)
    inputs: dict[str, Any] = {name: tensor.to(trained.device) for name, tensor in batch.items()}
    labels = inputs.pop("labels")
    was_training = model.training
    devices = [] if trained.device == "cpu" else [trained.device]
    model.train()
    try:
        with (
            torch.random.fork_rng(devices, device_type=trained.device),  # dropout must not change what comes after
            trained.autocast(),
            torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        ):
            trained.task.loss(model(**inputs), labels)
    finally:
        model.train(was_training)
    return kept


def _bytes(tensors: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def memory_advice(
    trained: TrainedModel, features: Sequence[Any], *, tried: tuple[int, int], batch_size: int, accumulation: int
) -> str:
    """What was tried, what fits as measured, and which settings train the same batch in smaller parts.

    Args:
        trained: The model; nothing else of the training is in memory any more.
        features: Of the training data.
        tried: Rows and tokens per row of the batch that did not fit.
        batch_size: As set.
        accumulation: As set.
    """
    rows, tokens = tried
    text = f"It was computing a batch of {rows} rows of {tokens} tokens."
    fits = None
    try:
        need, free = measure_need(trained, features), free_bytes(trained.device)
    except Exception as error:  # noqa: BLE001  # what went wrong first is what is told
        text += f" What would fit could not be measured ({type(error).__name__})"
    else:
        if need is None:
            return f"{text} Not even a single row fits: {_SHORTER}"
        fits = need.rows_in(free)
        text += (
            f" Measured: a row of {need.row_tokens} tokens takes {_size(need.row_bytes)}, gradients and optimizer "
            f"{_size(need.optimizer_bytes)}, and {_size(free)} are free beside the model"
        )
    if fits == 0 or batch_size == 1:
        return f"{text}. A single row is too much: {_SHORTER}"
    if fits is not None:
        text += f", so {_about(fits)} fit{'s' * (fits == 1)}" if fits < batch_size else " by now"
    whole = batch_size * accumulation
    most = min(fits or batch_size, batch_size // 2)
    smaller = max(size for size in range(1, most + 1) if whole % size == 0)
    settings = f"`train: {{batch_size: {smaller}, gradient_accumulation: {whole // smaller}}}`"
    return f"{text}. The same batch in smaller parts: {settings}; a shorter `max_length_tokens` helps too"


def need_text(trained: TrainedModel, features: Sequence[Any], batch_size: int) -> str:
    """What a training is going to take, and whether that is there, as a sentence.

    Args:
        trained: The model.
        features: Of the training data.
        batch_size: As set.
    """
    need, free = measure_need(trained, features), free_bytes(trained.device)
    if need is None:
        return f"memory: {_size(free)} are free on {trained.device}, where not even a single row fits: {_SHORTER}"
    text = (
        f"memory about {_size(need.total_bytes(batch_size))}: weights {_size(need.weights_bytes)}, gradients and "
        f"optimizer {_size(need.optimizer_bytes)}, a batch of {batch_size} rows of {need.row_tokens} tokens "
        f"{_size(need.batch_bytes(batch_size))}; {_size(free)} are free on {trained.device}"
    )
    fits = need.rows_in(free)
    if fits >= batch_size:
        return text
    return f"{text}, which holds {_about(fits)}" if fits else f"{text}, which does not hold a single row"


def _about(rows: int) -> str:
    return "a single row" if rows == 1 else f"about {rows} rows"


def _size(count: float) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e8 else f"{count / 1e6:.1f} MB"
