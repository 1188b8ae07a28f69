"""The columns of a file or object, seen in its beginning: what completion proposes. Nothing here fails."""

from __future__ import annotations

import codecs
import json
import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from ft_magics.data.cells import column_label, fold
from ft_magics.data.delimited import read_delimited
from ft_magics.data.paths import find_file
from ft_magics.errors import DataError

__all__ = ["Column", "Reading", "columns_of_file", "columns_of_object"]

_BEGINNING_BYTES = 65_536
_MOST_COLUMNS = 500
_LONGEST_SAMPLE = 40  # characters
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WORD_FILES = (".conll", ".iob", ".iob2", ".bio", ".bmes", ".conllu")


class Column(NamedTuple):
    """A column, and what stands in it first."""

    name: str | int  # its number from 1 where nothing names it
    sample: str


class Reading(NamedTuple):
    """How a file is read, as far as that is said.

    Args:
        encoding: None for its byte-order mark, or UTF-8.
        delimiter: Of its cells; None to see it.
        header: Whether the first row names the columns; None to see it.
        known: Names that a column may be expected to have.
    """

    encoding: str | None = None
    delimiter: str | None = None
    header: bool | None = None
    known: tuple[str, ...] = ()


class _File(NamedTuple):
    """A file as it is now: what was seen of it is forgotten when it changes."""

    path: Path
    modified_ns: int
    size: int


def columns_of_file(source: str, reading: Reading) -> list[Column]:
    """The columns of a file, from its first 64 KiB; empty where they cannot be seen.

    Args:
        source: A path, or `demo:…`.
        reading: What is said of it.
    """
    try:
        path = find_file(source).resolve()
        state = path.stat()
        return list(_peek(_File(path, state.st_mtime_ns, state.st_size), reading))
    except Exception:  # a file of any content; what completion cannot see it does not propose
        logging.getLogger(__name__).debug("no columns of %s", source, exc_info=True)
        return []


@lru_cache(maxsize=64)
def _peek(file: _File, reading: Reading) -> tuple[Column, ...]:
    with file.path.open("rb") as stream:
        raw = stream.read(_BEGINNING_BYTES)
    if raw.startswith(b"PAR1"):
        return _of_parquet(file.path)
    text = _text(raw, reading.encoding)
    if len(raw) == _BEGINNING_BYTES:
        text = text.rpartition("\n")[0] or text
    suffix = file.path.suffix.lower()
    if text.lstrip()[:1] in ("{", "[") and suffix in (".json", ".jsonl", ".ndjson", ""):
        return _of_record(_first_record(text))
    return _of_words(text) if suffix in _WORD_FILES else _of_cells(text, reading)


def _of_cells(text: str, reading: Reading) -> tuple[Column, ...]:
    names = {fold(name) for name in reading.known}
    options: dict[str, Any] = {"delimiter": reading.delimiter, "header": reading.header, "known": names}
    try:
        rows = read_delimited(text, "", **options)
    except DataError:  # the beginning of a file may end within a cell, or its rows be uneven
        rows = read_delimited("\n".join(text.splitlines()[:2]), "", **options)
    samples = [_short(cell) for cell in rows.cells[0]] if rows.cells else [""] * len(rows.columns)
    columns = [
        Column(name if rows.named else number, sample)
        for number, (name, sample) in enumerate(zip(rows.columns, samples, strict=True), 1)
    ]
    return tuple(columns[:_MOST_COLUMNS])


def _text(raw: bytes, encoding: str | None) -> str:
    marked = next((codec for mark, codec in _MARKS if raw.startswith(mark)), None)
    try:
        return raw.decode(marked or encoding or "utf-8", errors="ignore")
    except LookupError:
        return raw.decode("utf-8", errors="ignore")


def _first_record(text: str) -> Any:
    """The first record of JSON, or of a list of them, that may be cut off."""
    text = text.lstrip()
    if text.startswith("["):
        text = text[1:].lstrip()
    record, _ = json.JSONDecoder().raw_decode(text)
    return record


def _of_record(record: Any) -> tuple[Column, ...]:
    if not isinstance(record, Mapping):
        return ()
    inner = next((each for each in record.values() if _holds_records(each)), None)
    chosen = inner[0] if inner is not None else record
    return tuple(Column(column_label(name), _short(value)) for name, value in list(chosen.items())[:_MOST_COLUMNS])


def _holds_records(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _of_parquet(path: Path) -> tuple[Column, ...]:
    schema = import_module("pyarrow.parquet").read_schema(path)  # heavy, and only for this format
    return tuple(Column(field.name, str(field.type)) for field in list(schema)[:_MOST_COLUMNS])


def _of_words(text: str) -> tuple[Column, ...]:
    """Columns by number, with the first line's words."""
    lines = (line for line in text.splitlines() if line.strip() and not line.startswith(("#", "-DOCSTART-")))
    line = next(lines, "")
    cells = line.split("\t") if "\t" in line else line.split()
    return tuple(Column(number, _short(cell)) for number, cell in enumerate(cells[:_MOST_COLUMNS], 1))


def columns_of_object(value: Any) -> list[Column]:
    """The columns of a DataFrame, a data set, a list of records, or a mapping of these; empty for anything else."""
    try:
        return _columns_of(value, depth=0)[:_MOST_COLUMNS]
    except Exception:  # an object of the user's can raise anything
        logging.getLogger(__name__).debug("no columns of %s", type(value), exc_info=True)
        return []


def _columns_of(value: Any, *, depth: int) -> list[Column]:
    if isinstance(value, Path):
        return columns_of_file(str(value), Reading())
    kind = type(value)
    if hasattr(kind, "iloc"):
        first = value.iloc[0].tolist() if len(value) else []
        names = list(value.columns)
        numbered = all(isinstance(name, int) for name in names)
        return [
            Column(at if numbered else column_label(name), _short(first[at - 1]) if first else "")
            for at, name in enumerate(names, 1)
        ]
    if hasattr(kind, "column_names") and hasattr(kind, "features"):
        features = value.features or {}
        return [Column(str(name), _short(_dtype(features.get(name)))) for name in value.column_names]
    if isinstance(value, Mapping):
        first = next(iter(value.values()), None)
        nested = _columns_of(first, depth=depth + 1) if depth == 0 and not _is_plain_list(first) else []
        return nested or [Column(column_label(name), _sample(items)) for name, items in value.items()]
    return _of_rows(value)


def _of_rows(value: Any) -> list[Column]:
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        return []
    first = value[0]
    if hasattr(first, "_asdict"):
        first = first._asdict()
    if isinstance(first, Mapping):
        return [Column(column_label(name), _short(item)) for name, item in first.items()]
    if isinstance(first, (list, tuple)):
        return [Column(number, _short(item)) for number, item in enumerate(first, 1)]
    return []


def _is_plain_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and not (value and isinstance(value[0], Mapping))


def _sample(items: Any) -> str:
    return _short(items[0]) if isinstance(items, (list, tuple)) and items else ""


def _dtype(feature: Any) -> str:
    return str(getattr(feature, "names", None) or getattr(feature, "dtype", "") or type(feature).__name__)


def _short(value: Any) -> str:
    """A value in one line."""
    text = " ".join(str(value)[: 4 * _LONGEST_SAMPLE].split())
    return text if len(text) <= _LONGEST_SAMPLE else f"{text[: _LONGEST_SAMPLE - 1]}…"
