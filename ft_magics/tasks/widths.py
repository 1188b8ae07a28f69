"""How wide batches are: as their longest row, or of one of few widths, where each other costs kernels of its own."""

from __future__ import annotations

__all__ = ["one_of_few"]

_LEAST_STEP = 4
_A_DOUBLING = 8  # widths, from one power of 2 to the next


def one_of_few(longest: int, most: int) -> int:
    """A width that a batch is padded to: a multiple of 4 up to 64, then one of eight between a power of 2 and the next.

    Args:
        longest: Tokens of its longest row.
        most: Tokens that the model takes; no width is more, but for a row that is.

    Returns:
        At least `longest`.
    """
    doubling = 1 << max(0, longest - 1).bit_length()
    step = max(_LEAST_STEP, doubling // (2 * _A_DOUBLING))
    return max(longest, min(most, -(-longest // step) * step))
