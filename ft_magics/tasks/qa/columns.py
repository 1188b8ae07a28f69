"""Which column of a table is what, for questions and contexts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ft_magics.data.cells import Rows, fold
from ft_magics.data.columns import named_in, usual_columns
from ft_magics.data.faults import list_names, show
from ft_magics.errors import DataError, did_you_mean
from ft_magics.tasks.qa.config import QaOptions

__all__ = ["KNOWN", "Columns", "find_columns", "input_columns"]

_NAMES = {  # folded, the surest first
    "context": (
        *("context", "contexttext", "passage", "paragraph", "document", "article", "text", "content"),
        *("上下文", "文章", "段落", "原文"),
    ),
    "question": ("question", "questiontext", "query", "querytext", "问题", "問題"),
    "answer": ("answers", "answer", "answertext", "answerstext", "goldanswers", "答案"),
    "answer_start": ("answerstart", "answersstart", "answerstarts", "start"),
    "id": ("id", "questionid", "queryid", "qid", "qasid"),
    "is_impossible": ("isimpossible", "impossible", "unanswerable"),
}
KNOWN = frozenset(name for names in _NAMES.values() for name in names)


@dataclass(frozen=True, slots=True)
class Columns:
    """Places of the columns in a row, from 0; None for one that is not there."""

    context: int | None
    question: int | None
    answer: int | None
    answer_start: int | None
    id: int | None
    is_impossible: int | None


def input_columns(columns: Sequence[str], data: Any) -> Sequence[str] | None:
    """The columns of question and context; see `TakesColumns`."""
    named = [named_in(data, "question_column"), named_in(data, "context_column")]
    return usual_columns(columns, named, product(_NAMES["question"], _NAMES["context"]))


def find_columns(rows: Rows, options: QaOptions, *, without_context: bool = False) -> Columns:
    """The columns that the options name, or whose names say what they are.

    Args:
        rows: What was read.
        options: Of the cell.
        without_context: Whether gold answers are all that is wanted.

    Raises:
        DataError: There is no such column; the message lists those that there are.
    """
    found = {
        what: _named(rows, f"{what}_column", getattr(options, f"{what}_column", None)) or _by_name(rows, what)
        for what in _NAMES
    }
    needed = ("context", "question", "answer")
    missing = [what for what in needed if found[what] is None and not (without_context and what != "answer")]
    if missing:
        option = " and ".join(f"`{what}_column`" for what in missing)
        there = list_names(rows.columns) if rows.named else f"{len(rows.columns)} columns without names"
        raise DataError(
            f"{rows.name}: no column of {' or '.join(missing)} was found; there are {there}. Name it with {option}"
        )
    return Columns(**{what: None if at is None else at - 1 for what, at in found.items()})


def _by_name(rows: Rows, what: str) -> int | None:
    """The number of the first column that has one of the usual names, from 1."""
    if not rows.named:
        return None
    folded = [fold(name.replace(".", "")) for name in rows.columns]
    return next((folded.index(name) + 1 for name in _NAMES[what] if name in folded), None)


def _named(rows: Rows, option: str, said: int | str | None) -> int | None:
    if said is None:
        return None
    columns = list(rows.columns)
    if isinstance(said, str):
        if said in columns:
            return columns.index(said) + 1
        near = did_you_mean(said, columns)
        raise DataError(f"{rows.name}: `{option}` is {said:.60}, and the columns are {list_names(columns)}.{near}")
    at = said if said > 0 else len(columns) + 1 + said
    if not 1 <= at <= len(columns):
        raise DataError(f"{rows.name}: `{option}` is {show(said)}, and there are {len(columns)} columns")
    return at
