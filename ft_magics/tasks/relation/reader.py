"""A path or an object of the kernel → a split of texts with two marked entities each."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ft_magics.config.references import Reference
from ft_magics.config.tree import is_broken
from ft_magics.data.cells import Rows, column_label, index_of, is_list, is_missing
from ft_magics.data.encoding import decode
from ft_magics.data.examples import Split
from ft_magics.data.faults import Faults, printable, quoted, show
from ft_magics.data.marked import TAGS, MarkedText, check_marks, parse_tags
from ft_magics.data.paths import read_file
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError
from ft_magics.tasks.relation.columns import KNOWN, Columns, find_columns, label_names, with_tokens
from ft_magics.tasks.relation.config import MarkedOptions
from ft_magics.tasks.relation.documents import has_documents, read_documents
from ft_magics.tasks.relation.fewrel import is_by_relation, rows_by_relation
from ft_magics.tasks.relation.places import Place, place_of, places_of_words, repairs, text_of
from ft_magics.tasks.relation.semeval import is_semeval, read_semeval
from ft_magics.tasks.relation.shapes import in_one_shape

__all__ = ["marked_text", "read_options", "read_split"]

_BEGINNING = 2000  # bytes of a file by which it is seen what it is
_STANDOFF = re.compile(rb"\s*(?:T\d+\t\S+ \d+ \d+|\d+\|t\|)")
_IN_ROWS = ("csv", "json", "jsonl", "parquet", "tsv")


def read_options(options: Mapping[str, Any]) -> MarkedOptions:
    """How a file of marked texts is read.

    Raises:
        DataError: There is no such option, or no such value.
    """
    try:
        return MarkedOptions.model_validate(dict(options))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"])
        known = f"; there are {', '.join(MarkedOptions.model_fields)}" if fault["type"] == "extra_forbidden" else ""
        raise DataError(f"{where}: found {fault['input']!r:.60}: {fault['msg']}{known}") from error


def read_split(name: str, source: str | Reference, options: MarkedOptions | None = None) -> Split[MarkedText]:
    """Read one split.

    Args:
        name: `train`, `dev` or `test`.
        source: A path (`demo:…` for a file of the demo corpus), or an object of the kernel.
        options: How to read it, where that cannot be seen.

    Raises:
        DataError: It cannot be read; the message has the line or row of every fault.
    """
    options = options or MarkedOptions()
    shown = printable(str(source))
    examples = _of_semeval(source, options)
    if examples is not None:
        return Split(name=name, source=shown, examples=examples)
    rows = _rows_by_relation(source, options) or read_rows(
        source,
        split=name,
        format=options.format,
        delimiter=options.delimiter,
        encoding=options.encoding,
        header=options.header,
        known=KNOWN,
    )
    if not rows.cells:
        raise DataError(f"{rows.name}: there are no rows in it, only the names of the columns")
    rows = in_one_shape(with_tokens(rows, options))
    notes = list(rows.notes)
    by_token, last_included = options.offsets == "tokens", bool(options.last_included)
    if has_documents(rows):
        examples = read_documents(
            rows,
            by_token=by_token,
            last_included=last_included,
            unrelated=options.unrelated_pairs,
            train=name == "train",
            notes=notes,
        )
    else:
        examples = _of_rows(rows, options, notes)
    return Split(name=name, source=shown, examples=examples, notes=notes)


def _of_semeval(source: str | Reference, options: MarkedOptions) -> list[MarkedText] | None:
    """The sentences of SemEval's original file; None for any other source."""
    if options.format in _IN_ROWS or (isinstance(source, Reference) and not isinstance(source.value, Path)):
        return None
    path, raw = read_file(str(source.value) if isinstance(source, Reference) else source)
    if _STANDOFF.match(raw[:_BEGINNING]):
        raise DataError(
            f"{printable(path.name)}: such files, of brat or PubTator, are not read; write a line of JSON for each "
            "document: `{text, entities: [{id, type, start, end}], relations: [{type, head, tail}]}`"
        )
    if options.format is None and b"<e1>" not in raw[:_BEGINNING]:
        return None
    text = decode(raw, printable(path.name), options.encoding)
    if options.format == "semeval" or is_semeval(text):
        return read_semeval(text, printable(path.name))
    return None


def _rows_by_relation(source: str | Reference, options: MarkedOptions) -> Rows | None:
    """The rows of FewRel's original file; None for any other source."""
    if options.format not in (None, "json") or (isinstance(source, Reference) and not isinstance(source.value, Path)):
        return None
    path, raw = read_file(str(source.value) if isinstance(source, Reference) else source)
    name = printable(path.name)
    return rows_by_relation(decode(raw, name, options.encoding), name) if is_by_relation(raw) else None


def _of_rows(rows: Rows, options: MarkedOptions, notes: list[str]) -> list[MarkedText]:
    """Rows with one pair of entities each."""
    columns = find_columns(rows, options)
    names = label_names(rows, columns)
    faults, examples, repeated, moved, pieces = Faults(), [], 0, 0, 0
    for place, row in zip(rows.places, rows.cells, strict=True):
        where = place if columns.id is None else f"{place} ({quoted(column_label(row[columns.id]))})"
        label = _label(None if columns.label is None else row[columns.label], names, place, faults)
        try:
            example, marked = marked_text(row, columns, options)
        except DataError as error:
            faults.add(_kind(error), place, str(error))
            continue
        repeated += any(each.times > 1 for each in marked)
        moved += sum(each.moved for each in marked)
        pieces += sum(each.pieces > 1 for each in marked)
        examples.append(replace(example, label=label, id=where))
    faults.raise_all()
    if repeated:
        notes.append(
            f"{rows.name}: in {repeated:,} of {len(rows.cells):,} rows the words of an entity are in the text "
            "more than once; the first place is marked"
        )
    notes += [f"{rows.name}: {text}" for text in repairs(moved, pieces)]
    return examples


def _kind(error: DataError) -> str:
    """Faults of one kind are said together: those whose words are the same but for names and numbers."""
    return " ".join(word for word in str(error).split()[:3] if word.isalpha())


def _label(cell: Any, names: Sequence[str], place: str, faults: Faults) -> str:
    number = index_of(cell)
    if names and number is not None:
        if 0 <= number < len(names):
            return names[number]
        faults.add("number", place, f"relation {number} has no name; there are {len(names)}, counted from 0")
        return ""
    text = str(number) if number is not None else cell.strip() if isinstance(cell, str) else ""
    if is_missing(cell) or cell == "" or text == "":
        what = "is missing" if is_missing(cell) or isinstance(cell, str) else f"is {show(cell)}"
        faults.add(
            "relation", place, f"the relation {what}; expected its name, also where there is none, such as `Other`"
        )
    elif is_broken(text):
        faults.add("half", place, f"the relation {text[:60]!a} holds half a surrogate pair, which is no letter")
    return text


def _apart(text: str, places: list[Place]) -> list[Place]:
    """Places of which the second is another one of its words, or the first, where the first ones overlap."""
    for at, place in enumerate(places):
        other = places[1 - at].mark
        if place.times > 1 and max(place.mark[0], other[0]) < min(place.mark[1], other[1]):
            marks = places_of_words(text, text[slice(*place.mark)])
            free = next((mark for mark in marks if mark[1] <= other[0] or other[1] <= mark[0]), None)
            if free is not None:
                return [replace(each, mark=free) if each is place else each for each in places]
    return places


def marked_text(row: Sequence[Any], columns: Columns, options: MarkedOptions) -> tuple[MarkedText, list[Place]]:
    """The text with its marks, and how its entities were found.

    Args:
        row: Its cells.
        columns: Which of them is what.
        options: How places are counted.

    Raises:
        DataError: It has none, or they are none.
    """
    cell = row[columns.text]
    if not columns.entities:
        if is_missing(cell) or not isinstance(cell, str):
            raise DataError(f"the text is {'missing' if is_missing(cell) else show(cell)}; expected one with tags")
        text, e1, e2 = parse_tags(cell)
        places = [Place(e1), Place(e2)]
    else:
        read = text_of(cell, by_token=options.offsets == "tokens")
        if options.offsets == "characters" and is_list(cell):
            read = replace(read, tokens=())
        if TAGS.search(read.text) and not read.tokens:
            raise DataError("the text has `<e1>` tags, and there are columns of entities too; take one of them out")
        text = read.text
        last = columns.last_included and bool(read.tokens) if options.last_included is None else options.last_included
        given = zip(("e1", "e2"), columns.entities, columns.starts, strict=True)
        places = [
            place_of(
                name, [row[at] for at in found], read, last_included=last, start=None if start is None else row[start]
            )
            for name, found, start in given
        ]
        places = _apart(text, places)
    if is_broken(text):
        raise DataError("the text holds half a surrogate pair, which is no letter; mend the text")
    e1, e2 = places[0].mark, places[1].mark
    if wrong := check_marks(text, e1, e2):
        raise DataError(wrong)
    kinds = [
        str(row[at]).strip() if at is not None and isinstance(row[at], str) else place.kind
        for at, place in zip(columns.types, places, strict=True)
    ]
    return MarkedText(text, e1, e2, types=(kinds[0], kinds[1])), places
