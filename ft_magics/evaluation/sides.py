"""What a user hands over as gold and predictions → spans of both sides, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.noise import detect_scheme, invalid_transitions
from ft_magics.evaluation.spans import (
    RULES,
    Ints,
    SpanTable,
    TagTable,
    TypeNames,
    check_scheme,
    read_spans,
    read_tags,
    spans_of_tags,
)

__all__ = ["Sides", "read_sides"]

Sentences = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Both sides as spans.

    Args:
        gold: Gold spans.
        pred: Predicted spans.
        names: Type numbers by name.
        lengths: Words per sentence; None where offsets count characters.
        scheme: Of the gold tags; None without tags.
        noise: Invalid transitions of `gold` and `predicted`.
        notes: What a reader of the numbers should know.
    """

    gold: SpanTable
    pred: SpanTable
    names: TypeNames
    lengths: Ints | None = None
    scheme: str | None = None
    noise: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def read_sides(gold: Sentences, pred: Sentences, mode: str, scheme: str | None) -> Sides:
    """Tags or spans of both sides.

    Args:
        gold: As `entity_report` takes it.
        pred: The same.
        mode: `conll` or `strict`.
        scheme: Named by the user, or None.

    Raises:
        DataError: The sides do not belong together.
        SchemeError: They are no tags, or not of the scheme.
    """
    if mode not in RULES:
        raise DataError(f"mode: found `{mode}`, expected one of {', '.join(RULES)}")
    gold, pred = _as_list(gold, "gold"), _as_list(pred, "predicted")
    if len(gold) != len(pred):
        raise DataError(
            f"gold has {len(gold)} sentences and pred has {len(pred)}; they must be the same, in the same order"
        )
    if not gold:
        raise DataError("there is no sentence to score: gold and pred are empty")
    if _are_spans(gold) or _are_spans(pred):
        names = TypeNames()
        return Sides(gold=read_spans(gold, names, "gold"), pred=read_spans(pred, names, "predicted"), names=names)
    return _from_tags(gold, pred, mode, scheme)


def _as_list(side: Any, name: str) -> Sentences:
    side = side.tolist() if hasattr(side, "tolist") else side
    if isinstance(side, (str, Mapping)) or not isinstance(side, Sequence):
        raise DataError(f"{name} is a {type(side).__name__}; expected a list with a list of tags or spans per sentence")
    return side


def _are_spans(side: Sentences) -> bool:
    """Whether the first entry of a sentence is a span and no tag."""
    first = next((sentence[0] for sentence in side if isinstance(sentence, Sequence) and len(sentence)), "O")
    is_list = isinstance(first, Sequence) and not isinstance(first, str)
    return is_list or isinstance(first, Mapping) or hasattr(first, "type")


def _from_tags(gold: Sentences, pred: Sentences, mode: str, scheme: str | None) -> Sides:
    names = TypeNames()
    tags = read_tags(gold, names, "gold"), read_tags(pred, names, "predicted")
    unequal = np.flatnonzero(tags[0].lengths != tags[1].lengths)
    if len(unequal):
        at = int(unequal[0])
        more = f"; so do {len(unequal) - 1} more" if len(unequal) > 1 else ""
        raise DataError(
            f"sentence {at} (counted from 0) has {tags[0].lengths[at]} gold tags and "
            f"{tags[1].lengths[at]} predicted{more}"
        )
    seen = scheme or _scheme(*tags)
    if mode == "strict":
        check_scheme(seen, *tags)
    rule = seen if mode == "strict" else None
    return Sides(
        gold=spans_of_tags(tags[0], rule),
        pred=spans_of_tags(tags[1], rule),
        names=names,
        lengths=tags[0].lengths,
        scheme=seen,
        noise={
            side: invalid_transitions(table, seen).to_json()
            for side, table in zip(("gold", "predicted"), tags, strict=True)
        },
        notes=_notes(*tags, mode, named=scheme, seen=seen),
    )


def _scheme(gold: TagTable, pred: TagTable) -> str:
    """The scheme of the gold tags; where they are all O, of the predicted ones."""
    return detect_scheme(gold if gold.letters() - {"O"} else pred)


def _notes(gold: TagTable, pred: TagTable, mode: str, *, named: str | None, seen: str) -> list[str]:
    foreign = (gold.letters() | pred.letters()) & set("LUM")
    if mode == "conll" and foreign:
        listed = ", ".join(f"{letter}-" for letter in sorted(foreign))
        rule = f"conlleval's rule, like seqeval's default, does not know {listed}"
        return [f"{rule}: entities of one type that touch can be taken for one. Mode `strict` counts them apart"]
    if mode == "strict" and named is None:
        return [f"the tags were read as {seen}; another scheme can be named"]
    return []
