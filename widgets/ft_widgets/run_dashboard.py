"""The live view of one training run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets

from ft_widgets.run_controls import RunControls
from ft_widgets.static_files import STATIC

__all__ = ["RunDashboard"]

Message = dict[str, Any]


def _snapshot(_: object, widget: RunDashboard) -> Message:
    widget.state_requests += 1
    return widget.whole_page()


class RunDashboard(anywidget.AnyWidget):
    """Shows a run's page.

    What changes is pushed. `snapshot` is never assigned, so it is never pushed; a front end that asks for the widget's
    state, after a page reload say, gets the whole page through it. That is also how a reload is noticed: a message of
    the front end's own would wait until the cell has run (see `busy_kernel`).

    Args:
        name: What `%ft` knows the run by.
        controls: The model that takes the clicks on its buttons, a `RunControls`.
        way_out: How to stop the run without a click.
        clicks_blocked: Whether it is known that clicks wait until the cell has run.
        twin: The value of `data-ft-static` on the saved HTML that this view replaces while it lives.
        page: Gives the whole page as plain data: `page`, `first`, `steps`.
    """

    _esm = STATIC / "run_dashboard.js"
    _css = STATIC / "run_dashboard.css"
    name = traitlets.Unicode().tag(sync=True)
    twin = traitlets.Unicode().tag(sync=True)
    controls = traitlets.Unicode().tag(sync=True)
    way_out = traitlets.Unicode().tag(sync=True)
    clicks_blocked = traitlets.Bool().tag(sync=True)
    snapshot: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True, to_json=_snapshot)

    def __init__(
        self,
        *,
        name: str,
        controls: RunControls,
        way_out: str,
        clicks_blocked: bool = False,
        twin: str = "",
        page: Callable[[], Message],
    ) -> None:
        self.whole_page = page
        self.state_requests = 0
        super().__init__(
            name=name, twin=twin, controls=controls.model_id, way_out=way_out, clicks_blocked=clicks_blocked
        )
        self._own_requests = self.state_requests  # the widget's own, when it was opened

    @property
    def reloaded(self) -> bool:
        """Whether a page was loaded since the widget was shown; such a page has forgotten the ids of displays."""
        return self.state_requests > self._own_requests

    def push(self, news: Message) -> None:
        """Send what has changed; call it from one thread, a few times a second at most.

        Args:
            news: Parts of the `page`, new `steps`, and the number of the `first` of these, counted from 0.
        """
        self.send(news)
