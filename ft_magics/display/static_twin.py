"""Saved HTML that stands in for a widget: hidden while the widget lives, shown once it is gone.

JupyterLab prefers a widget's view to whatever HTML is beside it in one output, and says "model not found" where its
kernel is gone. So the HTML is an output of its own, before the widget's, with rules that show one of the two. A host
that strips the rules has no widget either, and shows the HTML.
"""

from __future__ import annotations

from ft_magics.markup import element

__all__ = ["hide_dead_views", "hide_twin_of_live_view"]

_OUTPUT = ".jp-OutputArea-child"


def hide_dead_views(twin: str, views: int = 1) -> str:
    """A rule that hides what JupyterLab says where widgets were, in the outputs that come after their twin."""
    after = f'{_OUTPUT}:has([data-ft-static="{twin}"])'
    dead = ", ".join(f"{after}{f' + {_OUTPUT}' * count}:not(:has(.ft-root, button))" for count in range(1, views + 1))
    return element("style", f"{dead} {{ display: none; }}")


def hide_twin_of_live_view(twin: str) -> str:
    """A rule that hides the twin as long as its widget is on the page, however often the twin is drawn anew."""
    return element("style", f':root:has([data-ft-view="{twin}"]) [data-ft-static="{twin}"] {{ display: none; }}')
