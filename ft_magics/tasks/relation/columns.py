"""Which columns are the text, the relation and the two entities: as the user said, else by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ft_magics.data.cells import Rows, fold, is_list, is_missing
from ft_magics.data.columns import named_column
from ft_magics.data.faults import list_names
from ft_magics.data.marked import TAGS
from ft_magics.data.written import with_written
from ft_magics.errors import DataError
from ft_magics.tasks.relation.config import MarkedOptions
from ft_magics.tasks.relation.places import whole_number

__all__ = ["KNOWN", "Columns", "find_columns", "label_names", "with_tokens"]

_TEXT = ("text", "sentence", "tokens", "token", "words", "sent", "content", "context", "文本", "句子", "内容", "原文")
_LABEL = (
    *("relation", "label", "relationtype", "rel", "predicate", "relationname", "type", "class"),
    *("关系", "标签", "target"),
)
_ID = ("id", "idx", "guid", "uid", "sentid", "编号")
_FIRST = ("e1", "entity1", "ent1", "head", "h", "subj", "subject", "arg1", "实体1", "头实体", "主语")
_SECOND = ("e2", "entity2", "ent2", "tail", "t", "obj", "object", "arg2", "实体2", "尾实体", "宾语")
_BOTH = (_FIRST, _SECOND)
_ENDS = (("start", "end"), ("begin", "end"), ("from", "to"))
_STARTS = ("offset", "start", "begin")  # of a column beside that of an entity's words
_TOKENS = frozenset(map(fold, (*_TEXT, "sents", "sentences")))
_PLACES = ("pos", "span", "offset", "offsets", "position", "indices", "")
KNOWN = frozenset(
    {
        *map(fold, (*_TEXT, *_LABEL)),
        *(f"{stem}{end}" for stem in (*_FIRST, *_SECOND) for ends in _ENDS for end in ends),
        *(f"{stem}{place}" for stem in (*_FIRST, *_SECOND) for place in _PLACES if len(stem) > 1),
    }
)
_TACRED = ("subjend", "objend")  # whose end is the last token


@dataclass(frozen=True, slots=True)
class Columns:
    """Indices of columns.

    Args:
        text: Of the text, or of its tokens.
        label: Of the relation; None for texts without gold.
        entities: Of each entity one column, or those of its start and end; empty where the text has tags.
        types: Of the entities' types, or None for each.
        starts: Of each entity the column that says where the words in its own begin, or None.
        id: Of a name of each example; None for its place.
        last_included: Whether columns are named as in TACRED, where an end is the last token.
    """

    text: int
    label: int | None
    entities: tuple[tuple[int, ...], ...]
    types: tuple[int | None, int | None]
    starts: tuple[int | None, int | None]
    id: int | None
    last_included: bool


def label_names(rows: Rows, columns: Columns) -> Sequence[str]:
    """Names of the relations by id, where the source has them."""
    return () if columns.label is None else rows.class_names.get(rows.columns[columns.label], ())


def find_columns(rows: Rows, options: MarkedOptions, *, labelled: bool = True) -> Columns:
    """Find the columns.

    Args:
        rows: What was read.
        options: Of the cell.
        labelled: Whether there must be one of relations.

    Raises:
        DataError: A column is not there, or nothing names one that is needed.
    """
    faults: list[str] = []
    places: dict[str, int] = {}
    for at, name in enumerate(rows.columns):
        places.setdefault(fold(name), at)
    text = named_column(rows, "text_column", options.text_column, faults)
    label = named_column(rows, "label_column", options.label_column, faults)
    given = [_given(rows, f"e{at}_column", getattr(options, f"e{at}_column"), faults) for at in (1, 2)]
    key = named_column(rows, "id_column", options.id_column, faults)
    if faults:
        raise DataError("\n".join(faults))
    tagged = _tagged(rows)
    text = next((at for at in (text, _usual(places, _TEXT), tagged) if at is not None), None)
    others = [at for at in range(len(rows.columns)) if at != text]
    other = others[0] if len(others) == 1 else None
    label = next((at for at in (label, _usual(places, _LABEL), other) if at is not None), None)
    faults += [_not_found(rows, "text", "text_column")] if text is None else []
    faults += [_not_found(rows, "relation", "label_column")] if label is None and labelled else []
    pairs = zip(_FIRST, _SECOND, strict=True)
    stems = next((both for both in pairs if all(_of(stem, places) for stem in both)), None)
    entities = tuple(said or (_of(stems[at], places) if stems else ()) for at, said in enumerate(given))
    if not all(entities):
        if any(entities) or tagged is None:
            missing = [f"e{at}" for at, found in enumerate(entities, 1) if not found]
            faults.append(
                f"{rows.name}: nothing marks {' and '.join(missing)}: there are no `<e1>…</e1>` tags in the text, "
                f"and no columns such as e1 and e2, head and tail, e1_start and e1_end; there are "
                f"{list_names(rows.columns)}. Name them with `e1_column` and `e2_column`"
            )
        entities = ()
    if faults or text is None or (label is None and labelled):
        raise DataError("\n".join(faults))
    types = [next((places[f"{stem}type"] for stem in names if f"{stem}type" in places), None) for names in _BOTH]
    like_tacred = bool(entities) and all(fold(rows.columns[found[-1]]) in _TACRED for found in entities)
    starts: list[int | None] = [None, None]
    for at, stem in enumerate(stems or ()):
        if entities and not given[at]:
            found, starts[at] = _with_start(rows, stem, entities[at], places)
            entities = (*entities[:at], found, *entities[at + 1 :])
    return Columns(text, label, entities, (types[0], types[1]), (starts[0], starts[1]), key, like_tacred)


def with_tokens(rows: Rows, options: MarkedOptions) -> Rows:
    """The rows with tokens read that a table holds as text.

    Raises:
        DataError: In some rows they are broken; the message has their places.
    """
    asked = options.text_column
    chosen = [at for at, name in enumerate(rows.columns) if fold(name) in _TOKENS or asked in (name, at + 1)]
    return with_written(rows, is_list, columns=chosen)


def _given(rows: Rows, option: str, said: int | str | list[int | str] | None, faults: list[str]) -> tuple[int, ...]:
    columns = said if isinstance(said, list) else [] if said is None else [said]
    found = [named_column(rows, option, column, faults) for column in columns]
    return tuple(at for at in found if at is not None)


def _of(stem: str, places: dict[str, int]) -> tuple[int, ...]:
    """The columns of an entity: of its two ends, or of both in one."""
    for start, end in _ENDS:
        if f"{stem}{start}" in places and f"{stem}{end}" in places:
            return places[f"{stem}{start}"], places[f"{stem}{end}"]
    return next(((places[f"{stem}{place}"],) for place in _PLACES if f"{stem}{place}" in places), ())


def _with_start(
    rows: Rows, stem: str, found: tuple[int, ...], places: dict[str, int]
) -> tuple[tuple[int, ...], int | None]:
    """An entity's column of words and the one of where they begin; `found` and None where there are none."""
    words = places.get(stem)
    if len(found) != 1 or words is None:
        return found, None
    start = next((places[f"{stem}{name}"] for name in (*_STARTS, "pos", "position") if f"{stem}{name}" in places), None)
    if start is None or not all(is_missing(row[start]) or whole_number(row[start]) is not None for row in rows.cells):
        return found, None
    return (words,), start


def _usual(places: dict[str, int], names: Sequence[str]) -> int | None:
    """The column with the first of the usual names."""
    return next((places[fold(name)] for name in names if fold(name) in places), None)


def _not_found(rows: Rows, what: str, option: str) -> str:
    count = f"nothing names the {len(rows.columns)} columns"
    there = f"there are {list_names(rows.columns)}" if rows.named else count
    return f"{rows.name}: no column is called {what}, or the like; {there}. Name it with `{option}`"


def _tagged(rows: Rows) -> int | None:
    """The first column with tags in it."""
    for row in rows.cells:
        for at, cell in enumerate(row):
            if isinstance(cell, str) and TAGS.search(cell):
                return at
    return None
