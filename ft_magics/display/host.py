"""What the place that shows our output can show: a live widget, HTML, or text."""

from __future__ import annotations

import os
import sys
from typing import Any, Literal, cast, get_args

__all__ = ["Host", "find_host"]

Host = Literal["widget", "html", "text"]

# Set by Jupyter's server and by VS Code for kernels that a person looks at; nbclient and papermill set none of them.
_FRONT_ENDS = ("JPY_SESSION_NAME", "VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG")


def find_host(shell: Any) -> Host:
    """What to draw for.

    A notebook that a program runs gets HTML, since a widget in a saved notebook shows nothing.
    `FT_MAGICS_DISPLAY=widget|html|text` overrides it.
    """
    asked = os.environ.get("FT_MAGICS_DISPLAY", "")
    if asked in get_args(Host):
        return cast("Host", asked)
    if shell is None or not hasattr(shell, "kernel"):
        return "text"
    if any(os.environ.get(name) for name in _FRONT_ENDS) or "google.colab" in sys.modules:
        return "widget"
    return "html"
