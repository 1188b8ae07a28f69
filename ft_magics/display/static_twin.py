"""Saved HTML that replaces a widget: hidden while the widget lives, shown once it is gone.

JupyterLab prefers a widget's view to whatever HTML is beside it in one output, and says "model not found" where its
kernel is gone. So the HTML is an output of its own, before the widget's, with rules that show one of the two. A host
that strips the rules has no widget either, and shows the HTML.
"""

from __future__ import annotations

from ft_magics.markup import element

__all__ = ["hide_dead_views", "hide_twin_of_live_view"]

_OUTPUT = ".jp-OutputArea-child"


def hide_dead_views(twin: str) -> str:
    """A rule that hides what JupyterLab says where the widget was, in the output that comes after its twin."""
    after = f'{_OUTPUT}:has([data-ft-static="{twin}"]) + {_OUTPUT}'
    return element("style", f"{after}:not(:has(.ft-root)) {{ display: none; }}")


def hide_twin_of_live_view(twin: str) -> str:
    """A rule that hides the twin as long as its widget is on the page, however often the twin is redrawn."""
    return element("style", f':root:has([data-ft-view="{twin}"]) [data-ft-static="{twin}"] {{ display: none; }}')
