"""Getting through to a kernel whose cell is still running."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["greet_new_pages", "let_through"]


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


_CONTROL = "jupyter.widget.control"  # the comm through which a page asks for the state of all widgets


@contextmanager
def greet_new_pages(kernel: Any) -> Iterator[None]:
    """Answer pages that connect to the kernel while its cell runs.

    A page that is reloaded asks the kernel who it is and how its widgets are, and draws none before the answers;
    the main shell would give them when the cell has run. Within this context the thread that hands messages on
    answers instead. It does nothing where a kernel has no such thread (ipykernel < 7).

    Args:
        kernel: The ipykernel, or None outside of one.
    """
    thread = getattr(kernel, "shell_channel_thread", None)
    hand_on = getattr(kernel, "shell_channel_thread_main", None)
    if thread is None or hand_on is None:
        yield
        return

    async def receive(message: Any) -> None:
        if not await _answered(kernel, message):
            await hand_on(message)

    def listen(receiver: Any) -> None:
        thread.io_loop.add_callback(kernel.shell_stream.on_recv, receiver, copy=False)

    listen(receive)
    try:
        yield
    finally:
        listen(hand_on)


async def _answered(kernel: Any, message: Any) -> bool:
    """Answer a message of a new page; whether it was one. What cannot be read is left to the kernel."""
    try:
        idents, parts = kernel.session.feed_identities(message, copy=False)
        header, content = (kernel.session.unpack(parts[at].bytes) for at in (1, 4))
        kind = header["msg_type"]
        if not _is_greeting(kernel, kind, content):
            return False
        asked = kernel.session.deserialize(parts, copy=False)
        _say_state(kernel, "busy", asked)
        answer = kernel.shell_handlers[kind](kernel.shell_stream, idents, asked)
        if answer is not None:
            await answer
        for state in ("idle", "busy"):  # a page waits for the end of its question; then the cell runs on
            _say_state(kernel, state, asked)
    except Exception:
        logging.getLogger(__name__).exception("a page could not be answered")
        return False
    return True


def _is_greeting(kernel: Any, kind: str, content: Any) -> bool:
    if kind in ("kernel_info_request", "comm_info_request"):
        return True
    if kind == "comm_open":
        return bool(content.get("target_name") == _CONTROL)
    comm = kernel.comm_manager.comms.get(content.get("comm_id")) if kind in ("comm_msg", "comm_close") else None
    return comm is not None and comm.target_name == _CONTROL


def _say_state(kernel: Any, state: str, asked: Any) -> None:
    content = {"execution_state": state}
    kernel.session.send(kernel.iopub_socket, "status", content, parent=asked, ident=b"kernel.status")
