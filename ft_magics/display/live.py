"""The live view: events → display → widget, from the cell's own thread, or for a run in the background from one other.

The training thread writes events; this side reads them a few times a second and is the only one that draws. A fault in
drawing never reaches the training.
"""

from __future__ import annotations

import logging
import math
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any, Protocol

from IPython.core.getipython import get_ipython
from IPython.display import DisplayHandle

from ft_magics.display.host import Host, clicks_wait, way_out
from ft_magics.display.pages import Bundle, run_bundle, save_page, widget_bundle
from ft_magics.display.run_page import event_text
from ft_magics.display.static_twin import hide_dead_views, hide_twin_of_live_view
from ft_magics.errors import TrainingError
from ft_magics.events import Evaluated, RunEvent, StepDone
from ft_magics.training.run import Run

if TYPE_CHECKING:
    from ft_widgets import RunControls

__all__ = ["watch"]

_LOOK_EVERY_S = 0.25
_TEXT_STEP_EVERY_S = 5.0
_WORD_EVERY_S = 5.0  # a dashboard that hears nothing for long says so: its kernel may be gone
_SENT_AGAIN = 20  # events: a page that is loaded meanwhile may miss a message, and the next one fills the gap
_NOTHING: Bundle = {"text/html": "", "text/plain": ""}


class _View(Protocol):
    def update(self, events: Sequence[RunEvent]) -> None: ...
    def finish(self, bundle: Bundle) -> None: ...


def watch(run: Run, host: Host, *, attached: bool = True) -> None:
    """Show a run until it ends, or at once hand the showing to a thread.

    The first interrupt asks the run to stop; the second lets go of it and leaves it running.

    Args:
        run: What to show.
        host: What the place that shows it can show.
        attached: Wait for the end. Else a widget is drawn from a thread; HTML and text say one line and no more, since
            a program that runs a notebook drops what comes after the cell.

    Raises:
        TrainingError: The run failed.
    """
    if not attached and host != "widget":
        print(f"{run.name} trains in the background. {_how_to_follow(run)}")
        return
    showing = _Showing(run, _Careful(_open(run, host)))
    if not attached:
        showing.go_on_in_background()
        return
    with _pages_greeted(host):
        ended = _look_until_the_end(run, showing)
    if not ended:
        print(f"Let go of {run.name}; it goes on. {_how_to_follow(run)}")
        if host == "widget":
            showing.go_on_in_background()
        return
    showing.finish()
    if run.status == "failed":
        raise TrainingError(_failure(run)) from run.exception


def _look_until_the_end(run: Run, showing: _Showing) -> bool:
    """Draw until the run ends; whether it did. The first interrupt stops it, the second lets go of it."""
    interrupts = 0
    while True:
        try:
            if showing.look():
                return True
        except KeyboardInterrupt:
            interrupts += 1
            if interrupts > 1:
                return False
            run.stop("stopped by the interrupt")


def _pages_greeted(host: Host) -> AbstractContextManager[None]:
    """While it lasts, a page that is loaded anew gets its live view back, though the kernel is busy."""
    if host != "widget":
        return nullcontext()
    from ft_widgets.busy_kernel import greet_new_pages  # noqa: PLC0415  # only where a widget can live

    return greet_new_pages(getattr(get_ipython(), "kernel", None))


def _how_to_follow(run: Run) -> str:
    return f"`%ft status {run.name}` shows how it goes, `{run.name}.wait()` waits, `%ft stop {run.name}` stops it."


class _Showing:
    """A run and the view that it is shown in. One thread at a time calls it."""

    def __init__(self, run: Run, view: _Careful) -> None:
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
            self._view.update(fresh)
        return ended and self._seen == len(self._run.events)

    def finish(self) -> None:
        """Leave the page in the run's folder, and what the notebook shows from now on."""
        self._view.careful(self._save_page)
        self._view.careful(lambda: self._view.finish(run_bundle(self._run)))

    def _save_page(self) -> None:
        try:
            save_page(self._run)
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


def _failure(run: Run) -> str:
    error = run.exception
    kept = "The best model so far is kept. " if run.model_dir.is_dir() else ""
    text = " and error.txt" if run.folder.error.is_file() else ""  # a full disk may not have taken it
    return (
        f"run {run.name} failed: {type(error).__name__}: {error}\n{kept}Its folder {run.dir} has events.jsonl{text}; "
        "`%ft debug` shows the whole traceback"
    )


class _Careful:
    """A view whose faults are logged and otherwise ignored."""

    def __init__(self, view: _View) -> None:
        self._view = view

    def update(self, events: Sequence[RunEvent]) -> None:
        self.careful(lambda: self._view.update(events))

    def finish(self, bundle: Bundle) -> None:
        self.careful(lambda: self._view.finish(bundle))

    @staticmethod
    def careful(draw: Callable[[], None]) -> None:
        """Do something whose faults are not the run's."""
        try:
            draw()
        except Exception:
            logging.getLogger(__name__).exception("the live view failed; the training goes on")


def _open(run: Run, host: Host) -> _View:
    if host == "text":
        return _TextView()
    return _WidgetView(run) if host == "widget" else _HtmlView(run)


class _TextView:
    """Lines in a terminal: every evaluation, and a step now and then."""

    def __init__(self) -> None:
        self._last_s = -_TEXT_STEP_EVERY_S

    def update(self, events: Sequence[RunEvent]) -> None:
        for event in events:
            if isinstance(event, StepDone):
                if event.elapsed_s - self._last_s < _TEXT_STEP_EVERY_S:
                    continue
                self._last_s = event.elapsed_s
            line = event_text(event)
            if line:
                print(line, flush=True)

    def finish(self, bundle: Bundle) -> None:
        print(bundle["text/plain"], flush=True)


class _HtmlView:
    """Static HTML, drawn anew at each evaluation.

    Args:
        run: What to show.
        twin_of: Id of the widget that shows the same while it lives.
    """

    def __init__(self, run: Run, *, twin_of: str = "") -> None:
        self._run, self._twin_of = run, twin_of
        self._handle: DisplayHandle = DisplayHandle()
        self._handle.display(self._bundle(), raw=True)

    def update(self, events: Sequence[RunEvent]) -> None:
        if any(isinstance(event, Evaluated) for event in events):
            self._handle.update(self._bundle(), raw=True)

    def _bundle(self) -> Bundle:
        bundle = run_bundle(self._run, twin_of=self._twin_of)
        if self._twin_of:
            bundle["text/html"] += hide_twin_of_live_view(self._twin_of) + hide_dead_views(self._twin_of)
        return bundle

    def finish(self, bundle: Bundle) -> None:
        self._handle.update(bundle, raw=True)


class _WidgetView:
    """The dashboard, with a twin in static HTML that stays when it goes.

    The twin is drawn anew at each evaluation, so that a notebook whose kernel or page dies still has the run so far.
    """

    def __init__(self, run: Run) -> None:
        from ft_widgets import RunDashboard  # noqa: PLC0415  # only where a widget can live

        twin = uuid.uuid4().hex
        self._twin = _HtmlView(run, twin_of=twin)
        self._controls = _controls(run)
        self._dashboard = RunDashboard(
            name=run.name,
            controls=self._controls,
            way_out=way_out(run.folder.stop_file),
            deaf=clicks_wait(),
            twin=twin,
            events=lambda: [_plain(event) for event in list(run.events)],
        )
        self._recent: deque[dict[str, Any]] = deque(maxlen=_SENT_AGAIN)
        self._pushed = 0
        self._handle = DisplayHandle()
        self._handle.display(widget_bundle(self._dashboard, _NOTHING), raw=True)
        self._controls.open_for_clicks()

    def update(self, events: Sequence[RunEvent]) -> None:
        again, fresh = list(self._recent), [_plain(event) for event in events]
        self._dashboard.push(self._pushed - len(again), again + fresh)
        self._recent.extend(fresh)
        self._pushed += len(fresh)
        self._twin.update(events)

    def finish(self, bundle: Bundle) -> None:
        """Leave static HTML only; but a page that was loaded anew does not hear of that, and keeps its dashboard."""
        self._twin.finish(bundle)
        self._handle.update(_NOTHING, raw=True)
        if not self._dashboard.reloaded:
            self._dashboard.close()
        self._controls.close()


def _controls(run: Run) -> RunControls:
    from ft_widgets import RunControls  # noqa: PLC0415  # only where a widget can live

    return RunControls(
        {
            "stop": lambda: run.stop("stopped by the Stop button"),
            "pause": lambda: run.pause("paused by the Pause button"),
            "go_on": run.go_on,
            "save": run.save_now,
        }
    )


def _plain(event: RunEvent) -> dict[str, Any]:
    """An event as JSON, which has no numbers that are none: they become null."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in event.to_json().items()
    }
