"""What a run is shown in: a widget with a twin in static HTML, static HTML alone, or lines of text."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from IPython.display import DisplayHandle

from ft_magics.display.event_text import event_text
from ft_magics.display.host import Host, clicks_wait, way_out
from ft_magics.display.pages import Bundle, widget_bundle
from ft_magics.display.shown import Watched, beside_of, bundle_of, parts_of
from ft_magics.display.static_twin import hide_dead_views, hide_twin_of_live_view
from ft_magics.events import Evaluated, RunEnded, RunEvent, RunStarted, StepDone
from ft_magics.metrics import Metric

if TYPE_CHECKING:
    from ft_widgets import RunControls

__all__ = ["RunView", "open_view"]

_TWIN_EVERY_S = 1.0
_TEXT_STEP_EVERY_S = 5.0
_NOTHING: Bundle = {"text/html": "", "text/plain": ""}


class RunView(Protocol):
    """Shows a run; called by one thread at a time."""

    def update(self, events: Sequence[RunEvent]) -> None:
        """Show what is new; without events, that the kernel is still there."""

    def finish(self, bundle: Bundle) -> None:
        """Leave this, and nothing that needs a kernel."""


def open_view(run: Watched, host: Host) -> RunView:
    """The view for a host, or a simpler one where that cannot be made."""
    if host == "text":
        return _TextView()
    try:
        return _WidgetView(run) if host == "widget" else _HtmlView(run)
    except Exception:
        logging.getLogger(__name__).exception("no %s view can be made; a simpler one is taken", host)
        return open_view(run, "html" if host == "widget" else "text")


class _TextView:
    """Lines in a terminal: every evaluation, and a step now and then."""

    def __init__(self) -> None:
        self._last_s = -_TEXT_STEP_EVERY_S
        self._metrics: list[Metric] = []

    def update(self, events: Sequence[RunEvent]) -> None:
        for event in events:
            if isinstance(event, StepDone):
                if event.elapsed_s - self._last_s < _TEXT_STEP_EVERY_S:
                    continue
                self._last_s = event.elapsed_s
            if isinstance(event, RunStarted):
                self._metrics = event.metrics
            line = event_text(event, self._metrics)
            if line:
                print(line, flush=True)

    def finish(self, bundle: Bundle) -> None:
        print(bundle["text/plain"], flush=True)


class _HtmlView:
    """Static HTML, redrawn after an evaluation, but not all the time.

    Args:
        run: What to show.
        twin_of: Id of the widget that shows the same while it lives.
    """

    def __init__(self, run: Watched, *, twin_of: str = "") -> None:
        self._run, self._twin_of = run, twin_of
        self._handle: DisplayHandle = DisplayHandle()
        self._handle.display(self._bundle(), raw=True)
        self._drawn_s = time.monotonic()
        self._evaluated = False

    def update(self, events: Sequence[RunEvent]) -> None:
        self._evaluated = self._evaluated or any(isinstance(event, Evaluated) for event in events)
        if self._evaluated and time.monotonic() - self._drawn_s >= _TWIN_EVERY_S:
            self._handle.update(self._bundle(), raw=True)
            self._drawn_s = time.monotonic()
            self._evaluated = False

    def _bundle(self) -> Bundle:
        bundle = bundle_of(self._run, twin_of=self._twin_of)
        if self._twin_of:
            bundle["text/html"] += hide_twin_of_live_view(self._twin_of) + hide_dead_views(self._twin_of)
        return bundle

    def finish(self, bundle: Bundle) -> None:
        self._handle.update(bundle, raw=True)


class _Beside:
    """What the dashboard does not have, in static HTML below it, until the page itself has it."""

    def __init__(self, run: Watched) -> None:
        self._run = run
        self._handle: DisplayHandle | None = None

    def update(self, events: Sequence[RunEvent]) -> None:
        """Draw it again when a run has ended."""
        if not any(isinstance(event, RunEnded) for event in events):
            return
        html = beside_of(self._run)
        if not html:
            return
        bundle: Bundle = {"text/html": html, "text/plain": ""}
        if self._handle is None:
            self._handle = DisplayHandle()
            self._handle.display(bundle, raw=True)
        else:
            self._handle.update(bundle, raw=True)

    def finish(self) -> None:
        """Take it away."""
        if self._handle is not None:
            self._handle.update(_NOTHING, raw=True)


class _WidgetView:
    """The dashboard, with a twin in static HTML that stays when it goes.

    The twin is redrawn after evaluations, so that a notebook whose kernel or page dies still has the run so far.
    """

    def __init__(self, run: Watched) -> None:
        from ft_widgets import RunDashboard  # noqa: PLC0415  # only where a widget can live

        twin = uuid.uuid4().hex
        self._parts = parts_of(run)
        self._controls = _controls(run)
        self._dashboard = RunDashboard(
            name=run.folder.handle,
            controls=self._controls,
            way_out=way_out(run.folder.stop_file),
            clicks_blocked=clicks_wait(),
            twin=twin,
            page=self._parts.snapshot,
        )
        self._twin = _HtmlView(run, twin_of=twin)
        self._handle = DisplayHandle()
        self._handle.display(widget_bundle(self._dashboard, _NOTHING), raw=True)
        self._controls.open_for_clicks()
        self._beside = _Beside(run)

    def update(self, events: Sequence[RunEvent]) -> None:
        self._dashboard.push(self._parts.news())
        self._twin.update(events)
        self._beside.update(events)

    def finish(self, bundle: Bundle) -> None:
        """Leave static HTML only; but a page that was reloaded does not notice, and keeps its dashboard."""
        self._dashboard.push(self._parts.news())
        self._beside.finish()
        self._twin.finish(bundle)
        self._handle.update(_NOTHING, raw=True)
        if not self._dashboard.reloaded:
            self._dashboard.close()
        self._controls.close()


def _controls(run: Watched) -> RunControls:
    from ft_widgets import RunControls  # noqa: PLC0415  # only where a widget can live

    return RunControls(
        {
            "stop": lambda: run.stop("stopped by the Stop button"),
            "pause": lambda: run.pause("paused by the Pause button"),
            "unpause": run.unpause,
            "save": run.save_now,
        }
    )
