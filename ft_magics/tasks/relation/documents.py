"""Documents with lists of entities and of relations between them → a marked text for each pair of entities.

Such as a line of doccano, `{text, entities: [{id, start_offset, end_offset, label}], relations: [{from_id, to_id,
type}]}`, a record of SpERT, `{tokens, entities: [{type, start, end}], relations: [{type, head, tail}]}`, or one of
DocRED, `{sents, vertexSet: [[{name, sent_id, pos, type}]], labels: [{h, t, r}]}`, whose entities have several mentions:
those are marked that stand closest. A relation leads from its head, which is e1, to its tail, e2. Pairs that no
relation links are examples without one.

Source: Yao et al. 2019 (DocRED).
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any

from ft_magics.data.cells import Rows, index_of, is_list, is_missing
from ft_magics.data.faults import Faults, quoted, show
from ft_magics.data.marked import Mark, MarkedText, check_mark
from ft_magics.errors import DataError
from ft_magics.tasks.relation.places import Text, place_of, repairs, text_of
from ft_magics.tasks.relation.shapes import ENTITIES, RELATIONS, TEXTS, column_of, triple_of

__all__ = ["NO_RELATION", "has_documents", "read_documents"]

NO_RELATION = "no_relation"
_ROLE = re.compile(r"[^\W\d]+\d?:")  # brat's `Arg1:` before an id
_MANY = 20  # times as many unrelated pairs as related ones
_HINT = "; `unrelated_pairs: 3` keeps three of them for each of the others in train"
_SEED = 42  # of the draw of unrelated pairs


@dataclass(frozen=True, slots=True)
class _Entity:
    """An entity.

    Args:
        key: Its id; None where it has none.
        kind: Its type.
        mentions: Where it is.
        words: Of its mentions.
        moved: How many mentions are not where the source says.
        pieces: How many stand in several pieces.
    """

    key: str | None
    kind: str
    mentions: Sequence[Mark]
    words: frozenset[str]
    moved: int = 0
    pieces: int = 0


@dataclass(slots=True)
class _Counts:
    """What was chosen or left out."""

    unlinked: int = 0
    kept: int = 0
    several: int = 0
    overlapping: int = 0
    unmarkable: int = 0
    moved: int = 0
    pieces: int = 0
    itself: int = 0


def has_documents(rows: Rows) -> bool:
    """Whether rows are documents with lists of entities and relations."""
    return all(column_of(rows, names, lists=True) is not None for names in (ENTITIES, RELATIONS))


def read_documents(
    rows: Rows, *, by_token: bool, last_included: bool, unrelated: float | None, train: bool, notes: list[str]
) -> list[MarkedText]:
    """The pairs of entities of every document.

    Args:
        rows: A row a document.
        by_token: Whether places are counted in tokens of a text.
        last_included: Whether the end of an entity is its last character or token.
        unrelated: How many pairs without a relation are kept for each with one in train; None for all.
        train: Whether these are trained on.
        notes: What was chosen and left out is added here.

    Raises:
        DataError: Something is wrong with documents; with the place of each.
    """
    text_at = column_of(rows, TEXTS)
    if text_at is None:
        raise DataError(f"{rows.name}: the documents have no text; expected it in `text`, `tokens` or `sents`")
    columns = (text_at, column_of(rows, ENTITIES, lists=True), column_of(rows, RELATIONS, lists=True))
    faults, counts = Faults(), _Counts()
    linked: list[MarkedText] = []
    unlinked: list[MarkedText] = []
    order: list[tuple[bool, int]] = []
    for place, row in zip(rows.places, rows.cells, strict=True):
        cells = [None if at is None else row[at] for at in columns]
        try:
            found = list(_of_document(cells, place, counts, by_token=by_token, last_included=last_included))
        except DataError as error:
            faults.add(type(error).__name__ + str(error)[:12], place, str(error))
            continue
        for example in found:
            side = unlinked if example.label == NO_RELATION else linked
            order.append((side is linked, len(side)))
            side.append(example)
    faults.raise_all()
    kept = _kept(len(linked), len(unlinked), unrelated, train=train)
    examples = [linked[at] if is_linked else unlinked[at] for is_linked, at in order if is_linked or at in kept]
    counts.unlinked, counts.kept = len(unlinked), len(kept)
    _say(rows.name, len(linked), counts, notes)
    if not examples:
        raise DataError(f"{rows.name}: no document has two entities")
    return examples


def _kept(linked: int, unlinked: int, unrelated: float | None, *, train: bool) -> set[int]:
    if unrelated is None or (unrelated and not train):
        return set(range(unlinked))
    return set(random.Random(_SEED).sample(range(unlinked), min(unlinked, round(unrelated * linked))))


def _say(name: str, linked: int, counts: _Counts, notes: list[str]) -> None:
    of = f" of {counts.unlinked:,}" if counts.kept < counts.unlinked else ""
    notes.append(
        f"{name}: {linked:,} pairs of entities with a relation, and {counts.kept:,}{of} without one, which are "
        f"{NO_RELATION}{_HINT if counts.kept == counts.unlinked > _MANY * linked > 0 else ''}"
    )
    if counts.several:
        notes.append(
            f"{name}: {counts.several:,} pairs have several relations; each of them keeps the first, since it "
            "has one here"
        )
    if counts.unmarkable:
        notes.append(
            f"{name}: {counts.unmarkable:,} pairs of entities that overlap were left out, since those cannot be "
            f"marked; {counts.overlapping:,} of them have a relation"
        )
    if counts.itself:
        notes.append(f"{name}: {counts.itself:,} relations lead from an entity to itself and were left out")
    notes += [f"{name}: {text}" for text in repairs(counts.moved, counts.pieces)]


def _of_document(
    cells: Sequence[Any], place: str, counts: _Counts, *, by_token: bool, last_included: bool
) -> Iterator[MarkedText]:
    text, firsts = _text(cells[0], by_token=by_token)
    entities = [
        _entity(at, item, text, firsts, last_included=last_included)
        for at, item in enumerate(_listed(cells[1], "entities"))
    ]
    keys = Counter(entity.key for entity in entities if entity.key is not None)
    if twice := next((key for key, count in keys.items() if count > 1), None):
        raise DataError(
            f"{keys[twice]} entities have the id {quoted(twice)}; ids differ, or list all places of one entity as its "
            "`mentions`"
        )
    counts.moved += sum(entity.moved for entity in entities)
    counts.pieces += sum(entity.pieces for entity in entities)
    labels = _labels(_listed(cells[2], "relations"), entities, text, counts)
    for first, second in permutations(range(len(entities)), 2):
        label = labels.get((first, second), NO_RELATION)
        one, two = entities[first], entities[second]
        marks = _closest(one.mentions, two.mentions)
        if marks is None:
            counts.overlapping += label != NO_RELATION
            counts.unmarkable += 1
            continue
        named = f"{quoted(text.text[slice(*marks[0])])} → {quoted(text.text[slice(*marks[1])])}"
        yield MarkedText(text.text, *marks, label, (one.kind, two.kind), f"{place} ({named})")


def _text(cell: Any, *, by_token: bool) -> tuple[Text, Sequence[int]]:
    """The text; of one in sentences also the index of each sentence's first token."""
    if is_list(cell) and len(cell) and all(is_list(item) for item in cell):
        firsts: list[int] = []
        tokens: list[str] = []
        for sentence in cell:
            firsts.append(len(tokens))
            tokens += map(str, sentence)
        return text_of(tokens, by_token=True), firsts
    return text_of(cell, by_token=by_token), ()


def _listed(cell: Any, what: str) -> list[Any]:
    if not is_list(cell) and not isinstance(cell, str) and is_missing(cell):
        return []
    if not is_list(cell):
        raise DataError(f"{what} is {show(cell)}; expected a list")
    return list(cell)


def _entity(at: int, item: Any, text: Text, firsts: Sequence[int], *, last_included: bool) -> _Entity:
    mentions = _mentions(item)
    found = [
        place_of(f"entity {at}", [_moved(mention, firsts)], text, last_included=last_included) for mention in mentions
    ]
    for place in found:
        if wrong := check_mark(text.text, f"entity {at}", place.mark):
            raise DataError(wrong)
    key = item.get("id") if isinstance(item, Mapping) else item[0] if _has_id(item) else None
    kind = next((place.kind for place in found if place.kind), _kind(item))
    words = frozenset(text.text[slice(*place.mark)] for place in found)
    moved, pieces = sum(place.moved for place in found), sum(place.pieces > 1 for place in found)
    return _Entity(None if key is None else str(key), kind, [place.mark for place in found], words, moved, pieces)


def _mentions(item: Any) -> Sequence[Any]:
    """The mentions of an entity; most have one."""
    if isinstance(item, Mapping):
        inner: Any = item.get("mentions")
        return list(inner) if is_list(inner) and len(inner) else [item]
    if is_list(item) and len(item) and isinstance(item[0], Mapping):
        return list(item)
    if is_list(item):  # `[4, 9, "PER"]`, in any order; brat's `["T1", "PER", [[4, 9]]]`
        ends: Any = [part for part in item if index_of(part) is not None]
        ends = ends or next((part for part in item if is_list(part)), [])
        names = [part for part in item if isinstance(part, str)]
        return [{"offsets": ends, "type": names[_has_id(item)] if names else ""}]
    return [item]


def _has_id(item: Any) -> bool:
    """Whether a list begins with an id, such as `["T1", "PER", [[4, 9]]]`."""
    return is_list(item) and len(item) > 2 and all(isinstance(part, str) for part in item[:2])


def _kind(item: Any) -> str:
    found = item.get("type", item.get("label")) if isinstance(item, Mapping) else None
    return found if isinstance(found, str) else ""


def _moved(mention: Any, firsts: Sequence[int]) -> Any:
    """A mention in a sentence as one in the document."""
    at = index_of(mention.get("sent_id")) if isinstance(mention, Mapping) and firsts else None
    ends: Any = mention.get("pos") if at is not None else None
    if at is None or not is_list(ends):
        return mention
    if not 0 <= at < len(firsts):
        raise DataError(f"a mention is in sentence {at}, and there are {len(firsts)}; expected one, counted from 0")
    return {**mention, "pos": [firsts[at] + end if index_of(end) is not None else end for end in ends]}


def _labels(
    relations: Sequence[Any], entities: Sequence[_Entity], text: Text, counts: _Counts
) -> dict[tuple[int, int], str]:
    """The relation of each pair of entities that has one."""
    found: dict[tuple[int, int], str] = {}
    for at, item in enumerate(relations):
        head, tail, label = triple_of(at, item)
        ends = (_end(at, head, entities, text), _end(at, tail, entities, text))
        if ends[0] == ends[1]:
            counts.itself += 1
        elif found.setdefault(ends, label) != label:
            counts.several += 1
    return found


def _end(at: int, said: Any, entities: Sequence[_Entity], text: Text) -> int:
    """The entity that a relation names: by its id, its number from 0, its words, or its place."""
    name: Any = said
    if isinstance(said, Mapping):
        name = next((said[key] for key in ("id", "text", "name") if isinstance(said.get(key), (str, int))), None)
    keyed = any(entity.key is not None for entity in entities)
    number = None if keyed else index_of(name)
    found: list[int] = []
    if isinstance(name, float) and name.is_integer():  # pandas makes decimals of whole numbers beside empty cells
        name = int(name)
    if number is not None:
        found = [number] if 0 <= number < len(entities) else []
    elif isinstance(name, (str, int)):
        bare = _ROLE.sub("", str(name))
        found = [place for place, entity in enumerate(entities) if entity.key == str(name)]
        found = found or [place for place, entity in enumerate(entities) if entity.key == bare]
        found = found or [place for place, entity in enumerate(entities) if name in entity.words]
    elif isinstance(said, Mapping) or is_list(said):
        mark = place_of(f"the end of relation {at}", [said], text, last_included=False).mark
        found = [place for place, entity in enumerate(entities) if mark in entity.mentions]
    if not found:
        raise DataError(
            f"relation {at} (counted from 0) names the entity {show(said)}, and there is none; expected the id of an "
            f"entity, its number from 0, its words, or its place ({len(entities)} entities)"
        )
    return found[0]


def _closest(first: Sequence[Mark], second: Sequence[Mark]) -> tuple[Mark, Mark] | None:
    """The mentions of two entities that stand closest and do not overlap; None where all do."""
    pairs = [(one, two) for one in first for two in second if one[1] <= two[0] or two[1] <= one[0]]
    return min(pairs, key=lambda pair: max(pair[1][0] - pair[0][1], pair[0][0] - pair[1][1]), default=None)
