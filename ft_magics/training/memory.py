"""Memory: what is taken, what is free, and whether it ran out."""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path

import psutil
import torch

__all__ = ["device_memory_bytes", "free_bytes", "free_memory", "is_out_of_memory", "process_memory_bytes"]

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")
_CGROUP = Path("/sys/fs/cgroup")


def process_memory_bytes() -> int:
    """Memory of this process that is in RAM."""
    return int(psutil.Process().memory_info().rss)


def device_memory_bytes(device: str) -> int | None:
    """Memory that torch holds on the device; None on a CPU."""
    if device == "cuda":
        return int(torch.cuda.memory_reserved())
    if device == "mps":
        return int(torch.mps.driver_allocated_memory())
    return None


def free_bytes(device: str) -> int:
    """Memory that this process could still take on the device; on a CPU within the limits set for it."""
    if device == "cuda":
        return int(torch.cuda.mem_get_info()[0])
    if device == "mps":
        return int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory())
    free: list[int] = [psutil.virtual_memory().available]
    if hasattr(psutil, "RLIMIT_AS"):  # Linux
        process = psutil.Process()
        limit, _ = process.rlimit(psutil.RLIMIT_AS)
        if limit != psutil.RLIM_INFINITY:
            free.append(limit - process.memory_info().vms)
    with contextlib.suppress(OSError, ValueError):  # there is no such limit
        free.append(int((_CGROUP / "memory.max").read_text()) - int((_CGROUP / "memory.current").read_text()))
    return max(0, min(free))


def free_memory() -> None:
    """Give back what nothing refers to any more, on the device too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on the device or on the host."""
    return isinstance(error, (MemoryError, torch.OutOfMemoryError)) or (
        isinstance(error, RuntimeError) and any(sign in str(error).lower() for sign in _SIGNS)
    )
