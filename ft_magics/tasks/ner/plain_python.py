"""Entities in plain Python: `%ft script` copies these functions into a script of their own.

Shapes: B batch, T tokens, W words, C labels.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import cross_entropy

from ft_magics.tasks.tokens import make_windows
from ft_magics.tasks.widths import one_of_few

__all__ = [
    "collate",
    "collate_in_few_widths",
    "collate_to",
    "decode",
    "encode",
    "encode_in_windows",
    "feature",
    "iob2",
    "keep",
    "loss",
    "pieces_of",
    "read_columns",
    "score",
    "spans",
    "special_tokens",
]

# A script has its own values of these at its head.
LABELS: list[str] = []
LABEL_SMOOTHING = 0.0
MAX_LENGTH = 512


def read_columns(path: str, *, word: int, tag: int, separator: str) -> list[dict[str, Any]]:
    """Read sentences: a word and its tag a line, an empty line between two sentences."""
    examples: list[dict[str, Any]] = []
    words: list[str] = []
    tags: list[str] = []
    for line in [*Path(path).read_text(encoding="utf-8-sig").splitlines(), ""]:
        cells = [] if not line.strip() else re.split(separator, line.strip() if separator != "\t" else line)
        if cells and cells[0] != "-DOCSTART-":
            if not line.startswith("# "):
                words.append(cells[word])
                tags.append(cells[tag])
        elif words:
            examples.append({"words": words, "tags": iob2(tags)})
            words, tags = [], []
    return examples


def spans(tags: list[str]) -> list[tuple[int, int, str]]:
    """The entities of a sentence by conlleval's rule: first word, word behind the last, type."""
    found: list[tuple[int, int, str]] = []
    start, kind, before = 0, "", "O"
    for at, tag in enumerate([*tags, "O"]):
        prefix, _, this = tag.partition("-")
        prefix = {"M": "I", "L": "E", "U": "S"}.get(prefix, prefix)
        begins = prefix != "O" and (prefix in "BS" or before in "OES" or this != kind)
        if kind and (begins or prefix == "O"):
            found.append((start, at, kind))
            kind = ""
        if begins:
            start, kind = at, this
        before = prefix
    return found


def iob2(tags: list[str]) -> list[str]:
    """Tags of any usual scheme with B- at the first word of each entity and I- at its others."""
    same = ["O"] * len(tags)
    for start, end, kind in spans(tags):
        same[start:end] = [f"B-{kind}"] + [f"I-{kind}"] * (end - start - 1)
    return same


def pieces_of(words: list[str], tokenizer: Any) -> list[list[int]]:
    """The tokens of each word; the unknown token for a word that the tokenizer turns into nothing."""
    encoded = tokenizer(words, is_split_into_words=True, add_special_tokens=False, truncation=False, verbose=False)
    pieces: list[list[int]] = [[] for _ in words]
    for token, word in zip(encoded["input_ids"], encoded.word_ids(), strict=True):
        pieces[word].append(token)
    return [piece or [tokenizer.unk_token_id] for piece in pieces]


def special_tokens(tokenizer: Any) -> tuple[list[int], list[int]]:
    """What stands before and behind a text, such as [CLS] and [SEP]."""
    encoded = tokenizer("a", return_special_tokens_mask=True)
    ids, mask = encoded["input_ids"], encoded["special_tokens_mask"]
    return ids[: mask.index(0)], ids[len(mask) - mask[::-1].index(0) :]


def feature(example: int, tags: list[str], input_ids: list[int], firsts: dict[int, int]) -> dict[str, Any]:
    """A sentence, or a window of one, whose words are labelled on their first token.

    `firsts` has the position of each word's first token.
    """
    labels = [-100] * len(input_ids)
    for word, position in firsts.items():
        labels[position] = LABELS.index(tags[word]) if tags[word] in LABELS else -100
    return {"example": example, "input_ids": input_ids, "labels": labels, "firsts": firsts}


def encode(examples: list[dict[str, Any]], tokenizer: Any) -> list[dict[str, Any]]:
    """A feature a sentence."""
    before, behind = special_tokens(tokenizer)
    features = []
    for at, example in enumerate(examples):
        ids, firsts = list(before), {}
        for word, piece in enumerate(pieces_of(example["words"], tokenizer)):
            firsts[word] = len(ids)
            ids += piece
        features.append(feature(at, example["tags"], ids + behind, firsts))
    return features


def encode_in_windows(examples: list[dict[str, Any]], tokenizer: Any) -> list[dict[str, Any]]:
    """A feature a sentence; of a long one several that overlap. Each word counts in the one that owns it."""
    before, behind = special_tokens(tokenizer)
    features = []
    for at, example in enumerate(examples):
        pieces = pieces_of(example["words"], tokenizer)
        for window in make_windows(pieces, max_length_tokens=MAX_LENGTH, prefix=before, suffix=behind):
            firsts: dict[int, int] = {}
            for position, word in enumerate(window.word_ids):
                if word is not None and window.owned[0] <= word < window.owned[1]:
                    firsts.setdefault(word, position)
            features.append(feature(at, example["tags"], window.input_ids, firsts))
    return features


def collate(features: list[dict[str, Any]], tokenizer: Any) -> dict[str, torch.Tensor]:
    """A batch, padded to its longest sentence: each tensor is (B, T)."""
    return collate_to(max(len(item["input_ids"]) for item in features), features, tokenizer)


def collate_in_few_widths(features: list[dict[str, Any]], tokenizer: Any) -> dict[str, torch.Tensor]:
    """A batch, as `collate` makes it, of one of few widths: in bf16 each other one costs kernels of its own."""
    longest = max(len(item["input_ids"]) for item in features)
    return collate_to(one_of_few(longest, MAX_LENGTH), features, tokenizer)


def collate_to(width: int, features: list[dict[str, Any]], tokenizer: Any) -> dict[str, torch.Tensor]:
    """A batch, padded to so many tokens."""
    shape = len(features), width
    input_ids = torch.full(shape, tokenizer.pad_token_id)
    attention_mask, labels = torch.zeros(shape, dtype=torch.long), torch.full(shape, -100)
    for row, item in enumerate(features):
        length = len(item["input_ids"])
        input_ids[row, :length] = torch.tensor(item["input_ids"])
        attention_mask[row, :length] = 1
        labels[row, :length] = torch.tensor(item["labels"])
    return {"input_ids": input_ids, "attention_mask": attention_mask, "labels": labels}


def loss(outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
    """Cross entropy over labelled words, the mean of those in the whole optimizer step."""
    logits = outputs["logits"].float()  # (B, T, C)
    total = cross_entropy(
        logits.flatten(0, 1),
        labels.flatten(),
        ignore_index=-100,
        reduction="sum",
        label_smoothing=LABEL_SMOOTHING,
    )
    count = (labels != -100).sum() if num_items_in_batch is None else num_items_in_batch
    return total / torch.as_tensor(count, device=total.device).clamp(min=1)


def keep(logits: torch.Tensor, features: list[dict[str, Any]]) -> list[list[str]]:
    """The tag of each word of each feature; logits are (B, T, C)."""
    best = logits.argmax(dim=-1).tolist()
    return [[LABELS[best[row][at]] for at in item["firsts"].values()] for row, item in enumerate(features)]


def decode(examples: list[dict[str, Any]], features: list[dict[str, Any]], kept: list[list[str]]) -> list[list[str]]:
    """The tags of each sentence."""
    predictions = [["O"] * len(example["words"]) for example in examples]
    for item, tags in zip(features, kept, strict=True):
        for word, tag in zip(item["firsts"], tags, strict=True):
            predictions[item["example"]][word] = tag
    return predictions


def score(examples: list[dict[str, Any]], predictions: list[list[str]]) -> dict[str, float]:
    """F1, precision and recall of whole entities, as conlleval counts them."""
    gold = {(at, *span) for at, example in enumerate(examples) for span in spans(example["tags"])}
    found = {(at, *span) for at, tags in enumerate(predictions) for span in spans(tags)}
    right = len(gold & found)
    precision, recall = right / max(len(found), 1), right / max(len(gold), 1)
    return {"f1": 2 * right / max(len(gold) + len(found), 1), "precision": precision, "recall": recall}
