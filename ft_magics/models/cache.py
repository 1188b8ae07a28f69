"""What is made of a text and used by several runs: in the cache of this user, until nothing has used it for 30 days."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path

__all__ = ["CACHE", "cache_folder", "drop_unused"]

CACHE = "FT_MAGICS_CACHE"
_UNUSED_DAYS = 30


def cache_folder(kind: str) -> Path:
    """Where things of a kind are: `FT_MAGICS_CACHE`, else `XDG_CACHE_HOME`, else `~/.cache`; it need not be there."""
    said = os.environ.get(CACHE)
    if said:
        return Path(said).expanduser() / kind
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "ft_magics" / kind


def drop_unused(cache: Path, *, but: Path) -> None:
    """Delete the folders that no run has used for 30 days.

    Args:
        cache: Where they are.
        but: The one that is used now.
    """
    oldest = time.time() - _UNUSED_DAYS * 24 * 3600
    for folder in cache.iterdir():
        with suppress(OSError):
            if folder != but and folder.is_dir() and folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)
