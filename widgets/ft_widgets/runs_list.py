"""Runs in a table, to tick and compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from ft_widgets.busy_kernel import let_through
from ft_widgets.static_files import STATIC

__all__ = ["RunsList"]


class RunsList(anywidget.AnyWidget):
    """Shows runs, and opens the comparison of those that are ticked.

    Args:
        page: `heads`, `rows` (each with `handle` and `cells`) and `notes` as plain data.
        twin: The value of `data-ft-static` on the saved HTML that this view replaces while it lives.
        compare: Takes what `%ft` knows the ticked runs by, the baseline first, and gives a widget that shows their
            comparison. It is called on whatever thread the kernel hands messages to.
    """

    _esm = STATIC / "runs_list.js"
    _css = STATIC / "runs_list.css"
    page: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    twin = traitlets.Unicode().tag(sync=True)

    def __init__(self, *, page: Mapping[str, Any], twin: str = "", compare: Callable[[Sequence[str]], Any]) -> None:
        self._compare = compare
        super().__init__(page=dict(page), twin=twin)
        self.on_msg(self._serve)
        let_through(self.comm)

    def _serve(self, _: object, request: object, _buffers: object) -> None:
        """Answer one message of the front end; whatever goes wrong is said there and never raised here."""
        if not isinstance(request, dict) or "id" not in request:
            return
        try:
            shown = self._compare([str(name) for name in request.get("runs", ())])
            self.send({"kind": "comparison", "model": shown.model_id, "id": request["id"]})
        except Exception as error:  # noqa: BLE001  # a click must never print a traceback into a notebook
            self.send({"kind": "error", "id": request["id"], "text": str(error) or type(error).__name__})
        finally:
            let_through(self.comm)
