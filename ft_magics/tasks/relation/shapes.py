"""Documents in the shapes that corpora come in → rows with a text, a list of entities and one of relations.

- BioC's JSON (BioRED): `passages` with their offset, `annotations` with `locations`, relations with `infons`.
- BigBIO: `passages` of texts with `offsets`; entities have `offsets` too, relations `arg1_id` and `arg2_id`.
- DyGIE++ (SciERC): `sentences` of tokens, `ner` and `relations` a list each sentence, the last token included.
- Triples alone (DuIE's `spo_list`, NYT's `triple_list`): the entities are their words, wherever they are in the text.
- Lists that are written as objects (`{T1: {…}}`, `{head: […], tail: […]}`) or as text, as in a CSV file.

Source: Comeau et al. 2013 (BioC); Fries et al. 2022 (BigBIO); Wadden et al. 2019 (DyGIE++); Li et al. 2019 (DuIE).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ft_magics.data.cells import Rows, fold, index_of, is_list
from ft_magics.data.faults import Faults, quoted, show
from ft_magics.data.frames import rows_of_records
from ft_magics.data.written import read_written
from ft_magics.errors import DataError
from ft_magics.tasks.relation.places import places_of_words, text_of

__all__ = [
    "ENTITIES",
    "RELATIONS",
    "TEXTS",
    "column_of",
    "in_one_shape",
    "triple_of",
]

ENTITIES = ("entities", "vertexset", "ents", "mentions", "ner", "spans")
RELATIONS = ("relations", "triples", "labels", "triplelist", "relationlist", "rels", "spolist")
TEXTS = ("text", "tokens", "sents", "sentence", "words", "content", "context")
_HEADS = ("head", "from_id", "h", "from", "subject", "arg1", "arg1_id", "head_id", "source", "e1")
_TAILS = ("tail", "to_id", "t", "to", "object", "arg2", "arg2_id", "tail_id", "target", "e2")
_TYPES = ("type", "relation", "label", "r", "predicate", "rel", "relationid", "relationtype")
_IN_TRIPLE = 3

Record = dict[str, Any]
_Shape = Callable[[Mapping[str, Any]], Record]


def column_of(rows: Rows, names: Sequence[str], *, lists: bool = False) -> int | None:
    """The first column of one of some names; with `lists` one that has lists."""
    places = {fold(name): at for at, name in enumerate(rows.columns)}
    found = (places[name] for name in names if name in places)
    return next((at for at in found if not lists or any(is_list(row[at]) for row in rows.cells)), None)


def in_one_shape(rows: Rows) -> Rows:
    """Documents as rows of text, entities and relations; any other rows as they are.

    Raises:
        DataError: Documents of such a shape are broken; with the place of each.
    """
    if not rows.named:
        return rows
    rows = _with_lists(_of_collection(rows))
    shape = _shape_of(rows)
    if shape is None:
        return rows
    faults, cells = Faults(), []
    for place, row in zip(rows.places, rows.cells, strict=True):
        try:
            cells.append(
                tuple(shape({fold(name): cell for name, cell in zip(rows.columns, row, strict=True)}).values())
            )
        except DataError as error:
            faults.add(str(error)[:12], place, str(error))
    faults.raise_all()
    return replace(rows, columns=["text", "entities", "relations"], cells=cells)


def _of_collection(rows: Rows) -> Rows:
    """The documents of BioC's collection, which is one object."""
    at = column_of(rows, ("documents",), lists=True)
    if at is None or len(rows.cells) != 1 or not all(isinstance(each, Mapping) for each in rows.cells[0][at]):
        return rows
    places = ((f"{rows.name}, document {number}", each) for number, each in enumerate(rows.cells[0][at], 1))
    return rows_of_records(places, rows.name)


def _with_lists(rows: Rows) -> Rows:
    """With lists of entities and relations that are written as objects or as text read as lists."""
    chosen = [at for at, name in enumerate(rows.columns) if fold(name) in (*ENTITIES, *RELATIONS, "passages")]
    if not any(isinstance(row[at], (str, Mapping)) for row in rows.cells for at in chosen):
        return rows
    cells = [tuple(_listed(cell) if at in chosen else cell for at, cell in enumerate(row)) for row in rows.cells]
    return replace(rows, cells=cells)


def _listed(cell: Any) -> Any:
    cell = read_written(cell)
    if not isinstance(cell, Mapping) or not cell:
        return cell
    values = list(cell.values())
    if all(isinstance(value, Mapping) for value in values):
        return [{"id": key, **value} for key, value in cell.items()]
    if all(is_list(value) and len(value) == len(values[0]) for value in values):
        return [dict(zip(cell, each, strict=True)) for each in zip(*values, strict=True)]
    return cell


def _shape_of(rows: Rows) -> _Shape | None:
    folded = {fold(name) for name in rows.columns}
    passages = column_of(rows, ("passages",), lists=True)
    if passages is not None and ("relations" in folded or any(_annotated(row[passages]) for row in rows.cells)):
        return _of_passages
    if {"sentences", "ner", "relations"} <= folded:
        return _of_sentences
    relations, texts = column_of(rows, RELATIONS, lists=True), column_of(rows, TEXTS)
    if relations is None or texts is None or folded.intersection(ENTITIES):
        return None
    names = fold(rows.columns[texts]), fold(rows.columns[relations])
    first = next((item for row in rows.cells if is_list(row[relations]) for item in row[relations]), None)
    if not isinstance(first, Mapping) and not is_list(first):
        return None
    return lambda row: _of_triples(row[names[0]], row[names[1]])


def _annotated(passages: Any) -> bool:
    return is_list(passages) and any(isinstance(each, Mapping) and "annotations" in each for each in passages)


def _records(value: Any, what: str) -> list[Mapping[str, Any]]:
    value = [] if value is None else value
    if not is_list(value) or not all(isinstance(each, Mapping) for each in value):
        raise DataError(f"`{what}` must be a list of objects, found {show(value)}")
    return list(value)


def _of_passages(row: Mapping[str, Any]) -> Record:
    """BioC and BigBIO: a passage stands at its offset in the document."""
    text = ""
    annotations = _records(row.get("annotations"), "annotations")
    relations = _records(row.get("relations"), "relations")
    for at, passage in enumerate(_records(row.get("passages"), "passages")):
        said = passage.get("text") or ""
        said = " ".join(map(str, said)) if is_list(said) else said
        offset = _first_number(passage.get("offset", passage.get("offsets")))
        if not isinstance(said, str) or (offset is not None and offset < len(text)):
            raise DataError(
                f"passage {at} (counted from 0) must have a text and an offset from {len(text)}, in characters, found "
                f"{show(passage.get('offset', passage.get('offsets')))}"
            )
        text += " " * (offset - len(text) if offset is not None else bool(text)) + said
        annotations += _records(passage.get("annotations"), "annotations")
        relations += _records(passage.get("relations"), "relations")
    entities: Any = row.get("entities")
    linked = [_of_infons(each) for each in relations]
    ends = {str(each[side]) for each in linked for side in ("head", "tail") if side in each}
    if entities is None:
        entities = _of_annotations(annotations, ends)
    return {"text": text, "entities": entities, "relations": linked}


def _first_number(value: Any) -> int | None:
    while is_list(value) and len(value):
        value = value[0]
    return index_of(value)


def _infons(record: Mapping[str, Any]) -> Mapping[str, Any]:
    found = record.get("infons")
    return found if isinstance(found, Mapping) else {}


def _of_infons(relation: Mapping[str, Any]) -> Mapping[str, Any]:
    """A relation of BioC, whose ends are in its infons or its nodes."""
    more = _infons(relation)
    if not more:
        return relation
    nodes = [node.get("refid") for node in _records(relation.get("nodes"), "nodes")][:2]
    head, tail = nodes if len(nodes) == 2 else (more.get("entity1"), more.get("entity2"))
    return {"head": head, "tail": tail, "type": more.get("type", more.get("relation type"))}


def _of_annotations(annotations: Sequence[Mapping[str, Any]], ends: set[str]) -> list[Record]:
    """Entities of BioC: an annotation each, or all annotations of an identifier that relations name."""
    entities: dict[str, Record] = {}
    for at, each in enumerate(annotations):
        more = _infons(each)
        spans = [[place.get("offset", -1), _end_of(place)] for place in _records(each.get("locations"), "locations")]
        mention = {"offsets": spans, "text": each.get("text"), "type": more.get("type")}
        own = str(each.get("id", at))
        known = str(more.get("identifier", "")).replace(";", ",").split(",")
        for key in [own] if own in ends else [key for key in known if key.strip() in ends] or [own]:
            entities.setdefault(key.strip(), {"id": key.strip(), "mentions": []})["mentions"].append(mention)
    return list(entities.values())


def _end_of(place: Mapping[str, Any]) -> int:
    start, length = index_of(place.get("offset")), index_of(place.get("length"))
    if start is None or length is None:
        raise DataError(f"a location must have an offset and a length, found {show(dict(place))}")
    return start + length


def _of_sentences(row: Mapping[str, Any]) -> Record:
    """DyGIE++: tokens are counted over the document."""
    sentences = row["sentences"]
    if not is_list(sentences) or not all(is_list(each) for each in sentences):
        raise DataError(f"`sentences` must be lists of tokens, found {show(sentences)}")
    entities = [{"pos": [start, end + 1], "type": kind} for start, end, kind in _numbered(row["ner"], 2, "ner")]
    relations = [
        {"head": [first, last + 1], "tail": [start, end + 1], "type": kind}
        for first, last, start, end, kind in _numbered(row["relations"], 4, "relations")
    ]
    return {"text": sentences, "entities": entities, "relations": relations}


def _numbered(lists: Any, count: int, what: str) -> list[tuple[Any, ...]]:
    """Numbers with a name behind them, a list of such each sentence."""
    items = [item for each in lists or () if is_list(each) for item in each]
    for item in items:
        if not is_list(item) or len(item) <= count or None in [index_of(part) for part in item[:count]]:
            raise DataError(f"`{what}` has {show(item)}; expected {count} numbers of tokens and a type in each")
    return [(*item[:count], str(item[count])) for item in items]


def _of_triples(text: Any, triples: Any) -> Record:
    """Triples alone: an entity is all places of its words, in a text or in its tokens."""
    if is_list(text):
        text = text_of(text, by_token=True).text
    if not isinstance(text, str):
        raise DataError(f"the text must be a text or a list of tokens, found {show(text)}")
    entities: dict[str, Record] = {}
    relations = []
    for at, item in enumerate(triples if is_list(triples) else ()):
        head, tail, label = triple_of(at, item)
        ends = []
        for side, end in (("subject", head), ("object", tail)):
            words = end.get("@value", end.get("text", end.get("name"))) if isinstance(end, Mapping) else end
            kind = item.get(f"{side}_type") if isinstance(item, Mapping) else None
            kind = kind.get("@value") if isinstance(kind, Mapping) else kind
            if not isinstance(words, str) or not words.strip():
                raise DataError(f"relation {at} (counted from 0) is {show(item)}; expected words of the text")
            marks = places_of_words(text, words.strip(), any_case=True)
            if not marks:
                raise DataError(
                    f"relation {at} (counted from 0) names `{quoted(words)}`, which is not in the text; correct it, or "
                    "take the relation out"
                )
            key = str(marks)  # words in another case are the same entity
            mentions = [{"pos": list(mark)} for mark in marks]
            entities.setdefault(key, {"id": key, "type": kind if isinstance(kind, str) else "", "mentions": mentions})
            ends.append(key)
        relations.append({"head": ends[0], "tail": ends[1], "type": label})
    return {"text": text, "entities": list(entities.values()), "relations": relations}


def triple_of(at: int, item: Any) -> tuple[Any, Any, str]:
    """Head, tail and type; of a list the type is what is no number, else what stands in the middle.

    Args:
        at: The relation's number in its document, for messages.
        item: A record or a list of three; brat's `[R1, type, [[Arg1, T1], [Arg2, T2]]]` too.

    Raises:
        DataError: It is none.
    """
    label: Any = None
    sides: list[Any] = [None, None]
    if isinstance(item, Mapping):
        folded = {fold(str(key)): value for key, value in item.items()}
        sides = [
            next((folded[fold(name)] for name in names if fold(name) in folded), None) for names in (_HEADS, _TAILS)
        ]
        label = next((folded[name] for name in _TYPES if name in folded), None)
    elif is_list(item) and len(item) == _IN_TRIPLE:
        if is_list(item[2]) and len(item[2]) == 2 and all(is_list(end) and len(end) == 2 for end in item[2]):
            sides, label = [end[1] for end in item[2]], item[1]
        else:
            names = [place for place, part in enumerate(item) if index_of(part) is None and not is_list(part)]
            middle = names[0] if len(names) == 1 else 1
            sides, label = [part for place, part in enumerate(item) if place != middle], item[middle]
    if any(side is None for side in sides) or not isinstance(label, (str, int)) or label == "":
        raise DataError(
            f"relation {at} (counted from 0) is {show(item)}; expected its two entities and its type, such as "
            "`{head: 0, tail: 1, type: born_in}`"
        )
    return sides[0], sides[1], str(label)
