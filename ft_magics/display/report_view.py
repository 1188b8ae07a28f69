"""Showing a report or a comparison: a live widget over its static twin, static HTML, or text."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from IPython.display import display

from ft_magics.display.host import find_host
from ft_magics.display.pages import comparison_bundle, report_bundle, widget_bundle
from ft_magics.display.static_twin import hide_dead_views
from ft_magics.evaluation.entities.comparison import Comparison
from ft_magics.evaluation.entities.report import EntityReport

__all__ = ["show_report"]

View = Mapping[str, Any]


def show_report(shown: EntityReport | Comparison, shell: Any, *, view: View | None = None) -> None:
    """Show a report or a comparison where it is asked for.

    In a notebook that a person looks at, two outputs are made: the static twin, which stays in the saved notebook, and
    the widget, which hides its twin while it lives.

    Args:
        shown: What to show.
        shell: The shell that shows it.
        view: `by` and `min_support`, as the magic's line says.
    """
    host = find_host(shell)
    twin = uuid.uuid4().hex if host == "widget" else ""
    if isinstance(shown, Comparison):
        bundle = comparison_bundle(shown, twin_of=twin, view=view)
    else:
        bundle = report_bundle(shown, twin_of=twin, view=view)
    if host == "text":
        print(bundle["text/plain"])
        return
    if host == "html":
        display(bundle, raw=True)
        return
    bundle["text/html"] += hide_dead_views(twin)
    display(bundle, raw=True)
    display(widget_bundle(_widget(shown, twin, view or {}), {"text/html": "", "text/plain": ""}), raw=True)


def _widget(shown: EntityReport | Comparison, twin: str, view: View) -> Any:
    from ft_widgets import EntityReportView  # noqa: PLC0415  # only where a widget can live

    comparison = shown if isinstance(shown, Comparison) else None
    report = shown.reports[-1] if isinstance(shown, Comparison) else shown
    evidence = report.evidence

    def page(request: Mapping[str, Any]) -> dict[str, Any]:
        if request.get("kind") == "sentences" and comparison is not None:
            return comparison.page(request)
        if evidence is None:
            raise LookupError("this report was read from a file, which keeps no other examples")
        return evidence.page(request)

    return EntityReportView(
        report={**report.to_json(), "id": twin},
        comparison=None if comparison is None else comparison.to_json(),
        examples=[] if evidence is None else evidence.preview(),
        total=0 if evidence is None else len(evidence.pairs),
        page=page,
        **view,
    )
