"""What the buttons of a run speak to, apart from its dashboard so that a click gets through to a busy kernel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import ipywidgets

from ft_widgets.busy_kernel import let_through

__all__ = ["RunControls"]


class RunControls(ipywidgets.Widget):  # type: ignore[misc]  # ipywidgets carries no types
    """Takes the clicks on the dashboard's buttons. It has no view, and nothing is published on it during a run.

    Args:
        actions: What to do when asked to `stop`, `pause`, `unpause` or `save`; called on whatever thread the kernel
            hands clicks to.
    """

    def __init__(self, actions: Mapping[str, Callable[[], None]]) -> None:
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: actions[content["ask"]]())

    def open_for_clicks(self) -> None:
        """Let clicks through while the cell runs. Call it after the page was told of this widget."""
        let_through(self.comm)
