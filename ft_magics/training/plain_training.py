"""Training in plain Python: `%ft script` copies these parts into a script of their own."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import distributed
from torch.utils.data import Dataset
from transformers import TrainerCallback
from transformers.trainer_pt_utils import get_length_grouped_indices

__all__ = [
    "BestOnDev",
    "Grouped",
    "check_processes",
    "draw",
    "gathered",
    "outputs_of",
    "place",
    "read_jsonl",
    "share_of",
]

# A script has its own values of these at its head.
BF16 = False
EVAL_BATCH_SIZE = 64
PATIENCE: int | None = None
MIN_DELTA = 0.0
EVERY_STEPS: int | None = None
EVERY_EPOCHS = 1


def read_jsonl(path: str) -> list[dict[str, Any]]:
    """Read examples that were written for this script, a line each."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def draw(train: list[Any], fraction: float, seed: int, total: int) -> tuple[list[Any], list[Any]]:
    """Take a share of all examples out of train; gives what is left, and what was taken."""
    chosen = set(random.Random(seed).sample(range(len(train)), round(fraction * total)))
    left = [example for at, example in enumerate(train) if at not in chosen]
    return left, [example for at, example in enumerate(train) if at in chosen]


def place() -> tuple[int, int]:
    """Which process this is, of those that torchrun started, and how many they are."""
    return int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))


def share_of(batch_size: int) -> int:
    """How many rows of a batch each process trains on."""
    rows, rest = divmod(batch_size, place()[1])
    if rest or not rows:
        raise SystemExit(f"a batch of {batch_size} rows cannot be shared out to {place()[1]} processes")
    return rows


def check_processes(found: int) -> None:
    """See that the Trainer knows of as many processes as torchrun started: on some devices it knows of one only."""
    if found != place()[1]:
        raise SystemExit(f"{place()[1]} processes were started, and they do not see each other; start one")


def gathered(value: Any) -> list[Any]:
    """What each process has, in the order of the processes."""
    values = [value] * place()[1]
    if len(values) > 1:
        distributed.all_gather_object(values, value)
    return values


class Grouped(Dataset[Any]):
    """Features in the order of batches: neighbours are of like length, shuffled by seed and epoch alone."""

    def __init__(self, features: list[dict[str, Any]], batch_size: int, seed: int) -> None:
        self.features, self.batch_size, self.seed = features, batch_size, seed
        self.set_epoch(0)

    def set_epoch(self, epoch: int) -> None:
        """Shuffle for an epoch; the Trainer calls this."""
        generator = torch.Generator().manual_seed(self.seed * 100_003 + epoch)
        lengths = [len(feature["input_ids"]) for feature in self.features]
        self.order = get_length_grouped_indices(lengths, self.batch_size, generator=generator)

    def __len__(self) -> int:
        return len(self.features)

    def __getitem__(self, index: int) -> Any:
        return self.features[self.order[index]]


def outputs_of(
    model: Any,
    features: list[dict[str, Any]],
    collate: Callable[[list[dict[str, Any]]], dict[str, torch.Tensor]],
    keep: Callable[[torch.Tensor, list[dict[str, Any]]], list[Any]],
    loss: Callable[[Any, torch.Tensor], torch.Tensor],
) -> tuple[list[Any], float]:
    """What is kept of each feature, and the mean loss, computed batch by batch, the longest first.

    Several processes share out the batches, and each has what all have computed.
    """
    was_training = model.training
    model.eval()
    at_process, processes = place()
    mine: dict[int, Any] = {}
    total_loss, total_labels = 0.0, 0
    order = sorted(range(len(features)), key=lambda at: -len(features[at]["input_ids"]))
    for start in range(at_process * EVAL_BATCH_SIZE, len(order), processes * EVAL_BATCH_SIZE):
        chosen = order[start : start + EVAL_BATCH_SIZE]
        batch = collate([features[at] for at in chosen])
        inputs = {name: tensor.to(model.device) for name, tensor in batch.items()}
        labels = inputs.pop("labels")
        count = int((labels != -100).sum())
        with torch.inference_mode(), torch.autocast(model.device.type, torch.bfloat16, enabled=BF16):
            outputs = model(**inputs)
            total_loss += float(loss(outputs, labels)) * count
        total_labels += count
        logits = outputs["logits"].float().cpu()
        mine.update(zip(chosen, keep(logits, [features[at] for at in chosen]), strict=True))
    model.train(was_training)
    shares = gathered((mine, total_loss, total_labels))
    found = {at: item for share, _, _ in shares for at, item in share.items()}
    total_loss, total_labels = (sum(share[at] for share in shares) for at in (1, 2))
    return [found[at] for at in range(len(features))], total_loss / max(total_labels, 1)


class BestOnDev(TrainerCallback):  # type: ignore[misc]  # transformers is untyped for mypy
    """Scores dev on the way, keeps the weights of the best model, and stops when it no longer improves.

    `evaluate` gives the scores of the model as it is, the headline first, and its loss, which breaks ties; `higher`
    says which way is better.
    """

    def __init__(self, model: Any, evaluate: Callable[[], tuple[dict[str, float], float]], *, higher: bool) -> None:
        self.model, self.evaluate, self.sign = model, evaluate, 1 if higher else -1
        self.best: float | None = None
        self.loss = 0.0  # of the best
        self.waiting = 0
        self.scored_at = -1  # a step
        self.weights: dict[str, torch.Tensor] = {}

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Score where that is due by steps."""
        if EVERY_STEPS is not None and state.global_step % EVERY_STEPS == 0:
            self.score(state, control)

    def on_epoch_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Score where that is due by epochs."""
        if EVERY_STEPS is None and state.epoch % EVERY_EPOCHS == 0:
            self.score(state, control)

    def on_train_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Score what the last steps gave."""
        if self.scored_at != state.global_step:
            self.score(state, control)

    def score(self, state: Any, control: Any) -> None:
        """Score, compare, keep."""
        self.scored_at = state.global_step
        scores, loss = self.evaluate()
        if state.is_world_process_zero:
            print(
                f"step {state.global_step}, epoch {state.epoch:g}: dev",
                ", ".join(f"{name} {value:.4f}" for name, value in scores.items()),
            )
        value = self.sign * next(iter(scores.values()))
        enough = self.best is None or value > self.best + MIN_DELTA
        self.waiting = 0 if enough else self.waiting + 1
        if self.best is None or value > self.best or (value == self.best and loss < self.loss):
            self.best, self.loss, self.weights = value, loss, copy.deepcopy(self.model.state_dict())
        if PATIENCE is not None and self.waiting >= PATIENCE:
            control.should_training_stop = True
