"""The random numbers of a process, which belong to its user."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["random_state_kept"]


@contextmanager
def random_state_kept() -> Iterator[None]:
    """What the block draws, or seeds, makes no difference to what is drawn afterwards: Python, NumPy, torch, GPUs.

    A library that the block is the first to import is left as a fresh import leaves it.
    """
    python = random.getstate()
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    arrays = numpy.random.get_state() if numpy else None
    tensors = torch.get_rng_state() if torch else None
    gpus = torch.cuda.get_rng_state_all() if torch and torch.cuda.is_initialized() else []
    try:
        yield
    finally:
        random.setstate(python)
        numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
        if numpy and arrays is not None:
            numpy.random.set_state(arrays)
        elif numpy:
            numpy.random.seed()  # from the system's entropy
        if torch and tensors is not None:
            torch.set_rng_state(tensors)
        elif torch:
            torch.seed()  # the same
        if torch and gpus:
            torch.cuda.set_rng_state_all(gpus)
