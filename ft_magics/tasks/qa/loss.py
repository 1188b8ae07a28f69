"""The loss of question answering, and the padding that it must not see.

Shapes: B batch, T tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from ft_magics.tasks.task import IGNORE_INDEX

__all__ = ["hide_padding", "span_loss"]

_SIDES = ("start_logits", "end_logits")


def span_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Cross entropy of the first and the last token of an answer, over all tokens of a window.

    Args:
        outputs: With `start_logits` and `end_logits`, (B, T) each; those of padding are out of the way already.
        labels: First and last token, (B, 2); IGNORE_INDEX where nothing is asked.
        num_items_in_batch: Labels in the whole optimiser step; None for those of this batch.
    """
    logits = torch.stack([outputs[side].float() for side in _SIDES], dim=1)  # (B, 2, T)
    total = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE_INDEX, reduction="sum")
    count = (labels != IGNORE_INDEX).sum() if num_items_in_batch is None else num_items_in_batch
    return total / torch.as_tensor(count, device=total.device).clamp(min=1)


def hide_padding(model: torch.nn.Module, args: Any, named: Mapping[str, Any], outputs: Any) -> Any:
    """After a forward pass: no span begins or ends in padding, whose logits would depend on the rest of the batch.

    Without this the softmax runs over as many tokens as the longest window of the batch has, and the loss of a window
    is another one in another batch.
    """
    mask = named.get("attention_mask")
    if mask is None or _SIDES[0] not in outputs:
        return outputs
    for side in _SIDES:
        logits = outputs[side]
        hidden = mask[:, -logits.shape[1] :] == 0
        outputs[side] = logits.masked_fill(hidden, torch.finfo(logits.dtype).min)
    return outputs
