"""What each example adds to the scores of labels, and what the scores are made of.

Source: scikit-learn's definitions; Matthews' coefficient for many classes by Gorodkin 2004, kappa by Cohen 1960.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

import numpy as np

from ft_magics.evaluation.scores import METRICS, shares_of
from ft_magics.evaluation.tally import Bools, Floats, Tally
from ft_magics.metrics import Metric

__all__ = ["METRICS_OF_LABELS", "average_names", "tally_labels"]

_AVERAGES = ("micro", "macro", "weighted")
_CALLED = {"precision": "precision", "recall": "recall", "f1": "F1"}
_DIGEST_BYTES = 8

_OF_AVERAGES = {
    f"{way}_{metric}": Metric(f"{way}_{metric}", f"{way} {_CALLED[metric]}") for metric in METRICS for way in _AVERAGES
}
METRICS_OF_LABELS = {
    **_OF_AVERAGES,
    "accuracy": Metric("accuracy", "accuracy"),
    "mcc": Metric("mcc", "Matthews' correlation", unit="number"),
    "kappa": Metric("kappa", "Cohen's kappa", unit="number"),
    "subset_accuracy": Metric("subset_accuracy", "subset accuracy"),
    "hamming_loss": Metric("hamming_loss", "Hamming loss", higher_is_better=False),
    "ece": Metric("ece", "expected calibration error", higher_is_better=False),
    "roc_auc": Metric("roc_auc", "ROC AUC"),
    "average_precision": Metric("average_precision", "average precision"),
}


def average_names(*, multi_label: bool) -> tuple[str, ...]:
    """The additive scores over all labels, the headline first."""
    f1 = ("macro_f1", "micro_f1", "weighted_f1")
    others = tuple(f"{way}_{metric}" for metric in ("precision", "recall") for way in ("macro", "micro", "weighted"))
    if multi_label:
        return ("micro_f1", "macro_f1", "weighted_f1", "subset_accuracy", "hamming_loss", *others)
    return ("accuracy", *f1, "mcc", "kappa", *others)


def tally_labels(gold: Bools, pred: Bools, names: Sequence[str], *, multi_label: bool) -> Tally:
    """Count per example and label.

    Args:
        gold: (S, K).
        pred: (S, K).
        names: Of the labels. Length K.
        multi_label: Whether an example can have any number of labels.

    Returns:
        Counts (S, 3 × K + 2): gold, predicted and correct per label, whether all of it is right, and 1; the scores are
        `average_names`, then precision, recall and F1 of each label.
    """
    correct = gold & pred
    exact = (gold == pred).all(axis=1)
    ones = np.ones(len(gold), dtype=np.bool_)
    counts = np.concatenate([gold, pred, correct, exact[:, None], ones[:, None]], axis=1).view(np.int8)
    mistakes = (gold ^ pred).sum(axis=1) if multi_label else ~exact
    return Tally(
        counts=counts,
        finish=partial(_finish, multi_label=multi_label),
        names=[
            *average_names(multi_label=multi_label),
            *(f"{metric} of {name}" for metric in METRICS for name in names),
        ],
        cost=mistakes.astype(np.float64),
        gold=_digests(gold, names),
    )


def _digests(gold: Bools, names: Sequence[str]) -> list[bytes]:
    """A digest of the gold labels of each example; equal ones are one object."""
    packed = np.packbits(gold, axis=1)
    kinds: dict[bytes, bytes] = {}
    found = []
    for at, row in enumerate(packed):
        key = row.tobytes()
        if key not in kinds:
            text = "\n".join(sorted(names[column] for column in np.flatnonzero(gold[at]).tolist()))
            kinds[key] = hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()
        found.append(kinds[key])
    return found


def _finish(sums: Floats, *, multi_label: bool) -> Floats:
    """(R, 3 × K + 2) → (R, M)."""
    width = (sums.shape[1] - 2) // 3
    counts = sums[:, : 3 * width].reshape(len(sums), 3, width)
    shares = shares_of(counts)  # (R, 3, K + 3)
    averages = shares[:, :, width:]
    by_name = {
        f"{way}_{metric}": averages[:, row, column]
        for row, metric in enumerate(METRICS)
        for column, way in enumerate(_AVERAGES)
    }
    gold, pred, correct = (counts[:, at] for at in range(3))
    exact, examples = sums[:, -2], sums[:, -1]
    by_name |= (
        {
            "subset_accuracy": _divide(exact, examples),
            "hamming_loss": _divide((gold + pred - 2 * correct).sum(axis=1), examples * width),
        }
        if multi_label
        else {"accuracy": _divide(exact, examples), **_agreement(gold, pred, exact, examples)}
    )
    over_all = np.stack([by_name[name] for name in average_names(multi_label=multi_label)], axis=1)
    return np.concatenate([over_all, shares[:, :, :width].reshape(len(sums), 3 * width)], axis=1)


def _agreement(gold: Floats, pred: Floats, correct: Floats, examples: Floats) -> dict[str, Floats]:
    """Matthews' coefficient, 0 where one side has one class alone as in scikit-learn, and kappa.

    Args:
        gold: Examples per class, (R, K).
        pred: The same of the predictions.
        correct: Length R.
        examples: Length R.
    """
    by_chance = (gold * pred).sum(axis=1)
    squared = examples**2
    spread = (squared - (gold**2).sum(axis=1)) * (squared - (pred**2).sum(axis=1))
    together = correct * examples - by_chance
    mcc = np.where(examples > 0, np.nan_to_num(_divide(together, np.sqrt(spread))), np.nan)
    return {"mcc": mcc, "kappa": _divide(together, squared - by_chance)}


def _divide(over: Floats, under: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Floats = np.where(under > 0, over / under, np.nan)
    return share
