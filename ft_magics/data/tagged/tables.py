"""Tables with a word a row (CSV, pandas) → labelled sentences.

The sentence column may name the sentence on its first row only, as spreadsheets do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ft_magics.data.cells import is_missing
from ft_magics.data.faults import list_names, quoted, show
from ft_magics.data.tagged.config import ReadOptions
from ft_magics.data.tagged.examples import LabelledSentence
from ft_magics.data.tagged.schemes import is_tag
from ft_magics.errors import DataError, did_you_mean, type_name

__all__ = ["Row", "TableColumns", "read_csv", "read_table"]

_SENTENCE = ("sentence", "sentence #", "sentence_id", "sentence id", "sentence_idx", "sent_id", "sent", "sid")
_WORD = ("word", "token", "words", "tokens", "form")
_TAG = ("tag", "label", "ner", "ner_tag", "tags", "labels", "ner_tags")


class Row(NamedTuple):
    """One word with its tag, the sentence that it is in, and the place where the row stands."""

    place: str
    sentence: Any
    word: Any
    tag: Any


def _text_hint(header: Sequence[str]) -> str:
    """For a table whose rows are texts, not words."""
    names = {str(column).strip().lower() for column in header}
    return " A table of texts with a label each is for `task: classify`." if {"text", "label"} <= names else ""


class TableColumns:
    """Which columns are the sentence, the word and the tag.

    Args:
        header: Names of the columns.
        name: For messages.
        options: Columns that the user named.
        hint: What to do about a column that is missing, beside naming it.

    Attributes:
        indices: Of the sentence, the word and the tag.

    Raises:
        DataError: Columns are missing; the message has all of them, and those that are there.
    """

    def __init__(self, header: Sequence[str], name: str, options: ReadOptions, hint: str = "") -> None:
        self._header = list(header)
        wanted = {
            "sentence_column": (options.sentence_column, _SENTENCE),
            "token_column": (options.token_column, _WORD),
            "tag_column": (options.tag_column, _TAG),
        }
        found = {option: self._find(named, usual) for option, (named, usual) in wanted.items()}
        missing = [option for option, column in found.items() if column is None]
        if missing:
            asked = [str(wanted[option][0] or wanted[option][1][0]) for option in missing]
            raise DataError(
                f"{name}: no column called {list_names(asked)}; the columns are {list_names(header)}. Name "
                f"{'it' if len(missing) == 1 else 'them'} with {', '.join(f'`{option}`' for option in missing)}."
                f"{did_you_mean(asked[0], header)}{hint}{_text_hint(header)}"
            )
        self.indices = tuple(self._header.index(str(column)) for column in found.values())
        tag = str(found["tag_column"])
        for option, column in found.items():
            count = self._header.count(str(column))
            if count > 1:
                raise DataError(f"{name}: {count} columns are called {quoted(str(column))}; rename one of them")
            if option != "tag_column" and column == tag:
                raise DataError(f"{name}: `{option}` and `tag_column` are both `{quoted(tag)}`; name two columns")

    def _find(self, named: int | str | None, usual: Sequence[str]) -> str | None:
        header = self._header
        if named is None:
            by_folded = {str(column).strip().lower(): column for column in reversed(header)}
            return next((by_folded[name] for name in usual if name in by_folded), None)
        if isinstance(named, int):
            at = named - 1 if named > 0 else len(header) + named
            return header[at] if 0 <= at < len(header) else None
        return named if named in header else None


def read_csv(text: str, name: str, options: ReadOptions) -> list[LabelledSentence]:
    """Read a CSV file: commas, semicolons or tabs, with a header row, or without where the columns are numbered.

    Raises:
        DataError: A column is missing, or a row has no word or tag.
    """
    rows = _csv_rows(text, name)
    place, first = next(rows, ("", []))
    if not any(first):
        raise DataError(f"{name}: the file is empty. Expected a header row such as `sentence,word,tag`")
    header, hint = [cell.strip() for cell in first], ""
    if any(map(is_tag, header)):
        rows = _put_back((place, first), rows)
        header = [str(number) for number in range(1, len(first) + 1)]
        hint = (
            " There is no header row: add one such as `sentence,word,tag`, or give the columns' numbers "
            "(`sentence_column: 1`, `token_column: 2`, `tag_column: 3`)."
        )
    columns = TableColumns(header, name, options, hint)
    return read_table(_row(place, columns, len(header), cells) for place, cells in rows if cells)


def _csv_rows(text: str, name: str) -> Iterator[tuple[str, list[str]]]:
    """Rows, each with the place it begins at: a cell in quotation marks may hold line feeds."""
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
    while True:
        place = f"{name}, line {reader.line_num + 1}"
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise DataError(f"{place}: {error}; is a quotation mark opened there and never closed?") from error
        yield place, row


def _put_back(first: tuple[str, list[str]], rows: Iterator[tuple[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    yield first
    yield from rows


def _row(place: str, columns: TableColumns, count: int, cells: Sequence[str]) -> Row:
    if any(cells[count:]):
        raise DataError(
            f"{place}: found {len(cells)} cells where the header row has {count}; a cell that holds the delimiter "
            "must be in quotation marks"
        )
    return Row(place, *(cells[at] if at < len(cells) else None for at in columns.indices))


def read_table(rows: Iterable[Row]) -> list[LabelledSentence]:
    """Read rows; a new value in the sentence column begins a sentence.

    Raises:
        DataError: A row has no word or no tag, or a cell that is no text and no number.
    """
    sentences: list[LabelledSentence] = []
    words: list[str] = []
    tags: list[str] = []
    places: list[str] = []
    current: Any = None
    for row in rows:
        _check(row)
        if not sentences or not (is_missing(row.sentence) or row.sentence == current):
            current = None if is_missing(row.sentence) else row.sentence
            words, tags, places = [], [], []
            sentences.append(LabelledSentence(words, tags, places))
        words.append(_text(row, row.word))
        tags.append(_text(row, row.tag))
        places.append(row.place)
    return sentences


def _check(row: Row) -> None:
    """See that a row's cells are single values, and that the word and the tag are there."""
    for value, what in ((row.sentence, "sentence"), (row.word, "word"), (row.tag, "tag")):
        if hasattr(value, "__len__") and not isinstance(value, str):
            raise DataError(f"{row.place}: the {what} must be one text, found {type_name(value)}, {show(value)}")
    for value, what in ((row.word, "word"), (row.tag, "tag")):
        if is_missing(value):
            raise DataError(f"{row.place}: the {what} is missing{_hint(value, row.word)}")


def _text(row: Row, value: Any) -> str:
    try:
        return str(value)
    except Exception as error:  # an object of the user's; a number of over 4,300 digits raises too
        raise DataError(f"{row.place}: found {show(value)} where a word or a tag is expected") from error


def _hint(value: Any, word: Any) -> str:
    if value is not None and not isinstance(value, str):
        return "; pandas reads the words NA, None and null as missing: `pd.read_csv(..., keep_default_na=False)`"
    if isinstance(word, str) and "\n" in word:
        return "; a quotation mark is opened there, and the rows below run into the cell"
    return ""
