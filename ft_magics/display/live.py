"""The live view: events → display → widget, from the cell's own thread, or for a run in the background from one other.

The training thread writes events; this side reads them a few times a second and is the only one that draws. A fault in
drawing never reaches the training.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, nullcontext
from typing import Any

from IPython.core.getipython import get_ipython

from ft_magics.display.host import Host
from ft_magics.display.run_views import RunView, open_view
from ft_magics.display.shown import Watched, bundle_of, save_pages
from ft_magics.errors import TrainingError
from ft_magics.runs.interrupts import Interrupts
from ft_magics.runs.run import Run

__all__ = ["watch"]

_LOOK_EVERY_S = 0.5  # with the saved twin, three messages a second; and the end needs a few of its own
_WORD_EVERY_S = 5.0  # a dashboard that gets nothing for long says so: its kernel may be gone


def watch(run: Watched, host: Host, interrupts: Interrupts, *, attached: bool = True) -> None:
    """Show a run until it ends, or at once hand the showing to a thread.

    The first interrupt requests a stop; the second detaches from the run and leaves it running.

    Args:
        run: What to show: a run, or several seeds as one.
        host: What the place that shows it can show.
        interrupts: Those that came since before the run began, and that are still to come.
        attached: Wait for the end. Else a widget is drawn from a thread; HTML and text say one line and no more, since
            a program that runs a notebook drops what comes after the cell.

    Raises:
        TrainingError: The run failed.
    """
    if not attached and host != "widget":
        print(f"{run.name} trains in the background. {_how_to_follow(run)}")
        return
    try:
        _watch(run, host, interrupts, attached=attached)
    except KeyboardInterrupt:  # more of them than were noted: the display hangs
        run.stop("stopped by the interrupt")
        raise


def _watch(run: Watched, host: Host, interrupts: Interrupts, *, attached: bool) -> None:
    showing = _Showing(run, open_view(run, host))
    if not attached:
        showing.go_on_in_background()
        return
    with ExitStack() as watching:
        _carefully(lambda: watching.enter_context(_pages_greeted(host)))
        ended = _look_until_the_end(run, showing, interrupts)
    if not ended:
        print(f"Detached from {run.name}; it keeps training. {_how_to_follow(run)}")
        if host == "widget":
            showing.go_on_in_background()
        return
    showing.finish()
    if run.status == "failed":
        raise TrainingError(_failure(run)) from run.exception


def _look_until_the_end(run: Watched, showing: _Showing, interrupts: Interrupts) -> bool:
    """Draw until the run ends; whether it did. The first interrupt stops it, the second detaches from it."""
    heeded = 0
    while True:
        ended = False
        try:
            ended = showing.look()
        except KeyboardInterrupt:  # where they cannot be noted, or after too many that were not heeded
            interrupts.note()
        heeded += interrupts.take()
        if ended or heeded > 1:
            return ended
        if heeded:
            run.stop("stopped by the interrupt")


def _carefully(draw: Callable[[], None]) -> None:
    """Do something whose faults are not the run's: they are logged and otherwise ignored."""
    try:
        draw()
    except Exception:
        logging.getLogger(__name__).exception("the live view failed; training continues")


def _pages_greeted(host: Host) -> AbstractContextManager[None]:
    """While it lasts, a page that is reloaded gets its live view back, though the kernel is busy."""
    if host != "widget":
        return nullcontext()
    from ft_widgets.busy_kernel import greet_new_pages  # noqa: PLC0415  # only where a widget can live

    return greet_new_pages(getattr(get_ipython(), "kernel", None))


def _how_to_follow(run: Watched) -> str:
    return f"`%ft status {run.name}` shows how it goes, `{run.name}.wait()` waits, `%ft stop {run.name}` stops it."


class _Showing:
    """A run and the view that it is shown in. One thread at a time calls it."""

    def __init__(self, run: Watched, view: RunView) -> None:
        self._run, self._view = run, view
        self._seen = 0
        self._drawn_s = time.monotonic()

    def look(self) -> bool:
        """Wait a moment, draw what is new; whether that was the last of it. Now and then, say that nothing is new."""
        ended = self._run.wait(_LOOK_EVERY_S)
        fresh = self._run.events[self._seen :]
        if fresh or time.monotonic() - self._drawn_s >= _WORD_EVERY_S:
            self._drawn_s = time.monotonic()
            self._seen += len(fresh)  # before drawing: an interrupt then must not draw them twice
            _carefully(lambda: self._view.update(fresh))
        return ended and self._seen == len(self._run.events)

    def finish(self) -> None:
        """Leave the page in the run's folder, and what the notebook shows from now on."""
        _carefully(self._save_page)
        _carefully(lambda: self._view.finish(bundle_of(self._run)))

    def _save_page(self) -> None:
        try:
            save_pages(self._run)
        except OSError as error:
            logging.getLogger(__name__).warning("%s cannot be written: %s", self._run.folder.html, error.strerror)

    def go_on_in_background(self) -> None:
        """Draw from a thread of its own, into the output of the cell that called."""
        pin = _pin_to_cell()

        def draw() -> None:
            pin()
            while not self.look():
                pass
            self.finish()

        threading.Thread(target=draw, name=f"ft_magics-view-{self._run.name}", daemon=True).start()


def _pin_to_cell() -> Callable[[], None]:
    """Call it in a cell, and what it gives in a thread: the thread's output then goes to that cell.

    ipykernel >= 7.1 ties a thread's output to no cell.
    """
    shell: Any = get_ipython()
    if shell is None or not hasattr(shell, "get_parent"):
        return lambda: None
    parent = shell.get_parent()
    set_parent = getattr(shell, "set_thread_parent", shell.set_parent)
    return lambda: set_parent(parent)


def _failure(watched: Watched) -> str:
    error = watched.exception
    run = watched if isinstance(watched, Run) else watched.failed
    told = f"run {watched.name if run is None else run.name} failed: {type(error).__name__}: {error}"
    if run is None:  # it had no folder yet
        resume = f"`%ft resume {watched.folder.handle}` trains those that are missing"
        return f"{told}\nOnce the cause is gone, {resume}"
    kept = "The best model so far is kept. " if run.model_dir.is_dir() else ""
    text = " and error.txt" if run.folder.error.is_file() else ""  # a full disk may not have taken it
    return f"{told}\n{kept}Its folder {run.folder.shown} has events.jsonl{text}; `%ft debug` shows the whole traceback"
