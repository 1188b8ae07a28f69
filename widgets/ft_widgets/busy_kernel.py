"""Getting through to a kernel whose cell is still running."""

from __future__ import annotations

from typing import Any

__all__ = ["let_through"]


def let_through(comm: Any) -> None:
    """Let a front end's messages on a comm reach the kernel while a cell runs.

    JupyterLab sends them to a subshell, which is free. ipykernel >= 7.4 sends them instead to the shell that last
    published on the comm: after the main shell did so, they would wait until its cell ends. Without that memory they go
    where the front end meant them to go. Call it after anything was published on the comm.

    Args:
        comm: A widget's comm, or None where the widget has none.
    """
    if comm is not None:
        comm.__dict__.pop("_reply_subshell_id", None)
