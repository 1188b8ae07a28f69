"""The demo's intents with plain transformers, English and Chinese: what a cell on the same data should reach.

    OMP_NUM_THREADS=1 python benchmarks/demo_intents.py --languages en zh --seeds 1 2 3

A bare loop: AdamW, warmup 0.1, linear, the last epoch; nothing is chosen on dev.
"""

import argparse
import csv
import statistics
import time
from typing import Any

import torch
from ft_magics import demo
from ft_magics.models.loading import load_tokenizer
from ft_magics.models.sources import find_weights
from torch.utils.data import DataLoader
from transformers import AutoModelForSequenceClassification, get_linear_schedule_with_warmup, set_seed

Split = tuple[list[str], list[str]]  # texts and their labels


def read(language: str, split: str) -> Split:
    """Texts and labels of a split."""
    with demo.path(f"{language}/intents_{split}.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def main() -> None:
    """Print a line a language and seed, then the means."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--languages", nargs="+", default=["en", "zh"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--model", default="minilm")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--learning-rate", type=float, default=2e-4)
    parser.add_argument("--batch-size", type=int, default=16)
    arguments = parser.parse_args()
    folder = find_weights(arguments.model)
    tokenizer = load_tokenizer(folder)
    for language in arguments.languages:
        splits = {split: read(language, split) for split in ("train", "dev", "test")}
        labels = sorted(set(splits["train"][1]))
        unknown = [tokenizer(text).input_ids.count(tokenizer.unk_token_id) > 0 for text in splits["test"][0]]
        found = []
        for seed in arguments.seeds:
            set_seed(seed)
            model = AutoModelForSequenceClassification.from_pretrained(folder, num_labels=len(labels))
            began = time.monotonic()
            train(model, tokenizer, splits["train"], labels, arguments)
            seconds = time.monotonic() - began
            found.append([accuracy(model, tokenizer, splits[split], labels) for split in ("dev", "test")])
            print(
                f"{language} seed {seed}: dev {found[-1][0]:.4f}, test {found[-1][1]:.4f}, {seconds:.0f} s", flush=True
            )
        dev, test = (statistics.mean(column) for column in zip(*found, strict=True))
        print(f"{language} mean:   dev {dev:.4f}, test {test:.4f}; {statistics.mean(unknown):.0%} have unknown tokens")


def train(model: Any, tokenizer: Any, split: Split, labels: list[str], arguments: argparse.Namespace) -> None:
    """Fine-tune a model on a split's texts and labels."""
    rows = list(zip(split[0], (labels.index(label) for label in split[1]), strict=True))
    batches = DataLoader(rows, batch_size=arguments.batch_size, shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=arguments.learning_rate, weight_decay=0.01)
    steps = len(batches) * arguments.epochs
    schedule = get_linear_schedule_with_warmup(optimizer, round(0.1 * steps), steps)
    model.train()
    for _ in range(arguments.epochs):
        for texts, targets in batches:
            inputs = tokenizer(list(texts), padding=True, truncation=True, return_tensors="pt")
            model(**inputs, labels=targets).loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()


@torch.no_grad()
def accuracy(model: Any, tokenizer: Any, split: Split, labels: list[str]) -> float:
    """Share of a split's texts whose label is predicted."""
    model.eval()
    inputs = tokenizer(split[0], padding=True, truncation=True, return_tensors="pt")
    predicted = model(**inputs).logits.argmax(-1).tolist()
    return statistics.mean(labels[guess] == label for guess, label in zip(predicted, split[1], strict=True))


if __name__ == "__main__":
    main()
