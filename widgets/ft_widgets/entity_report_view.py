"""A report one can look into."""

from __future__ import annotations

import anywidget
import traitlets

from ft_widgets.static_files import STATIC

__all__ = ["EntityReportView"]


class EntityReportView(anywidget.AnyWidget):
    """Shows an entity report.

    Args:
        report: The report as plain data, with an `id`: the value of `data-ft-static` on the saved HTML that this view
            stands in for while it lives.
    """

    _esm = STATIC / "entity_report_view.js"
    _css = STATIC / "entity_report_view.css"
    report = traitlets.Dict().tag(sync=True)
