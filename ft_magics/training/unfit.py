"""Settings of `train:` that a model or a method has no use for, told before any weight is read."""

from __future__ import annotations

from typing import Any

from ft_magics.config.optimizers import named_settings
from ft_magics.config.train import DropoutConfig, TrainConfig
from ft_magics.models.checkpointing import takes_checkpointing
from ft_magics.models.dropout import unused_dropout
from ft_magics.tuning.tuning import Tuning

__all__ = ["dropout_shares", "unfit"]


def dropout_shares(train: TrainConfig) -> dict[str, float]:
    """The dropout that a cell asks for, by kind: `hidden`, `attention`, `classifier`; empty for the model's own."""
    said = train.dropout
    if isinstance(said, DropoutConfig):
        return {kind: share for kind, share in said if share is not None}
    return {} if said is None else dict.fromkeys(DropoutConfig.model_fields, said)


def unfit(train: TrainConfig, model: Any, tuning: Tuning) -> list[tuple[str, str]]:
    """What speaks against training a model so: a key, and a sentence.

    Args:
        train: The cell's section.
        model: Without weights.
        tuning: How it is tuned.
    """
    method, kind = " + ".join(tuning.settings), model.config.model_type
    found = []
    if named_settings(train.optimizer)[0] == "muon" and not tuning.trains_matrices:
        text = f"`muon` is for the matrices of layers, of which `method: {method}` trains none; take `adamw`"
        found.append(("train.optimizer", text))
    found += _unfit_dropout(train, model)
    if train.activation_checkpointing and not takes_checkpointing(model):
        text = (
            f"transformers cannot do that with this {kind} model; a smaller `batch_size` with `gradient_accumulation` "
            "takes less memory too"
        )
        found.append(("train.activation_checkpointing", text))
    elif train.activation_checkpointing and tuning.needs_cache:
        text = f"`method: {method}` puts keys and values into each layer, which are lost in that; `prompt` works"
        found.append(("train.activation_checkpointing", text))
    return found


def _unfit_dropout(train: TrainConfig, model: Any) -> list[tuple[str, str]]:
    """Kinds of dropout that are named and that the model lacks; of one number for all, that it has none at all."""
    shares, kind = dropout_shares(train), model.config.model_type
    unused = unused_dropout(model, shares)
    if not isinstance(train.dropout, DropoutConfig):
        unused = unused if len(unused) == len(shares) else []
        return (
            [("train.dropout", f"this {kind} model has no dropout that could be set; leave it out")] if unused else []
        )
    used = [f"`{name}`" for name in DropoutConfig.model_fields if name not in unused_dropout(model, [name])]
    there = f"there is {' and '.join(used)}" if used else "leave it out"
    text = f"this {kind} model has no dropout of that kind; {there}"
    return [(f"train.dropout.{name}", text) for name in unused]
