"""Random numbers from a generator of one's own, in this thread alone.

What a method adds, a new head and a new model begin with random numbers. Taken from torch's global generator they would
change with whatever was drawn before, and change what a training in another thread draws next.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["OwnRandomNumbers"]

_aten: Any = torch.ops.aten
_MADE = {
    _aten.randn.default: _aten.randn.generator,
    _aten.rand.default: _aten.rand.generator,
}


class OwnRandomNumbers(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch's is untyped
    """While it is entered, what this thread draws on the CPU comes from a generator of a given seed.

    Args:
        seed: Of it.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch's is untyped
        self._generator = torch.Generator().manual_seed(seed)

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Call an operation, with the generator where it takes one."""
        named = dict(kwargs or {})
        if func in _MADE:
            return _MADE[func](*args, generator=self._generator, **named)
        if any(argument.name == "generator" for argument in func._schema.arguments):  # noqa: SLF001  # the only way
            named.setdefault("generator", self._generator)
        return func(*args, **named)
