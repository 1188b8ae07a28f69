"""What each example adds to the scores of relations, and what the scores are made of.

A label is a relation with a direction, such as `Cause-Effect(e1,e2)`, or one without, such as `born_in`, which leads
from the first entity to the second. The two directions are one relation: right is what has both
right, and a wrong direction counts against precision and recall of that relation.

Source: Hendrickx et al. 2010, section 4.1, and the scorer of SemEval-2010 Task 8: its (9+1)-way evaluation with
direction, whose macro F1 is official. Averages are over the relations that gold has; the label for no relation is left
out of them, and so is a predicted relation that gold never has.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import partial

import numpy as np

from ft_magics.evaluation.scores import METRICS, shares_of
from ft_magics.evaluation.tally import Bools, Floats, Tally
from ft_magics.metrics import Metric

__all__ = ["METRICS_OF_RELATIONS", "arrow_of", "in_one_spelling", "is_backward", "relation_of", "tally_relations"]

_DIRECTION = re.compile(r"\s*\((e[12]), ?(e[12])\)$")
_SPELLED = re.compile(r"\s*\(\s*e([12])\s*,\s*e([12])\s*\)\s*$", re.IGNORECASE)
_DIGEST_BYTES = 8
_CALLED = {"precision": "precision", "recall": "recall", "f1": "F1"}
_WAYS = ("macro", "micro")

METRICS_OF_RELATIONS = {
    "macro_f1": Metric("macro_f1", "macro F1", by_label="F1"),
    "micro_f1": Metric("micro_f1", "micro F1"),
    "accuracy": Metric("accuracy", "accuracy"),
    "direction": Metric("direction", "right direction of those with the right relation"),
    **{
        f"{way}_{metric}": Metric(f"{way}_{metric}", f"{way} {_CALLED[metric]}")
        for metric in ("precision", "recall")
        for way in _WAYS
    },
}


def in_one_spelling(label: str) -> str:
    """A label whose direction is written as SemEval does: `Cause-Effect(e1,e2)` for `Cause-Effect (E1, E2)`."""
    return _SPELLED.sub(r"(e\1,e\2)", label)


def relation_of(label: str) -> str:
    """A label without its direction."""
    return _DIRECTION.sub("", label)


def is_backward(label: str) -> bool:
    """Whether it leads from the second entity to the first."""
    found = _DIRECTION.search(label)
    return found is not None and found[1] == "e2"


def arrow_of(label: str) -> str:
    """Which way a label leads: `e1,e2` or `e2,e1`; empty where it has no direction."""
    found = _DIRECTION.search(label)
    return "" if found is None else f"{found[1]},{found[2]}"


def tally_relations(gold: Sequence[str], pred: Sequence[str], relations: Sequence[str], *, directed: bool) -> Tally:
    """Count per example and relation.

    Args:
        gold: A label per example. Length S.
        pred: The same of the predictions.
        relations: Names without direction, the one for no relation left out. Length K.
        directed: Whether labels have directions, so that one can be wrong.

    Returns:
        Counts (S, 3 × K + 3): gold, predicted and correct per relation, whether the label is right, whether relation
        and not direction is, and 1; the scores are those of `METRICS_OF_RELATIONS`, then precision, recall and F1 of
        each relation.
    """
    place = {name: at for at, name in enumerate(relations)}
    exact = np.fromiter(map(str.__eq__, gold, pred), dtype=np.bool_, count=len(gold))
    sides = [_table(side, place) for side in (gold, pred)]
    correct = sides[0] & exact[:, None]
    turned = (sides[0] & sides[1]).any(axis=1) & ~exact
    counts = np.concatenate(
        [*sides, correct, exact[:, None], turned[:, None], np.ones((len(gold), 1), dtype=np.bool_)], axis=1
    )
    names = [name for name in METRICS_OF_RELATIONS if directed or name != "direction"]
    return Tally(
        counts=counts.view(np.int8),
        finish=partial(_finish, directed=directed),
        names=[*names, *(f"{metric} of {name}" for metric in METRICS for name in relations)],
        cost=(~exact).astype(np.float64),
        gold=_digests(gold),
    )


def _table(labels: Sequence[str], place: dict[str, int]) -> Bools:
    table = np.zeros((len(labels), len(place)), dtype=np.bool_)
    known = {label: place.get(relation_of(label)) for label in set(labels)}
    for row, label in enumerate(labels):
        column = known[label]
        if column is not None:
            table[row, column] = True
    return table


def _digests(gold: Sequence[str]) -> list[bytes]:
    """A digest of each gold label; equal ones are one object."""
    kinds = {
        label: hashlib.blake2b(label.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).digest()
        for label in set(gold)
    }
    return [kinds[label] for label in gold]


def _finish(sums: Floats, *, directed: bool) -> Floats:
    """(R, 3 × K + 3) → (R, M)."""
    width = (sums.shape[1] - 3) // 3
    counts = sums[:, : 3 * width].reshape(len(sums), 3, width)
    there = counts[:, 0] > 0  # what gold lacks is in no average
    own = shares_of(counts)[:, :, :width]
    pooled = shares_of((counts * there[:, None, :]).sum(axis=2, keepdims=True))[:, :, 0]  # (R, 3)
    macro = _divide((np.nan_to_num(own) * there[:, None, :]).sum(axis=2), there.sum(axis=1)[:, None])
    exact, turned, examples = (sums[:, at] for at in (-3, -2, -1))
    correct = counts[:, 2].sum(axis=1)
    by_name = {
        **{f"macro_{metric}": macro[:, at] for at, metric in enumerate(METRICS)},
        **{f"micro_{metric}": pooled[:, at] for at, metric in enumerate(METRICS)},
        "accuracy": _divide(exact, examples),
        "direction": _divide(correct, correct + turned),
    }
    over_all = [by_name[name] for name in METRICS_OF_RELATIONS if directed or name != "direction"]
    return np.concatenate([np.stack(over_all, axis=1), own.reshape(len(sums), 3 * width)], axis=1)


def _divide(over: Floats, under: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        share: Floats = np.where(under > 0, over / under, np.nan)
    return share
