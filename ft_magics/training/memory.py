"""How much memory a run takes, and what to do when it is not enough."""

from __future__ import annotations

import gc
from dataclasses import dataclass

import psutil
import torch

__all__ = ["MemoryUse", "device_memory_bytes", "free_memory", "is_out_of_memory", "process_memory_bytes"]

_SIGNS = ("out of memory", "can't allocate memory", "not enough memory")
_BYTES_A_GB = 1e9


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


@dataclass(slots=True)
class MemoryUse:
    """The batches that fitted, for an estimate of those that would.

    Args:
        base_bytes: Memory before the first batch.
        trying: Rows and tokens per row of the batch that is being computed.
        fitted: Padded tokens of the largest batch that fitted.
        peak_bytes: Memory after it.
    """

    base_bytes: int = 0
    trying: tuple[int, int] = (0, 0)
    fitted: int = 0
    peak_bytes: int = 0

    def measure(self, device: str) -> None:
        """Note that the batch fitted."""
        rows, tokens = self.trying
        if rows * tokens > self.fitted:
            self.fitted = rows * tokens
            self.peak_bytes = device_memory_bytes(device) or process_memory_bytes()

    def advice(self, batch_size: int, accumulation: int) -> str:
        """What was tried, and which settings would fit: a share of what fitted before, else a half."""
        rows, tokens = self.trying
        tried = f"It was computing a batch of {rows} rows of {tokens} tokens."
        fits = max(1, min(batch_size // 2, self.fitted // tokens if tokens and self.fitted else batch_size))
        measured = ""
        if self.fitted and self.peak_bytes > self.base_bytes:
            per_token = (self.peak_bytes - self.base_bytes) / self.fitted
            measured = (
                f" Batches of {self.fitted} tokens fitted, at {per_token / 1e6:.2f} MB a token above the model's "
                f"{self.base_bytes / _BYTES_A_GB:.1f} GB."
            )
        if batch_size == 1:
            return f"{tried}{measured} A single row is too large: lower `train: {{max_length_tokens: …}}`"
        times = -(-batch_size * accumulation // fits)
        return (
            f"{tried}{measured} The same result with less memory: `train: {{batch_size: {fits}, "
            f"gradient_accumulation: {times}}}`; a shorter `max_length_tokens` helps too"
        )
