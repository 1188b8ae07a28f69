"""What a training is going to take of memory, said before its first step, and what it took, said after its last."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from ft_magics.events import MemoryMeasured
from ft_magics.models.compact_embedding import weight_bytes
from ft_magics.models.memory import process_memory_bytes
from ft_magics.training.batches import most_rows
from ft_magics.training.guard import Say
from ft_magics.training.memory_need import measure_need
from ft_magics.training.prepare import Prepared

__all__ = ["memory_told"]

_LOOK_EVERY_S = 0.02  # a look takes some 20 µs


@contextmanager
def memory_told(prepared: Prepared, say: Say) -> Iterator[None]:
    """Say what the training in the block is going to take, and, unless it fails, what it took at most.

    On CUDA that is what torch had allocated there; elsewhere the weights, and by how much the process grew.

    Args:
        prepared: The run, whose model is in memory.
        say: Takes each event.
    """
    said = _said(prepared)
    say(lambda: MemoryMeasured(estimate_bytes=said))
    peak = _Peak(prepared.trained.device)
    peak.start()
    try:
        yield
    finally:
        grown = peak.end()
    trained = prepared.trained
    used = grown if trained.device == "cuda" else weight_bytes(trained.model) + _kept_bytes(prepared) + grown
    say(lambda: MemoryMeasured(estimate_bytes=said, used_bytes=used))


def _said(prepared: Prepared) -> int | None:
    """The estimate; None where it cannot be made, which the training itself will explain if it has to."""
    train = prepared.train
    try:
        need = measure_need(
            prepared.trained,
            prepared.features["train"],
            states=prepared.states_a_weight,
            accumulation=train.gradient_accumulation,
        )
    except Exception:
        logging.getLogger(__name__).debug("the memory of a step could not be measured", exc_info=True)
        return None
    if need is None:
        return None
    return need.total_bytes(most_rows(prepared.features["train"], train)) + _kept_bytes(prepared)


def _kept_bytes(prepared: Prepared) -> int:
    """Of what the frozen bottom gave, where that is in memory; a GPU's has none of it."""
    kept = prepared.trained.kept
    return kept.bytes if kept is not None and kept.in_memory and prepared.trained.device == "cpu" else 0


class _Peak(threading.Thread):
    """The most memory that is taken while it runs.

    Args:
        device: Where the training computes.
    """

    def __init__(self, device: str) -> None:
        super().__init__(name="ft_magics-memory", daemon=True)
        self._device, self._over = device, threading.Event()
        if device == "cuda":
            import torch  # noqa: PLC0415  # the worker has it; this module is asked without, too

            torch.cuda.reset_peak_memory_stats()
        self._before = self._highest = process_memory_bytes()

    def run(self) -> None:
        """Look, again and again; a GPU keeps count itself."""
        while self._device != "cuda" and not self._over.wait(_LOOK_EVERY_S):
            self._highest = max(self._highest, process_memory_bytes())

    def end(self) -> int:
        """By how much the process has grown at most; on a GPU what was allocated at most."""
        self._over.set()
        self.join()
        if self._device == "cuda":
            import torch  # noqa: PLC0415  # the worker has it

            return int(torch.cuda.max_memory_allocated())
        return self._highest - self._before
