"""`%ft new [TASK] [DATA]`: a `%%finetune` cell that fits the data, below this one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ft_magics.config.names import TASK_SYNONYMS
from ft_magics.config.references import is_reference
from ft_magics.config.schema import DEFAULT_FOLDER
from ft_magics.data.paths import find_file
from ft_magics.errors import DataError, FineTuneError, TaskError, did_you_mean
from ft_magics.magics.evaluations import source_of
from ft_magics.magics.names import check_name
from ft_magics.magics.next_cell import write_below
from ft_magics.magics.session import Session
from ft_magics.tasks.registry import task_names
from ft_magics.training.new_cell import NewCell, cell_for, cell_for_demo

__all__ = ["new_cell"]


def new_cell(session: Session, *words: str) -> None:
    """Write a cell for the data that the words name; without data, for the demo corpus.

    Args:
        session: Of the shell.
        words: A task, a path or `$name`, or both in this order.
    """
    task, data = _meant(words)

    def free(name: str) -> bool:
        return _is_free(name, session.namespace)

    cell: NewCell
    if data is None:
        cell = cell_for_demo(task, free)
    else:
        cell = cell_for(source_of(data, session.namespace), task, session.namespace, free)
    write_below(session, cell.text, f"Written below: {cell.about}. Read it, change it, run it; `--dry-run` checks it.")


def _meant(words: tuple[str, ...]) -> tuple[str | None, str | None]:
    """The task and the data that the words name.

    Raises:
        TaskError: The first of two is no task.
        DataError: The only one is neither a task nor data.
    """
    if not words:
        return None, None
    first = TASK_SYNONYMS.get(words[0].lower(), words[0])
    known = task_names()
    if len(words) == 2:
        if first not in known:
            near = did_you_mean(first, [*known, *TASK_SYNONYMS])
            raise TaskError(f"there is no task `{words[0]:.80}`; there are {', '.join(known)}.{near}")
        return first, words[1]
    if first in known:
        return first, None
    try:
        if not is_reference(first):
            find_file(first)
    except DataError as error:
        if not first.isidentifier():
            raise
        near = did_you_mean(first, [*known, *TASK_SYNONYMS])
        raise DataError(f"{error}\n`{first:.80}` is no task either; there are {', '.join(known)}.{near}") from error
    return None, first


def _is_free(name: str, namespace: Any) -> bool:
    """Whether a run may take a name, and no folder of an earlier one has it."""
    try:
        check_name(name, namespace)
    except FineTuneError:
        return False
    return name not in namespace and not (Path(DEFAULT_FOLDER) / name).exists()
