"""Showing a report: a live widget over its static twin, static HTML, or text."""

from __future__ import annotations

import uuid
from typing import Any

from IPython.display import display

from ft_magics.display.host import find_host
from ft_magics.display.pages import report_bundle, widget_bundle
from ft_magics.evaluation.report import EntityReport
from ft_magics.markup import element

__all__ = ["show_report"]


def show_report(report: EntityReport, shell: Any) -> None:
    """Show a report where it is asked for.

    In a notebook that a person looks at, two outputs are made: the static twin, which stays in the saved notebook, and
    the widget, which hides its twin while it lives.
    """
    host = find_host(shell)
    if host == "text":
        print(report_bundle(report)["text/plain"])
        return
    if host == "html":
        display(report_bundle(report), raw=True)
        return
    from ft_widgets import EntityReportView  # noqa: PLC0415  # only where a widget can live

    twin = uuid.uuid4().hex
    bundle = report_bundle(report, twin_of=twin)
    bundle["text/html"] += _hide_dead_view(twin)
    display(bundle, raw=True)
    view = EntityReportView(report={**report.to_json(), "id": twin})
    display(widget_bundle(view, {"text/html": "", "text/plain": ""}), raw=True)


def _hide_dead_view(twin: str) -> str:
    """A rule that hides what JupyterLab says where a widget was, once the kernel is gone."""
    output = ".jp-OutputArea-child"
    return element(
        "style",
        f'{output}:has([data-ft-static="{twin}"]) + {output}:not(:has(.ft-root)) {{ display: none; }}',
    )
