"""A cell's text → a new cell below, for a person to read, change and run."""

from __future__ import annotations

from ft_magics.display.host import find_host
from ft_magics.magics.session import Session

__all__ = ["write_below"]


def write_below(session: Session, text: str, said: str) -> None:
    """Write a cell below this one; in a terminal it is what the next prompt begins with.

    Where a program runs the notebook nobody takes a new cell, so its text is printed instead.

    Args:
        session: Of the shell.
        text: Of the cell.
        said: A sentence on it.
    """
    if find_host(session.shell) == "html":
        print(f"{said}\n\n{text}")
        return
    session.shell.set_next_input(text, replace=False)
    print(said)
