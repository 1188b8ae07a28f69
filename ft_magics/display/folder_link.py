"""Where a link to a run's folder leads: into JupyterLab's list of files, where this kernel's server is known.

A link that is relative to the notebook would do for files; JupyterLab takes it for one, and fails to open a folder.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

from ft_magics.runs.folder import shown_path

__all__ = ["folder_href"]

_MOST_BYTES = 1 << 16


def folder_href(folder: Path) -> str:
    """The address of a folder, for a link on a page that lies beside the notebook.

    Args:
        folder: From the root of the file system.
    """
    server = _server(os.getppid())
    if server is not None:
        root, base = server
        with suppress(ValueError, OSError):
            return f"{base}lab/tree/{quote(folder.resolve().relative_to(root).as_posix())}"
    shown = shown_path(folder)
    return shown.as_uri() if shown.is_absolute() else quote(shown.as_posix())


@lru_cache(maxsize=1)  # a kernel has one server
def _server(process: int) -> tuple[Path, str] | None:
    """Root folder and base address of the Jupyter server that is a process; None where it is none."""
    with suppress(ImportError, OSError, ValueError, KeyError, TypeError):
        from jupyter_core.paths import jupyter_runtime_dir  # noqa: PLC0415  # there is none outside of Jupyter

        record = Path(jupyter_runtime_dir()) / f"jpserver-{process}.json"
        if record.stat().st_size > _MOST_BYTES:
            return None
        found = json.loads(record.read_text(encoding="utf-8"))
        return Path(found["root_dir"]).resolve(), str(found["base_url"])
    return None
