"""Data that nobody has described yet → what a cell would say of them: columns, kind of labels, sizes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ft_magics.config.references import Reference, is_reference
from ft_magics.data.cells import Rows, is_missing
from ft_magics.data.examples import Corpus
from ft_magics.data.faults import list_names
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError
from ft_magics.tasks.classify.checks import check_corpus
from ft_magics.tasks.classify.columns import KNOWN, Columns, find_columns, flag_of
from ft_magics.tasks.classify.config import ClassifySettings, TextOptions
from ft_magics.tasks.classify.examples import LabelledText, TextSplit
from ft_magics.tasks.classify.reader import read_split
from ft_magics.tasks.proposal import Proposal

__all__ = ["propose"]

_FIT = 0.5  # nearly any table can be read so
_MOST_CLASSES_OF_NUMBERS = 20  # more different numbers than this, and
_MEASURED = 0.05  # more than this share of the rows, are measured and no classes
_MOST_NAMED = 6
_MOST_TEXTS = 1000  # by which the language is seen


def propose(source: str | Reference) -> Proposal:
    """How texts and labels would be read.

    Raises:
        DataError: There are none.
    """
    rows = read_rows(source, known=KNOWN)
    if not rows.cells:
        raise DataError(f"{rows.name}: there are no rows in it, only the names of the columns")
    settings, columns = _kind_of(rows)
    options = _named(rows, columns)
    split = read_split("train", source, TextOptions(**options), settings)
    check_corpus(settings, Corpus(train=split))
    said = {name: True for name in ("multi_label", "regression") if getattr(settings, name)}
    return Proposal(
        examples=len(split.examples),
        classes=None if settings.regression else len({label for each in split.examples for label in each.labels}),
        settings=said,
        data=options,
        found=[_columns_text(rows), _sizes_text(split, settings)],
        texts=[example.text for example in split.examples[:_MOST_TEXTS]],
        fit=_FIT,
    )


def _kind_of(rows: Rows) -> tuple[ClassifySettings, Columns]:
    """Numbers, one label, or several, by what is in the column of labels."""
    several = ClassifySettings(multi_label=True)
    columns = find_columns(rows, TextOptions(), several, [])
    one = ClassifySettings()
    if len(columns.labels) > 1:  # a column a class
        single = all(sum(bool(flag_of(row[at])) for at in columns.labels) == 1 for row in rows.cells)
        return one if single else several, columns
    columns = find_columns(rows, TextOptions(), one, [])
    cells = [row[columns.labels[0]] for row in rows.cells]
    if any(isinstance(cell, (list, tuple, set)) and len(cell) != 1 for cell in cells):
        return several, columns
    names = rows.class_names.get(rows.columns[columns.labels[0]])
    return (one if names or not _are_measured(cells) else ClassifySettings(regression=True)), columns


def _are_measured(cells: Sequence[Any]) -> bool:
    """Whether labels are numbers that are measured: some have a fraction, or they are too many to be classes."""
    values = [_number(cell) for cell in cells if not is_missing(cell)]
    numbers = [value for value in values if value is not None]
    if not numbers or len(numbers) < len(values):
        return False
    different = len(set(numbers))
    many = different > _MOST_CLASSES_OF_NUMBERS and different > _MEASURED * len(numbers)
    return many or any(not value.is_integer() for value in numbers)


def _number(cell: Any) -> float | None:
    if isinstance(cell, (list, tuple, set, bool)):
        return None
    try:
        return float(cell)
    except (TypeError, ValueError, OverflowError):
        return None


def _named(rows: Rows, columns: Columns) -> dict[str, Any]:
    """The columns as a cell names them."""

    def said(at: int) -> int | str:
        name = rows.columns[at]
        plain = rows.named and name.strip() and list(rows.columns).count(name) == 1 and not is_reference(name)
        return name if plain else at + 1

    labels = [said(at) for at in columns.labels]
    found: dict[str, Any] = {"text_column": said(columns.text)}
    if columns.pair is not None:
        found["text_pair_column"] = said(columns.pair)
    return {**found, "label_column": labels if len(labels) > 1 else labels[0]}


def _columns_text(rows: Rows) -> str:
    return f"columns: {list_names(rows.columns)}" if rows.named else f"{len(rows.columns)} columns without names"


def _sizes_text(split: TextSplit, settings: ClassifySettings) -> str:
    longest = max(len(example.text) + len(example.pair or "") for example in split.examples)
    return (
        f"{len(split.examples):,} texts, {_labels_text(split.examples, settings)}, the longest {longest:,} characters"
    )


def _labels_text(examples: Sequence[LabelledText], settings: ClassifySettings) -> str:
    if settings.regression:
        values = [example.value for example in examples if example.value is not None]
        return f"numbers from {min(values):.4g} to {max(values):.4g}"
    counts = Counter(label for example in examples for label in example.labels)
    listed = ", ".join(f"{label:.40} {count:,}" for label, count in counts.most_common(_MOST_NAMED))
    more = ", …" if len(counts) > _MOST_NAMED else ""
    return f"{len(counts):,} classes ({listed}{more})"
