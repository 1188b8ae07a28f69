"""Rows of any form → questions as their source has them, nothing checked yet.

Forms: SQuAD 1.1 and 2.0 (articles with `paragraphs`), CMRC 2018 as it was first published (`context_text`, `query_id`),
and tables with a question a row, with answers as the data sets library has them or plain texts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ft_magics.data.cells import Rows, column_label, index_of, is_list, is_missing
from ft_magics.data.faults import quoted, show
from ft_magics.data.written import read_written
from ft_magics.errors import DataError
from ft_magics.tasks.qa.columns import find_columns
from ft_magics.tasks.qa.config import QaOptions

__all__ = ["Raw", "raw_questions"]

_CONTEXTS = ("context", "context_text", "passage", "text")
_QUESTIONS = ("question", "query_text", "query")
_IDS = ("id", "query_id", "question_id", "qid")

Answer = tuple[Any, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A question as its source has it.

    Args:
        question: Whatever is there; None for nothing.
        context: The same.
        answers: Pairs of text and start; None for a start that is not said.
        key: Its id; its place where it has none.
        named: Whether the id is its own.
        place: Such as `dev.json, question 12`.
        fault: What is wrong with its answers; empty where nothing is.
    """

    question: Any
    context: Any
    answers: Sequence[Answer]
    key: str
    named: bool
    place: str
    fault: str = ""


def raw_questions(rows: Rows, options: QaOptions, *, to_score: bool = False) -> list[Raw]:
    """Every question of a source.

    Raises:
        DataError: A column is missing, or there is no question at all.
    """
    rows = _of_data(rows)
    nested = rows.named and not {"paragraphs", "qas"}.isdisjoint(rows.columns)
    found = list(_nested(rows)) if nested else list(_flat(rows, options, to_score=to_score))
    if not found:
        raise DataError(f"{rows.name}: there are no questions in it")
    return found


def _of_data(rows: Rows) -> Rows:
    """The articles in a column `data`, as `pandas.read_json` has a file of SQuAD's; any other rows as they are."""
    at = list(rows.columns).index("data") if rows.named and "data" in rows.columns else -1
    if at < 0 or not all(isinstance(row[at], Mapping) and "paragraphs" in row[at] for row in rows.cells):
        return rows
    return replace(rows, columns=["paragraphs"], cells=[(row[at]["paragraphs"],) for row in rows.cells])


def _nested(rows: Rows) -> Iterator[Raw]:
    """Articles with paragraphs, or paragraphs by themselves."""
    number = 0
    for place, cells in zip(rows.places, rows.cells, strict=True):
        article = dict(zip(rows.columns, cells, strict=True))
        paragraphs = article["paragraphs"] if article.get("paragraphs") is not None else [article]
        for paragraph in _objects(paragraphs, place, "paragraphs"):
            context = _first(paragraph, _CONTEXTS)
            if paragraph.get("header") is not None and paragraph.get("qas") is None:  # the first line of MRQA's files
                continue
            for asked in _objects(paragraph.get("qas", ()), place, "qas"):
                number += 1
                own = _first(asked, _IDS)
                key = str(number) if is_missing(own) else column_label(own)
                answers, fault = _answers(_first(asked, ("answers", "answer")), None)
                yield Raw(
                    question=_first(asked, _QUESTIONS),
                    context=context,
                    answers=() if _is_true(asked.get("is_impossible")) else answers,
                    key=key,
                    named=not is_missing(own),
                    place=f"{rows.name}, question {quoted(key)}",
                    fault=fault,
                )


def _objects(value: Any, place: str, name: str) -> Sequence[Mapping[str, Any]]:
    if not is_list(value) or not all(isinstance(each, Mapping) for each in value):
        raise DataError(f"{place}: `{name}` must be a list of objects, as in SQuAD's files, found {show(value)}")
    found: Sequence[Mapping[str, Any]] = list(value)
    return found


def _first(record: Mapping[str, Any], names: Sequence[str]) -> Any:
    return next((record[name] for name in names if record.get(name) is not None), None)


def _flat(rows: Rows, options: QaOptions, *, to_score: bool) -> Iterator[Raw]:
    """A question a row."""
    columns = find_columns(rows, options, without_context=to_score)
    for place, cells in zip(rows.places, rows.cells, strict=True):

        def cell(at: int | None, cells: Sequence[Any] = cells) -> Any:
            return None if at is None else cells[at]

        own = cell(columns.id)
        answers, fault = _answers(cell(columns.answer), cell(columns.answer_start))
        impossible = cell(columns.is_impossible)
        yield Raw(
            question=cell(columns.question) if columns.question is not None else "",
            context=cell(columns.context) if columns.context is not None else "",
            answers=() if _is_true(impossible) else answers,
            key=place if is_missing(own) else column_label(own),
            named=not is_missing(own),
            place=place if is_missing(own) else f"{place} ({quoted(column_label(own))})",
            fault=fault,
        )


def _answers(cell: Any, starts: Any) -> tuple[list[Answer], str]:
    """The answers in a cell, and what is wrong with it.

    Args:
        cell: A text, a list of texts or objects, or an object with `text` and `answer_start`; nothing for no answer.
        starts: Where they start, if another cell says it.
    """
    cell = _read_out(cell, (str, Mapping))
    if isinstance(cell, Mapping):
        if "text" not in cell:
            return [], f"expected `text` and `answer_start` in the answers, found {show(dict(cell))}"
        return _answers(cell["text"], cell.get("answer_start", starts))
    if is_list(cell):
        items = list(cell)
        if any(isinstance(item, Mapping) for item in items):
            records = [item if isinstance(item, Mapping) else {"text": item} for item in items]
            places = [item.get("answer_start", item.get("start")) for item in records]
            return _paired([item.get("text") for item in records], places)
        return _paired(items, None if _is_nothing(starts) else _read_out(starts))
    if is_missing(cell):
        return [], ""
    return _paired([cell], None if _is_nothing(starts) else _read_out(starts))


def _is_true(value: Any) -> bool:
    """Whether a cell says yes: a truth value, NumPy's too, 1, or the word."""
    if is_list(value) or is_missing(value):
        return False
    return value.casefold() in ("true", "1") if isinstance(value, str) else bool(value == 1)


def _is_nothing(value: Any) -> bool:
    return not is_list(value) and is_missing(value)


def _paired(texts: Sequence[Any], starts: Any) -> tuple[list[Answer], str]:
    """Texts with their starts."""
    listed = list(starts) if is_list(starts) else [starts] * len(texts) if starts is None else [starts]
    if len(listed) != len(texts):
        return [], f"{len(texts)} answers have {len(listed)} starts"
    found: list[Answer] = []
    for text, said in zip(texts, listed, strict=True):
        start = _whole(said)
        if start is None and not _is_nothing(said):
            return [], f"the start of an answer must be a whole number, found {show(said)}"
        written = isinstance(text, (int, float)) and not isinstance(text, bool) and not is_missing(text)
        if isinstance(text, float) and text.is_integer():  # pandas makes decimals of whole numbers beside empty cells
            text = int(text)  # noqa: PLW2901  # the same number
        found.append((str(text) if written else text, start))
    return found, ""


def _whole(value: Any) -> int | None:
    """A start; pandas makes decimals of whole numbers, and a table has them as text."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, str) and value.strip().lstrip("-").isdecimal() and len(value) < 12:
        return int(value)
    return index_of(value)


def _read_out(cell: Any, of: tuple[type, ...] = (int,)) -> Any:
    """A list of some things, or an object, that is written out as text, as in a CSV file."""
    value = read_written(cell)
    if is_list(value) and value is not cell and not all(isinstance(each, of) for each in value):
        return cell
    return value
