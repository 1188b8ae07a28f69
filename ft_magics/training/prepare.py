"""Everything that can be wrong before the first step, found before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from transformers import set_seed

from ft_magics.config.schema import AnyConfig
from ft_magics.config.scratch import NewModelSettings
from ft_magics.config.train import EarlyStopping, FittedTrain
from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.errors import CellError, ModelError, Problem, RunError
from ft_magics.metrics import Metric
from ft_magics.models.base import base_of
from ft_magics.models.checkpointing import begin_checkpointing
from ft_magics.models.compact_embedding import CompactEmbedding
from ft_magics.models.dropout import set_dropout
from ft_magics.models.fast_dropout import fast_dropout
from ft_magics.models.frozen_bottom import FrozenBottom
from ft_magics.models.loading import check_together, load_model, load_tokenizer
from ft_magics.runs.predictor import MOST_TOKENS, TrainedModel, length_limit
from ft_magics.tasks.optional import (
    add_tokens,
    begin_with,
    complete_model,
    complete_tokenizer,
    extend_model,
    trained_on,
)
from ft_magics.tasks.registry import guarded
from ft_magics.training.arguments import count_steps
from ft_magics.training.batches import token_counts
from ft_magics.training.encoded import encode
from ft_magics.training.fingerprint import fingerprint
from ft_magics.training.fitting import fit_train
from ft_magics.training.frozen import frozen_bottom
from ft_magics.training.inputs import Inputs, choose_compute, model_name, read_inputs
from ft_magics.training.optimizers import states_a_weight
from ft_magics.training.trackers import check_tracker
from ft_magics.training.unfit import dropout_shares, unfit
from ft_magics.training.vocabulary import compact_vocabulary
from ft_magics.tuning.tuning import Tuning

__all__ = ["Prepared", "prepare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A run that is ready for its first step.

    Args:
        config: As the cell said, with nothing left to be chosen.
        train: Its section of that name.
        chosen: A sentence for each setting that the cell left open: what was chosen, and why.
        corpus: The examples.
        check: What the data check found.
        facts: What a report needs to know of the training data.
        features: Encoded examples per split name; of train those that are trained on.
        trained: The model, with a fresh head.
        total_steps: Optimiser steps in all.
        trainable_parameters: How many parameters are trainable.
        parameters: How many there are.
        fingerprint: Of the training data as the model sees them; a resumed run needs the same.
        metrics: What each evaluation measures; the headline, which chooses the best model, comes first.
        source: The folder of the model that training begins from.
        threads_plan: With how many threads each of the first steps computes, where the run repeats another one; the
            last number holds for all later steps. Empty where the number is chosen.
        vocabulary: The embedding of which only the rows that are used are trained; None where all are.
        frozen: What of the model is computed once for each row; None where all of it is computed in each step.
    """

    config: AnyConfig
    train: FittedTrain
    chosen: tuple[str, ...]
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
    source: str = ""
    threads_plan: tuple[int, ...] = ()
    vocabulary: CompactEmbedding | None = None
    frozen: FrozenBottom | None = None

    @contextmanager
    def as_trained(self) -> Iterator[None]:
        """In the block the model has only the embedding rows that are trained, and dropout draws as the run says."""
        compact = nullcontext() if self.vocabulary is None else self.vocabulary.compact()
        with compact, fast_dropout() if self.draws_fast else nullcontext():
            yield

    def whole(self) -> AbstractContextManager[None]:
        """In the block, within that of `as_trained`, the model has all its rows as they are by now."""
        return nullcontext() if self.vocabulary is None else self.vocabulary.whole()

    @property
    def draws_fast(self) -> bool:
        """Whether dropout is drawn by `fast_dropout`."""
        return self.train.fast_dropout and self.trained.device == "cpu"

    @property
    def states_a_weight(self) -> int:
        """How many numbers are kept in memory beside a weight that is trained."""
        copies = self.trained.tuning.kept_copies if self.trained.tuning else 0
        return states_a_weight(self.train) + copies

    def as_begun(self, trained_rows: int | None, *, frozen_once: bool) -> Prepared:
        """The run as it was up to its checkpoint.

        Args:
            trained_rows: Embedding rows that were trained, of which the optimiser has its state; None for all.
            frozen_once: Whether what is frozen was computed once.

        Raises:
            RunError: Other rows would be trained now, or what is frozen could not be computed once.
        """
        if frozen_once and self.frozen is None:
            raise RunError(
                "what is frozen was computed once up to the checkpoint, and now it would be computed in each step, so "
                "it cannot be resumed; start again without `--resume`"
            )
        if self.frozen is not None and not frozen_once:
            return replace(self, frozen=None).as_begun(trained_rows, frozen_once=False)
        if trained_rows is None:
            return replace(self, vocabulary=None)
        now = self.vocabulary.used if self.vocabulary else None
        if now != trained_rows:
            raise RunError(
                f"{trained_rows:,} rows of the embedding were trained up to the checkpoint, and now "
                f"{'all' if now is None else f'{now:,}'} would be, so it cannot be resumed; start again without "
                "`--resume`"
            )
        return self


def prepare(
    config: AnyConfig, inputs: Inputs | None = None, *, encoded: Mapping[str, Sequence[Any]] | None = None
) -> Prepared:
    """Read the data, load the model, count the steps.

    Args:
        config: As the cell said.
        inputs: What `read_inputs` gave for it, if that was asked already.
        encoded: The features, or those of some splits, of a run that has the same data, tokenizer and settings of the
            task; of train those that are trained on.

    Raises:
        FineTuneError: Whatever is wrong with the device, the model and the data: all of it, not only the first.
    """
    inputs = inputs or read_inputs(config)
    train, corpus, check, task = config.train, inputs.corpus, inputs.check, inputs.task
    device, precision = inputs.device or choose_compute(train)
    tuning = Tuning(config.methods)
    source, new_parts = _source(inputs, config)
    set_seed(train.seed)  # the fresh head's weights
    model = load_model(
        source,
        task.head(),
        adjust=lambda model_config: set_dropout(model_config, dropout_shares(train)),
        check=lambda outline: _refuse(tuning, outline, config, task.head().companion),
        say=new_parts.append,
    )
    if isinstance(config.model, NewModelSettings):  # what its shape is by default may be another one some day
        config = config.model_copy(update={"model": config.model.shaped(model.config.model_type)})
    tokenizer = load_tokenizer(
        source, writes=task.head().writes, verbatim=task.head().reads_forwards, say=new_parts.append
    )
    new_parts += complete_tokenizer(task, tokenizer)
    check_together(source, model, tokenizer)
    new_parts += add_tokens(task, model, tokenizer)
    parameters = _parameters_beside_embeddings(model)
    new_parts += complete_model(task, model, source, fresh=True, seed=train.seed)
    limit = length_limit(model, tokenizer) - tuning.virtual_tokens
    trained = TrainedModel(
        model=model,
        tokenizer=tokenizer,
        task=task,
        max_length_tokens=_max_length(train.max_length_tokens, limit),
        device=device,
        precision=precision,
        batch_size=train.eval_batch_size,
        tuning=tuning,
        base=None if tuning.keeps_all else base_of(model_name(config.model), source),
    )
    known = encoded or {}
    features = {
        split.name: known[split.name] if split.name in known else encode(trained, split.examples)
        for split in corpus.splits
    }
    guarded(task.name, "check_encoded", lambda: task.check_encoded(corpus, features, trained.spec, check))
    if "train" not in known:
        features["train"] = trained_on(task, features["train"])
    check_tracker(train.report_to)
    lengths = token_counts(features["train"])
    fitted = fit_train(
        train,
        parameters=parameters,
        rows=len(lengths),
        lengths=lengths,
        classes=task.head().classes,
        dev=corpus.dev is not None,
        every=config.eval.every,
        rate_factor=tuning.rate_factor,
    )
    check.warnings += fitted.warnings
    total_steps = count_steps(fitted.train, lengths)
    _check_warmup(train.warmup, total_steps)
    metrics = guarded(task.name, "metrics", lambda: task.metrics)
    _check_gain(fitted.train.early_stopping, metrics[0])
    if train.activation_checkpointing:
        begin_checkpointing(model)
    trained.model = model = tuning.apply(model, seed=train.seed, total_steps=total_steps)
    trained.share()
    check.warnings += _untrained_words(config, model)
    trainable, parameters = tuning.counts(model)
    return Prepared(
        config=config.model_copy(update={"train": fitted.train}),
        train=fitted.train,
        chosen=(*new_parts, *fitted.why),
        corpus=corpus,
        check=check,
        facts=guarded(config.task, "facts", lambda: task.facts(config.settings, corpus)),
        features=features,
        trained=trained,
        total_steps=total_steps,
        trainable_parameters=trainable,
        parameters=parameters,
        fingerprint=fingerprint(trained.task, features["train"]),
        metrics=metrics,
        source=source,
        vocabulary=compact_vocabulary(trained, fitted.train, features["train"]),
        frozen=frozen_bottom(trained, fitted.train, features["train"], total_steps=total_steps),
    )


def _source(inputs: Inputs, config: AnyConfig) -> tuple[str, list[str]]:
    """The model's folder, and sentences on what of it is new."""
    task, seed = inputs.task, config.train.seed
    tokenizer, tuning = config.tokenizer, Tuning(config.methods)
    if inputs.source is not None:
        source, made = begin_with(task, inputs.source, model_name(config.model), seed=seed)
        if made and not tuning.keeps_all:
            text = (
                f"`{config.method_name}` keeps only what it trains, and a model that is made of {config.model} has new "
                "weights, which have to be kept too; take `method: full`"
            )
            raise CellError([Problem(line=None, where="method", text=text)])
        if tokenizer is None:
            return source, made
        if not tuning.keeps_all and not config.save.merge:
            text = (
                f"`{config.method_name}` keeps only what it trains, and the embeddings of new words have to be kept "
                "too; take `method: full`, or `save: {merge: true}`, which keeps the whole model"
            )
            raise CellError([Problem(line=None, where="tokenizer.new_words", text=text)])
        return extend_model(task, inputs.corpus, source, tokenizer, seed=seed)
    if not tuning.keeps_all:
        text = f"`{config.method_name}` tunes a model that is trained already; one from nothing needs `method: full`"
        raise CellError([Problem(line=None, where="method", text=text)])
    return guarded(
        task.name,
        "make_model",
        lambda: task.make_model(inputs.corpus, config.model, tokenizer, seed=seed),
    )


def _untrained_words(config: AnyConfig, model: Any) -> list[str]:
    """A warning where new words stay as they begin."""
    if config.tokenizer is None or any(item.requires_grad for item in model.get_input_embeddings().parameters()):
        return []
    text = (
        f"tokenizer: `{config.method_name}` does not train embeddings, so those of new words stay as they begin, as "
        "other words where the word was unknown; take `method: full`"
    )
    return [text]


def _parameters_beside_embeddings(model: Any) -> int:
    embeddings = model.get_input_embeddings()
    known = {id(item) for item in embeddings.parameters()} if embeddings is not None else set()
    return sum(item.numel() for item in model.parameters() if id(item) not in known)


def _refuse(tuning: Tuning, outline: Any, config: AnyConfig, companion: str) -> None:
    """See that a model can be tuned so, before its weights are read.

    Args:
        tuning: How.
        outline: The model, without weights.
        config: Of the run.
        companion: A second model that the task trains with it; empty for none.
    """
    found = [(f"method.{name}", text) for name, text in tuning.refusals(outline, config.task)]
    found += unfit(config.train, outline, tuning)
    if companion and not tuning.keeps_all:
        text = (
            f"`{config.method_name}` keeps only what it trains of a model, and `{config.word}: {config.task}` trains a "
            f"{companion} with it; take `method: full`"
        )
        found.append(("method", text))
    if config.save.merge and tuning.unmergeable:
        found.append(("save.merge", f"`{config.method_name}` cannot be merged: {tuning.unmergeable}"))
    if found:
        raise CellError([Problem(line=None, where=where, text=text) for where, text in found])


def _max_length(asked: int | None, limit: int) -> int:
    if asked is not None and asked > limit:
        raise ModelError(f"train.max_length_tokens: {asked} is more than the {limit} tokens that this model takes")
    return asked or min(limit, MOST_TOKENS)


def _check_warmup(warmup: float, total_steps: int) -> None:
    if warmup >= max(total_steps, 1) > 1:
        text = f"{warmup:g} steps are asked for and the whole training has {total_steps}; give a share, such as 0.1"
        raise CellError([Problem(line=None, where="train.warmup", text=text)])


def _check_gain(early: EarlyStopping | None, headline: Metric) -> None:
    if early is not None and headline.unit == "share" and early.min_delta >= 1:
        text = (
            f"found {early.min_delta:g}; {headline.label} is a share from 0 to 1, so no gain is larger than 1; a "
            "point, as it is shown, is `0.01`"
        )
        raise CellError([Problem(line=None, where="train.early_stopping.min_delta", text=text)])
