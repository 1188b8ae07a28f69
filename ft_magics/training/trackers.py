"""Trackers people already use, through the Trainer's own integrations; a fault in one of them ends no training."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from transformers import Trainer

from ft_magics.errors import ModelError

__all__ = ["check_tracker", "closed_after", "keep_in"]

_TENSORBOARD_FOLDER = "TENSORBOARD_LOGGING_DIR"  # of the Trainer's integration


def check_tracker(name: str | None) -> None:
    """See that a tracker can be used before anything is started.

    Raises:
        ModelError: It is not installed, or would ask for a key in the middle of the training.
    """
    if name is None:
        return
    if importlib.util.find_spec(name) is None:
        raise ModelError(f"train.report_to: {name} is not installed here; `pip install {name}`, or leave it out")
    try:
        import_module(name)
    except Exception as error:  # a package that is broken can raise anything
        raise ModelError(
            f"train.report_to: {name} cannot be imported here ({type(error).__name__}: {error}); install it anew, "
            "or leave it out"
        ) from error
    if name == "wandb" and _wandb_would_ask():
        raise ModelError(
            "train.report_to: wandb has no key here; call `wandb.login()` in a cell first, set WANDB_API_KEY, or keep "
            "the records on this machine with WANDB_MODE=offline"
        )


def _wandb_would_ask() -> bool:
    wandb: Any = import_module("wandb")
    mode = os.environ.get("WANDB_MODE") or "online"
    return wandb.run is None and mode in ("online", "run") and not wandb.api.api_key


def keep_in(folder: Path, trainer: Trainer) -> None:
    """Let what trackers write into files of their own go below the run's folder, unless they were told where."""
    for callback in trainer.callback_handler.callbacks:
        if type(callback).__name__ == "TensorBoardCallback" and _TENSORBOARD_FOLDER not in os.environ:
            callback.logging_dir = str(folder / "tensorboard")


@contextmanager
def closed_after(trainer: Trainer) -> Iterator[None]:
    """After it, the run that wandb's integration began has ended; the integration would leave it open for the next."""
    if "wandb" not in trainer.args.report_to:
        yield
        return
    wandb: Any = import_module("wandb")
    of_the_user = wandb.run is not None
    failed = True
    try:
        yield
        failed = False
    finally:
        if not of_the_user:
            wandb.finish(exit_code=int(failed))
