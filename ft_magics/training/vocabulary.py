"""Whether a run trains on the embedding rows that its data use alone, and which those are.

It does where the result is that of a plain training, and, unless the cell asks for it, where that saves something:
docs/decisions/0030.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch
from torch import nn

from ft_magics.config.optimizers import named_settings
from ft_magics.config.train import FittedTrain
from ft_magics.errors import CellError, Problem, TrainingError
from ft_magics.models.compact_embedding import CompactEmbedding
from ft_magics.runs.predictor import TrainedModel
from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import LazyFeatures

__all__ = ["check_ids", "compact_vocabulary", "follow_decay", "rows_text"]

_FEWEST_ROWS = 10_000  # of a vocabulary that is worth it
_MOST_USED = 0.5  # of its rows
_ROWS_AT_ONCE = 256  # that are collated to see their ids


def compact_vocabulary(trained: TrainedModel, train: FittedTrain, features: Sequence[Any]) -> CompactEmbedding | None:
    """The embedding of a model as it is trained; None where the whole of it is.

    Args:
        trained: The model, with its methods applied.
        train: The settings.
        features: Of train, which are all that is trained on.

    Raises:
        CellError: The cell asks for what cannot be.
    """
    asked, forced = train.compact_vocabulary, train.compact_vocabulary is True
    embedding = trained.model.get_input_embeddings()
    weight = getattr(embedding, "weight", None)
    if asked is False or not isinstance(weight, nn.Parameter) or not weight.requires_grad:
        return None
    reason = _reason_against(trained, train, features, embedding)
    if reason is not None:
        if forced:
            text = f"this run trains all rows of its embedding, since {reason}; `auto` leaves it out where it has to"
            raise CellError([Problem(line=None, where="train.compact_vocabulary", text=text)])
        return None
    if not forced and embedding.num_embeddings < _FEWEST_ROWS:
        return None
    rows = _used_rows(trained, features, embedding)
    saves = len(rows) < _MOST_USED * embedding.num_embeddings
    return CompactEmbedding(embedding, rows) if forced or saves else None


def rows_text(vocabulary: CompactEmbedding, train: FittedTrain) -> str:
    """A sentence on which rows are trained."""
    others = "only decay" if train.weight_decay else "stay as they are"
    return f"trains on {vocabulary.used:,} of {vocabulary.all:,} embedding rows; the others {others}"


def follow_decay(vocabulary: CompactEmbedding, optimizer: torch.optim.Optimizer) -> None:
    """Let the rows that are not trained decay as the optimiser decays the others.

    Args:
        vocabulary: It is compact now.
        optimizer: It has the parameter of the used rows.
    """
    weight = vocabulary.weight
    at = next(at for at, group in enumerate(optimizer.param_groups) if any(item is weight for item in group["params"]))

    def note(done: torch.optim.Optimizer, *_: Any) -> None:
        if weight.grad is not None:  # an optimiser leaves alone what has none
            group = done.param_groups[at]
            vocabulary.decay(group["lr"] * group["weight_decay"])

    optimizer.register_step_post_hook(note)


def check_ids(vocabulary: CompactEmbedding, batch: Mapping[str, torch.Tensor]) -> None:
    """See that a batch asks for rows that are trained only.

    Raises:
        TrainingError: It does not.
    """
    odd = next((found for ids in _ids(batch) if (found := vocabulary.fault(ids)) is not None), None)
    if odd is not None:
        raise TrainingError(
            f"a batch asks for row {odd} of the embedding, which no example of train had when they were encoded: its "
            "task draws tokens at random. Take `train: {compact_vocabulary: false}`"
        )


def _reason_against(trained: TrainedModel, train: FittedTrain, features: Sequence[Any], embedding: Any) -> str | None:
    """Why the used rows alone would not be trained as they are with all others; None where they would."""
    model, (name, _) = trained.model, named_settings(train.optimizer)
    named = [parameter for _, parameter in model.named_parameters(remove_duplicate=False)]
    plain = type(embedding) is nn.Embedding and embedding.max_norm is None and not embedding.scale_grad_by_freq
    reasons = (
        (not plain or embedding.sparse, f"{type(embedding).__name__} is no plain table"),
        (sum(item is embedding.weight for item in named) > 1, "another part of the model has the same weights"),
        (bool(getattr(model.config, "is_encoder_decoder", False)), "a decoder reads it too"),
        (isinstance(features, LazyFeatures), "its tokens are drawn while it trains"),
        (train.ema is not None, "`ema` averages all of them"),
        (name == "adafactor", "`adafactor` looks at all rows for each of them"),
        (name == "sgd" and bool(train.weight_decay), "`sgd` has a decay that gathers momentum"),
        (trained.tuning is not None and trained.tuning.needs_whole_embedding, "its method looks at all of them"),
    )
    return next((text for is_so, text in reasons if is_so), None)


def _ids(batch: Mapping[str, torch.Tensor]) -> list[torch.Tensor]:
    """What of a batch a model looks up in its embedding."""
    return [item for name, item in batch.items() if name.endswith("input_ids")]


def _used_rows(trained: TrainedModel, features: Sequence[Any], embedding: nn.Embedding) -> torch.Tensor:
    """The ids that the model is given of train, ascending; with them those of the tokenizer's special tokens."""
    task, spec = trained.task, trained.spec
    seen = torch.zeros(embedding.num_embeddings, dtype=torch.bool)
    for at in range(0, len(features), _ROWS_AT_ONCE):
        rows = [features[index] for index in range(at, min(at + _ROWS_AT_ONCE, len(features)))]
        batch = guarded(task.name, "collate", partial(task.collate, rows, spec))
        for ids in _ids(batch):
            seen[ids.flatten()] = True
    special = [*trained.tokenizer.all_special_ids, embedding.padding_idx]
    seen[[at for at in special if at is not None and 0 <= at < len(seen)]] = True
    return seen.nonzero().flatten()
