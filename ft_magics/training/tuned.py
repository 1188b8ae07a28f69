"""What the methods of tuning change of a training: the optimiser's groups, a term of the loss, small checkpoints."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import Trainer

from ft_magics.config.optimizers import named_settings
from ft_magics.config.train import FittedTrain
from ft_magics.errors import MethodError
from ft_magics.models.companions import companion_of, read_weights, save_weights
from ft_magics.runs.predictor import TrainedModel
from ft_magics.training.optimizers import Muon
from ft_magics.tuning.tuning import Tuning

__all__ = ["add_loss_term", "keep_as_ours", "load_checkpoint", "make_optimizer", "tuning_of"]


def tuning_of(trained: TrainedModel) -> Tuning:
    """The methods of a model that is being trained.

    Raises:
        MethodError: There are none; it was merged.
    """
    if trained.tuning is None:
        raise MethodError("a model that was merged is not trained any more")
    return trained.tuning


def make_optimizer(trainer: Trainer, trained: TrainedModel, train: FittedTrain) -> Any:
    """The optimiser that the Trainer's arguments name, with the methods' groups of parameters.

    Args:
        trainer: That has put the model where it is trained.
        trained: The model.
        train: Its settings.
    """
    tuning = tuning_of(trained)
    groups = tuning.groups(trained.model, learning_rate=train.learning_rate, weight_decay=train.weight_decay)
    name, settings = named_settings(train.optimizer)
    if name == "muon":
        matrices = tuning.layer_matrices(trained.model)
        return Muon(groups, matrices=matrices, lr=train.learning_rate, momentum=settings.momentum)
    kind, options = trainer.get_optimizer_cls_and_kwargs(trainer.args, trained.model)
    return kind(groups, **options)


def add_loss_term(trained: TrainedModel) -> None:
    """Add the gradient of what the methods add to the loss: once a step, however its batch is split."""
    term = tuning_of(trained).loss_term(trained.model)
    if term is not None:
        term.backward()  # type: ignore[no-untyped-call]  # torch's is untyped


def keep_as_ours(trainer: Trainer, trained: TrainedModel) -> None:
    """Let checkpoints hold what is trained, and not the base; of a model with another one within it, both."""
    if trained.base is None and companion_of(trained.model) is None:
        return

    def save(output_dir: str, *_: Any) -> None:
        folder = Path(output_dir)
        if trained.base is not None:
            tuning_of(trained).save_checkpoint(trained.model, folder)
            return
        folder.mkdir(parents=True, exist_ok=True)
        save_weights(trained.model, trained.tokenizer, folder)

    def load(checkpoint: str, *_: Any) -> None:
        load_checkpoint(trained, Path(checkpoint))

    trainer._save = save  # noqa: SLF001  # there is no public way
    trainer._load_from_checkpoint = load  # noqa: SLF001  # the same


def load_checkpoint(trained: TrainedModel, checkpoint: Path) -> None:
    """Bring a model back to a checkpoint."""
    if trained.base is None:
        read_weights(trained.model, checkpoint)
    else:
        tuning_of(trained).load_checkpoint(trained.model, checkpoint)
