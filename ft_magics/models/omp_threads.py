"""OpenMP's threads, of which a process that computes in several of its own has too many."""

from __future__ import annotations

import ctypes
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

__all__ = ["give_back_threads", "own_number_of_threads"]

_HARD = 2  # omp_pause_hard of the OpenMP 5.0 specification, section 3.2.43


def give_back_threads() -> None:
    """End the helper threads that OpenMP keeps for the calling thread; its next computation gets new ones.

    libgomp counts those of every thread that has ever computed. With more of them than processors it takes the machine
    for overloaded and lets all of them sleep at every barrier: a training in a thread of its own then takes a quarter
    longer, for one prediction that was made in a cell before it (docs/experiments.md).
    """
    for library in (Path(torch.__file__).parent / "lib").glob("libgomp*.so*"):
        try:
            ctypes.CDLL(str(library)).omp_pause_resource_all(_HARD)
        except (OSError, AttributeError):  # an older one; it is only slower without
            logging.getLogger(__name__).debug("%s cannot give its threads back", library, exc_info=True)


@contextmanager
def own_number_of_threads() -> Iterator[None]:
    """What is set inside ends with it.

    `torch.set_num_threads` is for the calling thread and for those that are yet to compute; MKL takes it for all.
    """
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)
