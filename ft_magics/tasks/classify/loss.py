"""The loss of text classification.

Shapes: B batch, C labels.
Source: Lin et al. 2017 (focal loss); Szegedy et al. 2016 (label smoothing).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.tasks.task import IGNORE_INDEX

if TYPE_CHECKING:
    import torch

__all__ = ["classification_loss", "label_weights"]


def label_weights(
    said: str | Mapping[str, float] | None, labels: Sequence[str], counts: Mapping[str, int]
) -> list[float] | None:
    """A weight per label; None for all alike.

    Args:
        said: `balanced` (the mean count over the label's own, scikit-learn's rule), or weights by name: 1 for others.
        labels: Names by id. Length C.
        counts: In train.

    Raises:
        DataError: A weight is of a label that train lacks.
    """
    if said is None:
        return None
    if isinstance(said, str):
        total = sum(counts[label] for label in labels)
        return [total / (len(labels) * counts[label]) for label in labels]
    unknown = [name for name in said if name not in counts]
    if unknown:
        raise DataError(
            f"class_weights: train has no label {', '.join(f'`{name:.60}`' for name in unknown[:5])}; it has "
            f"{', '.join(list(labels)[:12])}{' …' if len(labels) > 12 else ''}"
        )
    return [float(said.get(label, 1.0)) for label in labels]


def classification_loss(
    logits: torch.Tensor,
    labels: torch.Tensor,
    *,
    kind: str,
    weights: Sequence[float] | None,
    label_smoothing: float,
    focal_gamma: float | None,
    num_items_in_batch: Any,
) -> torch.Tensor:
    """The loss of a batch, exact under gradient accumulation: a sum over the labels, divided by their number.

    Args:
        logits: (B, C).
        labels: Ids (B); of several labels 0 or 1 each, (B, C); numbers (B). IGNORE_INDEX where there is none.
        kind: `one`, `several` or `number`.
        weights: Per label. Length C.
        label_smoothing: Share of the probability that goes to all labels alike.
        focal_gamma: How much less a label counts that the model is sure of; None for no focal loss.
        num_items_in_batch: Labels in the whole optimiser step; None for those of this batch.
    """
    import torch  # noqa: PLC0415  # a cell is read and answered without it
    from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy  # noqa: PLC0415  # the same

    asked = labels != IGNORE_INDEX
    count = asked.sum() if num_items_in_batch is None else num_items_in_batch
    weight = None if weights is None else torch.tensor(weights, dtype=logits.dtype, device=logits.device)
    if kind == "number":
        each = (logits.squeeze(-1) - labels) ** 2
    elif kind == "several":
        target = labels.clamp(min=0) * (1 - label_smoothing) + label_smoothing / 2
        each = binary_cross_entropy_with_logits(logits, target, reduction="none", pos_weight=weight)
        if focal_gamma:
            sure = torch.sigmoid(logits)
            each = each * (labels - sure).abs() ** focal_gamma
    else:
        each = cross_entropy(
            logits,
            labels,
            weight=weight,
            ignore_index=IGNORE_INDEX,
            reduction="none",
            label_smoothing=label_smoothing,
        )
        if focal_gamma:
            sure = logits.softmax(dim=-1).gather(-1, labels.clamp(min=0)[:, None])[:, 0]
            each = each * (1 - sure) ** focal_gamma
    total = torch.where(asked, each, torch.zeros_like(each)).sum()
    return total / torch.as_tensor(count, device=total.device).clamp(min=1)
