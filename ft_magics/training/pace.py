"""How long a training is going to take, measured on a few real steps of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from ft_magics.models.memory import free_memory, is_out_of_memory
from ft_magics.models.omp_threads import give_back_threads, own_number_of_threads
from ft_magics.training.batches import in_batches, rows_of, token_counts
from ft_magics.training.fitting import batches_per_epoch, count_evaluations, steps_per_epoch
from ft_magics.training.frozen_states import computed_states
from ft_magics.training.prepare import Prepared
from ft_magics.training.threads import Threads, TimedStep, rates

__all__ = ["Pace", "measure_pace"]

_WITHIN_S, _AT_MOST_S = 4.0, 12.0  # people wait so long for an answer that they asked for
_MOST_STEPS, _FEWEST_STEPS = 12, 4  # the first of them is not timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """What a few steps took.

    Args:
        steps: That were timed.
        tokens_per_s: Of training, real ones.
        threads: Of the processor, with which it was that fast.
        total_s: Of the whole run, its evaluations included.
    """

    steps: int
    tokens_per_s: float
    threads: int
    total_s: float


def measure_pace(prepared: Prepared) -> Pace | None:
    """Train a few steps on the first batches, with a rate of 0, so that the weights stay as they are.

    Args:
        prepared: The run.

    Returns:
        The pace; None where there is no memory for a step.
    """
    try:
        with own_number_of_threads():
            return _measured(prepared)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        return None
    finally:
        prepared.trained.model.zero_grad(set_to_none=True)
        free_memory()
        give_back_threads()


def _measured(prepared: Prepared) -> Pace:
    trained, train = prepared.trained, prepared.train
    features = prepared.features["train"]
    order = in_batches(features, train)
    threads = Threads(train.threads, trained.device)
    threads.begin()
    with prepared.as_trained(), _frozen_part_done(prepared, order, threads.most) as once_s:
        steps = _timed_steps(prepared, order, threads)
    timed = steps[1:] or steps  # the first is slower than all others
    known = rates(timed)
    best = max(known, key=lambda number: known[number])
    torch.set_num_threads(best)
    lengths = token_counts(features)
    share = prepared.total_steps / steps_per_epoch(batches_per_epoch(train, lengths), train.gradient_accumulation)
    times = count_evaluations(prepared.config.eval.every, epochs=share, steps=prepared.total_steps)
    again = prepared.frozen is None  # else an evaluation has dev's states already
    total_s = once_s + sum(lengths) * share / known[best] + _evaluating_s(prepared, times if again else 1)
    return Pace(steps=len(timed), tokens_per_s=known[best], threads=best, total_s=total_s)


@contextmanager
def _frozen_part_done(prepared: Prepared, order: Any, workers: int) -> Iterator[float]:
    """In the block what is frozen has done its work on the rows of the steps; how long it takes for all of train."""
    bottom, trained = prepared.frozen, prepared.trained
    if bottom is None:
        yield 0.0
        return
    items = 1 if prepared.train.batch_tokens else prepared.train.batch_size
    loaded = rows_of([order[at] for at in range(min(len(order), _MOST_STEPS * items))])
    rows = [row["feature"] for row in loaded]
    with bottom.in_use():
        began = time.perf_counter()
        trained.kept = computed_states(trained, bottom, {"train": rows}, folder=None, workers=workers)
        spent = time.perf_counter() - began
        try:
            yield spent * sum(token_counts(prepared.features["train"])) / sum(token_counts(rows))
        finally:
            trained.kept = None


def _timed_steps(prepared: Prepared, order: Any, threads: Threads) -> list[TimedStep]:
    trained, train = prepared.trained, prepared.train
    model = trained.model.to(trained.device)
    optimizer = torch.optim.AdamW([item for item in model.parameters() if item.requires_grad], lr=0.0)
    was_training = model.training
    model.train()
    began = time.perf_counter()
    steps: list[TimedStep] = []
    items = 1 if train.batch_tokens else train.batch_size
    try:
        while _go_on(len(steps), time.perf_counter() - began):
            at = (len(steps) * items) % len(order)
            loaded = rows_of([order[index] for index in range(at, min(at + items, len(order)))])
            batch = [row["feature"] for row in loaded]
            threads.begin_step()
            before, with_threads = time.perf_counter(), torch.get_num_threads()
            _step(trained, batch, optimizer)
            tokens = sum(feature.tokens for feature in batch)
            steps.append(TimedStep(with_threads, tokens, time.perf_counter() - before))
            threads.end_step(len(steps), tokens)
    finally:
        model.train(was_training)
    return steps


def _go_on(steps: int, elapsed_s: float) -> bool:
    """Whether another step is measured: a few in any case, unless they take too long; then as many as there is time."""
    return steps < _MOST_STEPS and elapsed_s < (_WITHIN_S if steps >= _FEWEST_STEPS else _AT_MOST_S)


def _step(trained: Any, batch: Sequence[Any], optimizer: torch.optim.Optimizer) -> None:
    tensors = {name: item.to(trained.device) for name, item in trained.collate(batch).items()}
    labels = tensors.pop("labels")
    with trained.autocast():
        loss = trained.task.loss(trained.model(**tensors), labels)
    loss.backward()
    float(loss.detach())  # on a GPU this waits for it, as the training does
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def _evaluating_s(prepared: Prepared, times: int) -> float:
    """Seconds of all evaluations: dev so many times on the way, and all that is held out at the end."""
    held_out = {name: features for name, features in prepared.features.items() if name != "train" and features}
    if not held_out:
        return 0.0
    some = next(iter(held_out.values()))[: prepared.trained.batch_size]
    began = time.perf_counter()
    prepared.trained.infer(some)
    rate: float = sum(feature.tokens for feature in some) / max(time.perf_counter() - began, 1e-9)
    tokens = {name: sum(token_counts(features)) for name, features in held_out.items()}
    total: float = sum(tokens.values()) + times * tokens.get("dev", 0)
    return total / rate
