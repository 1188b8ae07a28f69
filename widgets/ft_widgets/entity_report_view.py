"""A report one can look into."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import anywidget
import traitlets

from ft_widgets.busy_kernel import let_through
from ft_widgets.static_files import STATIC

__all__ = ["EntityReportView"]

Message = dict[str, Any]


def _no_pages(_: Message) -> Message:
    raise LookupError("this report keeps no examples but those that were sent along")


class EntityReportView(anywidget.AnyWidget):
    """Shows an entity report, and serves its examples page by page.

    Args:
        report: The report as plain data, with an `id`: the value of `data-ft-static` on the saved HTML that this view
            stands in for while it lives.
        comparison: The report against others, as plain data.
        examples: The first pairs of gold and predicted span, which are shown while the kernel is busy.
        total: How many pairs there are in all.
        by: What the scores are broken down by at first: `type`, or the attribute of a bucket table.
        min_support: Types with fewer gold entities are hidden at first.
        page: Answers the front end's requests for pages, on whatever thread the kernel hands them to. Takes the
            request and gives `{"total": …, "examples": […]}` or `{"total": …, "sentences": […]}`.
    """

    _esm = STATIC / "entity_report_view.js"
    _css = STATIC / "entity_report_view.css"
    report: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    comparison: traitlets.Dict[str, Any] = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)
    examples: traitlets.List[Message] = traitlets.List().tag(sync=True)
    total = traitlets.Int().tag(sync=True)
    by = traitlets.Unicode("type").tag(sync=True)
    min_support = traitlets.Int().tag(sync=True)

    def __init__(
        self,
        *,
        report: Mapping[str, Any],
        comparison: Mapping[str, Any] | None = None,
        examples: Sequence[Message] = (),
        total: int = 0,
        by: str = "type",
        min_support: int = 0,
        page: Callable[[Message], Message] = _no_pages,
    ) -> None:
        self._page = page
        super().__init__(
            report=dict(report),
            comparison=None if comparison is None else dict(comparison),
            examples=list(examples),
            total=total,
            by=by,
            min_support=min_support,
        )
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
