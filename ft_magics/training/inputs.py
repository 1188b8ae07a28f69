"""What a run is made of: the data and the model's folder, found and read without torch, which takes seconds to import.

So a mistake in a cell is answered at once, in a fresh kernel too.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.schema import AnyConfig
from ft_magics.config.scratch import NewModelSettings
from ft_magics.config.train import TrainConfig
from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.data.shares import with_share
from ft_magics.errors import FaultsError, FineTuneError, ModelError, type_name
from ft_magics.models.sources import find_weights, is_adapter
from ft_magics.runs.merging import plain_model
from ft_magics.runs.run import Run
from ft_magics.tasks.registry import find_task, guarded
from ft_magics.tasks.task import Task

__all__ = ["Inputs", "all_of", "choose_compute", "inputs_of", "is_new", "model_name", "read_inputs", "shown_model"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What a run is made of.

    Args:
        corpus: The examples.
        check: What the data check found.
        task: With the labels of train.
        source: The model's folder; None for one that is made from nothing.
        device: And precision, where the cell names one; None where the best is taken.
    """

    corpus: Corpus[Any]
    check: DataCheck
    task: Task[Any, Any, Any]
    source: str | None
    device: tuple[str, str] | None


def read_inputs(config: AnyConfig) -> Inputs:
    """Read the data and find the model.

    Raises:
        FineTuneError: Whatever is wrong with the model, the data and the device: all of it, not only the first; in a
            kernel without torch the device's fault comes once the rest is right.
    """
    settings, kind = config.settings, find_task(config.task)
    early = "torch" in sys.modules  # else the device is asked last: what else is wrong is said before torch is imported
    source, corpus, device = all_of(
        lambda: None if is_new(config.model) else find_weights(model_name(config.model)),
        lambda: guarded(config.task, "read", lambda: kind.read(settings, config.data)),
        lambda: _named_compute(config.train) if early else None,
    )
    inputs = inputs_of(config, with_share(corpus, config.train.share, config.train.seed), source, device)
    return inputs if early else replace(inputs, device=_named_compute(config.train))


def inputs_of(
    config: AnyConfig, corpus: Corpus[Any], source: str | None, device: tuple[str, str] | None = None
) -> Inputs:
    """Check what was read.

    Args:
        config: Of the run.
        corpus: That it is trained on.
        source: The model's folder; None for one that is made from nothing.
        device: And precision, where the cell names one.

    Raises:
        DataError: There is nothing in it to train on.
    """
    settings, kind = config.settings, find_task(config.task)
    check = guarded(config.task, "check", lambda: kind.check(settings, corpus))
    if isinstance(config.model, str) and is_adapter(config.model):
        check.warnings.append(
            f"{config.model} holds an adapter of peft's: training starts from its model with the adapter merged into "
            f"it, which is kept in {source}; the head is a new one"
        )
    task = guarded(config.task, "for_corpus", lambda: kind.for_corpus(settings, corpus))
    return Inputs(corpus=corpus, check=check, task=task, source=source, device=device)


def all_of(*parts: Callable[[], Any]) -> list[Any]:
    """What each part gives.

    Raises:
        FineTuneError: What is wrong with a part.
        FaultsError: What is wrong with several of them.
    """
    results, faults = [], []
    for part in parts:
        try:
            results.append(part())
        except FineTuneError as error:
            faults.append(error)
    if len(faults) > 1:
        raise FaultsError(faults)
    if faults:
        raise faults[0]
    return results


def _named_compute(train: TrainConfig) -> tuple[str, str] | None:
    return None if train.device == train.precision == "auto" else choose_compute(train)


def choose_compute(train: TrainConfig) -> tuple[str, str]:
    """Device and precision. `auto` can't be wrong, so it is asked last: torch alone knows what there is.

    Raises:
        DeviceError: What the cell names is not there.
    """
    from ft_magics.models.device import choose_device, choose_precision  # noqa: PLC0415  # torch only when it is asked

    device = choose_device(train.device)
    return device, choose_precision(train.precision, device)


def is_new(model: Any) -> bool:
    """Whether a cell asks for a model from nothing."""
    return isinstance(model, NewModelSettings)


def shown_model(model: Any) -> str:
    """A cell's `model:` in a word or two."""
    return f"a new {model.shape}" if isinstance(model, NewModelSettings) else str(model)


def model_name(model: str | Reference) -> str:
    """What `find_weights` is asked for.

    Raises:
        ModelError: It is an object that is neither a name nor a run.
    """
    if isinstance(model, str):
        return _with_adapter(model)
    value: Any = getattr(model.value, "best_run", None) or model.value  # several seeds are continued from their best
    folder = plain_model(value) if isinstance(value, Run) else value  # a Run is continued from its best model
    if isinstance(folder, str) or hasattr(folder, "__fspath__"):
        return _with_adapter(str(folder))
    raise ModelError(
        f"model: {model} is {type_name(value)}; expected a run, or a text with a folder or a hub id. "
        "A model object can be saved first: `model.save_pretrained(folder)`"
    )


def _with_adapter(model: str) -> str:
    """A name as it is; of a folder that holds an adapter of plain peft's, that with its base and the adapter merged."""
    if not is_adapter(model):
        return model
    from ft_magics.models.peft_folders import merged_adapter  # noqa: PLC0415  # torch only where it is needed

    return str(merged_adapter(model))
