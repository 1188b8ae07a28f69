"""A path or an object of the kernel → a split of labelled texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.tree import is_broken
from ft_magics.data.cells import Rows, column_label, is_list, is_missing
from ft_magics.data.faults import Faults, printable, quoted, show
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError, type_name
from ft_magics.tasks.classify.columns import KNOWN, Columns, find_columns
from ft_magics.tasks.classify.config import ClassifySettings, TextOptions
from ft_magics.tasks.classify.examples import LabelledText, TextSplit
from ft_magics.tasks.classify.labels import PANDAS_HINT, read_labels, read_values

__all__ = ["read_split"]


def read_split(
    name: str, source: str | Reference, options: TextOptions | None = None, settings: ClassifySettings | None = None
) -> TextSplit:
    """Read one split.

    Args:
        name: `train`, `dev` or `test`.
        source: A path (`demo:…` for a file of the demo corpus), or an object of the kernel.
        options: How to read it, where that cannot be seen.
        settings: Whether there is one label a text, several, or a number.

    Raises:
        DataError: It cannot be read; the message has the line or row of every fault.
    """
    options, settings = options or TextOptions(), settings or ClassifySettings()
    rows = read_rows(
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
    notes = list(rows.notes)
    columns = find_columns(rows, options, settings, notes)
    faults = Faults()
    texts = _texts(rows, columns.text, "text", faults)
    pairs: Sequence[str | None] = [None] * len(texts)
    if columns.pair is not None:
        pairs = _texts(rows, columns.pair, "second text", faults)
    labels: list[tuple[str, ...]] = [()] * len(texts)
    values: Sequence[float | None] = [None] * len(texts)
    names: tuple[str, ...] = ()
    if settings.regression:
        values = read_values(rows, columns.labels, faults)
    else:
        labels, names = read_labels(rows, columns.labels, options, faults, notes, several=settings.multi_label)
    faults.raise_all()
    places = _places(rows, columns)
    examples = list(map(LabelledText, texts, pairs, labels, values, places))
    return TextSplit(name=name, source=printable(str(source)), examples=examples, names=names, notes=notes)


def _texts(rows: Rows, at: int, what: str, faults: Faults) -> list[str]:
    """The texts of a column as they stand; numbers are written out."""
    texts: list[str] = []
    for place, row in zip(rows.places, rows.cells, strict=True):
        cell = row[at]
        text = cell if isinstance(cell, str) else ""
        if is_list(cell) or isinstance(cell, (dict, bytes)):
            faults.add("kind", place, f"the {what} must be one text, found {type_name(cell)}, {show(cell)}")
        elif is_missing(cell):
            hint = PANDAS_HINT if cell is not None and not isinstance(cell, str) else ""
            faults.add(f"no {what}", place, f"the {what} is missing{hint}")
        elif is_broken(text):
            faults.add("half", place, f"{text[:60]!a} holds half a surrogate pair, which is no letter; mend the text")
        elif not isinstance(cell, str):
            text = _written(cell, place, what, faults)
        texts.append(text)
    return texts


def _written(cell: Any, place: str, what: str, faults: Faults) -> str:
    try:
        return str(cell)
    except Exception:  # noqa: BLE001  # an object of the user's; a number of over 4,300 digits raises too
        faults.add("kind", place, f"the {what} must be a text, found {show(cell)}")
        return ""


def _places(rows: Rows, columns: Columns) -> Sequence[str]:
    """Where each row stands, with its own name where there is a column of those."""
    if columns.id is None:
        return rows.places
    return [
        f"{place} ({quoted(column_label(row[columns.id]))})" for place, row in zip(rows.places, rows.cells, strict=True)
    ]
