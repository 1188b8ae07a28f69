"""A path, a folder, a pattern or an object of the kernel → documents."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.data.cells import Rows, column_label, fold
from ft_magics.data.columns import TEXT_COLUMNS
from ft_magics.data.documents.document import Documents, Joined
from ft_magics.data.documents.files import JsonLines, TextFile
from ft_magics.data.documents.listed import ListedTexts
from ft_magics.data.faults import list_names, printable, show
from ft_magics.data.frames import choose_split
from ft_magics.data.paths import find_file
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError, FaultsError, did_you_mean, type_name

__all__ = ["FORMATS", "HowToRead", "read_documents"]

FORMATS = ("text", "jsonl", "json", "csv", "tsv", "parquet")
_BY_SUFFIX = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".tab": "tsv",
    ".tsv": "tsv",
    ".txt": "text",
    ".text": "text",
}
_IDS = ("id", "idx", "index", "guid", "uid", "uuid", "key")
_WILD = ("*", "?", "[")
_MOST_FILES = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToRead:
    """What a cell says of how documents are read.

    Args:
        format: One of `FORMATS`; None to see it.
        text_column: Name or number of the column that is read; None for the one that is called so.
        separator: What parts documents in a text file.
        encoding: Of files; None for the byte-order mark, or UTF-8.
        hint: What else may be said of columns, where it is not clear which holds the text.
    """

    format: str | None = None
    text_column: str | int | None = None
    separator: str = "blank_line"
    encoding: str | None = None
    hint: str = ""


def read_documents(source: str | Reference, how: HowToRead, *, split: str = "train") -> Documents:
    """Read what a split names from end to end, once; of files no text stays in memory.

    Args:
        source: A file, a folder, a pattern such as `texts/*.txt`, or an object of the kernel.
        how: To read it.
        split: `train`, `dev` or `test`: what is taken out of a mapping of splits.

    Raises:
        DataError: It cannot be read, or holds no text; the message has the line or row.
        FaultsError: Several of its files cannot.
    """
    if isinstance(source, Reference) and not isinstance(source.value, Path):
        documents = _of_object(source.value, str(source), split, how)
    else:
        documents = _of_files(_files(str(source.value) if isinstance(source, Reference) else source), how, split)
    if not len(documents):
        raise DataError(f"{source}: there is no text in it")
    return documents


def _files(source: str) -> list[Path]:
    """The files that a text names, in the order of their names."""
    folder = Path(source).expanduser()
    if any(sign in source for sign in _WILD) and not folder.exists():
        base = next(parent for parent in folder.parents if not any(sign in str(parent) for sign in _WILD))
        found = sorted(path for path in base.glob(str(folder.relative_to(base))) if path.is_file())
        if not found:
            raise DataError(f"{source}: no file has such a name (looked from {Path.cwd()})")
        return found
    if source and folder.is_dir():
        found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _BY_SUFFIX and path.is_file())
        if not found or len(found) > _MOST_FILES:
            raise DataError(
                f"{source} is a folder with {len(found):,} files of text ({', '.join(sorted(_BY_SUFFIX))}); name a "
                "file, or a pattern such as `texts/*.md`"
            )
        return found
    return [find_file(source)]


def _of_files(paths: Sequence[Path], how: HowToRead, split: str) -> Documents:
    parts: list[Documents] = []
    faults: list[DataError] = []
    for path in paths:
        try:
            parts.append(_of_file(path, how, split))
        except DataError as error:
            faults.append(error)
    if faults:
        raise faults[0] if len(faults) == 1 else FaultsError(faults)
    return parts[0] if len(parts) == 1 else Joined(parts)


def _of_file(path: Path, how: HowToRead, split: str) -> Documents:
    name = printable(path.name)
    kind = how.format or _BY_SUFFIX.get(path.suffix.lower()) or _seen(path)
    if kind == "text":
        return TextFile(path, name, encoding=how.encoding, separator=how.separator)
    if kind == "jsonl":

        def choose(record: Mapping[str, Any], name: str) -> str:
            columns = [str(key) for key in record]
            return columns[_column(columns, how, name, [record.get(key) for key in record])]

        return JsonLines(path, name, encoding=how.encoding, choose=choose)
    known = {*TEXT_COLUMNS, *([fold(how.text_column)] if isinstance(how.text_column, str) else [])}
    return _of_rows(read_rows(str(path), split=split, format=kind, encoding=how.encoding, known=known), how)


def _seen(path: Path) -> str:
    """The kind of a file whose name does not say it."""
    try:
        with path.open("rb") as stream:
            beginning = stream.read(8)
    except OSError as error:
        raise DataError(f"{printable(path.name)}: the file cannot be read: {error.strerror}") from error
    return "parquet" if beginning.startswith(b"PAR1") else "text"


def _of_rows(rows: Rows, how: HowToRead) -> Documents:
    first = rows.cells[0] if rows.cells else ()
    at = _column(rows.columns, how, rows.name, first, named=rows.named)
    texts = ListedTexts([row[at] for row in rows.cells], lambda row: rows.places[row], rows.name)
    texts.notes[:0] = [note.replace("say `header: true`", "name the text's with `text_column`") for note in rows.notes]
    return texts


def _of_object(value: Any, name: str, split: str, how: HowToRead) -> Documents:
    if hasattr(value, "features") and hasattr(value, "column_names") and hasattr(value, "__len__"):
        column = _column(value.column_names, how, name, list(value[0].values()) if len(value) else ())
        texts = value[value.column_names[column]]  # which `datasets` reads from its own memory map, a text at a time
        return ListedTexts(texts, lambda row: f"{name}, row {row}", name)
    if hasattr(value, "columns") and hasattr(value, "to_dict"):
        columns = [column_label(column) for column in value.columns]
        at = _column(columns, how, name, value.iloc[0].tolist() if len(value) else ())
        return ListedTexts(
            value.iloc[:, at].tolist(), lambda row: f"{name}, row {column_label(value.index[row])}", name
        )
    if isinstance(value, str):
        return ListedTexts([value], lambda _: name, name)
    if isinstance(value, Mapping):
        chosen, note = choose_split(value, name, split)
        documents = _of_object(chosen, name, split, how)
        documents.notes[:0] = [note] * bool(note)
        return documents
    if isinstance(value, Iterable) and not isinstance(value, bytes) and getattr(value, "shape", None) != ():
        items = value if isinstance(value, Sequence) else list(value)
        if items and not isinstance(items[0], str):
            return _of_rows(read_rows(Reference(name.removeprefix("$"), items), split=split), how)
        return ListedTexts(items, lambda row: f"{name}[{row}]", name)
    raise DataError(
        f"{name} is {type_name(value)}; expected a list of texts, a pandas DataFrame or a datasets.Dataset with a "
        "column `text`"
    )


def _is_id(column: str) -> bool:
    """Whether a column is called as one of ids is, such as `dialogue_id`."""
    return column.lower() in _IDS or column.lower().endswith(("_id", "-id", " id"))


def _column(columns: Sequence[str], how: HowToRead, name: str, first: Sequence[Any], *, named: bool = True) -> int:
    """Index of the column that is read.

    Args:
        columns: Their names, or numbers.
        how: What a cell says.
        name: Of the source, for messages.
        first: The first row.
        named: Whether the columns have names.

    Raises:
        DataError: There is no such column, or several could be meant.
    """
    asked = how.text_column
    if isinstance(asked, int):
        at = asked - 1 if asked > 0 else len(columns) + asked
        if 0 <= at < len(columns):
            return at
        raise DataError(f"{name} has {len(columns)} columns, and `text_column` is {asked}")
    if asked is not None:
        if asked in columns:
            return list(columns).index(asked)
        near = did_you_mean(asked, columns)
        raise DataError(f"{name} has no column `{printable(asked)}`; it has {list_names(columns)}.{near}")
    known = next((at for word in TEXT_COLUMNS for at, column in enumerate(columns) if column.lower() == word), None)
    if known is not None:
        return known
    texts = [at for at, value in enumerate(first) if isinstance(value, str) and not _is_id(columns[at])]
    if len(texts) == 1:
        return texts[0]
    if named:
        raise DataError(
            f"{name}: which column is the text? It has {list_names(columns)}; name one: `data: {{text_column: …}}`"
            f"{how.hint}"
        )
    shown = list_names([show(value) for value in first])
    raise DataError(
        f"{name}: which column is the text? It has {len(columns)}, the first row being {shown}; give the text's name "
        f"or its number from 1: `data: {{text_column: 1}}`{how.hint}"
    )
