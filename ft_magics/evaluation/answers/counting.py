"""What each answer adds to the scores."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from ft_magics.evaluation.answers.answered import Answered
from ft_magics.evaluation.answers.rules import scores_of
from ft_magics.evaluation.tally import Floats, Ints, Tally
from ft_magics.metrics import Metric

__all__ = ["METRICS", "OF_NO_ANSWER", "measure", "tally_answers"]

METRICS = {
    metric.name: metric
    for metric in (
        Metric("f1", "F1"),
        Metric("exact_match", "exact match"),
        Metric("answerable_f1", "F1 where there is an answer"),
        Metric("answerable_exact_match", "exact match where there is an answer"),
        Metric("no_answer_accuracy", "rightly left without an answer"),
    )
}
OF_NO_ANSWER = ("answerable_f1", "answerable_exact_match", "no_answer_accuracy")  # where some questions have none
_DIGEST_BYTES = 8


def measure(items: Sequence[Answered]) -> Floats:
    """Exact match and F1 of each answer; a missing one is wrong. Shape (S, 2)."""
    unanswerable = any(not item.gold for item in items)
    found = [
        (0.0, 0.0)
        if item.predicted is None
        else scores_of(item.rules, [each.text for each in item.gold], item.predicted.text, unanswerable=unanswerable)
        for item in items
    ]
    return np.array(found, dtype=np.float64).reshape(len(items), 2)


def tally_answers(items: Sequence[Answered], measured: Floats, groups: Sequence[str], of: Ints) -> Tally:
    """Sums of exact match and F1: of all, of the questions with and without an answer, and of each group.

    Args:
        items: Length S.
        measured: As `measure` gave it. (S, 2).
        groups: Names of the groups. Length K.
        of: Index of the group of each. Length S.
    """
    answerable = np.array([bool(item.gold) for item in items], dtype=np.float64)[:, None]
    ones = np.ones((len(items), 1))
    inside = (of[:, None] == np.arange(len(groups))).astype(np.float64)  # (S, K)
    both = np.concatenate([ones, measured], axis=1)  # count, exact, F1
    columns = [both, both * answerable, both[:, :2] * (1 - answerable), inside, inside * measured[:, 1:]]
    split = 0 < answerable.sum() < len(items)
    names = ["f1", "exact_match", *(OF_NO_ANSWER if split else ()), *(f"f1 of {name}" for name in groups)]

    def finish(sums: Floats) -> Floats:
        """(R, 8 + 2 K) → (R, M)."""
        count, exact, f1, with_answer, exact_there, f1_there, without, right = sums[:, :8].T
        first = [(f1, count), (exact, count)]
        second = [(f1_there, with_answer), (exact_there, with_answer), (right, without)] if split else []
        width = len(groups)
        third = [(sums[:, 8 + width + at], sums[:, 8 + at]) for at in range(width)]
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = [np.where(under > 0, over / under, np.nan) for over, under in (*first, *second, *third)]
        return np.stack(shares, axis=1)

    return Tally(
        counts=np.concatenate(columns, axis=1),
        finish=finish,
        names=names,
        cost=1 - measured[:, 1],
        gold=[_digest(item) for item in items],
    )


def _digest(item: Answered) -> bytes:
    texts = [item.key, item.rules, *sorted(each.text for each in item.gold)]
    return hashlib.blake2b("\0".join(texts).encode(errors="backslashreplace"), digest_size=_DIGEST_BYTES).digest()
