"""Showing a table of runs: a live one whose rows can be ticked and compared, over its static twin, or text."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from typing import Any

from IPython.display import display

from ft_magics.display.host import find_host
from ft_magics.display.pages import widget_bundle
from ft_magics.display.report_view import report_widget
from ft_magics.display.runs_page import runs_bundle, runs_page
from ft_magics.display.static_twin import hide_dead_views, hide_twin_of_live_view
from ft_magics.display.wire import to_wire
from ft_magics.evaluation.report import Comparison
from ft_magics.runs.run import Run

__all__ = ["show_runs"]


def show_runs(
    runs: Sequence[Run], unreadable: Sequence[str], shell: Any, compare: Callable[[Sequence[str]], Comparison]
) -> None:
    """Show runs where they are asked for.

    Args:
        runs: In any order.
        unreadable: What is wrong with folders that hold no readable run, a sentence each.
        shell: The shell that shows them.
        compare: Gives the comparison of runs, by what `%ft` knows them by; the first is the baseline.
    """
    page = runs_page(runs, unreadable)
    host = find_host(shell)
    twin = uuid.uuid4().hex if host == "widget" else ""
    bundle = runs_bundle(page, twin_of=twin)
    if host == "text":
        print(bundle["text/plain"])
        return
    if host == "html" or not page.rows:
        display(bundle, raw=True)
        return
    from ft_widgets import RunsList  # noqa: PLC0415  # only where a widget can live

    bundle["text/html"] += hide_dead_views(twin) + hide_twin_of_live_view(twin)
    display(bundle, raw=True)
    widget = RunsList(page=to_wire(page), twin=twin, compare=lambda names: report_widget(compare(names)))
    display(widget_bundle(widget, {"text/html": "", "text/plain": ""}), raw=True)
