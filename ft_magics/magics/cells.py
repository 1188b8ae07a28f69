"""A `%%finetune` or `%%pretrain` cell, checked as far as its own words go; little is imported, so it is quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError

from ft_magics.errors import RunError
from ft_magics.magics.names import check_folder, check_name, find_one
from ft_magics.magics.session import Session
from ft_magics.runs.cells import FINETUNE, kind_of, parse_cell

if TYPE_CHECKING:
    from ft_magics.config.cell import Tasks
    from ft_magics.config.schema import AnyConfig
    from ft_magics.runs.run import Run

__all__ = ["read_cell", "run_to_repeat"]


def run_to_repeat(session: Session, arguments: Any, kind: Tasks = FINETUNE) -> Run | None:
    """The run that `--from` names; None without it.

    Args:
        session: Of the shell.
        arguments: Of the line.
        kind: Of which magic the line is.

    Raises:
        RunError: There is no such run, or it has no settings.
        UsageError: The line's flags do not go together.
    """
    if arguments.from_run is None:
        return None
    if arguments.resume:
        raise UsageError("--from does a run again from the beginning, and --resume continues one; take one of them")
    run = find_one(arguments.from_run, session.namespace)
    if run.config is None:
        raise RunError(f"run {run.name} has no settings in {run.folder.shown}/config.yaml, so it cannot be done again")
    own = kind_of(run.config)
    if own is not kind:
        raise RunError(f"run {run.name} is of `{own.magic}`: `{own.magic} NAME --from {run.name}` does it again")
    return run


def read_cell(
    session: Session, arguments: Any, cell: str, kind: Tasks = FINETUNE, *, before: Run | None = None
) -> tuple[str, AnyConfig]:
    """The run's name, as Python takes it, and its config.

    Args:
        session: Of the shell.
        arguments: Of the line.
        cell: The body.
        kind: Of which magic it is.
        before: The run that is done again, whose settings hold where the body says nothing.

    Raises:
        RunError: The name or the folder cannot be a run's.
        CellError: With every mistake in the body.
    """
    name = check_name(arguments.name, session.namespace)
    recorded = None if before is None else before.folder.read_config()
    config = parse_cell(cell, session.namespace, arguments.set, kind, recorded=recorded)
    check_folder(config.save.dir, name)
    return name, config
