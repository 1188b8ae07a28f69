"""Whether what a run leaves frozen is computed once, and what that is: docs/decisions/0034."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from functools import partial
from typing import Any

from ft_magics.config.train import FittedTrain
from ft_magics.errors import CellError, Problem
from ft_magics.models.frozen_bottom import FrozenBottom, find_frozen_bottom
from ft_magics.runs.predictor import TrainedModel
from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import LazyFeatures
from ft_magics.training.batches import token_counts
from ft_magics.training.fitting import batches_per_epoch, steps_per_epoch
from ft_magics.tuning.tuning import Tuning

__all__ = ["frozen_bottom", "frozen_text"]

_FEWEST_EPOCHS = 2  # of which the second saves what the first has cost


def frozen_bottom(
    trained: TrainedModel, train: FittedTrain, features: Sequence[Any], *, total_steps: int
) -> FrozenBottom | None:
    """What of a model is computed once for each row; None where all of it is computed in each step.

    Args:
        trained: The model, with its methods applied.
        train: The settings.
        features: Of train.
        total_steps: Of the run.

    Raises:
        CellError: The cell asks for what cannot be.
    """
    asked, tuning = train.cache_frozen, trained.tuning
    if asked is False or tuning is None:
        return None
    in_epoch = steps_per_epoch(batches_per_epoch(train, token_counts(features)), train.gradient_accumulation)
    if asked == "auto" and total_steps < _FEWEST_EPOCHS * in_epoch:
        return None
    found = _found(trained, tuning, features)
    if isinstance(found, FrozenBottom):
        return found
    if asked is True:
        text = f"this run computes its whole model in each step, since {found}; `auto` leaves it out where it has to"
        raise CellError([Problem(line=None, where="train.cache_frozen", text=text)])
    return None


def frozen_text(bottom: FrozenBottom) -> str:
    """A sentence on what is computed once."""
    return f"computes the frozen part ({bottom.title}) once for each row, without dropout, and trains on what it gives"


def _found(trained: TrainedModel, tuning: Tuning, features: Sequence[Any]) -> FrozenBottom | str:
    """The bottom; or why there is none that is the same in each epoch."""
    model, outline = trained.model, tuning.outline
    if outline is None or isinstance(features, LazyFeatures):
        return "its inputs are drawn while it trains"
    if trained.task.head().writes:
        return "its model writes"
    if tuning.virtual_tokens or tuning.needs_cache:
        return "its method puts something before each input"
    if min(outline.depth(name) for name in tuning.trainable) < (1 if outline.shares_layers else 2):
        return "something is trained in its lowest layer, or below"
    lengths = list(token_counts(features))
    shortest = min(lengths)
    other = next((at for at, length in enumerate(lengths) if length > shortest), None)
    rows = [features[at] for at in (lengths.index(shortest), other) if at is not None]  # one of them with padding
    batch = guarded(trained.task.name, "collate", partial(trained.task.collate, rows, trained.spec))
    inputs = {name: item.to(model.device) for name, item in batch.items() if name != "labels"}
    try:
        return find_frozen_bottom(
            model,
            body=outline.prefix.rstrip("."),
            layers=() if outline.shares_layers else outline.layers,
            embeddings=outline.embeddings,
            batch=inputs,
        )
    except Exception as error:  # the training itself says what is wrong with its model, if anything is
        logging.getLogger(__name__).debug("the forward pass through the frozen bottom failed", exc_info=True)
        return f"its forward pass failed ({type(error).__name__})"
