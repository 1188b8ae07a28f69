"""Bytes of the tensors that are alive, after each operation: what a step takes, the short-lived included."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import finalize

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["LiveBytes"]


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's is untyped
    """While it is entered, it counts the storages that this thread's operations make, until they are freed.

    A backward pass that is computed within it is counted too. What a kernel takes and gives back within one operation
    is not seen, nor what an allocator keeps for later.

    Args:
        device: Where the storages are.
        known: Tensors that were there before, and are not counted.

    Attributes:
        curve: The bytes that were alive after each operation, before what it used was freed.
    """

    def __init__(self, device: str, known: Iterable[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's is untyped
        self.curve: list[int] = []
        self._device = device
        self._alive = 0
        self._seen = {tensor.untyped_storage()._cdata for tensor in known}  # noqa: SLF001  # the only identity it has

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call an operation, and count what it made."""
        result = func(*args, **(kwargs or {}))
        for item in tree_leaves(result):
            if isinstance(item, torch.Tensor) and item.device.type == self._device:
                self._count(item.untyped_storage())
        self.curve.append(self._alive)
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()  # noqa: SLF001  # the only identity it has
        if key in self._seen:
            return
        self._seen.add(key)
        self._alive += size
        finalize(storage, self._freed, key, size).atexit = False

    def _freed(self, key: int, size: int) -> None:
        self._seen.discard(key)
        self._alive -= size
