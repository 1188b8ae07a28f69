"""What a cell leaves to be chosen: epochs, rate, batch and patience that fit the data, the model and the method.

The rule and what it rests on: docs/decisions/0011-defaults-that-fit.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from ft_magics.config.eval_section import EvalEvery
from ft_magics.config.optimizers import named_settings
from ft_magics.config.schema import AnyConfig
from ft_magics.config.scratch import NewModelSettings
from ft_magics.config.train import MOST_EPOCHS, EarlyStopping, FittedTrain, TrainConfig
from ft_magics.training.token_batches import Lengths, cut

__all__ = [
    "Fitted",
    "batches_per_epoch",
    "count_evaluations",
    "fit_train",
    "keep_chosen",
    "steps_per_epoch",
    "usual_batch",
]

_CHOSEN = ("epochs", "learning_rate", "batch_size", "weight_decay", "early_stopping")

_RATE_OF_BASE, _BASE_PARAMETERS = 5e-5, 86e6  # BERT base without its embeddings: Devlin et al. 2019, appendix A.3
_RATE_POWER = 2 / 3  # how fast the rate falls with the size: 2e-4 for MiniLM, 5e-5 for base, 2e-5 for large
_LOWEST_RATE, _HIGHEST_RATE = 5e-6, 1e-3
_LEAST_CHANGE, _MOST_CHANGE = 0.25, 2.0  # for a batch or a number of steps that the cell gives
_DECAY = 0.01  # Devlin et al. 2019, appendix A.2
_SGD_FACTOR = 200  # of AdamW's rate: where both do steps of about one length, with gradients of norm 1 and momentum 0.9
_FAR_BELOW = 20  # times below what would be taken: nothing is learned
_EPOCHS_OF_1000_ROWS, _MOST_EPOCHS = 10, 20
_MANY_CLASSES = 20  # with fewer there is less to tell apart, and many epochs overfit
_POWER_BELOW, _POWER_ABOVE = 0.8, 0.4  # of the rows: below, the steps are nearly always the same; above, they grow
_FEWEST_STEPS = 200  # however few rows
_AT_LEAST = ((20_000, 3), (100_000, 2))  # rows and epochs: so many epochs up to so many rows
_SMALL, _LARGE = 2000, 20_000  # rows: batches of 8 below, 16 between, 32 above
_LEAST_PATIENCE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Settings with nothing left to choose.

    Args:
        train: What the cell says, and what was chosen for the rest.
        why: A sentence for each setting that was chosen; empty where the cell says all of them.
        warnings: Sentences on what the cell says, and should perhaps not.
    """

    train: FittedTrain
    why: tuple[str, ...]
    warnings: tuple[str, ...] = ()


def fit_train(
    train: TrainConfig,
    *,
    parameters: int,
    rows: int,
    lengths: Lengths | None = None,
    classes: int | None = None,
    dev: bool,
    every: EvalEvery | None = None,
    rate_factor: float = 1.0,
) -> Fitted:
    """Choose what a cell leaves open; what it says is kept, and the rest fits to it.

    Args:
        train: The cell's section.
        parameters: Of the model without its embeddings, whose number is a matter of its languages.
        rows: Rows (windows) of an epoch, at least 1.
        lengths: Tokens of each, for a cell with `batch_tokens`.
        classes: That whole rows have; None where tokens are labelled, and for numbers.
        dev: Whether there is a dev split.
        every: How often it is evaluated; None for after each epoch.
        rate_factor: How many times the rate of full fine-tuning the method takes.
    """
    why: list[str] = []
    lengths = [1] * rows if lengths is None else lengths
    batch_size = _batch_size(train, lengths, why)
    batches = batches_per_epoch(train.model_copy(update={"batch_size": batch_size}), lengths)
    in_epoch = steps_per_epoch(batches, train.gradient_accumulation)
    epochs = _epochs(train, rows, classes, in_epoch, why)
    rate, warnings = train.learning_rate, []
    steps = train.max_steps or math.ceil(epochs * in_epoch)
    batch = (rows / batches if train.batch_tokens else batch_size) * train.gradient_accumulation / usual_batch(rows)
    times, decay = _of_optimizer(train, why)
    fitting = _rate(parameters, rate_factor * times, batch=batch, short=_usual_steps(rows, classes) / steps)
    if not isinstance(rate, str):
        if times > 1 and rate * _FAR_BELOW < fitting:
            warnings.append(
                f"train: `learning_rate: {rate:g}` is of AdamW's size; with SGD about {fitting:g} learns as fast"
            )
    else:
        rate = fitting
        why.append(f"learning_rate {rate:g}: {_millions(parameters)} parameters beside the embeddings, {steps:,} steps")
    early = train.early_stopping
    if isinstance(early, str):
        evaluations = count_evaluations(every or EvalEvery(epochs=1), epochs=epochs, steps=steps)
        early = EarlyStopping(patience=max(_LEAST_PATIENCE, math.ceil(evaluations / 2))) if dev else None
        if early is not None:
            half = "at least half of the epochs" if every is None or every.epochs == 1 else "half of the evaluations"
            why.append(f"early_stopping {{patience: {early.patience}}}: there is a dev split; {half}")
    chosen = {
        "batch_size": batch_size,
        "epochs": epochs,
        "learning_rate": rate,
        "weight_decay": decay,
        "early_stopping": early,
    }
    fitted = FittedTrain.model_validate({**dict(train), **chosen})
    return Fitted(train=fitted, why=tuple(why), warnings=tuple(warnings))


def count_evaluations(every: EvalEvery, *, epochs: float, steps: int) -> int:
    """How often dev is evaluated in a whole training, the last step included.

    Args:
        every: How often.
        epochs: Of the training.
        steps: Of the training.
    """
    if every.steps is not None:
        return max(1, math.ceil(steps / every.steps))
    return max(1, math.ceil(epochs / (every.epochs or 1)))


def keep_chosen(config: AnyConfig, before: AnyConfig) -> AnyConfig:
    """A config whose open settings are those that were chosen for the run before, which is to be resumed."""
    open_ = [name for name in _CHOSEN if getattr(config.train, name) == "auto"]
    open_ += ["fast_dropout"] * ("fast_dropout" not in config.train.model_fields_set)  # false in older versions
    train = config.train.model_copy(update={name: getattr(before.train, name) for name in open_})
    made = {}
    if isinstance(config.model, NewModelSettings) and isinstance(before.model, NewModelSettings):
        made = {"model": config.model.shaped(before.model.shape)}
    return config.model_copy(update={"train": train, **made})


def batches_per_epoch(train: TrainConfig, lengths: Lengths) -> int:
    """Batches in an epoch.

    Args:
        train: With a number for `batch_size`.
        lengths: Tokens of each row of an epoch.
    """
    most_rows = int(train.batch_size)
    if train.batch_tokens:
        return len(cut(lengths, most_tokens=train.batch_tokens, most_rows=most_rows)) - 1
    return math.ceil(len(lengths) / most_rows)


def steps_per_epoch(batches: int, accumulation: int) -> int:
    """Optimiser steps in an epoch, as the Trainer counts them; at least 1."""
    return max(1, math.ceil(batches / accumulation))


def usual_batch(rows: int) -> int:
    """Rows of a batch, where a cell leaves it open."""
    return 8 if rows < _SMALL else 16 if rows < _LARGE else 32


def _usual_epochs(rows: int, classes: int | None) -> int:
    """Fewer for more rows and for fewer classes: a pass over few rows is made often, and one over very many once."""
    least = next((epochs for most, epochs in _AT_LEAST if rows <= most), 1)
    fitting = _EPOCHS_OF_1000_ROWS * math.pow(1000 / rows, _POWER_BELOW if rows < 1000 else _POWER_ABOVE)
    share = 1.0 if classes is None else min(1.0, math.sqrt(classes / _MANY_CLASSES))
    return max(least, round(share * min(_MOST_EPOCHS, fitting)))


def _usual_steps(rows: int, classes: int | None) -> int:
    return max(_FEWEST_STEPS, _usual_epochs(rows, classes) * math.ceil(rows / usual_batch(rows)))


def _batch_size(train: TrainConfig, lengths: Lengths, why: list[str]) -> int:
    """As the cell says, as many rows as the tokens of a batch hold at most, or so that a step has the usual number."""
    if not isinstance(train.batch_size, str):
        return train.batch_size
    rows = len(lengths)
    if train.batch_tokens:
        begins = cut(lengths, most_tokens=train.batch_tokens)
        why.append(
            f"batch_size {np.diff(begins).max():,}: the most rows that a batch of {train.batch_tokens:,} tokens has, "
            f"{rows / (len(begins) - 1):.0f} in the mean"
        )
        return int(np.diff(begins).max())
    chosen = max(1, usual_batch(rows) // train.gradient_accumulation)
    why.append(f"batch_size {chosen}: {rows:,} rows to train on")
    return chosen


def _epochs(train: TrainConfig, rows: int, classes: int | None, in_epoch: int, why: list[str]) -> float:
    """As the cell says, what its `max_steps` come to, or so many that even few rows make enough steps."""
    if not isinstance(train.epochs, str):
        return train.epochs
    if train.max_steps:
        return min(float(MOST_EPOCHS), float(f"{train.max_steps / in_epoch:.6g}"))
    chosen = max(_usual_epochs(rows, classes), math.ceil(_FEWEST_STEPS / in_epoch))
    of = "" if classes is None else f" of {classes:,} classes"
    why.append(f"epochs {chosen}: {rows:,} rows{of} to train on, in {in_epoch:,} steps an epoch")
    return float(chosen)


def _rate(parameters: int, factor: float, *, batch: float, short: float) -> float:
    """The peak rate, to two digits.

    Args:
        parameters: Beside the embeddings.
        factor: Of the method.
        batch: How many times the usual batch a step has; with Adam the rate goes with its root.
        short: How many times as many steps as there are would be usual.
    """
    rate = _RATE_OF_BASE * (_BASE_PARAMETERS / max(1, parameters)) ** _RATE_POWER
    rate = min(_HIGHEST_RATE, max(_LOWEST_RATE, rate))
    rate *= factor * min(_MOST_CHANGE, max(_LEAST_CHANGE, math.sqrt(batch) * short**0.25))
    return float(f"{min(1.0, rate):.2g}")


def _of_optimizer(train: TrainConfig, why: list[str]) -> tuple[float, float]:
    """How many times AdamW's rate an optimiser takes, and the weight decay: the cell's, or one that fits.

    Adafactor and Muon are set so that their steps are as long as AdamW's.
    """
    name, settings = named_settings(train.optimizer)
    times = _SGD_FACTOR * 10 * (1 - settings.momentum) if name == "sgd" else 1.0
    if not isinstance(train.weight_decay, str):
        return times, train.weight_decay
    if name != "sgd":
        return times, _DECAY
    decay = float(f"{_DECAY / _SGD_FACTOR / 10:.2g}")  # momentum makes each step up to ten times as long
    why.append(f"weight_decay {decay:g}: SGD multiplies it with a rate that is far higher")
    return times, decay


def _millions(count: int) -> str:
    return f"{count:,}" if count < 100_000 else f"{count / 1e6:.1f} M"
