"""A `%%finetune` or `%%pretrain` cell, checked as far as its own words go; little is imported, so it is quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ft_magics.magics.names import check_folder, check_name
from ft_magics.magics.session import Session
from ft_magics.runs.cells import FINETUNE, parse_cell

if TYPE_CHECKING:
    from ft_magics.config.cell import Tasks
    from ft_magics.config.schema import AnyConfig

__all__ = ["read_cell"]


def read_cell(session: Session, arguments: Any, cell: str, kind: Tasks = FINETUNE) -> tuple[str, AnyConfig]:
    """The run's name, as Python takes it, and its config.

    Args:
        session: Of the shell.
        arguments: Of the line.
        cell: The body.
        kind: Of which magic it is.

    Raises:
        RunError: The name or the folder cannot be a run's.
        CellError: With every mistake in the body.
    """
    name = check_name(arguments.name, session.namespace)
    config = parse_cell(cell, session.namespace, arguments.set, kind)
    check_folder(config.save.dir, name)
    return name, config
