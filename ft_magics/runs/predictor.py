"""A trained model and what it takes to use it: predict, save, load."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import is_tag
from ft_magics.errors import ModelError
from ft_magics.markup import terminal_line
from ft_magics.models.device import choose_device, choose_precision
from ft_magics.models.loading import check_together, find_weights, load_model, load_tokenizer
from ft_magics.models.memory import free_memory, is_out_of_memory
from ft_magics.models.quiet import quiet_transformers
from ft_magics.models.weight_files import read_json
from ft_magics.tasks.ner.task import Feature, NerTask, Prediction

__all__ = ["MOST_TOKENS", "TrainedModel", "length_limit", "load_trained"]

MOST_TOKENS = 512  # models that take more are windowed at this by default: attention is quadratic
_SETTINGS = "ft_magics.json"
_FEWEST_TOKENS = 8  # as in a cell's `max_length_tokens`


class _Settings(BaseModel):
    """What we write beside a model, and believe as far as this; what a newer version adds is let be."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    task: Literal["ner"]
    max_length_tokens: int = Field(ge=_FEWEST_TOKENS, le=1_000_000)


@dataclass(slots=True, kw_only=True)
class TrainedModel:
    """A model with its tokenizer and task.

    Args:
        model: A `PreTrainedModel` for token classification.
        tokenizer: Its fast tokenizer.
        task: Knows the labels.
        max_length_tokens: Longest window, special tokens included.
        device: `cpu`, `cuda` or `mps`.
        precision: `fp32` or `bf16`.
        batch_size: Windows per batch.
    """

    model: Any
    tokenizer: Any
    task: NerTask
    max_length_tokens: int
    device: str
    precision: str
    batch_size: int = 64

    def predict(self, examples: Sequence[TaggedSentence]) -> list[Prediction]:
        """One prediction per example, every word of it."""
        features = self.task.encode(examples, self.tokenizer, self.max_length_tokens)
        logits, _ = self.logits(features)
        return self.task.decode(examples, features, logits)

    def logits(
        self, features: Sequence[Feature], should_stop: Callable[[], bool] = lambda: False
    ) -> tuple[list[np.ndarray], float | None]:
        """Logits per feature for its owned words, (len(words), C), and the mean loss.

        Batches hold features of like length; the results come back in the order of the features. Where memory does not
        hold a batch, smaller ones are taken from then on.

        Args:
            features: As the task encodes them.
            should_stop: Asked before each batch; when true, `InterruptedError` is raised.
        """
        was_training = self.model.training
        self.model.to(self.device).eval()
        results: list[np.ndarray] = [np.empty((0, 0))] * len(features)
        total_loss, total_words = 0.0, 0
        order = sorted(range(len(features)), key=lambda index: -len(features[index].input_ids))
        try:
            while order:
                if should_stop():
                    raise InterruptedError("asked to stop")
                done = self._batch_if_it_fits(features, order[: self.batch_size], results)
                if done is None:
                    self._take_smaller_batches(len(order))
                    continue
                loss, words = done
                del order[: self.batch_size]
                total_loss += loss * words
                total_words += words
        finally:
            self.model.train(was_training)
        return results, total_loss / total_words if total_words else None

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
        self, features: Sequence[Feature], chosen: Sequence[int], results: list[np.ndarray]
    ) -> tuple[float, int] | None:
        """What `_batch` gives; None where a smaller one may do, with the error gone, whose frames hold the batch."""
        try:
            return self._batch(features, chosen, results)
        except Exception as error:
            if not is_out_of_memory(error) or len(chosen) == 1:
                raise
        return None

    def _batch(
        self, features: Sequence[Feature], chosen: Sequence[int], results: list[np.ndarray]
    ) -> tuple[float, int]:
        batch = self.task.collate([features[index] for index in chosen], self.tokenizer.pad_token_id)
        batch = {name: tensor.to(self.device) for name, tensor in batch.items()}
        labels = batch.pop("labels")
        with torch.inference_mode(), self.autocast():
            outputs = self.model(**batch)
            loss = self.task.loss(outputs, labels)
        logits = outputs["logits"].float().cpu().numpy()  # (B, T, C)
        for row, index in enumerate(chosen):
            results[index] = logits[row, features[index].positions]
        return float(loss), int((labels >= 0).sum())

    def autocast(self) -> Any:
        """The context in which the model computes in its precision."""
        return torch.autocast(self.device, torch.bfloat16) if self.precision == "bf16" else nullcontext()

    def save(self, folder: Path) -> None:
        """Write a folder that `from_pretrained` of transformers loads, and `load_trained` too."""
        with quiet_transformers():
            self.model.save_pretrained(folder)
            self.tokenizer.save_pretrained(folder)
        settings = {"task": self.task.name, "max_length_tokens": self.max_length_tokens}
        (folder / _SETTINGS).write_text(json.dumps(settings), encoding="utf-8")


def load_trained(model: str, *, device: str = "auto", precision: str = "auto", batch_size: int = 64) -> TrainedModel:
    """A token classification model from a folder or the hub.

    Args:
        model: A folder that this project or transformers saved, or a hub id.
        device: See `choose_device`.
        precision: See `choose_precision`.
        batch_size: Windows per batch.

    Raises:
        ModelError: It cannot be loaded, or its labels are no tags.
    """
    source = find_weights(model)
    loaded, tokenizer = load_model(source, ()), load_tokenizer(source)
    check_together(source, loaded, tokenizer)
    labels = [loaded.config.id2label[index] for index in range(loaded.config.num_labels)]
    wrong = next((label for label in labels if not is_tag(label)), None)
    if wrong is not None:
        raise ModelError(
            f"model: {model} has the label `{wrong:.80}`; expected O and labels such as B-PER: is it trained for NER?"
        )
    limit = min(length_limit(loaded, tokenizer), _saved_limit(Path(source) / _SETTINGS))
    chosen = choose_device(device)
    return TrainedModel(
        model=loaded,
        tokenizer=tokenizer,
        task=NerTask(labels),
        max_length_tokens=min(limit, MOST_TOKENS),
        device=chosen,
        precision=choose_precision(precision, chosen),
        batch_size=batch_size,
    )


def _saved_limit(path: Path) -> int:
    """The longest window that the model was trained with, as far as that was written beside it."""
    if not os.path.lexists(path):
        return MOST_TOKENS
    try:
        return _Settings.model_validate(read_json(path)).max_length_tokens
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where, found = ".".join(map(str, first["loc"])), terminal_line(str(first["input"]))
        raise ModelError(
            f"model: {path}: `{where}` is {found:.80}: {first['msg']}; remove the file to use the model's own limit"
        ) from error


def length_limit(model: Any, tokenizer: Any) -> int:
    """The most tokens that the model takes, special tokens included.

    Raises:
        ModelError: They are too few for a sentence.
    """
    positions = getattr(model.config, "max_position_embeddings", None) or MOST_TOKENS
    if model.config.model_type in (
        "roberta",
        "xlm-roberta",
        "camembert",
        "longformer",
        "mpnet",
        "data2vec-text",
        "ibert",
    ):
        positions -= (model.config.pad_token_id or 0) + 1  # their positions begin after the padding's index
    limit = int(min(positions, tokenizer.model_max_length))
    if limit < _FEWEST_TOKENS:
        raise ModelError(
            f"model: it takes {max(limit, 0)} tokens at once, by `max_position_embeddings` in config.json and "
            f"`model_max_length` in tokenizer_config.json; at least {_FEWEST_TOKENS} are needed"
        )
    return limit
