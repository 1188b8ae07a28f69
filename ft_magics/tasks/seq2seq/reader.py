"""A path or an object of the kernel → a split of pairs of source and target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.tree import is_broken
from ft_magics.data.cells import Rows, column_label, fold, is_list, is_missing
from ft_magics.data.encoding import decode
from ft_magics.data.examples import Split
from ft_magics.data.faults import list_faults, printable, quoted, show
from ft_magics.data.paths import read_file
from ft_magics.data.rows import read_rows
from ft_magics.data.written import is_python, read_written, with_written
from ft_magics.errors import DataError, type_name
from ft_magics.tasks.seq2seq.columns import (
    KNOWN,
    Columns,
    find_columns,
    is_by_language,
    with_languages,
    with_references,
)
from ft_magics.tasks.seq2seq.config import PairOptions
from ft_magics.tasks.seq2seq.examples import TextPair

__all__ = ["read_lines", "read_source", "read_split"]

_SAID = ("text", "content", "utterance", "value", "sentence", "words")
_LONGEST_NAME = 40  # characters of a speaker's name
_SPEAKERS = ("speaker", "role", "from", "name", "participant")
_PAIR = 2
_STOPS = (".", "!", "?", "。", "！", "？")
_Faults = dict[str, list[tuple[str, str]]]  # by kind: places and what is wrong there


def read_split(name: str, source: str | Reference, options: PairOptions | None = None) -> Split[TextPair]:
    """Read one split.

    Args:
        name: `train`, `dev` or `test`.
        source: A path, or an object of the kernel.
        options: How to read it, where that cannot be seen.

    Raises:
        DataError: It cannot be read, or a source or target is empty; the message has the line or row of every fault.
    """
    options = options or PairOptions()
    faults: _Faults = {}
    if options.target_path is not None:
        rows, columns = _parallel(source, options.target_path, options.encoding)
        notes = list(rows.notes)
    else:
        rows = _in_columns(
            options,
            read_rows(
                source,
                split=name,
                format=options.format,
                delimiter=options.delimiter,
                encoding=options.encoding,
                header=options.header,
                known=KNOWN | _named_in(options),
            ),
        )
        if not rows.cells:
            raise DataError(f"{rows.name}: there are no rows in it, only the names of the columns")
        notes = list(rows.notes)
        columns = find_columns(rows, options, notes)
    examples = [
        TextPair(_source(row[columns.source], place, faults), _targets(row[columns.target], place, faults), place)
        for place, row in zip(rows.places, rows.cells, strict=True)
    ]
    if faults:
        raise DataError("\n".join(map(list_faults, faults.values())))
    if columns.id is not None:
        labels = [column_label(row[columns.id]) for row in rows.cells]
        examples = [
            replace(example, id=f"{example.id} ({quoted(label)})")
            for example, label in zip(examples, labels, strict=True)
        ]
    return Split(name=name, source=printable(str(source)), examples=examples, notes=notes)


def _in_columns(options: PairOptions, rows: Rows) -> Rows:
    """Rows with a column for each language, the references in one, and lists that are written as text read.

    A list in JSON's spelling stays a text: models are trained to write such ones.
    """
    translations = [at for at, name in enumerate(rows.columns) if rows.named and fold(name) == "translation"]
    rows = with_written(rows, _is_written, columns=translations)
    return with_references(with_languages(with_written(rows, _is_written, python=True)), options)


def _is_written(value: Any) -> bool:
    """Whether a list or object that is written as text may be a source, references, or texts by language."""
    if isinstance(value, Mapping):
        return is_by_language(value)
    return all(isinstance(part, str) or is_missing(part) for part in map(_turn, value))


def _named_in(options: PairOptions) -> frozenset[str]:
    """Names of columns that a cell gives, by which a header is known."""
    named = (options.source_column, options.target_column, options.id_column)
    return frozenset(fold(name) for name in named if isinstance(name, str))


def read_source(cell: Any, place: str) -> str:
    """The source that a person hands over: a text, a list of sentences, or one of turns.

    Args:
        cell: What was given.
        place: Where it stands.

    Raises:
        DataError: It is none of these, or empty.
    """
    faults: _Faults = {}
    text = _source(read_written(cell) if is_python(cell) else cell, place, faults)
    if faults:
        raise DataError("\n".join(map(list_faults, faults.values())))
    return text


def _source(cell: Any, place: str, faults: _Faults) -> str:
    """A text as it stands; a list of sentences with spaces between them, one of turns with a line for each."""
    parts = list(map(_turn, cell)) if is_list(cell) else [cell]
    between = "\n" if is_list(cell) and any(isinstance(part, Mapping) or is_list(part) for part in cell) else " "
    if isinstance(cell, Mapping) or not all(isinstance(part, str) or is_missing(part) for part in parts):
        faults.setdefault("source", []).append(
            (place, f"the source must be a text, or a list of sentences, found {type_name(cell)}, {show(cell)}")
        )
        return ""
    text = cell if isinstance(cell, str) else between.join(part for part in parts if not is_missing(part))
    if not text.strip():
        faults.setdefault("no source", []).append((place, "the source is empty; fill it in, or take the row out"))
    elif is_broken(text):
        faults.setdefault("half", []).append((place, f"{text[:60]!a} holds half a surrogate pair; mend the text"))
    return text


def _turn(part: Any) -> Any:
    """A turn of a meeting or a dialogue, `{"speaker": …, "text": …}`, as one text; anything else as it is.

    So is a pair of speaker and text; a paragraph that is a list of sentences is joined by spaces.
    """
    if is_list(part) and len(part) and all(isinstance(one, str) for one in part):
        said_by = len(part) == _PAIR and len(part[0]) <= _LONGEST_NAME and not part[0].rstrip().endswith(_STOPS)
        return (": " if said_by else " ").join(part)
    if not isinstance(part, Mapping):
        return part
    said = next((part[name] for name in _SAID if isinstance(part.get(name), str)), None)
    speaker = next((part[name] for name in _SPEAKERS if isinstance(part.get(name), str) and part[name]), "")
    return part if said is None else f"{speaker}: {said}" if speaker else said


def _targets(cell: Any, place: str, faults: _Faults) -> tuple[str, ...]:
    """The references of a row: a text, or several."""
    parts = list(cell) if is_list(cell) else [cell]
    if isinstance(cell, Mapping) or not all(isinstance(part, str) or is_missing(part) for part in parts):
        faults.setdefault("target", []).append(
            (place, f"the target must be a text, or a list of references, found {type_name(cell)}, {show(cell)}")
        )
        return ()
    texts = tuple(part for part in parts if not is_missing(part) and part.strip())
    if not texts or len(texts) < len(parts):
        what = "the target is empty" if len(parts) < 2 else "one of the references is empty"
        faults.setdefault("no target", []).append((place, f"{what}; fill it in, or take the row out"))
    broken = next((text for text in texts if is_broken(text)), None)
    if broken is not None:
        faults.setdefault("half", []).append((place, f"{broken[:60]!a} holds half a surrogate pair; mend the text"))
    return texts


def _parallel(source: str | Reference, targets: str | Reference, encoding: str | None) -> tuple[Rows, Columns]:
    """Two files of as many lines; lines that are empty in both are left out."""
    sides = [read_lines(side, encoding) for side in (source, targets)]
    (name, ours), (other, theirs) = sides
    if len(ours) != len(theirs):
        raise DataError(
            f"{name} has {len(ours):,} lines and {other} has {len(theirs):,}; a source and its target stand on the "
            "same line of both"
        )
    numbered = [pair for pair in enumerate(zip(ours, theirs, strict=True), 1) if any(map(str.strip, pair[1]))]
    notes = []
    if len(numbered) < len(ours):
        notes.append(f"{name}: {len(ours) - len(numbered):,} lines that are empty in both files were left out")
    if not numbered:
        raise DataError(f"{name}: the file is empty")
    rows = Rows(
        name=name,
        columns=["source", "target"],
        named=True,
        cells=[pair for _, pair in numbered],
        places=[f"{name}, line {number}" for number, _ in numbered],
        notes=notes,
    )
    return rows, Columns(0, 1, None)


def read_lines(source: str | Reference, encoding: str | None = None) -> tuple[str, list[str]]:
    """The name of a file and its lines; a line break at its end begins no further line.

    Raises:
        DataError: It cannot be read.
    """
    value = source.value if isinstance(source, Reference) else source
    if not isinstance(value, (str, Path)):
        raise DataError(f"{source} is {type_name(value)}; expected the path of a file with a text a line")
    path, raw = read_file(str(value))
    name = printable(path.name)
    text = decode(raw, name, encoding)
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return name, [line.removesuffix("\r") for line in lines]
