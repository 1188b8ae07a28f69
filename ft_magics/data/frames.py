"""Records and objects of the kernel (lists, DataFrames, data sets of `datasets`) → rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ft_magics.data.cells import Rows, column_label, is_list
from ft_magics.data.faults import list_faults, list_names, show
from ft_magics.data.label_studio import is_export, label_records
from ft_magics.errors import DataError, type_name

__all__ = ["ALL_SPLITS", "choose_split", "holds_rows", "rows_of_dataset", "rows_of_frame", "rows_of_records"]

_SPLITS = {
    "train": ("train", "training"),
    "dev": ("dev", "validation", "val", "valid", "development", "eval"),
    "test": ("test", "testing"),
}
ALL_SPLITS = frozenset(name for names in _SPLITS.values() for name in names)
_LISTS = ("data", "examples", "rows", "records", "items")


def rows_of_frame(frame: Any, name: str) -> Rows:
    """Rows of a pandas DataFrame.

    Raises:
        DataError: It is of another library, or empty.
    """
    if not hasattr(frame, "iloc"):
        raise DataError(f"{name} is {type_name(frame)} of another library than pandas; give `{name}.to_pandas()`")
    header = [column_label(column) for column in frame.columns]
    if frame.empty:
        raise DataError(f"{name}: the DataFrame is empty; its columns are {list_names(header)}")
    named = not all(isinstance(column, int) for column in frame.columns)
    return Rows(
        name=name,
        columns=header if named else [str(number) for number in range(1, len(header) + 1)],
        named=named,
        cells=list(zip(*(frame.iloc[:, at].tolist() for at in range(len(header))), strict=True)),
        places=[f"{name}, row {column_label(index)}" for index in frame.index],
    )


def rows_of_dataset(dataset: Any, name: str) -> Rows:
    """Rows of a `datasets.Dataset`, or of a stream of one."""
    features = dataset.features or {}  # a stream of unknown make has none
    rows = rows_of_records(((f"{name}, row {index}", row) for index, row in enumerate(dataset)), name)
    names = {column: _class_names(feature) for column, feature in features.items()}
    return Rows(
        name=name,
        columns=rows.columns,
        named=True,
        cells=rows.cells,
        places=rows.places,
        class_names={column: list(labels) for column, labels in names.items() if labels},
    )


def _class_names(feature: Any) -> Sequence[str] | None:
    """The names of a `ClassLabel` column, or of a list of such."""
    names: Sequence[str] | None = getattr(getattr(feature, "feature", feature), "names", None)
    return names


def rows_of_records(records: Iterable[tuple[str, Any]], name: str) -> Rows:
    """Rows of records: all of them objects with fields, or all of them lists of cells.

    Args:
        records: Pairs of place and record.
        name: For messages.

    Raises:
        DataError: With the places of records of another kind than the first.
    """
    pairs = list(records)
    if not pairs:
        raise DataError(f"{name}: there are no rows in it")
    if is_export(pairs[0][1]):
        pairs, notes = label_records(pairs, name)
        return replace(rows_of_records(pairs, name), notes=notes)
    values = [_as_cells(record) for _, record in pairs]
    places = [place for place, _ in pairs]
    fields = isinstance(values[0], Mapping)
    expected = f"expected {'an object with fields' if fields else 'a list of cells'} as in the first row"
    wrong = [
        (
            place,
            f"{expected}, found {show(value)}",
        )
        for place, value in zip(places, values, strict=True)
        if isinstance(value, Mapping) != fields or not (fields or is_list(value))
    ]
    if wrong:
        raise DataError(list_faults(wrong))
    if fields:
        keys = dict.fromkeys(key for value in values for key in value)
        cells = [tuple(map(value.get, keys)) for value in values]
        return Rows(name=name, columns=list(map(column_label, keys)), named=True, cells=cells, places=places)
    width = len(values[0])
    uneven = [
        (place, f"found {len(value)} cells where the first row has {width}")
        for place, value in zip(places, values, strict=True)
        if len(value) != width
    ]
    if uneven:
        raise DataError(list_faults(uneven))
    numbers = [str(number) for number in range(1, width + 1)]
    cells = list(map(tuple, values))
    return Rows(name=name, columns=numbers, named=False, cells=cells, places=places, listed=True)


def _as_cells(record: Any) -> Any:
    """A named tuple as its fields, a text as its only cell, an array as a list; anything else as it is."""
    if isinstance(record, str):
        return (record,)
    if hasattr(record, "_asdict"):
        return record._asdict()
    return record.tolist() if hasattr(record, "tolist") and getattr(record, "shape", ()) != () else record


def holds_rows(value: Mapping[Any, Any]) -> bool:
    """Whether a JSON object holds rows, and is no row itself."""
    lists = [key for key, item in value.items() if is_list(item)]
    return len(lists) == len(value) > 0 or any(key in _LISTS or key in ALL_SPLITS for key in lists)


def choose_split(value: Mapping[Any, Any], name: str, split: str) -> tuple[Any, str]:
    """What a mapping holds for a split, and a note about it.

    Args:
        value: Splits by name, columns by name, or one list under some key.
        name: For messages.
        split: `train`, `dev` or `test`.

    Returns:
        A list, a DataFrame or a data set, and what was chosen; the note is empty where there was no choice.

    Raises:
        DataError: The mapping holds several things, and none of them by the split's name.
    """
    key = next((key for key in _SPLITS.get(split, ()) if key in value), None)
    if key is not None and not isinstance(value[key], str):
        return value[key], f"{name}: `{key}` was taken out of {list_names(value)}"
    lists = {key: item for key, item in value.items() if is_list(item) or hasattr(item, "columns")}
    if len(lists) > 1 and len(lists) == len(value) and _are_columns(lists):
        keys = list(lists)
        return [dict(zip(keys, row, strict=True)) for row in zip(*lists.values(), strict=True)], ""
    key = next((key for key in _LISTS if key in lists), None)
    if key is None and len(lists) == 1:
        key = next(iter(lists))
    if key is None or not ALL_SPLITS.isdisjoint(value):
        example = next(iter(value), "train")
        raise DataError(
            f"{name} is a mapping of {list_names(value)}; take one split out of it, such as `{name}[{show(example)}]`"
        )
    return lists[key], ""


def _are_columns(lists: Mapping[Any, Any]) -> bool:
    """Whether lists are as long as each other and hold cells, not records."""
    if not ALL_SPLITS.isdisjoint(lists):
        return False
    return len({len(item) for item in lists.values()}) == 1 and not any(
        isinstance(row, Mapping) for item in lists.values() for row in item[:1]
    )
