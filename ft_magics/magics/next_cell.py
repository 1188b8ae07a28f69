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
    host = find_host(session.shell)
    if host == "html":
        print(f"{said}\n\n{text}")
        return
    # A terminal takes a cell when an empty line ends it: with that here, Enter runs it.
    session.shell.set_next_input(f"{text}\n\n" if host == "text" else text, replace=False)
    print(said)
