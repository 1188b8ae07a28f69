"""Our config → Hugging Face's `TrainingArguments`: the one place that knows both."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from transformers import TrainingArguments

from ft_magics.config.train import FittedTrain
from ft_magics.training.fitting import batches_per_epoch, steps_per_epoch
from ft_magics.training.optimizers import optimizer_values, scheduler_values
from ft_magics.training.token_batches import Lengths

__all__ = ["count_steps", "training_arguments", "training_values"]

_LOSS_POINTS = 200  # about as many points as a loss curve needs


def count_steps(train: FittedTrain, lengths: Lengths) -> int:
    """Optimiser steps in a whole run, as the Trainer counts them.

    Args:
        train: Epochs, batches, accumulation, or a fixed number of steps.
        lengths: Tokens of each window of an epoch.
    """
    if train.max_steps:
        return train.max_steps
    batches = batches_per_epoch(train, lengths)
    return math.ceil(train.epochs * steps_per_epoch(batches, train.gradient_accumulation))


def training_values(train: FittedTrain, *, device: str, precision: str) -> dict[str, Any]:
    """The arguments that decide what is learned, in Hugging Face's words."""
    return {
        "num_train_epochs": train.epochs,
        "max_steps": train.max_steps or -1,
        "learning_rate": train.learning_rate,
        "per_device_train_batch_size": 1 if train.batch_tokens else train.batch_size,  # else the data set has batches
        "gradient_accumulation_steps": train.gradient_accumulation,
        "weight_decay": train.weight_decay,
        "max_grad_norm": train.max_grad_norm,
        **optimizer_values(train),
        **scheduler_values(train),
        "warmup_steps": int(train.warmup) if train.warmup >= 1 else train.warmup,
        "seed": train.seed,
        "bf16": precision == "bf16",
        "use_cpu": device == "cpu",
        "train_sampling_strategy": "sequential",  # the data set gives batches grouped by length
        "remove_unused_columns": False,
    }


def training_arguments(
    train: FittedTrain, *, folder: Path, device: str, precision: str, total_steps: int
) -> TrainingArguments:
    """Arguments for one run, whose checkpoints go into `folder` in the run's own.

    Evaluation, the best model, early stopping and when a checkpoint is written are our callback's.
    """
    arguments = TrainingArguments(
        **training_values(train, device=device, precision=precision),
        output_dir=str(folder),
        eval_strategy="no",
        save_strategy="no",
        logging_strategy="steps",
        logging_steps=max(1, total_steps // _LOSS_POINTS),
        logging_first_step=True,
        logging_nan_inf_filter=False,
        report_to=train.report_to or "none",
        run_name=folder.parent.name,
        disable_tqdm=True,
        average_tokens_across_devices=True,  # else the loss of each process is a mean of its own, whatever it is of
        dataloader_num_workers=0,  # a fork from a process with threads can hang
        dataloader_pin_memory=device == "cuda",
    )
    # On several GPUs the Trainer would multiply the batch with DataParallel. It sets this itself, for its own reasons.
    arguments._n_gpu = min(1, arguments.n_gpu)  # noqa: SLF001  # there is no public way
    return arguments
