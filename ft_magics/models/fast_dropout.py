"""Dropout on a processor, as random as torch's, in a fraction of its time.

torch draws a number for each value, one after the other, however many cores there are. Here 64 bits serve four values.
They come from NumPy's SFC64, seeded by torch's generator, so that torch's state still says all that is drawn, for a run
that is resumed too. Attention is computed here as well: torch's own, on a processor, draws the same slow way, and in
bf16 takes longer than the products that it consists of. See docs/decisions/0036.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch.nn import functional

__all__ = ["fast_dropout"]

_KINDS = 1 << 16  # of 16 bits
_SHORT = 128  # tokens: torch's attention without dropout is faster on longer rows, and takes less memory
_dropout_of_torch = functional.dropout
_attention_of_torch = functional.scaled_dot_product_attention
_LOCK = threading.Lock()
_HERE = threading.local()
_users = [0]


@contextmanager
def fast_dropout() -> Iterator[None]:
    """In the block, and in this thread alone, what is dropped on a processor is drawn fast.

    `torch.nn.functional.dropout` and `scaled_dot_product_attention` are replaced for as long as a block lasts; other
    threads, other devices and evaluation get torch's.
    """
    before = getattr(_HERE, "on", False)
    _count(1)
    _HERE.on = True
    try:
        yield
    finally:
        _HERE.on = before
        _count(-1)


def _count(blocks: int) -> None:
    """Replace torch's functions with the first block, and restore them with the last."""
    with _LOCK:
        was = _users[0]
        _users[0] += blocks
        if not was:
            functional.dropout = _dropout
            functional.scaled_dot_product_attention = _attention
        if not _users[0] and functional.dropout is _dropout:
            functional.dropout = _dropout_of_torch
        if not _users[0] and functional.scaled_dot_product_attention is _attention:
            functional.scaled_dot_product_attention = _attention_of_torch


def _is_here(values: torch.Tensor) -> bool:
    """Whether these are usual numbers on a processor, and this thread asked for what is fast."""
    usual = values.device.type == "cpu" and values.layout == torch.strided and values.is_floating_point()
    transformed = torch._C._functorch.peek_interpreter_stack() is not None  # noqa: SLF001  # by `torch.func`; there is no public way
    return getattr(_HERE, "on", False) and usual and not transformed


def _drops(share: Any) -> bool:
    return isinstance(share, float) and 0 < share < 1 and 0 < round(share * _KINDS) < _KINDS


def _dropout(input: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor:  # noqa: A002  # as torch has it
    if training and not inplace and _drops(p) and _is_here(input):
        return _dropped(input, p)
    return _dropout_of_torch(input, p, training, inplace)


def _attention(  # noqa: PLR0917  # as torch has it
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attn_mask: torch.Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> torch.Tensor:
    short = query.dtype == torch.bfloat16 and key.shape[-2] <= _SHORT and query.requires_grad and not dropout_p
    refused = attn_mask is not None and (
        is_causal or not (attn_mask.dtype == torch.bool or attn_mask.is_floating_point())
    )
    if refused or not (_drops(dropout_p) or short) or not _is_here(query):
        result: torch.Tensor = _attention_of_torch(
            query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
        )
        return result
    if enable_gqa:
        key, value = (item.repeat_interleave(query.shape[-3] // item.shape[-3], -3) for item in (key, value))
    with torch.autocast("cpu", enabled=False):  # what is summed up within a row is fp32, as with torch
        exact = torch.promote_types(query.dtype, torch.float32)
        scale = 1 / math.sqrt(query.shape[-1]) if scale is None else scale
        weights = torch.matmul(query.to(exact) * scale, key.to(exact).transpose(-2, -1))
        if is_causal:
            attn_mask = torch.ones(weights.shape[-2:], dtype=torch.bool, device=query.device).tril()
        seen = None
        if attn_mask is not None:
            added, seen = _added(attn_mask, exact)
            weights = weights + added
        shares = torch.softmax(weights, dim=-1).to(value.dtype)
    result = torch.matmul(_dropped(shares, dropout_p) if dropout_p else shares, value)
    return result if seen is None else result * seen


def _added(mask: torch.Tensor, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor | None]:
    """A mask as numbers to add; and 0 for each row that sees nothing, whose result is 0, else 1; None for all 1."""
    least = torch.finfo(dtype).min
    if mask.dtype == torch.bool:
        seen = mask.any(-1, keepdim=True)
        added = torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, least)
    else:
        seen = mask.isneginf().logical_not_().any(-1, keepdim=True)
        added = mask.to(dtype).clamp(min=least)  # the softmax of a row of -inf is NaN
    return added, None if bool(seen.all()) else seen


def _dropped(values: torch.Tensor, share: float) -> torch.Tensor:
    result: torch.Tensor = _Dropped.apply(values, share)  # type: ignore[no-untyped-call]  # torch's is untyped
    return result


class _Dropped(torch.autograd.Function):
    """Values, of which a share, drawn at random, is 0, and the others are as much larger."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, share: float) -> torch.Tensor:
        seed = int(torch.empty((), dtype=torch.int64, device="cpu").random_())
        bits = np.random.SFC64(seed).random_raw(-(-values.numel() // 4)).view(np.uint16)[: values.numel()]
        dropped = round(share * _KINDS)
        kept = torch.empty(values.shape, dtype=torch.bool, device="cpu")  # torch's, which memory is counted by
        np.greater_equal(bits, dropped, out=kept.view(-1).numpy())
        ctx.save_for_backward(kept)
        ctx.scale = _KINDS / (_KINDS - dropped)
        return _scaled(values, kept, ctx.scale)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        (kept,) = ctx.saved_tensors
        return _scaled(gradients[0], kept, ctx.scale), None


def _scaled(values: torch.Tensor, kept: torch.Tensor, scale: float) -> torch.Tensor:
    """A product, since torch selects on a processor more slowly than it multiplies."""
    factors = torch.from_numpy(kept.numpy().astype(np.float32)).to(values.dtype)
    return torch.mul(values, factors).mul_(scale)
