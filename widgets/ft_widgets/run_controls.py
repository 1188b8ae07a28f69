"""The buttons of a run, apart from its dashboard so that a click gets through to a busy kernel."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from ft_widgets.busy_kernel import let_through

__all__ = ["RunControls"]


class RunControls(ipywidgets.VBox):  # type: ignore[misc]  # ipywidgets carries no types
    """Buttons that stop a run, let it stand still, let it go on, and save it.

    Pause and Resume are two buttons, since nothing may be published on one of them while the run goes on: it cannot
    change its label. The callbacks are called on whatever thread the kernel hands clicks to.

    Args:
        on_stop: The Stop button was clicked.
        on_pause: The Pause button was.
        on_go_on: The Resume button was.
        on_save: The Save now button was.
        note: A line below the buttons; empty for none.
    """

    def __init__(
        self,
        *,
        on_stop: Callable[[], None],
        on_pause: Callable[[], None],
        on_go_on: Callable[[], None],
        on_save: Callable[[], None],
        note: str = "",
    ) -> None:
        self._buttons = [
            _button("Stop", "stop", "Stop after this step and keep the best model", on_stop),
            _button("Pause", "pause", "Stand still after this step", on_pause),
            _button("Resume", "play", "Go on after a pause", on_go_on),
            _button("Save now", "save", "Write a checkpoint after this step", on_save),
        ]
        row = ipywidgets.HBox(self._buttons, layout=ipywidgets.Layout(flex_flow="row wrap"))
        super().__init__([row, ipywidgets.Label(note)] if note else [row])

    def open_for_clicks(self) -> None:
        """Let clicks through while the cell runs. Call it after anything was published on the buttons."""
        for button in self._buttons:
            let_through(button.comm)

    def close(self) -> None:
        """Close the buttons too, so that a saved notebook says nothing of them."""
        for child in (*self._buttons, *self.children):
            child.close()
        super().close()


def _button(text: str, icon: str, tooltip: str, click: Callable[[], None]) -> ipywidgets.Button:
    layout = ipywidgets.Layout(width="auto", margin="4px 4px 4px 0")
    button = ipywidgets.Button(description=text, icon=icon, tooltip=tooltip, layout=layout)
    button.on_click(lambda _: click())
    return button
