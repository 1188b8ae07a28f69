"""References and hypotheses of one's own, in lists or files."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ft_magics.config.references import Reference
from ft_magics.data.cells import fold, is_list
from ft_magics.data.faults import list_names
from ft_magics.data.paths import read_file
from ft_magics.data.rows import read_rows
from ft_magics.data.written import with_written
from ft_magics.errors import DataError
from ft_magics.tasks.seq2seq.columns import KNOWN
from ft_magics.tasks.seq2seq.config import PairOptions
from ft_magics.tasks.seq2seq.reader import read_lines

__all__ = ["read_options", "read_texts", "sides_of"]

_TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".pq")
_NAMES = (
    *("references", "reference", "target", "hypothesis", "output", "prediction", "translation", "summary", "text"),
    *("highlights", "title", "gold", "pred"),
)


def read_options(options: Mapping[str, Any]) -> PairOptions:
    """How a file of pairs is read.

    Raises:
        DataError: There is no such option, or no such value.
    """
    try:
        return PairOptions.model_validate(dict(options))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"])
        known = f"; there are {', '.join(PairOptions.model_fields)}" if fault["type"] == "extra_forbidden" else ""
        raise DataError(f"{where}: found {fault['input']!r:.60}: {fault['msg']}{known}") from error


def read_texts(source: Any, options: Mapping[str, Any], *, usual: bool = False) -> list[Any]:
    """References or hypotheses in a file: a text a line, or the column of a table.

    Args:
        source: A path, or a reference to an object of the kernel.
        options: `target_column` names the column, where its name does not say it.
        usual: Whether these are texts that were written: they are no lists, and where there is no column of that name
            it has a usual one.

    Raises:
        DataError: They cannot be read.
    """
    chosen = read_options(options)
    value = source.value if isinstance(source, Reference) else source
    if isinstance(value, (str, Path)) and Path(str(value)).suffix.lower() not in _TABLES and chosen.format is None:
        return list(read_lines(source, chosen.encoding)[1])
    rows = read_rows(
        source,
        split="texts",
        format=chosen.format,
        delimiter=chosen.delimiter,
        encoding=chosen.encoding,
        header=chosen.header,
        known=KNOWN | set(_NAMES) | ({fold(chosen.target_column)} if isinstance(chosen.target_column, str) else set()),
    )
    rows = rows if usual else with_written(rows, _is_of_one, python=True)
    asked = chosen.target_column
    if usual and isinstance(asked, str) and fold(asked) not in map(fold, rows.columns):
        asked = None
    at = _column(list(rows.columns), asked, rows.name)
    return [list(row[at]) if is_list(row[at]) else row[at] for row in rows.cells]


def sides_of(gold: Any, pred: Any, options: dict[str, Any]) -> tuple[Any, Any]:
    """What files hold, where some are named, `{id: text}` too; anything else as it is.

    Args:
        gold: References, or the path of a file.
        pred: Texts, or the path of a file; it has the column that the options name, or one of the usual ones.
        options: How files are read, which is taken out, and of the report.

    Raises:
        DataError: They cannot be read, or an option of reading has no such value.
    """
    read = {name: options.pop(name) for name in PairOptions.model_fields if name in options}
    read_options(read)
    return _of_file(gold, read), _of_file(pred, read, usual=True)


def _of_file(side: Any, options: Mapping[str, Any], *, usual: bool = False) -> Any:
    if not isinstance(side, (str, Path)):
        return side
    by_id = None if "target_column" in options else _by_id(str(side))
    return by_id or read_texts(str(side), options, usual=usual)


def _by_id(source: str) -> Mapping[str, Any] | None:
    """The texts of a JSON file that is `{id: text}`; None for any other file."""
    if Path(source).suffix.lower() != ".json":
        return None
    _, raw = read_file(source)
    try:
        held = json.loads(raw)
    except (ValueError, RecursionError):  # lines, or what is refused with its place when it is read
        return None
    if not isinstance(held, Mapping) or not held or not all(map(_is_of_one, held.values())):
        return None
    return held if {fold(str(key)) for key in held}.isdisjoint(_NAMES) else None


def _is_of_one(value: Any) -> bool:
    """Whether it is a text, or several."""
    return isinstance(value, str) or (is_list(value) and all(isinstance(each, str) for each in value))


def _column(header: list[str], asked: int | str | None, name: str) -> int:
    if len(header) == 1 and asked is None:
        return 0
    if isinstance(asked, int) and -len(header) <= asked - (asked > 0) < len(header):
        return (asked - 1) % len(header) if asked > 0 else asked % len(header)
    folded = [fold(column) for column in header]
    for wanted in (asked,) if isinstance(asked, str) else _NAMES:
        if isinstance(wanted, str) and fold(wanted) in folded:
            return folded.index(fold(wanted))
    raise DataError(
        f"{name}: which column holds the texts? There are {list_names(header)}; name one with `target_column`"
    )
