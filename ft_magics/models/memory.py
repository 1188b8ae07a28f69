"""Memory: what is taken, what is free, and whether it ran out."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import psutil

__all__ = ["device_memory_bytes", "free_bytes", "free_memory", "is_out_of_memory", "process_memory_bytes"]

_SIGNS = (
    *("out of memory", "can't allocate memory", "cannot allocate memory", "not enough memory"),
    *("alloc_failed", "allocation_failed"),  # cuBLAS and cuDNN, which find no room for what they need themselves
)
_ONEDNN_HAS_NONE = "could not create a primitive"  # all of it; with more behind it there is another reason
_PROC = Path("/proc/self/cgroup")
_CGROUPS = Path("/sys/fs/cgroup")
_LIMIT_TAKEN_CACHE = (
    ("memory.max", "memory.current", "inactive_file"),  # cgroup v2
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),  # cgroup v1
)


def process_memory_bytes() -> int:
    """Memory of this process that is in RAM."""
    return int(psutil.Process().memory_info().rss)


def device_memory_bytes(device: str) -> int | None:
    """Memory that torch holds on the device; None on a CPU."""
    import torch  # noqa: PLC0415  # who asks for this has it; the other questions are asked without

    if device == "cuda":
        return int(torch.cuda.memory_reserved())
    if device == "mps":
        return int(torch.mps.driver_allocated_memory())
    return None


def free_bytes(device: str) -> int:
    """Memory that this process could still take on the device; on a CPU within the limits set for it."""
    if device != "cpu":
        import torch  # noqa: PLC0415  # who computes there has it
    if device == "cuda":  # what torch keeps for later is taken for the driver, and free for us
        return int(torch.cuda.mem_get_info()[0] + torch.cuda.memory_reserved() - torch.cuda.memory_allocated())
    if device == "mps":
        return max(0, int(torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()))
    free: list[int] = [psutil.virtual_memory().available]
    if hasattr(psutil, "RLIMIT_AS"):  # Linux
        process = psutil.Process()
        limit, _ = process.rlimit(psutil.RLIMIT_AS)
        if limit != psutil.RLIM_INFINITY:
            free.append(limit - process.memory_info().vms)
    free += [left for group in _groups() if (left := _left_in(group)) is not None]
    return max(0, min(free))


def _groups() -> Iterator[Path]:
    """Folders of the control groups that may limit this process's memory: its own, and those that they lie in."""
    try:
        lines = _PROC.read_text().splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers in ("", "memory"):  # v2, v1
            inside = PurePosixPath(path.lstrip("/"))
            # A container may not see the folders that lead to its own group; that one is then at the root.
            yield from (_CGROUPS / controllers / part for part in (inside, *inside.parents))


def _left_in(group: Path) -> int | None:
    """What a control group leaves, the file cache that the kernel would give back included; None without a limit."""
    for limit, taken, cache in _LIMIT_TAKEN_CACHE:
        with contextlib.suppress(OSError, ValueError):  # there is no such file, or it says `max`
            left = int((group / limit).read_text()) - int((group / taken).read_text())
            rows = (line.split() for line in (group / "memory.stat").read_text().splitlines())
            return left + sum(int(count) for name, count in rows if name == cache)
    return None


def free_memory() -> None:
    """Give back what nothing refers to any more, on the device too."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is None:  # so nothing of it is held
        return
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()
    _trim()


def _trim() -> None:
    """Let glibc give freed memory back to the system: each training thread leaves a heap of its own that it keeps."""
    if sys.platform.startswith("linux"):
        trim: Any = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
        if trim is not None:
            trim(0)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on the device or on the host."""
    torch = sys.modules.get("torch")  # only it can raise its own error
    kinds = (MemoryError, torch.OutOfMemoryError) if torch else MemoryError
    return isinstance(error, kinds) or (
        isinstance(error, RuntimeError)
        and (any(sign in str(error).lower() for sign in _SIGNS) or str(error) == _ONEDNN_HAS_NONE)
    )
