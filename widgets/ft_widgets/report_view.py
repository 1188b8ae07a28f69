"""A report one can look into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from ft_widgets.busy_kernel import let_through
from ft_widgets.static_files import STATIC

__all__ = ["ReportView"]

Message = dict[str, Any]


def _no_pages(_: Message) -> Message:
    raise LookupError("this report keeps no examples but those that were sent along")


class ReportView(anywidget.AnyWidget):
    """Shows a report of any task, and serves its examples page by page.

    Args:
        report: `page`, `cards` and `total` as plain data.
        twin: The value of `data-ft-static` on the saved HTML that this view replaces while it lives.
        page: Answers the front end's requests for pages, on whatever thread the kernel hands them to. Takes the
            request, with the place of a section, and gives `{"total": …, "cards": […]}`.
    """

    _esm = STATIC / "report_view.js"
    _css = STATIC / "report_view.css"
    report: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    twin = traitlets.Unicode().tag(sync=True)

    def __init__(
        self,
        *,
        report: Mapping[str, Any],
        twin: str = "",
        page: Callable[[Message], Message] = _no_pages,
    ) -> None:
        self._page = page
        super().__init__(report=dict(report), twin=twin)
        self.on_msg(self._serve)
        let_through(self.comm)

    def _serve(self, _: object, request: object, _buffers: object) -> None:
        """Answer one message of the front end; whatever goes wrong is said there and never raised here."""
        if not isinstance(request, dict) or "id" not in request:
            return
        try:
            self.send({"kind": request["kind"], **self._page(request), "id": request["id"]})
        except Exception as error:  # noqa: BLE001  # a click must never print a traceback into a notebook
            self.send({"kind": "error", "id": request["id"], "text": str(error) or type(error).__name__})
        finally:
            let_through(self.comm)
