"""A row of a file → one input of a task, as `Run.predict` takes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.data.columns import TEXT_COLUMNS, column_named, named_in, usual_columns
from ft_magics.data.faults import list_names
from ft_magics.data.streams import StreamedRow
from ft_magics.errors import DataError
from ft_magics.tasks.optional import TakesColumns
from ft_magics.tasks.registry import guarded
from ft_magics.tasks.task import Task

__all__ = ["COLUMN_NAMES", "FileInputs"]

COLUMN_NAMES = frozenset((*TEXT_COLUMNS, "question", "context", "source", "prompt", "label", "id"))
_TEXTS = [(name,) for name in TEXT_COLUMNS]
_MOST_KEPT = 1000


class FileInputs:
    """What each row of a file is for a task. A row that has no columns is an input as it stands.

    Args:
        task: Of the model.
        column: The column that holds the input, or those that hold its parts: names, or numbers from 1; None for those
            that the run's data name, else those that are called so.
        data: The run's `data:` section; None where nobody knows it.
    """

    def __init__(
        self, task: Task[Any, Any, Any], *, column: str | int | Sequence[str | int] | None = None, data: Any = None
    ) -> None:
        self._task = task
        self._asked = [column] if isinstance(column, (str, int)) else column
        self._data = data
        self._first: Sequence[str] | None = None
        self._found: dict[tuple[str, ...], Sequence[str]] = {}  # by the columns that a row has

    def of(self, row: StreamedRow) -> Any:
        """The input.

        Raises:
            DataError: No column is called as the task's inputs are; the message lists those that there are.
        """
        value = row.value
        if not isinstance(value, Mapping):
            return value
        columns = tuple(value)
        chosen = self._found.get(columns)
        if chosen is None:
            chosen = self._choose(columns)
            self._check_same(chosen)
            if len(self._found) == _MOST_KEPT:
                self._found.clear()
            self._found[columns] = chosen
        if not chosen:
            return value
        return value[chosen[0]] if len(chosen) == 1 else tuple(value[name] for name in chosen)

    def _check_same(self, chosen: Sequence[str]) -> None:
        if self._first is None:
            self._first = list(chosen)
        if list(chosen) != self._first:
            here, before = (list_names(names) or "the whole row" for names in (chosen, self._first))
            raise DataError(f"the input is in {here} here and in {before} above; name its columns with `column`")

    def _choose(self, columns: Sequence[str]) -> Sequence[str]:
        if self._asked is not None:
            return [column_named(columns, name) for name in self._asked]
        task, chosen = self._task, None
        if isinstance(task, TakesColumns):
            chosen = guarded(task.name, "input_columns", lambda: task.input_columns(columns, self._data))
        if chosen is None:
            chosen = usual_columns(columns, [named_in(self._data, "text_column")], _TEXTS)
        if chosen is None and len(columns) == 1:
            chosen = columns
        if chosen is None:
            raise DataError(
                f"which column is the input? There are {list_names(columns)}; name it with `column`, such as "
                f"`column={columns[-1]!r:.60}`"
            )
        return chosen
