"""Dropout on a processor, as random as torch's, in a fraction of its time.

torch draws a number for each value, one after the other: of a training step on two cores a tenth to a quarter. Here 64
bits serve four values. They come from NumPy's SFC64, seeded by torch's generator, so that torch's state still says all
that is drawn, for a run that is resumed too. Attention is computed here as well: torch's own, on a processor, draws the
same slow way, and in bf16 takes longer than the products that it consists of, dropout or not.
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
_SHORT = 512  # tokens; longer rows would take memory that torch's attention without dropout does not
_LOCK = threading.Lock()
_HERE = threading.local()
_of_torch: dict[str, Any] = {}  # what stands in for them now
_users = [0]


@contextmanager
def fast_dropout() -> Iterator[None]:
    """In the block, and in this thread alone, what is dropped on a processor is drawn fast.

    `torch.nn.functional.dropout` and `scaled_dot_product_attention` are replaced for as long as a block lasts; other
    threads, other devices and evaluation get torch's.
    """
    ours = {"dropout": _dropout, "scaled_dot_product_attention": _attention}
    with _LOCK:
        if not _users[0]:
            _of_torch.update({name: getattr(functional, name) for name in ours})
            for name, function in ours.items():
                setattr(functional, name, function)
        _users[0] += 1
    before = getattr(_HERE, "on", False)
    _HERE.on = True
    try:
        yield
    finally:
        _HERE.on = before
        with _LOCK:
            _users[0] -= 1
            if not _users[0]:
                for name in ours:
                    setattr(functional, name, _of_torch[name])


def _is_ours(values: torch.Tensor, share: float) -> bool:
    on = getattr(_HERE, "on", False)
    return on and values.device.type == "cpu" and values.is_floating_point() and 0 < round(share * _KINDS) < _KINDS


def _is_slow(query: torch.Tensor, key: torch.Tensor, share: float) -> bool:
    """Whether torch's attention without dropout is slower in training than the products it consists of."""
    short = query.dtype == torch.bfloat16 and key.shape[-2] <= _SHORT
    return short and not share and query.requires_grad and query.device.type == "cpu" and getattr(_HERE, "on", False)


def _dropout(input: torch.Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> torch.Tensor:  # noqa: A002  # as torch has it
    if not training or inplace or not _is_ours(input, p):
        kept: torch.Tensor = _of_torch["dropout"](input, p, training, inplace)
        return kept
    return _dropped(input, p)


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
    drops = _is_ours(query, dropout_p)
    if not drops and not _is_slow(query, key, dropout_p):
        result: torch.Tensor = _of_torch["scaled_dot_product_attention"](
            query, key, value, attn_mask, dropout_p, is_causal, scale=scale, enable_gqa=enable_gqa
        )
        return result
    if enable_gqa:
        times = query.shape[-3] // key.shape[-3]
        key, value = key.repeat_interleave(times, -3), value.repeat_interleave(times, -3)
    weights = torch.matmul(query, key.transpose(-2, -1)).mul_(
        1 / math.sqrt(query.shape[-1]) if scale is None else scale
    )
    if is_causal:
        attn_mask = torch.ones(weights.shape[-2:], dtype=torch.bool).tril()
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        least = torch.finfo(weights.dtype).min
        attn_mask = torch.zeros(attn_mask.shape, dtype=weights.dtype).masked_fill_(~attn_mask, least)
    if attn_mask is not None:
        weights = weights.add_(attn_mask)
    with torch.autocast("cpu", enabled=False):  # it would make them fp32, for a product in bf16
        shares = torch.softmax(weights, dim=-1)
    return torch.matmul(_dropped(shares, dropout_p) if drops else shares, value)


def _dropped(values: torch.Tensor, share: float) -> torch.Tensor:
    result: torch.Tensor = _Dropped.apply(values, share)  # type: ignore[no-untyped-call]  # torch's is untyped
    return result


class _Dropped(torch.autograd.Function):
    """Values, of which a share, drawn at random, is 0, and the others are as much larger."""

    @staticmethod
    def forward(ctx: Any, values: torch.Tensor, share: float) -> torch.Tensor:
        seed = int(torch.empty((), dtype=torch.int64).random_())
        bits = np.random.SFC64(seed).random_raw(-(-values.numel() // 4)).view(np.uint16)[: values.numel()]
        dropped = round(share * _KINDS)
        kept = torch.from_numpy(bits >= dropped).view(values.shape)
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
