"""Classification in plain Python: `%ft script` copies these functions into a script of their own.

Shapes: B batch, T tokens, C labels, S texts.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import torch

from ft_magics.tasks.classify.loss import classification_loss
from ft_magics.tasks.classify.thresholds import choose_thresholds
from ft_magics.tasks.widths import one_of_few

__all__ = [
    "choose_own_thresholds",
    "collate",
    "collate_in_few_widths",
    "collate_to",
    "decode",
    "decode_numbers",
    "decode_several",
    "encode",
    "encode_in_windows",
    "examples_of",
    "f1_by_label",
    "gold_of",
    "keep",
    "loss",
    "means",
    "read_csv",
    "read_json_lines",
    "score",
    "score_numbers",
    "score_several",
    "tokens_of",
]

# A script has its own values of these at its head.
KIND = "one"
LABELS: list[str] = []
MAX_LENGTH = 512
WEIGHTS: list[float] | None = None
LABEL_SMOOTHING = 0.0
FOCAL_GAMMA: float | None = None
THRESHOLDS: list[float] = []


def read_csv(
    path: str, *, text: str | int, label: str | int, pair: str | int | None, separator: str, header: bool, number: bool
) -> list[dict[str, Any]]:
    """Read texts with a label, or a number, each; every cell as it stands."""
    table = pd.read_csv(path, sep=separator, header=0 if header else None, dtype=str, keep_default_na=False)
    return examples_of(table, text, label, pair, number=number)


def read_json_lines(path: str, *, text: str, label: str, pair: str | None, number: bool) -> list[dict[str, Any]]:
    """Read texts with a label, or a number, each: a JSON object a line."""
    return examples_of(pd.read_json(path, lines=True, dtype=False), text, label, pair, number=number)


def examples_of(table: Any, text: Any, label: Any, pair: Any, *, number: bool) -> list[dict[str, Any]]:
    """Rows of a DataFrame as examples."""
    golds = [float(cell) if number else str(cell).strip() for cell in table[label]]
    pairs = [None] * len(table) if pair is None else table[pair]
    return [
        {"text": one, "pair": other, "gold": gold} for one, other, gold in zip(table[text], pairs, golds, strict=True)
    ]


def gold_of(example: dict[str, Any]) -> Any:
    """What the loss compares with: an id, a number, or 0 or 1 for each label; -100 where it is not known."""
    gold = example["gold"]
    if KIND == "several":
        return [float(label in gold) for label in LABELS]
    if KIND == "number":
        return gold
    return LABELS.index(gold) if gold in LABELS else -100


def tokens_of(examples: list[dict[str, Any]], tokenizer: Any, **options: Any) -> Any:
    """What the tokenizer makes of texts, or of pairs of texts."""
    pairs = (
        [example["pair"] or "" for example in examples] if any(item["pair"] is not None for item in examples) else None
    )
    return tokenizer([example["text"] for example in examples], pairs, return_attention_mask=False, **options)


def encode(examples: list[dict[str, Any]], tokenizer: Any) -> list[dict[str, Any]]:
    """A feature a text; a long one is cut."""
    encoded = tokens_of(examples, tokenizer, truncation=True, max_length=MAX_LENGTH)
    types = encoded.get("token_type_ids") or [[]] * len(examples)
    return [
        {"example": at, "input_ids": ids, "type_ids": types[at], "label": gold_of(examples[at])}
        for at, ids in enumerate(encoded["input_ids"])
    ]


def encode_in_windows(examples: list[dict[str, Any]], tokenizer: Any) -> list[dict[str, Any]]:
    """A feature a text; of a long one several windows, which overlap by a quarter."""
    features = []
    for at, example in enumerate(examples):
        options = {"return_overflowing_tokens": True, "stride": MAX_LENGTH // 4} if example["pair"] is None else {}
        encoded = tokens_of([example], tokenizer, truncation=True, max_length=MAX_LENGTH, **options)
        types = encoded.get("token_type_ids") or [[]] * len(encoded["input_ids"])
        features += [
            {"example": at, "input_ids": ids, "type_ids": types[row], "label": gold_of(example)}
            for row, ids in enumerate(encoded["input_ids"])
        ]
    return features


def collate(features: list[dict[str, Any]], tokenizer: Any) -> dict[str, torch.Tensor]:
    """A batch, padded to its longest text: each tensor is (B, T); labels are (B), of several (B, C)."""
    return collate_to(max(len(item["input_ids"]) for item in features), features, tokenizer)


def collate_in_few_widths(features: list[dict[str, Any]], tokenizer: Any) -> dict[str, torch.Tensor]:
    """A batch, as `collate` makes it, of one of few widths: in bf16 each other one costs kernels of its own."""
    longest = max(len(item["input_ids"]) for item in features)
    return collate_to(one_of_few(longest, MAX_LENGTH), features, tokenizer)


def collate_to(width: int, features: list[dict[str, Any]], tokenizer: Any) -> dict[str, torch.Tensor]:
    """A batch, padded to so many tokens."""
    shape = len(features), width
    batch = {
        "input_ids": torch.full(shape, tokenizer.pad_token_id),
        "attention_mask": torch.zeros(shape, dtype=torch.long),
    }
    if any(item["type_ids"] for item in features):
        batch["token_type_ids"] = torch.zeros(shape, dtype=torch.long)
    for row, item in enumerate(features):
        length = len(item["input_ids"])
        batch["input_ids"][row, :length] = torch.tensor(item["input_ids"])
        batch["attention_mask"][row, :length] = 1
        if item["type_ids"]:
            batch["token_type_ids"][row, :length] = torch.tensor(item["type_ids"])
    kind = torch.long if KIND == "one" else torch.float
    return {**batch, "labels": torch.tensor([item["label"] for item in features], dtype=kind)}


def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """The loss of a batch: the mean over the labels in the whole optimizer step."""
    return classification_loss(
        outputs["logits"].float(),
        labels,
        kind=KIND,
        weights=WEIGHTS,
        label_smoothing=LABEL_SMOOTHING,
        focal_gamma=FOCAL_GAMMA,
        num_items_in_batch=num_items_in_batch,
    )


def keep(logits: torch.Tensor, features: list[dict[str, Any]]) -> list[np.ndarray]:
    """The logits of each feature, (C)."""
    return list(logits.numpy())


def means(examples: list[dict[str, Any]], features: list[dict[str, Any]], kept: list[np.ndarray]) -> np.ndarray:
    """What is predicted of each text, (S, C): probabilities, or a number; of windows the mean."""
    sums, windows = np.zeros((len(examples), len(LABELS)), dtype=np.float32), np.zeros(len(examples), dtype=np.float32)
    for item, logits in zip(features, kept, strict=True):
        shares = logits
        if KIND == "several":
            shares = 1 / (1 + np.exp(-logits.astype(np.float64)))
        elif KIND == "one":
            shifted = np.exp(logits - logits.max())
            shares = shifted / shifted.sum()
        sums[item["example"]] += shares
        windows[item["example"]] += 1
    return sums / np.maximum(windows, 1)[:, None]


def decode(examples: list[dict[str, Any]], features: list[dict[str, Any]], kept: list[np.ndarray]) -> list[str]:
    """The most likely label of each text."""
    return [LABELS[at] for at in means(examples, features, kept).argmax(axis=1)]


def decode_numbers(
    examples: list[dict[str, Any]], features: list[dict[str, Any]], kept: list[np.ndarray]
) -> list[float]:
    """The number of each text."""
    return [float(row[0]) for row in means(examples, features, kept)]


def decode_several(
    examples: list[dict[str, Any]], features: list[dict[str, Any]], kept: list[np.ndarray]
) -> list[list[str]]:
    """The labels of each text whose probability reaches their threshold."""
    given = means(examples, features, kept) >= (THRESHOLDS or 0.5)
    return [[label for label, is_given in zip(LABELS, row, strict=True) if is_given] for row in given]


def choose_own_thresholds(
    examples: list[dict[str, Any]], features: list[dict[str, Any]], kept: list[np.ndarray]
) -> None:
    """Choose each label's threshold by dev."""
    gold = np.array([[label in example["gold"] for label in LABELS] for example in examples])
    THRESHOLDS[:] = choose_thresholds(means(examples, features, kept), gold)


def f1_by_label(gold: list[list[str]], predicted: list[list[str]]) -> dict[str, float]:
    """F1 of each label that the data or the predictions have."""
    found = {}
    for label in sorted({label for labels in (*gold, *predicted) for label in labels}):
        pairs = [(label in one, label in other) for one, other in zip(gold, predicted, strict=True)]
        right = sum(one and other for one, other in pairs)
        found[label] = 2 * right / max(sum(one + other for one, other in pairs), 1)
    return found


def score(examples: list[dict[str, Any]], predictions: list[str]) -> dict[str, float]:
    """Accuracy, and the mean F1 of the labels."""
    gold = [example["gold"] for example in examples]
    by_label = f1_by_label([[label] for label in gold], [[label] for label in predictions])
    right = sum(one == other for one, other in zip(gold, predictions, strict=True))
    return {"accuracy": right / len(gold), "macro_f1": sum(by_label.values()) / len(by_label)}


def score_several(examples: list[dict[str, Any]], predictions: list[list[str]]) -> dict[str, float]:
    """Micro F1, and the mean F1 of the labels."""
    gold = [example["gold"] for example in examples]
    by_label = f1_by_label(gold, predictions)
    right = sum(len(set(one) & set(other)) for one, other in zip(gold, predictions, strict=True))
    named = sum(len(one) + len(other) for one, other in zip(gold, predictions, strict=True))
    return {"micro_f1": 2 * right / max(named, 1), "macro_f1": sum(by_label.values()) / max(len(by_label), 1)}


def score_numbers(examples: list[dict[str, Any]], predictions: list[float]) -> dict[str, float]:
    """The root of the mean squared error, and the mean absolute error."""
    errors = np.array(predictions, dtype=np.float64) - [example["gold"] for example in examples]
    return {"rmse": float(np.sqrt((errors**2).mean())), "mae": float(np.abs(errors).mean())}
