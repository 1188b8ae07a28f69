"""Named entity recognition as token classification.

Shapes: B batch, T tokens, W words, C labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import spans_of
from ft_magics.tasks.tokens import IGNORE_INDEX, Window, WordTokenizer, align_labels, make_windows

__all__ = ["Feature", "NerTask", "Prediction", "labels_of", "window_cuts"]

_ENCODE_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Feature:
    """One window of one example, ready to be batched.

    Args:
        example: Index of the example.
        input_ids: Length T.
        labels: Label id on the first token of each owned word, IGNORE_INDEX elsewhere. Length T.
        positions: Token position of each owned word's first token.
        words: Index of each owned word, in step with `positions`.
    """

    example: int
    input_ids: list[int]
    labels: list[int]
    positions: list[int]
    words: list[int]


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one example.

    Args:
        tags: The most likely label of each word; they may break IOB2. Length W.
        confidences: Probability of each word's most likely label. Length W.
    """

    tags: tuple[str, ...]
    confidences: tuple[float, ...]


def labels_of(examples: Iterable[TaggedSentence]) -> tuple[str, ...]:
    """The label set that the data call for: O, then B- and I- of each type in alphabetical order. Length C."""
    types = sorted({span.type for example in examples for span in spans_of(example.tags)})
    return ("O", *(f"{prefix}-{kind}" for kind in types for prefix in "BI"))


class NerTask:
    """Words in, entities out.

    Args:
        labels: Label names by id. Length C.
    """

    name = "ner"

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = tuple(labels)
        self._ids = {label: index for index, label in enumerate(self.labels)}

    def encode(self, examples: Sequence[TaggedSentence], tokenizer: Any, max_length_tokens: int) -> list[Feature]:
        """Features of all examples, in order; a long example has several.

        A tag of a type that the label set lacks counts in the evaluation and is left out of the loss.
        """
        words = WordTokenizer(tokenizer)
        features: list[Feature] = []
        for start in range(0, len(examples), _ENCODE_AT_ONCE):
            chunk = examples[start : start + _ENCODE_AT_ONCE]
            pieces = words.pieces([example.words for example in chunk])
            for index, (example, piece) in enumerate(zip(chunk, pieces, strict=True), start):
                windows = make_windows(
                    piece, max_length_tokens=max_length_tokens, prefix=words.prefix, suffix=words.suffix
                )
                labels = [self._ids.get(tag, IGNORE_INDEX) for tag in example.tags]
                features.extend(_feature(index, window, labels) for window in windows)
        return features

    def collate(self, features: Sequence[Feature], pad_token_id: int) -> dict[str, torch.Tensor]:
        """Pad to the longest. Each tensor is (B, T)."""
        longest = max(len(feature.input_ids) for feature in features)
        shape = (len(features), longest)
        input_ids = torch.full(shape, pad_token_id, dtype=torch.long)
        labels = torch.full(shape, IGNORE_INDEX, dtype=torch.long)
        attention_mask = torch.zeros(shape, dtype=torch.long)
        for row, feature in enumerate(features):
            length = len(feature.input_ids)
            input_ids[row, :length] = torch.tensor(feature.input_ids)
            labels[row, :length] = torch.tensor(feature.labels)
            attention_mask[row, :length] = 1
        return {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}

    def loss(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Cross entropy over labelled words, exact under gradient accumulation.

        Args:
            outputs: The model's output, with logits (B, T, C).
            labels: (B, T), IGNORE_INDEX where there is no label.
            num_items_in_batch: Labelled words in the whole optimiser step; None for those of this batch.
        """
        logits = outputs["logits"].float()  # (B, T, C)
        total = cross_entropy(logits.flatten(0, 1), labels.flatten(), ignore_index=IGNORE_INDEX, reduction="sum")
        count = (labels != IGNORE_INDEX).sum() if num_items_in_batch is None else num_items_in_batch
        return total / torch.as_tensor(count, device=total.device).clamp(min=1)

    def decode(
        self, examples: Sequence[TaggedSentence], features: Sequence[Feature], logits: Sequence[np.ndarray]
    ) -> list[Prediction]:
        """One prediction per example, one tag per word.

        Args:
            examples: Those that the features were made of.
            features: As `encode` gave them.
            logits: Per feature, for its owned words: (len(words), C).
        """
        best = [np.zeros(len(example.words), dtype=np.int64) for example in examples]
        sure = [np.zeros(len(example.words)) for example in examples]
        for feature, scores in zip(features, logits, strict=True):
            shares = _softmax(scores)
            best[feature.example][feature.words] = shares.argmax(axis=1)
            sure[feature.example][feature.words] = shares.max(axis=1)
        return [
            Prediction(tuple(self.labels[label] for label in ids), tuple(map(float, shares)))
            for ids, shares in zip(best, sure, strict=True)
        ]


def window_cuts(features: Sequence[Feature], examples: int) -> list[list[int]]:
    """Per example, the words at which the prediction changes from one window to the next."""
    cuts: list[list[int]] = [[] for _ in range(examples)]
    for before, after in pairwise(features):
        if before.example == after.example and after.words:
            cuts[after.example].append(after.words[0])
    return cuts


def _feature(example: int, window: Window, labels: Sequence[int]) -> Feature:
    firsts: dict[int, int] = {}
    for position, word in enumerate(window.word_ids):
        if word is not None and window.owned[0] <= word < window.owned[1]:
            firsts.setdefault(word, position)
    aligned = align_labels(window.word_ids, labels, window.owned)
    return Feature(example, window.input_ids, aligned, list(firsts.values()), list(firsts))


def _softmax(scores: np.ndarray) -> np.ndarray:
    shifted = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: np.ndarray = shifted / shifted.sum(axis=1, keepdims=True)
    return shares
