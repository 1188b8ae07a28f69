"""The buttons of a run, apart from its dashboard so that a click gets through to a busy kernel."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from ft_widgets.busy_kernel import let_through

__all__ = ["RunControls"]


class RunControls(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets carries no types
    """A Stop button.

    Args:
        on_stop: Called on a click, on whatever thread the kernel hands clicks to.
    """

    def __init__(self, *, on_stop: Callable[[], None]) -> None:
        self._stop = ipywidgets.Button(
            description="Stop",
            icon="stop",
            tooltip="Stop after this step and keep the best model",
            layout=ipywidgets.Layout(width="auto", margin="4px 0"),
        )
        self._stop.on_click(lambda _: on_stop())
        super().__init__([self._stop])

    def open_for_clicks(self) -> None:
        """Let clicks through while the cell runs. Call it after anything was published on the button."""
        let_through(self._stop.comm)
