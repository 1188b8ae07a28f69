"""What the place that shows our output can show: a live widget, HTML, or text."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast, get_args

__all__ = ["Host", "busy_note", "find_host"]

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


def busy_note(stop_file: Path) -> str:
    """What to say beside the buttons where clicks do not reach a busy kernel; nothing where they do.

    JupyterLab sends clicks to a subshell, which ipykernel has since version 7. VS Code and Colab know no subshells.

    Args:
        stop_file: The file that stops the run.
    """
    elsewhere = any(os.environ.get(name) for name in ("VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"))
    if not elsewhere and "google.colab" not in sys.modules and _ipykernel_version() >= 7:
        return ""
    return (
        "While the cell runs, clicks wait for its end here: use the interrupt button to stop, or create the file "
        f"{stop_file}"
    )


def _ipykernel_version() -> int:
    try:
        return int(version("ipykernel").split(".")[0])
    except (PackageNotFoundError, ValueError):
        return 0
