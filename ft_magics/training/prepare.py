"""Everything that can be wrong before the first step, found before anything is written."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from transformers import set_seed

from ft_magics.config.references import Reference
from ft_magics.config.schema import AnyConfig, TrainConfig
from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.errors import CellError, FaultsError, FineTuneError, ModelError, Problem, TaskError, type_name
from ft_magics.metrics import Metric
from ft_magics.models.device import choose_device, choose_precision
from ft_magics.models.loading import check_together, find_weights, load_model, load_tokenizer
from ft_magics.runs.predictor import MOST_TOKENS, TrainedModel, length_limit
from ft_magics.tasks.registry import find_task, guarded
from ft_magics.training.arguments import count_steps
from ft_magics.training.trackers import check_tracker
from ft_magics.tuning import METHODS

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run that is ready for its first step.

    Args:
        config: As the cell said.
        corpus: The examples.
        check: What the data check found.
        facts: What a report needs to know of the training data.
        features: Encoded examples per split name.
        trained: The model, with a fresh head.
        total_steps: Optimiser steps in all.
        trainable_parameters: How many parameters are trainable.
        parameters: How many there are.
        fingerprint: Of the training data as the model sees them; a resumed run needs the same.
        metrics: What each evaluation measures; the headline, which chooses the best model, comes first.
    """

    config: AnyConfig
    corpus: Corpus[Any]
    check: DataCheck
    facts: dict[str, Any]
    features: dict[str, Sequence[Any]]
    trained: TrainedModel
    total_steps: int
    trainable_parameters: int
    parameters: int
    fingerprint: str
    metrics: tuple[Metric, ...]


def prepare(config: AnyConfig) -> Prepared:
    """Read the data, load the model, count the steps.

    Raises:
        FineTuneError: Whatever is wrong with the device, the model and the data: all of it, not only the first.
    """
    train, settings = config.train, config.settings
    kind = find_task(config.task)
    (device, precision), source, corpus = _all(
        lambda: _compute(train),
        lambda: find_weights(_model_name(config.model)),
        lambda: guarded(config.task, "read", lambda: kind.read(settings, config.data)),
    )
    check = guarded(config.task, "check", lambda: kind.check(settings, corpus))
    task = guarded(config.task, "for_corpus", lambda: kind.for_corpus(settings, corpus))
    set_seed(train.seed)  # the fresh head's weights
    model, tokenizer = load_model(source, task.head()), load_tokenizer(source)
    check_together(source, model, tokenizer)
    METHODS[config.method](model)
    trained = TrainedModel(
        model=model,
        tokenizer=tokenizer,
        task=task,
        max_length_tokens=_max_length(train.max_length_tokens, length_limit(model, tokenizer)),
        device=device,
        precision=precision,
        batch_size=train.eval_batch_size,
    )
    features = {split.name: _encode(trained, split.examples) for split in corpus.splits}
    guarded(task.name, "check_encoded", lambda: task.check_encoded(corpus, features, trained.spec, check))
    check_tracker(train.report_to)
    total_steps = count_steps(train, len(features["train"]))
    _check_warmup(train.warmup, total_steps)
    return Prepared(
        config=config,
        corpus=corpus,
        check=check,
        facts=guarded(config.task, "facts", lambda: kind.facts(settings, corpus)),
        features=features,
        trained=trained,
        total_steps=total_steps,
        trainable_parameters=sum(item.numel() for item in model.parameters() if item.requires_grad),
        parameters=sum(item.numel() for item in model.parameters()),
        fingerprint=_fingerprint(trained, features["train"]),
        metrics=guarded(task.name, "metrics", lambda: task.metrics),
    )


def _encode(trained: TrainedModel, examples: Sequence[Any]) -> Sequence[Any]:
    task = trained.task
    features = guarded(task.name, "encode", lambda: task.encode(examples, trained.spec))
    if not isinstance(features, Sequence):
        raise TaskError(f"task `{task.name}`: `encode` gave {type_name(features)}; expected a sequence of features")
    return features


def _fingerprint(trained: TrainedModel, features: Sequence[Any]) -> str:
    """Of what the model sees: the batches of one, in order."""
    digest = hashlib.sha256()
    for feature in features:
        digest.update(trained.task.fingerprint(feature))
    return digest.hexdigest()


def _all(*parts: Callable[[], Any]) -> list[Any]:
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


def _compute(train: TrainConfig) -> tuple[str, str]:
    device = choose_device(train.device)
    return device, choose_precision(train.precision, device)


def _model_name(model: str | Reference) -> str:
    if isinstance(model, str):
        return model
    value: Any = model.value
    folder = getattr(value, "model_dir", value)  # a Run is continued from its best model
    if isinstance(folder, str) or hasattr(folder, "__fspath__"):
        return str(folder)
    raise ModelError(
        f"model: {model} is {type_name(value)}; expected a run, or a text with a folder or a hub id. "
        "A model object can be saved first: `model.save_pretrained(folder)`"
    )


def _max_length(asked: int | None, limit: int) -> int:
    if asked is not None and asked > limit:
        raise ModelError(f"train.max_length_tokens: {asked} is more than the {limit} tokens that this model takes")
    return asked or min(limit, MOST_TOKENS)


def _check_warmup(warmup: float, total_steps: int) -> None:
    if warmup >= max(total_steps, 1) > 1:
        text = f"{warmup:g} steps are asked for and the whole training has {total_steps}; give a share, such as 0.1"
        raise CellError([Problem(line=None, where="train.warmup", text=text)])
