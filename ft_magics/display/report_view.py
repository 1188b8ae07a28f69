"""Showing a report or a comparison: a live widget over its static twin, static HTML, or text."""

from __future__ import annotations

import uuid
from typing import Any, cast

from IPython.display import display

from ft_magics.display.host import find_host
from ft_magics.display.pages import comparison_bundle, report_bundle, widget_bundle
from ft_magics.display.report_parts import parts_of
from ft_magics.display.static_twin import hide_dead_views
from ft_magics.display.wire import to_wire
from ft_magics.evaluation.report import Comparison, Report, View
from ft_magics.evaluation.report_page import is_report

__all__ = ["report_widget", "show_report"]


def show_report(shown: Report | Comparison, shell: Any, *, view: View | None = None) -> None:
    """Show a report or a comparison of any task where it is asked for.

    In a notebook that a person looks at, two outputs are made: the static twin, which stays in the saved notebook, and
    the widget, which hides its twin while it lives.

    Args:
        shown: What to show.
        shell: The shell that shows it.
        view: What the magic's line asked for, such as `by` and `min_support`.
    """
    host = find_host(shell)
    twin = uuid.uuid4().hex if host == "widget" else ""
    if is_report(shown):
        bundle = report_bundle(shown, twin_of=twin, view=view)
    else:
        bundle = comparison_bundle(cast("Comparison", shown), twin_of=twin, view=view)
    if host == "text":
        print(bundle["text/plain"])
        return
    if host == "html":
        display(bundle, raw=True)
        return
    bundle["text/html"] += hide_dead_views(twin)
    display(bundle, raw=True)
    display(widget_bundle(report_widget(shown, twin, view), {"text/html": "", "text/plain": ""}), raw=True)


def report_widget(shown: Report | Comparison, twin: str = "", view: View | None = None) -> Any:
    """The widget alone, for another one to hold; see `show_report`."""
    from ft_widgets import ReportView  # noqa: PLC0415  # only where a widget can live

    parts = parts_of(shown, view)
    return ReportView(report=to_wire(parts.wire), twin=twin, page=parts.page)
