"""Trackers people already use, through the Trainer's own integrations; a fault in one of them ends no training."""

from __future__ import annotations

import importlib.util
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

from transformers import Trainer

from ft_magics.errors import TrackerError

__all__ = ["check_tracker", "closed_after", "keep_in"]

_TENSORBOARD_FOLDER = "TENSORBOARD_LOGGING_DIR"  # of the Trainer's integration

# What the integration uses. A module of another origin (`wandb.py` beside the notebook) lacks it.
_USED = {
    "tensorboard": ("torch.utils.tensorboard", "SummaryWriter"),
    "wandb": ("wandb", "run"),
    "mlflow": ("mlflow", "start_run"),
}


def check_tracker(name: str | None) -> None:
    """See that a tracker can be used before anything is started.

    Raises:
        TrackerError: It is not installed, or would ask for a key in the middle of the training.
    """
    if name is None:
        return
    if not _is_installed(name):
        raise TrackerError(f"train.report_to: {name} is not installed here; `pip install {name}`, or leave it out")
    used, attribute = _USED[name]
    try:
        module = import_module(used)
    except Exception as error:  # a package that is broken can raise anything
        raise TrackerError(
            f"train.report_to: {name} cannot be imported here ({type(error).__name__}: {error}); reinstall it, "
            "or leave it out"
        ) from error
    if not hasattr(module, attribute):
        raise TrackerError(
            f"train.report_to: {module.__file__} shadows the package {name}; rename it and restart the "
            "kernel, or leave the tracker out"
        )
    if name == "wandb" and _wandb_would_ask():
        raise TrackerError(
            "train.report_to: wandb has no key here; call `wandb.login()` in a cell first, set WANDB_API_KEY, or keep "
            "the records on this machine with WANDB_MODE=offline"
        )


def _is_installed(name: str) -> bool:
    """Whether there is a package; Python takes any folder of its name, such as one of wandb's logs, for one."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None


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
def closed_after(trainer: Trainer, warn: Callable[[str], None]) -> Iterator[None]:
    """After it, what wandb's or MLflow's integration began has ended, as failed where the training did.

    wandb's would leave its run open for the next one; MLflow's would call the run of a failed training finished.

    Args:
        trainer: That trains in the block.
        warn: Takes a sentence for the user, should a tracker fail in this; the training is what it was then.
    """
    ends = [begin() for name, begin in _ENDS.items() if name in trainer.args.report_to]
    failed = True
    try:
        yield
        failed = False
    finally:
        for end in ends:
            _end(end, failed, warn)
        # MLflow's ends what is active in whichever thread collects it as garbage; here that is nothing of the user's
        trainer.callback_handler.callbacks.clear()


def _end(end: Callable[[bool], None], failed: bool, warn: Callable[[str], None]) -> None:
    try:
        end(failed)
    except Exception as error:
        text = "the tracker's run could not be ended"
        logging.getLogger(__name__).exception(text, extra={"said": True})
        warn(f"{text} ({type(error).__name__}: {error}); what was trained is unharmed")


def _end_of_wandb() -> Callable[[bool], None]:
    wandb: Any = import_module("wandb")
    of_the_user = wandb.run is not None

    def end(failed: bool) -> None:
        if not of_the_user:
            wandb.finish(exit_code=int(failed))

    return end


def _end_of_mlflow() -> Callable[[bool], None]:
    mlflow: Any = import_module("mlflow")
    of_the_user = mlflow.active_run()  # with MLFLOW_NESTED_RUN the integration's own lies within it

    def end(failed: bool) -> None:
        active = mlflow.active_run()
        if active is not None and active is not of_the_user:
            mlflow.end_run("FAILED" if failed else "FINISHED")

    return end


_ENDS = {"wandb": _end_of_wandb, "mlflow": _end_of_mlflow}
