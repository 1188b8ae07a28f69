"""Tables with a word a row (CSV, pandas) → labelled sentences.

The sentence column may name the sentence on its first row only, as spreadsheets do.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ft_magics.config.schema import ReadOptions
from ft_magics.data.examples import LabelledSentence
from ft_magics.errors import DataError, did_you_mean

__all__ = ["TableColumns", "read_csv", "read_table"]

_SENTENCE = ("sentence", "sentence #", "sentence_id", "sentence id", "sentence_idx", "sent_id", "sent", "sid")
_WORD = ("word", "token", "words", "tokens", "form")
_TAG = ("tag", "label", "ner", "ner_tag", "tags", "labels", "ner_tags")

Row = Mapping[str, Any]


class TableColumns:
    """Which columns are the sentence, the word and the tag.

    Raises:
        DataError: A column is missing; the message lists those that are there.
    """

    def __init__(self, header: Sequence[str], name: str, options: ReadOptions) -> None:
        self._header, self._name = list(header), name
        self.sentence = self._find(options.sentence_column, _SENTENCE, "sentence_column")
        self.word = self._find(options.token_column, _WORD, "token_column")
        self.tag = self._find(options.tag_column, _TAG, "tag_column")

    def _find(self, named: int | str | None, usual: Sequence[str], option: str) -> str:
        header = self._header
        if isinstance(named, int) and named <= len(header):
            return header[named - 1]
        if isinstance(named, str) and named in header:
            return named
        by_folded = {str(column).strip().lower(): column for column in reversed(header)}
        found = next((by_folded[name] for name in usual if name in by_folded), None) if named is None else None
        if found is None:
            near = did_you_mean(str(named), header) if named is not None else ""
            asked = f"no column `{named}`" if named is not None else f"no column called {usual[0]}"
            raise DataError(
                f"{self._name}: {asked}; the columns are {', '.join(map(str, header[:12]))}. "
                f"Name it with `{option}`.{near}"
            )
        return found


def read_csv(text: str, name: str, options: ReadOptions) -> list[LabelledSentence]:
    """Read a CSV file with a header row; commas, semicolons or tabs.

    Raises:
        DataError: A column is missing, or a row has no word or tag.
    """
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    header = [column.strip() for column in reader.fieldnames or []]
    if not header:
        raise DataError(f"{name}: the file is empty. Expected a header row such as `sentence,word,tag`")
    reader.fieldnames = header
    columns = TableColumns(header, name, options)
    return read_table(((f"{name}, line {reader.line_num}", row) for row in reader), columns)


def read_table(rows: Iterable[tuple[str, Row]], columns: TableColumns) -> list[LabelledSentence]:
    """Read rows, each with the place it stands at; a new value in the sentence column begins a sentence.

    Raises:
        DataError: A row has no word or no tag.
    """
    sentences: list[LabelledSentence] = []
    current: Any = None
    for place, row in rows:
        number = row[columns.sentence]
        if not sentences or not (_is_missing(number) or number == current):
            current = number
            sentences.append(LabelledSentence([], [], []))
        for value, what in ((row[columns.word], "word"), (row[columns.tag], "tag")):
            if _is_missing(value):
                raise DataError(f"{place}: the {what} is missing{_pandas_hint(value)}")
        for column, value in (
            (sentences[-1].words, row[columns.word]),
            (sentences[-1].tags, row[columns.tag]),
            (sentences[-1].places, place),
        ):
            column.append(str(value))  # type: ignore[attr-defined]  # made as lists a few lines above
    return sentences


def _is_missing(value: Any) -> bool:
    return value is None or value == "" or value != value  # noqa: PLR0124  # NaN is the one value that differs from itself


def _pandas_hint(value: Any) -> str:
    return (
        "; pandas reads the words NA, None and null as missing: `pd.read_csv(..., keep_default_na=False)`"
        if isinstance(value, float)
        else ""
    )
