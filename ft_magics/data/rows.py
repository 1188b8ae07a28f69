"""A path or an object of the kernel → rows, for any task whose examples stand one a row."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.data.cells import Rows, fold, is_list
from ft_magics.data.delimited import read_delimited
from ft_magics.data.encoding import decode
from ft_magics.data.faults import printable
from ft_magics.data.frames import ALL_SPLITS, choose_split, holds_rows, rows_of_dataset, rows_of_frame, rows_of_records
from ft_magics.data.json_text import loads, one_object
from ft_magics.data.paths import read_file
from ft_magics.errors import DataError, type_name

__all__ = ["FORMATS", "read_rows"]

FORMATS = ("csv", "tsv", "json", "jsonl", "parquet")
_BY_SUFFIX = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tab": "tsv",
    ".tsv": "tsv",
}
_LINES = (".jsonl", ".ndjson")
_FASTTEXT = "__label__"
_XML = re.compile(r"\s*<(?:\?xml |doc )")


def read_rows(
    source: str | Reference,
    *,
    split: str = "train",
    format: str | None = None,  # noqa: A002  # the option's name in a cell
    delimiter: str | None = None,
    encoding: str | None = None,
    header: bool | None = None,
    known: Collection[str] = (),
    nested: str = "",
) -> Rows:
    """Read rows in time that is linear in the size of their source.

    Args:
        source: A path (`demo:…` for a file of the demo corpus), or an object of the kernel.
        split: `train`, `dev` or `test`: what is taken out of a mapping of splits.
        format: One of `FORMATS`; None to see it.
        delimiter: Of a file's cells, one character; None to see it.
        encoding: Of a file; None for its byte-order mark, or UTF-8.
        header: Whether a file's first row names the columns; None to see it.
        known: Folded names that a column may be expected to have.
        nested: Where a record that is a list is one value and no row of cells: the name of its column. Records may
            then also stand in a mapping, each by its id.

    Raises:
        DataError: It cannot be read, or has no rows; the message has the line or row.
    """
    if isinstance(source, Reference) and not isinstance(source.value, Path):
        return _of_object(source.value, str(source), split, nested, known)
    path, raw = read_file(str(source.value) if isinstance(source, Reference) else source)
    name = printable(path.name)
    kind = format or _BY_SUFFIX.get(path.suffix.lower(), "")
    if kind == "parquet" or (not kind and raw.startswith(b"PAR1")):
        return _of_parquet(path, name)
    text = decode(raw, name, encoding)
    if not text.strip():
        raise DataError(f"{name}: the file is empty")
    if kind in ("json", "jsonl") or (not kind and text.lstrip()[0] in "[{"):
        one = format == "jsonl" or (format is None and path.suffix.lower() in _LINES)
        return _of_json(text, name, split, nested, known, lines=one)
    if not kind and text.lstrip().startswith(_FASTTEXT):
        return _of_fasttext(text, name)
    if not kind and _XML.match(text):
        raise DataError(f"{name}: XML is not read; write a row for each example, as CSV or as lines of JSON")
    if kind == "tsv" and delimiter is None and "\t" in text.strip("\r\n").partition("\n")[0]:
        delimiter = "\t"
    return read_delimited(text, name, delimiter=delimiter, header=header, known=known)


def _of_object(value: Any, name: str, split: str, nested: str, known: Collection[str]) -> Rows:
    value = _unnested(value, nested, known)
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        return rows_of_frame(value, name)
    if hasattr(value, "features") and hasattr(value, "column_names"):
        return rows_of_dataset(value, name)
    if isinstance(value, Mapping):
        chosen, note = choose_split(value, name, split)
        rows = _of_object(chosen, name, split, nested, known)
        return replace(rows, notes=[note, *rows.notes]) if note else rows
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)) and getattr(value, "shape", None) != ():
        return rows_of_records(((f"{name}[{index}]", row) for index, row in enumerate(value)), name)
    raise DataError(
        f"{name} is {type_name(value)}; expected a pandas DataFrame, a datasets.Dataset, or a list of rows such as "
        "`{'text': …, 'label': …}`"
    )


def _of_json(text: str, name: str, split: str, nested: str, known: Collection[str], *, lines: bool) -> Rows:
    start = text.lstrip()[0]
    whole = loads(text, name) if start == "[" and not _is_lines(text) else one_object(text)
    if whole is None and start == "{" and "\n" not in text.strip():
        whole = loads(text, f"{name}, line 1")
    note = ""
    alone = lines and "\n" not in text.strip()  # the only record of a file that has one a line
    whole = whole if alone and isinstance(whole, Mapping) else _unnested(whole, nested, known)
    if isinstance(whole, Mapping) and holds_rows(whole) and not alone:
        whole, note = choose_split(whole, name, split)
        whole = _unnested(whole, nested, known)
    if whole is None:
        numbered = [(f"{name}, line {at}", line) for at, line in enumerate(text.split("\n"), 1) if line.strip()]
        values = _unnested([loads(line, place) for place, line in numbered], nested, known)
        return rows_of_records(zip((place for place, _ in numbered), values, strict=True), name)
    records = whole if is_list(whole) else [whole]
    rows = rows_of_records(((f"{name}, record {number}", record) for number, record in enumerate(records, 1)), name)
    return replace(rows, notes=[note, *rows.notes]) if note else rows


def _is_lines(text: str) -> bool:
    """Whether a file that begins with a list holds a list a line."""
    first, _, rest = text.strip().partition("\n")
    if not rest.lstrip().startswith("["):
        return False
    try:
        json.loads(first)
    except (ValueError, RecursionError):
        return False
    return True


def _unnested(value: Any, nested: str, known: Collection[str]) -> Any:
    """Records that are lists as rows with one column; one record, or records by their ids, as a list.

    Anything else is given back as it is.
    """
    if not nested:
        return value
    if is_list(value) and len(value) and all(map(is_list, value)):
        return [{nested: item} for item in value]
    if isinstance(value, Mapping) and any(
        fold(str(key)) in known and is_list(item) and _holds_texts(item, known) for key, item in value.items()
    ):
        return [value]
    if isinstance(value, Mapping) and value and all(isinstance(item, Mapping) for item in value.values()):
        by_id = all(any(fold(str(key)) in known for key in item) for item in value.values())
        return list(value.values()) if by_id and ALL_SPLITS.isdisjoint(value) else value
    return value


def _holds_texts(items: Any, known: Collection[str]) -> bool:
    """Whether a list holds texts, or objects with a text under a name that may be expected; and no records."""
    return all(
        isinstance(item, str)
        or (
            isinstance(item, Mapping)
            and any(isinstance(text, str) and fold(str(key)) in known for key, text in item.items())
        )
        for item in items
    )


def _of_parquet(path: Path, name: str) -> Rows:
    try:
        import pandas as pd  # noqa: PLC0415  # heavy, and only for this format

        frame = pd.read_parquet(path)
    except ImportError as error:
        raise DataError(
            f"{name}: Parquet files need pyarrow, which is not installed: `pip install 'ft_magics[parquet]'`"
        ) from error
    except Exception as error:  # pyarrow's own errors share no base but Exception
        raise DataError(f"{name}: this is no Parquet file that can be read: {error}") from error
    return rows_of_frame(frame, name)


def _of_fasttext(text: str, name: str) -> Rows:
    """Lines such as `__label__spam __label__short the text`."""
    cells, places = [], []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        count = next((at for at, word in enumerate(words) if not word.startswith(_FASTTEXT)), len(words))
        if words:
            rest = line.strip()
            for word in words[:count]:
                rest = rest.removeprefix(word).lstrip()
            cells.append(([word.removeprefix(_FASTTEXT) for word in words[:count]], rest))
            places.append(f"{name}, line {number}")
    return Rows(name=name, columns=["label", "text"], named=True, cells=cells, places=places)
