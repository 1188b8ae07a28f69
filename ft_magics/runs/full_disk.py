"""A disk that takes no more: how an error says so, in the system's words or a library's."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

from safetensors import SafetensorError

__all__ = ["how_full", "is_disk_full"]

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_ROOM_IN_WORDS = (
    *("no space left", "not enough space", "quota exceeded", "file too large"),  # safetensors, with the system's words
    *("pytorchstreamwriter failed", "unexpected pos", "iostream error"),  # torch.save, which does not know why
)
_NEXT_TO_NOTHING_BYTES = 1 << 20


def is_disk_full(error: BaseException) -> bool:
    """Whether an error says that the disk takes no more: it is full, a quota is used up, a file may not be so large."""
    if getattr(error, "errno", None) in _NO_ROOM:
        return True
    # tokenizers raises a bare Exception; of other kinds the words mean something else: a server's quota, a length
    speaks = isinstance(error, (OSError, RuntimeError, SafetensorError)) or type(error) is Exception
    return speaks and any(sign in str(error).lower() for sign in _NO_ROOM_IN_WORDS)


def how_full(error: BaseException, path: Path) -> str:
    """What an error for which `is_disk_full` holds says of the disk, as the end of a sentence about it.

    Call it before anything is removed: torch does not say why it cannot write, but the disk has no room then.
    """
    full = getattr(error, "errno", None) == errno.ENOSPC or "no space left" in str(error).lower()
    if full or shutil.disk_usage(path).free < _NEXT_TO_NOTHING_BYTES:
        return "is full"
    return f"takes no more ({getattr(error, 'strerror', None) or error})"
