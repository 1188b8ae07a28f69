"""A trained model and what it takes to use it: predict, save, load."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ft_magics.errors import ModelError
from ft_magics.markup import terminal_line
from ft_magics.models.base import Base, find_base
from ft_magics.models.companions import read_weights, save_weights
from ft_magics.models.device import choose_device, choose_precision
from ft_magics.models.heads import Head
from ft_magics.models.kept_states import KeptStates
from ft_magics.models.loading import Tuned, check_together, load_model, load_tokenizer
from ft_magics.models.memory import free_memory, is_out_of_memory
from ft_magics.models.quiet import quiet_transformers
from ft_magics.models.shared_base import SharedBase, share_base
from ft_magics.models.sources import find_weights
from ft_magics.models.weight_files import read_json
from ft_magics.runs.losses import Losses, losses_of
from ft_magics.runs.model_settings import FEWEST_TOKENS, SETTINGS, read_settings
from ft_magics.tasks.optional import WritesTexts, add_tokens, complete_model, complete_tokenizer
from ft_magics.tasks.registry import find_task, guarded, known_names
from ft_magics.tasks.task import LazyFeatures, Spec, Task
from ft_magics.tuning.outline import outline_of
from ft_magics.tuning.tuning import Tuning

__all__ = ["MOST_TOKENS", "TrainedModel", "length_limit", "load_trained"]

_MOST_LOGITS_BYTES = 1 << 29
_PADDED_SHARE = 8  # of the longest row of a batch, so much may be padding in another one
_FEWEST_TOKENS_AT_ONCE = 256  # below that the matrix products of a CPU are slower for each token
MOST_TOKENS = 512  # models that take more are windowed at this by default: attention is quadratic


@dataclass(slots=True, kw_only=True)
class TrainedModel:
    """A model with its tokenizer and task.

    Args:
        model: A `PreTrainedModel` with the task's head.
        tokenizer: Its fast tokenizer.
        task: Knows the labels.
        max_length_tokens: Longest input, special tokens included.
        device: `cpu`, `cuda` or `mps`.
        precision: `fp32` or `bf16`.
        batch_size: Inputs per batch.
        tuning: The methods that it is tuned with; None for a model that is whole.
        base: Of which only what was trained is kept; None where the whole model is.
        shared: The base's weights, where other models that are in memory read the same ones.
        kept: What the model's frozen bottom gave for the rows of a training, while it trains.
    """

    model: Any
    tokenizer: Any
    task: Task[Any, Any, Any]
    max_length_tokens: int
    device: str
    precision: str
    batch_size: int = 64
    tuning: Tuning | None = None
    base: Base | None = None
    shared: SharedBase | None = None
    kept: KeptStates | None = None

    @property
    def spec(self) -> Spec:
        """What turns examples into tensors."""
        return Spec(
            tokenizer=self.tokenizer,
            config=self.model.config,
            max_length_tokens=self.max_length_tokens,
            virtual_tokens=self.tuning.virtual_tokens if self.tuning else 0,
            few_widths=self.precision == "bf16" and self.device == "cpu",
        )

    def collate(self, features: Sequence[Any]) -> dict[str, torch.Tensor]:
        """A batch, as the task makes it, with what was kept of its rows."""
        batch: dict[str, torch.Tensor] = self.task.collate(features, self.spec)
        if self.kept is not None:
            self.kept.give(batch, features)
        return batch

    def predict(self, examples: Sequence[Any]) -> list[Any]:
        """One prediction per example."""
        with self.shared.encoding if self.shared is not None else nullcontext():
            features = self.task.encode(examples, self.spec)
        predictions, _ = self.predictions(examples, features)
        return predictions

    def predictions(self, examples: Sequence[Any], features: Sequence[Any]) -> tuple[list[Any], float | None]:
        """One prediction per example, and the mean loss.

        Args:
            examples: Those that the features are of.
            features: As the task encodes them.
        """
        task = self.task
        raw, loss = guarded(task.name, "infer", lambda: self.infer(features))
        return guarded(task.name, "decode", lambda: task.decode(examples, features, raw, self.spec)), loss

    def infer(
        self, features: Sequence[Any], should_stop: Callable[[], bool] = lambda: False
    ) -> tuple[list[Any], float | None]:
        """What the task keeps of each feature, and the mean loss; None where no feature has a label.

        Batches hold features of like length, so that little of them is padding; the results come back in the order of
        the features. Where memory does not hold a batch, smaller ones are taken from then on. Of each batch only what
        the task keeps stays in memory.

        Args:
            features: As the task encodes them.
            should_stop: Asked before each batch; when true, `InterruptedError` is raised.
        """
        was_training = self.model.training
        self.model.to(self.device).eval()
        results: list[Any] = [None] * len(features)
        losses = Losses()
        lengths = (
            features.lengths.tolist()
            if isinstance(features, LazyFeatures)
            else [feature.tokens for feature in features]
        )
        order = sorted(range(len(features)), key=lambda index: -lengths[index])
        begin = 0
        try:
            while begin < len(order):
                if should_stop():
                    raise InterruptedError("a stop was requested")
                chosen = order[begin : begin + self.batch_size]
                chosen = chosen[: self._rows_of([lengths[at] for at in chosen])]
                done = self._batch_if_it_fits(features, chosen, results)
                if done is None:
                    self._take_smaller_batches(len(chosen))
                    continue
                losses.add(*done)
                begin += len(chosen)
        finally:
            self.model.train(was_training)
        return results, losses.mean()

    def _rows_of(self, lengths: Sequence[int]) -> int:
        """How many of the next rows make a batch; of a writing model so few that logits stay within bounds.

        Generated texts take as many steps as their batch's longest: for them more batches cost more than padding.

        Args:
            lengths: Tokens of each, the longest first; at least one.
        """
        rows = len(lengths) if isinstance(self.task, WritesTexts) else _rows_of_like_length(lengths)
        if not self.task.head().writes:
            return rows
        bytes_of_row = 4 * int(self.model.config.vocab_size) * max(lengths[0], 1)
        return min(rows, max(1, _MOST_LOGITS_BYTES // bytes_of_row))

    def _take_smaller_batches(self, rows: int) -> None:
        before = min(self.batch_size, rows)
        self.batch_size = before // 2
        free_memory()
        logging.getLogger(__name__).warning(
            "%s has no memory for %d rows at once; predictions are made %d at a time",
            self.device,
            before,
            self.batch_size,
        )

    def _batch_if_it_fits(
        self, features: Sequence[Any], chosen: Sequence[int], results: list[Any]
    ) -> tuple[list[float], list[int]] | None:
        """What `_batch` gives; None where a smaller one may do, with the error gone, whose frames hold the batch."""
        try:
            return self._batch(features, chosen, results)
        except Exception as error:
            if not is_out_of_memory(error) or len(chosen) == 1:
                raise
        return None

    def _batch(
        self, features: Sequence[Any], chosen: Sequence[int], results: list[Any]
    ) -> tuple[list[float], list[int]]:
        of_batch = [features[index] for index in chosen]
        batch = {name: tensor.to(self.device) for name, tensor in self.collate(of_batch).items()}
        labels = batch.pop("labels")
        with torch.inference_mode(), self.autocast():
            outputs = self.model(**batch)
            losses = losses_of(self.task, outputs, labels)
            kept = self.task.infer(self.model, batch, outputs, of_batch)
        for index, item in zip(chosen, kept, strict=True):
            results[index] = item
        return losses

    def autocast(self) -> Any:
        """The context in which the model computes in its precision."""
        return torch.autocast(self.device, torch.bfloat16) if self.precision == "bf16" else nullcontext()

    def save(self, folder: Path) -> None:
        """Write a folder that `load_trained` loads; one of a whole model `from_pretrained` of transformers loads too.

        Where there is a base, only what was trained is written, with the base's name and hash.
        """
        with quiet_transformers():
            if self.tuning is not None and self.base is not None:
                self.tuning.save(self.model, folder)
            else:
                save_weights(self.model, self.tokenizer, folder)
        self.save_settings(folder)

    def save_settings(self, folder: Path) -> None:
        """Write what the task keeps, beside a model."""
        settings = {"task": self.task.name, "max_length_tokens": self.max_length_tokens, "saved": self.task.saved()}
        settings |= {"device": self.device, "precision": self.precision}
        if self.tuning is not None and self.base is not None:
            settings |= {"method": self.tuning.plain, "base": self.base.model_dump()}
        (folder / SETTINGS).write_text(json.dumps(settings, ensure_ascii=False), encoding="utf-8")

    def reload(self, folder: Path) -> None:
        """Bring the model back to what `save` wrote, ready to predict."""
        if self.tuning is not None and self.base is not None:
            self.tuning.load(self.model, folder)
        else:
            read_weights(self.model, folder)
        self.model.eval()

    def merge(self) -> None:
        """Make the model one with plain weights, which is kept whole.

        Raises:
            MethodError: It cannot be.
        """
        if self.shared is not None:
            self.shared.take_back(self.model)
            self.shared = None
        if self.tuning is not None and self.base is not None:
            self.model = self.tuning.merge(self.model)
        self.tuning = self.base = None

    def share(self) -> None:
        """Let what is frozen be one copy in memory with all other models that were tuned from the same base."""
        if self.tuning is not None and self.base is not None:
            frozen = self.tuning.frozen_base(self.model)
            self.shared = share_base(self.model, frozen, sha256=self.base.sha256, device=self.device)


def _rows_of_like_length(lengths: Sequence[int]) -> int:
    """How many of the next rows make a batch of which little is padding, which costs as much time as tokens do.

    Args:
        lengths: Tokens of each, the longest first; at least one.
    """
    longest = lengths[0]
    least = longest - longest // _PADDED_SHARE
    enough = -(-_FEWEST_TOKENS_AT_ONCE // max(longest, 1))
    return next((at for at, tokens in enumerate(lengths) if at >= enough and tokens < least), len(lengths))


def load_trained(
    model: str, *, task: str | None = None, device: str = "auto", precision: str = "auto", batch_size: int = 64
) -> TrainedModel:
    """A trained model from a folder or the hub.

    Args:
        model: A folder that this project or transformers saved, or a hub id.
        task: What it must be trained for; None for what is written beside it.
        device: See `choose_device`.
        precision: See `choose_precision`; `auto` is fp32 for a model that was trained in it on such a device.
        batch_size: Inputs per batch.

    Raises:
        ModelError: It cannot be loaded, or is of another task.
        TaskError: Its task is not there.
    """
    folder = find_weights(model)
    settings = read_settings(Path(folder))
    if settings is not None and task is not None and settings.task != task:
        raise ModelError(f"model: {model} was trained for `task: {settings.task}`, not for `task: {task}`")
    found = find_task(task or (settings.task if settings else _task_of_head(folder)))
    head: Head = found.saved_head()
    base, tuning = settings.base if settings else None, None
    if settings is not None and base is not None:
        tuning = Tuning.from_plain(settings.method or {}, str(Path(folder) / SETTINGS))
        loaded, tokenizer, loaded_task = _load_tuned(folder, find_base(base, folder), found, settings.saved, tuning)
    else:
        loaded, tokenizer = (
            load_model(folder, head, fresh=False),
            load_tokenizer(folder, writes=head.writes, verbatim=head.reads_forwards),
        )
        check_together(folder, loaded, tokenizer)
        loaded_task = found.from_saved(settings.saved if settings else {}, loaded.config)
    complete_model(loaded_task, loaded, folder, fresh=False)
    complete_tokenizer(loaded_task, tokenizer)
    limit = length_limit(loaded, tokenizer)
    if settings is not None:
        limit = min(limit, settings.max_length_tokens)
    chosen = choose_device(device)
    if settings is not None and precision == "auto":
        precision = settings.precision_on(chosen)
    trained = TrainedModel(
        model=loaded,
        tokenizer=tokenizer,
        task=loaded_task,
        max_length_tokens=min(limit, MOST_TOKENS),
        device=chosen,
        precision=choose_precision(precision, chosen),
        batch_size=batch_size,
        tuning=tuning,
        base=base,
    )
    trained.share()
    if trained.shared is not None:
        trained.tokenizer = trained.shared.one_tokenizer(tokenizer)
    return trained


def _load_tuned(
    folder: str, source: str, found: type[Task[Any, Any, Any]], saved: Mapping[str, Any], tuning: Tuning
) -> tuple[Any, Any, Task[Any, Any, Any]]:
    """A model of which a folder holds what was trained, its tokenizer, which is the base's, and its task.

    Args:
        folder: Of the model.
        source: Of its base.
        found: Its task's class.
        saved: What the task keeps of itself.
        tuning: How it was tuned.
    """
    here, head = Path(folder), found.saved_head()
    words = read_json(Path(source) / "config.json").get("vocab_size")

    def with_its_words(config: Any) -> None:
        """Tokens that the task adds are no part of the base."""
        if isinstance(words, int):
            config.vocab_size = words

    tuned = Tuned(folder=here, head=lambda model: tuning.head_in(outline_of(model).head, here))
    model, tokenizer = (
        load_model(source, head, fresh=False, tuned=tuned, adjust=with_its_words),
        load_tokenizer(source, writes=head.writes, verbatim=head.reads_forwards),
    )
    check_together(source, model, tokenizer)
    task = found.from_saved(saved, model.config)
    add_tokens(task, model, tokenizer)
    model = tuning.apply(model, seed=0)
    tuning.load(model, here)
    return model.eval(), tokenizer, task


def _task_of_head(source: str) -> str:
    """The task of a model of another origin, by its head.

    Raises:
        ModelError: No task has such a head.
    """
    named = read_json(Path(source) / "config.json").get("architectures")
    architecture = str(named[0]) if isinstance(named, list) and named else "no class"
    for name in known_names():
        kind = find_task(name).saved_head().kind.removeprefix("AutoModel")
        if architecture.endswith(kind):
            return name
    raise ModelError(
        f"model: {source}: nothing beside it says what it was trained for, and config.json has "
        f"{terminal_line(architecture):.80} in `architectures`; name the task, such as `--task classify`"
    )


def length_limit(model: Any, tokenizer: Any) -> int:
    """The most tokens that the model takes, special tokens included.

    Raises:
        ModelError: They are too few for a sentence.
    """
    config = model.config.encoder if model.config.model_type == "encoder-decoder" else model.config
    positions = getattr(config, "max_position_embeddings", None) or MOST_TOKENS
    if config.model_type in (
        "roberta",
        "xlm-roberta",
        "camembert",
        "longformer",
        "mpnet",
        "data2vec-text",
        "ibert",
    ):
        positions -= (config.pad_token_id or 0) + 1  # their positions begin after the padding's index
    limit = int(min(positions, tokenizer.model_max_length))
    if limit < FEWEST_TOKENS:
        raise ModelError(
            f"model: it takes {max(limit, 0)} tokens at once, by `max_position_embeddings` in config.json and "
            f"`model_max_length` in tokenizer_config.json; at least {FEWEST_TOKENS} are needed"
        )
    return limit
