"""What the place that shows our output can show: a live widget, HTML, or text."""

from __future__ import annotations

import os
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Literal, cast, get_args

__all__ = ["Host", "clicks_wait", "find_host", "way_out"]

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


def clicks_wait() -> bool:
    """Whether clicks are known to reach the kernel only when its cell has run.

    JupyterLab sends clicks to a subshell, which ipykernel has since version 7. VS Code and Colab know no subshells.
    """
    elsewhere = any(os.environ.get(name) for name in ("VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"))
    return elsewhere or "google.colab" in sys.modules or _ipykernel_version() < 7


def way_out(stop_file: Path) -> str:
    """How to stop a run where clicks wait.

    Args:
        stop_file: The file that stops the run.
    """
    return f"use the interrupt button to stop, or create the file {stop_file}"


def _ipykernel_version() -> int:
    try:
        return int(version("ipykernel").split(".")[0])
    except (PackageNotFoundError, ValueError):
        return 0
