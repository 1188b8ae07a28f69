"""The loss of predicting next tokens, and what is kept of each.

Shapes: B batch, T tokens, N tokens asked for, V vocabulary.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ft_magics.tasks.task import IGNORE_INDEX

if TYPE_CHECKING:
    import torch

__all__ = ["asked_logits", "next_token_loss"]


def next_token_loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Cross entropy of each next token: its sum, divided by their number.

    The labels are shifted here: the Trainer counts those of a causal model from the second of a row on.

    Args:
        outputs: The model's, whose head was computed everywhere or only where it was asked for.
        labels: The tokens, IGNORE_INDEX where nothing is asked. (B, T).
        num_items_in_batch: Tokens asked for in the whole optimiser step; None for those of this batch.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it
    from torch.nn.functional import cross_entropy  # noqa: PLC0415  # the same

    after = labels[:, 1:]
    asked = after != IGNORE_INDEX
    count = asked.sum() if num_items_in_batch is None else num_items_in_batch
    total = cross_entropy(asked_logits(outputs, asked), after[asked], reduction="sum")
    return total / torch.as_tensor(count, device=total.device).clamp(min=1)


def asked_logits(outputs: Any, asked: torch.Tensor) -> torch.Tensor:
    """(N, V), whether the head was computed everywhere or only where it was asked for; `asked` has T - 1 columns."""
    logits: torch.Tensor = outputs["logits"].float()
    if logits.dim() != 3:
        return logits
    return logits[:, -asked.shape[1] - 1 : -1][asked]
