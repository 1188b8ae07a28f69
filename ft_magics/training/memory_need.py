"""How much memory a training takes, measured on a step of two rows and one of three, and what to do without enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from ft_magics.models.compact_embedding import weight_bytes
from ft_magics.models.memory import free_bytes, free_memory, is_out_of_memory
from ft_magics.runs.predictor import TrainedModel
from ft_magics.training.batches import token_counts
from ft_magics.training.live_bytes import LiveBytes

__all__ = ["MemoryNeed", "measure_need", "memory_advice", "need_text"]

_SPARE = 1.15  # an allocator and the kernels take some memory beside the tensors; measured
_MANY = 1_000_000_000  # rows, where they take nothing
_SHORTER = "lower `train: {max_length_tokens: …}`, or take a smaller model"


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryNeed:
    """Bytes that a training takes in tensors.

    Args:
        weights_bytes: The model.
        optimizer_bytes: Gradients, the optimizer's moments, and copies of what is trained.
        gradient_bytes: Of these the gradients, which are there at the end of a backward pass, and not in all of it.
        moments: Of a step that may be its highest: bytes whatever the number of rows, and bytes for each row.
        row_tokens: Tokens of that row.
        at_most: Rows, where there was no memory for one more when they were tried.
    """

    weights_bytes: int
    optimizer_bytes: int
    gradient_bytes: int
    moments: tuple[tuple[int, int], ...]
    row_tokens: int
    at_most: int = _MANY

    @property
    def row_bytes(self) -> int:
        """What a row more takes, where there are many."""
        return max(1, *(row for _, row in self.moments))

    def batch_bytes(self, rows: int) -> int:
        """What a batch takes beside the model and the optimizer."""
        highest = max(constant + rows * row for constant, row in self.moments)
        return max(0, highest - self.gradient_bytes)

    def total_bytes(self, rows: int) -> int:
        """All of it, with a batch of so many rows."""
        return self.weights_bytes + self.optimizer_bytes + self.batch_bytes(rows)

    def rows_in(self, free: int) -> int:
        """How many rows fit, where so many bytes are free beside the weights; 0 for none."""
        room = int(free / _SPARE) - self.optimizer_bytes + self.gradient_bytes
        if room < self.gradient_bytes:
            return 0
        rows = max(0, min((room - constant) // row if row > 0 else _MANY for constant, row in self.moments))
        return min(rows, self.at_most)


def measure_need(
    trained: TrainedModel, features: Sequence[Any], *, states: int = 3, accumulation: int = 1
) -> MemoryNeed | None:
    """Measure what a step takes, operation by operation: forward and backward, with two rows and then with three.

    The same operations are done for any number of rows from two on (one needs fewer copies), and each tensor grows with
    the rows or does not. So two measurements say of each moment of a step what it takes with more rows, and which
    moment is then the highest. It is measured on the training's own device, since the kernels that compute there decide
    what is kept. The model, its gradients and the random numbers are left as they were.

    Args:
        trained: The model.
        features: The longest of them is the row.
        states: Numbers that are kept beside a weight that is trained; with AdamW its gradient and two moments.
        accumulation: Batches to a step; with more than one the gradients are there from the beginning.

    Returns:
        The need; None where there is no memory for a single row.
    """
    longest = features[int(np.argmax(token_counts(features)))]
    curves: dict[int, list[int]] = {}
    for rows in (2, 3):
        found = _curve_if_it_fits(trained, [longest] * rows, accumulation > 1)
        if found is None:
            break
        curves[rows] = found
    if not curves:
        found = _curve_if_it_fits(trained, [longest], accumulation > 1)
        curves = {} if found is None else {1: found}
    free_memory()
    if not curves:
        return None
    gradients = _bytes(item for item in trained.model.parameters() if item.requires_grad)
    return MemoryNeed(
        weights_bytes=weight_bytes(trained.model),
        optimizer_bytes=states * gradients,
        gradient_bytes=gradients,
        moments=_moments(curves, gradients),
        row_tokens=longest.tokens,
        at_most=_MANY if len(curves) > 1 else max(curves),
    )


def _moments(curves: Mapping[int, Sequence[int]], gradients: int) -> tuple[tuple[int, int], ...]:
    """Those moments of a step that are the highest for some number of rows: a constant, and bytes for each row.

    Args:
        curves: Bytes after each operation, by the number of rows; two of them, with a row between, or one.
        gradients: Bytes that are there in the end.
    """
    (rows, less), *others = curves.items()
    if not others:
        found = [(0, math.ceil(max(less) / rows))]  # nothing tells apart what grows and what does not
    else:
        more = others[0][1]
        if len(less) != len(more):  # some kernel does more for another row
            less, more = [max(less)], [max(more)]
        found = [(low - rows * (high - low), high - low) for low, high in zip(less, more, strict=True)]
    highest: list[tuple[int, int]] = []
    for constant, row in sorted({*found, (gradients, 0)}, key=lambda moment: (-moment[1], -moment[0])):
        if not highest or constant > highest[-1][0]:  # one that grows faster and begins higher is above it for ever
            highest.append((constant, row))
    return tuple(highest)


def _curve_if_it_fits(trained: TrainedModel, rows: list[Any], with_gradients: bool) -> list[int] | None:
    try:
        return _curve(trained, rows, with_gradients)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
    free_memory()  # not before the error is gone, whose frames hold the batch
    return None


def _curve(trained: TrainedModel, rows: list[Any], with_gradients: bool = False) -> list[int]:
    """Bytes that are alive beside the weights after each operation of a forward and a backward pass."""
    model = trained.model.to(trained.device)
    learning = [item for item in model.parameters() if item.requires_grad]
    gradients = [item.grad for item in learning]
    batch = trained.collate(rows)
    was_training = model.training
    devices = [] if trained.device == "cpu" else [trained.device]
    live = LiveBytes(trained.device, [*model.parameters(), *model.buffers()])
    model.train()
    try:
        # Dropout must not change what comes after.
        with torch.random.fork_rng(devices, device_type=trained.device), torch.enable_grad(), live:
            for item in learning:
                item.grad = torch.zeros_like(item) if with_gradients else None
            inputs: dict[str, Any] = {name: tensor.to(trained.device) for name, tensor in batch.items()}
            labels = inputs.pop("labels")
            with trained.autocast():
                loss = trained.task.loss(trained.model(**inputs), labels)
            loss.backward()  # type: ignore[no-untyped-call]  # torch's is untyped
    finally:
        model.train(was_training)
        for item, gradient in zip(learning, gradients, strict=True):
            item.grad = gradient
    return live.curve


def _bytes(tensors: Any) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def memory_advice(
    trained: TrainedModel,
    features: Sequence[Any],
    *,
    tried: tuple[int, int],
    batch_size: int,
    accumulation: int,
    states: int = 3,
    by_tokens: bool = False,
) -> str:
    """What was tried, what fits as measured, and which settings train the same batch in smaller parts.

    Args:
        trained: The model; nothing else of the training is in memory any more.
        features: Of the training data.
        tried: Rows and tokens per row of the batch that did not fit.
        batch_size: As set.
        accumulation: As set.
        states: As for `measure_need`.
        by_tokens: Whether batches have a number of tokens, rather than of rows.
    """
    rows, tokens = tried
    text = f"It was computing a batch of {rows} rows of {tokens} tokens."
    fits = None
    try:
        need = measure_need(trained, features, states=states, accumulation=accumulation)
        free = free_bytes(trained.device)
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
    if by_tokens:
        holds = min(fits or batch_size, batch_size // 2) * tokens
        return f"{text}. Smaller batches: `train: {{batch_tokens: {holds}}}`; a shorter `max_length_tokens` helps too"
    whole = batch_size * accumulation
    most = min(fits or batch_size, batch_size // 2)
    smaller = max(size for size in range(1, most + 1) if whole % size == 0)
    settings = f"`train: {{batch_size: {smaller}, gradient_accumulation: {whole // smaller}}}`"
    return f"{text}. The same batch in smaller parts: {settings}; a shorter `max_length_tokens` helps too"


def need_text(
    trained: TrainedModel, features: Sequence[Any], batch_size: int, *, states: int = 3, accumulation: int = 1
) -> str:
    """What a training is going to take, and whether that is there, as a sentence.

    Args:
        trained: The model.
        features: Of the training data.
        batch_size: As set.
        states: As for `measure_need`.
        accumulation: As for `measure_need`.
    """
    need = measure_need(trained, features, states=states, accumulation=accumulation)
    free = free_bytes(trained.device)
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
