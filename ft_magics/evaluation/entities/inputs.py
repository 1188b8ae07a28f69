"""What a user hands over as gold and predictions → spans of both, checked against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import numpy as np

from ft_magics.data.tagged.schemes import with_inside
from ft_magics.errors import DataError
from ft_magics.evaluation.entities.beside import as_list, check_rule, is_row, shown
from ft_magics.evaluation.entities.noise import invalid_transitions, scheme_of
from ft_magics.evaluation.entities.spans import (
    Ints,
    SpanTable,
    TagTable,
    TypeNames,
    check_scheme,
    read_spans,
    read_tags,
    spans_of_tags,
)

__all__ = ["Inputs", "Sentences", "lengths_of", "read_inputs", "with_prefixes"]

Sentences = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
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


def read_inputs(gold: Sentences, pred: Sentences, mode: str, scheme: str | None) -> Inputs:
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
    check_rule(mode, scheme)
    of = "lists, each with the tags or spans of a sentence"
    gold, pred = as_list(gold, "gold", of), as_list(pred, "pred", of)
    if len(gold) != len(pred):
        raise DataError(
            f"gold has {len(gold)} sentences and pred has {len(pred)}; they must be the same, in the same order"
        )
    if not gold:
        raise DataError("there is no sentence to score: gold and pred are empty")
    if _are_spans(gold) or _are_spans(pred):
        names = TypeNames()
        return Inputs(gold=read_spans(gold, names, "gold"), pred=read_spans(pred, names, "predicted"), names=names)
    return _from_tags(gold, pred, mode, scheme)


def _are_spans(side: Sentences) -> bool:
    """Whether the first entry of a sentence is a span and no tag."""
    first = next((sentence[0] for sentence in side if isinstance(sentence, Sequence) and len(sentence)), "O")
    is_list = isinstance(first, Sequence) and not isinstance(first, str)
    return is_list or isinstance(first, Mapping) or hasattr(first, "type")


def _from_tags(gold: Sentences, pred: Sentences, mode: str, scheme: str | None) -> Inputs:
    names = TypeNames()
    if scheme == "IO":
        gold, pred = with_prefixes(gold), with_prefixes(pred)
    tags = read_tags(gold, names, "gold"), read_tags(pred, names, "predicted")
    unequal = np.flatnonzero(tags[0].lengths != tags[1].lengths)
    if len(unequal):
        at = int(unequal[0])
        more = f"; {len(unequal) - 1} more sentences differ in length" if len(unequal) > 1 else ""
        raise DataError(
            f"sentence {at} (counted from 0) has {tags[0].lengths[at]} gold tags and "
            f"{tags[1].lengths[at]} predicted{more}"
        )
    seen = scheme or _scheme(*tags)
    if mode == "strict":
        check_scheme(seen, *tags)
    rule = seen if mode == "strict" else None
    noise = {
        side: invalid_transitions(table, seen).to_json()
        for side, table in zip(("gold", "predicted"), tags, strict=True)
    }
    return Inputs(
        gold=spans_of_tags(tags[0], rule),
        pred=spans_of_tags(tags[1], rule),
        names=names,
        lengths=tags[0].lengths,
        scheme=seen,
        noise=noise,
        notes=[*_notes(*tags, mode, named=scheme, seen=seen), *(_lost(noise, seen) if mode == "strict" else [])],
    )


def with_prefixes(sentences: Sentences) -> Sentences:
    """Tags of IO, which have no prefixes, as tags that have them; what is no text stays as it is."""
    return [
        [with_inside(tag) if isinstance(tag, str) and tag else tag for tag in tags] if is_row(tags) else tags
        for tags in sentences
    ]


def lengths_of(sentences: Sequence[Any], what: str, kind: type | None = None) -> Ints:
    """Entries per sentence of something that is given with the tags. Length S.

    Args:
        sentences: A list per sentence.
        what: Its name, for messages.
        kind: What the entries must be, if that matters.

    Raises:
        DataError: A sentence has no list, or one with something else in it; the message names it.
    """
    for at, row in enumerate(sentences):
        if not is_row(row):
            raise DataError(f"{what} of sentence {at} (counted from 0): expected a list, found {shown(row)}")
    if kind is not None and not all(
        issubclass(found, kind) for found in set(map(type, chain.from_iterable(sentences)))
    ):
        at, odd = next((at, odd) for at, row in enumerate(sentences) for odd in row if not isinstance(odd, kind))
        raise DataError(
            f"{what} of sentence {at} (counted from 0): expected a list of {kind.__name__}, found {shown(odd)} in it"
        )
    return np.fromiter(map(len, sentences), dtype=np.int64, count=len(sentences))


def _scheme(gold: TagTable, pred: TagTable) -> str:
    """The scheme of the gold tags; where they are all O, of the predicted ones."""
    return scheme_of(gold if gold.letters() - {"O"} else pred)


def _notes(gold: TagTable, pred: TagTable, mode: str, *, named: str | None, seen: str) -> list[str]:
    ours, theirs = gold.letters(), pred.letters()
    foreign = (ours | theirs) & set("LUM")
    inputs = ((ours, theirs), (theirs, ours))
    if mode == "conll" and any(one & set("ES") and other & set("LU") for one, other in inputs):
        mixed = "prefixes of BIOES and BILOU stand together, and conlleval's rule reads them differently"
        return [f"{mixed}: equal entities can count as different; bring gold and predictions to one scheme"]
    if mode == "conll" and foreign:
        listed = ", ".join(f"{letter}-" for letter in sorted(foreign))
        rule = f"conlleval's rule, like seqeval's default, does not know {listed}"
        return [f"{rule}: entities of one type that touch can be taken for one. Mode `strict` counts them apart"]
    if mode == "strict" and named is None:
        return [f"the tags were read as {seen}; another scheme can be named"]
    return []


def _lost(noise: Mapping[str, Mapping[str, Any]], scheme: str) -> list[str]:
    """A note where tags break the scheme, since the strict rule drops what they would be otherwise."""
    broken = [f"{found['invalid']} of {found['tags']} {side} tags" for side, found in noise.items() if found["invalid"]]
    return [f"{' and '.join(broken)} break {scheme}; by the strict rule they make no entity"] if broken else []
