"""The columns of the data that a cell or line names, where a column is wanted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ft_magics.config.keys import KeyPath
from ft_magics.config.references import is_reference, lookup
from ft_magics.data.peek import Column, Reading, columns_of_file, columns_of_object
from ft_magics.magics.completion.choices import Choice, quoted_word

__all__ = ["columns_near", "columns_of"]

_SPLITS = ("train", "dev", "test")


def columns_near(
    section: KeyPath, values: Mapping[KeyPath, str], known: Collection[str], namespace: Mapping[str, Any]
) -> list[Choice]:
    """The columns of the data in a section, or of the split that the section is of.

    Args:
        section: That the option stands in: `("data",)`, or `("data", "test")` with options of its own.
        values: Of the cell.
        known: Names that a column may be expected to have.
        namespace: Of the notebook.
    """
    above = section[:1]
    places = [(*section, "path"), *((*above, split, "path") for split in _SPLITS), *((*above, s) for s in _SPLITS)]
    source = next((values[place] for place in places if values.get(place)), "")
    options = {
        name: values.get((*section, name)) or values.get((*above, name)) for name in ("encoding", "delimiter", "header")
    }
    return columns_of(source, options, known, namespace)


def columns_of(
    source: str, options: Mapping[str, str | None], known: Collection[str], namespace: Mapping[str, Any]
) -> list[Choice]:
    """The columns of a path, or of the object that `$name` stands for.

    Args:
        source: As it is written.
        options: `encoding`, `delimiter`, `header`: how it is read, where that is said.
        known: Names that a column may be expected to have.
        namespace: Of the notebook.
    """
    if not source:
        return []
    found: list[Column]
    if is_reference(source):
        found = columns_of_object(_object(source, namespace))
    else:
        header = {"true": True, "false": False}.get(options.get("header") or "")
        delimiter = (options.get("delimiter") or "").replace("\\t", "\t") or None
        found = columns_of_file(source, Reading(options.get("encoding"), delimiter, header, tuple(known)))
    return [_choice(column) for column in found]


def _object(source: str, namespace: Mapping[str, Any]) -> Any:
    try:
        return lookup(source, namespace).value
    except LookupError:
        return None


def _choice(column: Column) -> Choice:
    note = column.sample or "column"
    if isinstance(column.name, int):
        return Choice(str(column.name), note)
    return Choice(quoted_word(column.name), note, column.name)
