"""The live view: events → display → widget, from the cell's own thread only.

The training thread writes events; this side reads them a few times a second and is the only one that draws. A fault in
drawing never reaches the training.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from IPython.display import DisplayHandle

from ft_magics.display.host import Host
from ft_magics.display.pages import Bundle, run_bundle, save_page, widget_bundle
from ft_magics.display.run_page import event_text
from ft_magics.display.static_twin import hide_dead_views, hide_twin_of_live_view
from ft_magics.errors import TrainingError
from ft_magics.events import Evaluated, RunEvent, StepDone
from ft_magics.training.run import Run

__all__ = ["watch"]

_LOOK_EVERY_S = 0.25
_TEXT_STEP_EVERY_S = 5.0
_NOTHING: Bundle = {"text/html": "", "text/plain": ""}


class _View(Protocol):
    def update(self, events: Sequence[RunEvent]) -> None: ...
    def finish(self, bundle: Bundle) -> None: ...


def watch(run: Run, host: Host) -> None:
    """Show a run until it ends.

    The first interrupt asks the run to stop; the second lets go of it and leaves it running.

    Raises:
        TrainingError: The run failed.
    """
    view = _Careful(_open(run, host))
    seen = interrupts = 0
    while True:
        try:
            ended = run.wait(_LOOK_EVERY_S)
            fresh = run.events[seen:]
            if fresh:
                view.update(fresh)
                seen += len(fresh)
            if ended and seen == len(run.events):
                break
        except KeyboardInterrupt:
            interrupts += 1
            if interrupts > 1:
                print(f"Let go of {run.name}; it goes on. `{run.name}.wait()` waits, `%ft stop {run.name}` stops it.")
                return
            run.stop("stopped by the interrupt")
    save_page(run)
    view.finish(run_bundle(run))
    if run.status == "failed":
        raise TrainingError(_failure(run)) from run.exception


def _failure(run: Run) -> str:
    error = run.exception
    kept = "The best model so far is kept. " if run.model_dir.is_dir() else ""
    return (
        f"run {run.name} failed: {type(error).__name__}: {error}\n{kept}Its folder {run.dir} has events.jsonl and "
        "error.txt; `%ft debug` shows the whole traceback"
    )


class _Careful:
    """A view whose faults are logged and otherwise ignored."""

    def __init__(self, view: _View) -> None:
        self._view = view

    def update(self, events: Sequence[RunEvent]) -> None:
        self._try(lambda: self._view.update(events))

    def finish(self, bundle: Bundle) -> None:
        self._try(lambda: self._view.finish(bundle))

    def _try(self, draw: Callable[[], None]) -> None:
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
            bundle["text/html"] += hide_twin_of_live_view(self._twin_of) + hide_dead_views(self._twin_of, views=2)
        return bundle

    def finish(self, bundle: Bundle) -> None:
        self._handle.update(bundle, raw=True)


class _WidgetView:
    """The controls and the dashboard, with a twin in static HTML that stays when they go.

    The twin is drawn anew at each evaluation, so that a notebook whose kernel or page dies still has the run so far.
    """

    def __init__(self, run: Run) -> None:
        from ft_widgets import RunControls, RunDashboard  # noqa: PLC0415  # only where a widget can live

        twin = uuid.uuid4().hex
        self._twin = _HtmlView(run, twin_of=twin)
        self._dashboard = RunDashboard(
            name=run.name, twin=twin, events=lambda: [event.to_json() for event in run.events]
        )
        self._controls = RunControls(on_stop=lambda: run.stop("stopped by the Stop button"))
        self._pushed = 0
        # Controls first: what grows below them does not move them away from under the pointer.
        views: list[Any] = [self._controls, self._dashboard]
        self._handles = [DisplayHandle() for _ in views]
        for handle, view in zip(self._handles, views, strict=True):
            handle.display(widget_bundle(view, _NOTHING), raw=True)
        self._controls.open_for_clicks()

    def update(self, events: Sequence[RunEvent]) -> None:
        self._dashboard.push(self._pushed, [event.to_json() for event in events])
        self._pushed += len(events)
        self._twin.update(events)

    def finish(self, bundle: Bundle) -> None:
        self._twin.finish(bundle)
        for handle in self._handles:
            handle.update(_NOTHING, raw=True)
        self._dashboard.close()
        self._controls.close()
