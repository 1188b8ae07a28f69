"""A share of the training data, drawn by a seed: a smaller one is a part of a larger one."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from ft_magics.data.examples import Corpus

__all__ = ["count_of_share", "least_share", "with_share"]

E = TypeVar("E")
_STEPS = 1000  # shares are proposed in thousandths


def count_of_share(share: float, total: int) -> int:
    """How many of so many examples a share is; at least one."""
    return max(1, round(share * total))


def _order(total: int, seed: int) -> list[int]:
    """Places of all examples in the order in which a seed draws them."""
    return random.Random(seed).sample(range(total), total)


def with_share(corpus: Corpus[E], share: float | None, seed: int) -> Corpus[E]:
    """A corpus with a share of its train; dev and test stay whole.

    Args:
        corpus: All of it.
        share: Above 0, up to 1; None for all.
        seed: Of the draw.
    """
    if share is None or share == 1:
        return corpus
    train = corpus.train
    total = len(train.examples)
    drawn = sorted(_order(total, seed)[: count_of_share(share, total)])
    source = f"{share:g} of {train.source}"
    part = replace(train, source=source, examples=[train.examples[at] for at in drawn])
    return replace(corpus, train=part)


def least_share(examples: Sequence[E], labels_of: Callable[[E], Sequence[str]], seeds: Sequence[int]) -> float:
    """The smallest share, in thousandths, in which every seed has an example of each label.

    Args:
        examples: Of train.
        labels_of: The labels in an example.
        seeds: Of the draws.
    """
    total, needed = len(examples), 1
    labels = [frozenset(labels_of(example)) for example in examples]
    every = frozenset[str]().union(*labels)
    for seed in seeds:
        missing = set(every)
        for place, at in enumerate(_order(total, seed), 1):
            missing -= labels[at]
            if not missing:
                needed = max(needed, place)
                break
    return next(
        (step / _STEPS for step in range(1, _STEPS) if count_of_share(step / _STEPS, total) >= needed),
        1.0,
    )
