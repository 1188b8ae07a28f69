"""A path or an object of the kernel → a split of texts, or of prompts with their completions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.tree import is_broken
from ft_magics.data.cells import Rows, fold, is_missing
from ft_magics.data.columns import TEXT_COLUMNS, named_in, usual_columns
from ft_magics.data.documents.reading import HowToRead, read_documents
from ft_magics.data.examples import Split
from ft_magics.data.faults import list_faults, list_names, printable, quoted, show
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError, did_you_mean
from ft_magics.tasks.generate.config import PassageOptions

__all__ = ["Passage", "input_columns", "read_passages"]

_PROMPTS = ("prompt", "instruction", "question", "input", "query", "context", "source", "提示", "指令", "问题", "输入")
_COMPLETIONS = (
    *("completion", "response", "output", "answer", "reply", "target", "continuation", "chosen"),
    *("输出", "回答", "答案", "回复", "续写"),
)
_PAIR_HINT = ", or of pairs both with `prompt_column` and `completion_column`"
_INSTRUCTIONS, _INPUTS = (
    ("instruction", "指令"),
    ("input", "context", "输入"),
)  # what the second holds belongs to the first
_TABLES = (".csv", ".tsv", ".tab", ".json", ".jsonl", ".ndjson", ".parquet", ".pq")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that is learned as a whole, or a prompt with what follows it.

    Args:
        text: The whole text, or the prompt; a prompt may be empty.
        completion: What follows the prompt; None for a whole text, and for a prompt that is to be continued.
        id: Where it stands, such as `train.jsonl, line 12`.
        asked: Whether it is to be continued: a prompt that a person gave to a trained model.
    """

    text: str
    completion: str | None = None
    id: str = ""
    asked: bool = False

    @property
    def learned(self) -> str:
        """What the model is to write of it."""
        return self.text if self.completion is None else self.completion

    @property
    def pair(self) -> str | None:
        """What tells it from others of the same text, where train is shared out: a completion without a prompt."""
        return self.completion if not self.text.strip() else None


def input_columns(columns: Sequence[str], data: Any) -> Sequence[str] | None:
    """The column of the prompt; see `TakesColumns`. Of a prompt in two columns nobody knows how they are joined."""
    named = named_in(data, "prompt_column") or named_in(data, "text_column")
    there = set(map(fold, columns))
    parted = named is None and not there.isdisjoint(_INSTRUCTIONS) and not there.isdisjoint(_INPUTS)
    usual = () if parted else [(name,) for name in (*_PROMPTS, *TEXT_COLUMNS)]
    return usual_columns(columns, [named], usual)


def read_passages(name: str, source: str | Reference, options: PassageOptions) -> Split[Passage]:
    """Read one split.

    Args:
        name: `train`, `dev` or `test`.
        source: A path, a folder, a pattern, or an object of the kernel.
        options: How to read it.

    Raises:
        DataError: It cannot be read, has no such column, or no text; the message has the line or row.
    """
    named = options.prompt_column is not None or options.completion_column is not None
    if options.text_column is None and options.format != "text" and (named or _is_table(source, options.format)):
        rows = read_rows(
            source,
            split=name,
            format=options.format,
            encoding=options.encoding,
            known=frozenset((*_PROMPTS, *_COMPLETIONS, *TEXT_COLUMNS, *_names_in(options))),
        )
        columns = _columns(rows, options)
        if columns is not None:
            return _of_pairs(name, str(source), rows, columns)
    how = HowToRead(
        format=options.format,
        text_column=options.text_column,
        separator=options.documents or "blank_line",
        encoding=options.encoding,
        hint="" if options.text_column is not None else _PAIR_HINT,
    )
    documents = read_documents(source, how, split=name)
    passages = [Passage(document.text, id=document.id) for document in documents]
    _check_letters(passages)
    return Split(name=name, source=str(source), examples=passages, notes=list(documents.notes))


def _names_in(options: PassageOptions) -> list[str]:
    """Names of columns that a cell gives, by which a header is known."""
    return [fold(name) for name in (options.prompt_column, options.completion_column) if isinstance(name, str)]


def _check_letters(passages: Sequence[Passage]) -> None:
    """See that every text can be written as UTF-8, which tokenizers need."""
    broken = [
        (passage.id, f"{passage.learned[:60]!a} holds half a surrogate pair; mend the text")
        for passage in passages
        if is_broken(passage.text) or is_broken(passage.learned)
    ]
    if broken:
        raise DataError(list_faults(broken))


def _is_table(source: str | Reference, kind: str | None) -> bool:
    """Whether there may be columns: of a folder, a pattern and plain text there are none."""
    if isinstance(source, Reference) and not isinstance(source.value, Path):
        value: Any = source.value
        if hasattr(value, "columns") or hasattr(value, "column_names") or isinstance(value, Mapping):
            return True
        return (
            isinstance(value, Sequence) and not isinstance(value, str) and bool(value) and not isinstance(value[0], str)
        )
    path = Path(str(source.value) if isinstance(source, Reference) else source)
    return path.is_file() and (kind is not None or path.suffix.lower() in _TABLES)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Indices of columns: what a prompt is made of, its first part first, and the completion."""

    prompt: tuple[int, ...]
    completion: int


def _columns(rows: Rows, options: PassageOptions) -> _Columns | None:
    """The columns of prompts and completions; None where rows are whole texts."""
    prompt, completion = options.prompt_column, options.completion_column
    at = None if completion is None else _named(rows, "completion_column", completion)
    before = None if prompt is None else _named(rows, "prompt_column", prompt)
    if at is None:
        at = _usual(rows, _COMPLETIONS, before)
    if before is None and prompt is None:
        before = _usual(rows, _PROMPTS, at)
    if at is not None and at == before:
        raise DataError(f"{rows.name}: prompt and completion are both {quoted(rows.columns[at])}; name two columns")
    if at is None and prompt is not None:
        raise DataError(
            f"{rows.name}: no column looks like the completion; the columns are {list_names(rows.columns)}. Name it "
            "with `completion_column`"
        )
    if at is None:
        return None
    parts: tuple[int, ...] = () if before is None else (before,)
    if prompt is None and before is not None and fold(rows.columns[before]) in _INSTRUCTIONS:
        more = _usual(rows, _INPUTS, at)
        parts = parts if more is None or more == before else (before, more)
    return _Columns(parts, at)


def _usual(rows: Rows, names: Sequence[str], taken: int | None) -> int | None:
    there = {fold(column): at for at, column in reversed(list(enumerate(rows.columns))) if at != taken}
    return next((there[name] for name in names if name in there), None) if rows.named else None


def _named(rows: Rows, option: str, column: int | str) -> int:
    if isinstance(column, int):
        at = column - 1 if column > 0 else len(rows.columns) + column
        if 0 <= at < len(rows.columns):
            return at
        raise DataError(f"{rows.name}: `{option}: {column}`: there is no such column; there are {len(rows.columns)}")
    if column in rows.columns:
        return list(rows.columns).index(column)
    raise DataError(
        f"{rows.name}: no column called {quoted(column)} for `{option}`; the columns are {list_names(rows.columns)}."
        f"{did_you_mean(column, rows.columns)}"
    )


def _of_pairs(name: str, source: str, rows: Rows, columns: _Columns) -> Split[Passage]:
    notes = [note.replace("say `header: true`", "give these names here") for note in rows.notes]
    notes.append(f"{rows.name}: {_chosen(rows, columns)}")
    passages: list[Passage] = []
    faults: list[tuple[str, str]] = []
    empty: list[str] = []
    for place, cells in zip(rows.places, rows.cells, strict=True):
        parts, completion = [cells[at] for at in columns.prompt], cells[columns.completion]
        odd = next((cell for cell in (*parts, completion) if not is_missing(cell) and not isinstance(cell, str)), None)
        if odd is not None:
            faults.append((place, f"found {show(odd)}, expected a text"))
        elif is_missing(completion) or not completion.strip():
            empty.append(place)
        else:
            filled = [part for part in parts if not is_missing(part) and (part.strip() or len(parts) == 1)]
            passages.append(Passage("\n".join(filled), completion, place))
    if faults:
        raise DataError(list_faults(faults))
    if empty:
        notes.append(
            f"{rows.name}: {len(empty):,} of {len(rows.cells):,} rows have no completion and were left out, the first "
            f"at {printable(empty[0])}"
        )
    if not passages:
        raise DataError(f"{rows.name}: no row has a completion")
    _check_letters(passages)
    return Split(name=name, source=source, examples=passages, notes=notes)


def _chosen(rows: Rows, columns: _Columns) -> str:
    """Which columns were taken for what, and which were not read."""
    named = f"{quoted(rows.columns[columns.completion])} as the completion"
    if columns.prompt:
        parts = [quoted(rows.columns[at]) for at in columns.prompt]
        shared = f"{' and '.join(parts)}, joined by a line end, were" if len(parts) > 1 else f"{parts[0]} was"
        named = f"{shared} read as the prompt, {named}"
    rest = [name for at, name in enumerate(rows.columns) if at not in (*columns.prompt, columns.completion)]
    return f"{named}; not read: {list_names(rest)}" if rest else named
