"""Intervals, differences and p-values as cells of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ft_magics.sections import Cell

__all__ = ["difference_text", "interval_cell", "p_cell", "p_text", "signed_cell", "signed_interval_text"]

_SIGNIFICANT = 0.05  # p-values below it are marked with an asterisk


def interval_cell(ends: Sequence[float] | None) -> Cell:
    """An interval of shares, such as `39.1–44.2`; sorted by its low end."""
    if ends is None:
        return Cell(text="–")
    return Cell(text=f"{100 * ends[0]:.1f}–{100 * ends[1]:.1f}", value=ends[0], interval=(ends[0], ends[1]))


def signed_cell(difference: float | None) -> Cell:
    """A difference of shares with its sign."""
    return Cell(text="–" if difference is None else f"{100 * difference:+.2f}", value=difference)


def signed_interval_text(ends: Sequence[float] | None) -> str:
    """An interval of differences, such as `[-0.4, +2.1]`, or a dash."""
    return "–" if ends is None else f"[{100 * ends[0]:+.1f}, {100 * ends[1]:+.1f}]"


def difference_text(difference: float | None, ends: Sequence[float] | None, p: float | None) -> str:
    """A difference of shares in a line, such as `+1.20 [-0.4, +2.1], p 0.120`."""
    if difference is None:
        return "–"
    sure = "" if p is None else f", p {p_text(p)}"
    return f"{100 * difference:+.2f} {signed_interval_text(ends)}{sure}"


def p_cell(p: Any) -> Cell:
    """A p-value, with an asterisk where it is small."""
    if p is None:
        return Cell(text="–")
    return Cell(text=f"{p_text(p)} *" if p < _SIGNIFICANT else p_text(p), value=p)


def p_text(p: float) -> str:
    """A p-value with three decimals."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"
