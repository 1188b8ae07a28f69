"""What a user hands over as gold and predicted labels → two tables of yes and no, checked against each other.

Shapes: S examples, K labels, C columns of probabilities, C <= K.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.errors import DataError, did_you_mean, type_name
from ft_magics.evaluation.beside import as_list, is_row, shown, whole
from ft_magics.evaluation.labels.probabilities import read_probabilities
from ft_magics.evaluation.tally import Bools

__all__ = ["LabelInputs", "read_labels"]

_MOST_NAMED = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelInputs:
    """Both sides as tables.

    Args:
        names: Of the labels. Length K.
        gold: Which labels each example has, (S, K).
        pred: Which were predicted, (S, K).
        multi_label: Whether an example can have any number of labels.
        probabilities: (S, C), columns being the first C names; None where they are not known.
        notes: What a reader of the numbers should know.
    """

    names: tuple[str, ...]
    gold: Bools
    pred: Bools
    multi_label: bool
    probabilities: NDArray[np.floating] | None
    notes: list[str]


def read_labels(gold: Any, pred: Any, *, labels: Any, probabilities: Any, multi_label: Any) -> LabelInputs:
    """Labels of both sides.

    Args:
        gold: A label per example, or a list of labels with `multi_label`; a matrix of 0 and 1 with `labels` too.
        pred: The same.
        labels: Those that the model can give, in the order of the probabilities; None for those that occur.
        probabilities: (S, C), or None.
        multi_label: Whether an example can have any number of labels.

    Raises:
        DataError: They do not belong together; the message names the first example that is wrong.
    """
    if not isinstance(multi_label, bool):
        raise DataError(f"multi_label: found {shown(multi_label)}, expected true or false")
    known = None if labels is None else _known(labels)
    ours, theirs = (
        _rows(side, name, known, multi_label=multi_label) for side, name in ((gold, "gold"), (pred, "pred"))
    )
    if len(ours) != len(theirs):
        raise DataError(
            f"gold has {len(ours)} examples and pred has {len(theirs)}; they must be the same, in the same order"
        )
    if not ours:
        raise DataError("there is no example to score: gold and pred are empty")
    names, notes = _names(ours, theirs, known)
    place = {name: at for at, name in enumerate(names)}
    columns = None
    if probabilities is not None:
        width = len(names) if known is None else len(known)
        columns = read_probabilities(probabilities, len(ours), names[:width], one_label=not multi_label)
    return LabelInputs(
        names=names,
        gold=_table(ours, place),
        pred=_table(theirs, place),
        multi_label=multi_label,
        probabilities=columns,
        notes=notes,
    )


Rows = list[tuple[str, ...]]


def _known(labels: Any) -> tuple[str, ...]:
    found = as_list(labels, "labels", "names of labels")
    names = tuple(_name(label, f"labels, entry {at} (counted from 0)") for at, label in enumerate(found))
    twice = [name for at, name in enumerate(names) if name in names[:at]] if len(set(names)) < len(names) else []
    if twice:
        raise DataError(f"labels: `{shown(twice[0])}` stands there twice; expected each name once")
    if not names:
        raise DataError("labels is empty; expected the names of the labels, or None for those that occur")
    return names


def _rows(side: Any, name: str, known: tuple[str, ...] | None, *, multi_label: bool) -> Rows:
    """The labels of each example."""
    if multi_label and known is not None and getattr(side, "ndim", 1) == 2:
        return _of_matrix(np.asarray(side), name, known)
    kind = "lists, each with the labels of an example" if multi_label else "labels, one per example"
    found = as_list(side, name, kind)
    cache: dict[Any, str] = {}
    read = _several if multi_label else _one
    return [read(row, name, at, cache) for at, row in enumerate(found)]


def _of_matrix(matrix: NDArray[Any], name: str, known: tuple[str, ...]) -> Rows:
    if matrix.shape[1] != len(known) or not np.isin(matrix, (0, 1)).all():
        raise DataError(
            f"{name} is a matrix of shape {matrix.shape}; expected 0 and 1 for each of the {len(known)} labels"
        )
    return [tuple(known[at] for at in np.flatnonzero(row)) for row in matrix]


def _one(label: Any, side: str, at: int, cache: dict[Any, str]) -> tuple[str, ...]:
    if is_row(label) or isinstance(label, AbstractSet):
        raise DataError(
            f"{side}, example {at} (counted from 0): found {shown(label)}, expected one label; "
            "several labels per example need `multi_label=True`"
        )
    return (_cached(label, f"{side}, example {at} (counted from 0)", cache),)


def _several(labels: Any, side: str, at: int, cache: dict[Any, str]) -> tuple[str, ...]:
    place = f"{side}, example {at} (counted from 0)"
    if isinstance(labels, (str, bytes, Mapping)) or not (is_row(labels) or isinstance(labels, AbstractSet)):
        raise DataError(f"{place}: found {shown(labels)}, expected a list of labels, such as ['a', 'b'] or []")
    return tuple(dict.fromkeys(_cached(label, place, cache) for label in labels))


def _cached(label: Any, place: str, cache: dict[Any, str]) -> str:
    if type(label) is str and label in cache:  # only texts: 1 and True are the same key
        return cache[label]
    name = _name(label, place)
    if type(label) is str:
        cache[label] = name
    return name


def _name(label: Any, place: str) -> str:
    """A label as text; whole numbers are names too."""
    if isinstance(label, (bool, np.bool_)):
        return str(bool(label))
    number = None if isinstance(label, str) else whole(label)
    if number is not None:
        return str(number)
    if not isinstance(label, str):
        more = (
            "; a number to be predicted is scored by `number_report`"
            if isinstance(label, float) and math.isfinite(label)
            else ""
        )
        raise DataError(f"{place}: found {shown(label)}, {type_name(label)}; expected a label as text{more}")
    if not label:
        raise DataError(f"{place}: found an empty text, expected a label")
    return str(label)


def _names(gold: Rows, pred: Rows, known: tuple[str, ...] | None) -> tuple[tuple[str, ...], list[str]]:
    """Every label in order: those the model can give, then those that only gold has."""
    in_gold = {name for row in gold for name in row}
    in_pred = {name for row in pred for name in row}
    if known is None:
        return tuple(sorted(in_gold | in_pred, key=_order)), []
    given = set(known)
    if in_pred - given:
        at = next(at for at, row in enumerate(pred) if set(row) - given)
        odd = next(name for name in pred[at] if name not in given)
        raise DataError(
            f"pred, example {at} (counted from 0): `{shown(odd)}` is none of the {len(known)} labels."
            f"{did_you_mean(odd, known)}"
        )
    unknown = sorted(in_gold - given, key=_order)
    if in_gold and len(unknown) == len(in_gold):
        raise DataError(
            f"gold, example {next(at for at, row in enumerate(gold) if row)} (counted from 0): `{shown(unknown[0])}` "
            f"is none of the {len(known)} labels, and no other gold label is.{did_you_mean(unknown[0], known)}"
        )
    notes = []
    if unknown:
        count = sum(not given.issuperset(row) for row in gold)
        more = f" and {len(unknown) - _MOST_NAMED} more" if len(unknown) > _MOST_NAMED else ""
        notes.append(
            f"gold has labels that the model cannot give, each a miss ({count} examples): "
            f"{', '.join(unknown[:_MOST_NAMED])}{more}"
        )
    return (*known, *unknown), notes


def _order(name: str) -> tuple[int, int, str]:
    """Numbers by value, before texts."""
    is_number = name.isascii() and name.removeprefix("-").isdigit() and len(name) < 19
    return (0, int(name), name) if is_number else (1, 0, name)


def _table(rows: Sequence[tuple[str, ...]], place: Mapping[str, int]) -> Bools:
    table = np.zeros((len(rows), len(place)), dtype=np.bool_)
    lengths = np.fromiter(map(len, rows), dtype=np.int64, count=len(rows))
    columns = np.fromiter((place[name] for row in rows for name in row), dtype=np.int64, count=int(lengths.sum()))
    table[np.repeat(np.arange(len(rows)), lengths), columns] = True
    return table
