"""A value by step as a small SVG drawing, for HTML that needs no script."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ft_magics.markup import element, image

__all__ = ["curve_image"]

_WIDTH, _HEIGHT = 460, 140
_LEFT, _BOTTOM = 52, 18  # room for the numbers at the axes
_LINE, _INK = "#338FCC", "#808080"  # both stand out on light grounds and on dark ones
_MOST_POINTS = 230  # one for each two pixels: more would only make the notebook larger


def curve_image(name: str, steps: Sequence[int], values: Sequence[float | None]) -> str:
    """The curve as an image; nothing where fewer than two values are numbers.

    Args:
        name: What it shows, for those who do not see it.
        steps: Length S, growing.
        values: Length S; those that are None, NaN or infinite are left out.
    """
    points = [
        (step, value) for step, value in zip(steps, values, strict=True) if value is not None and math.isfinite(value)
    ]
    if len(points) < 2:
        return ""
    alt = f"{name}, from {points[0][1]:.3g} to {points[-1][1]:.3g}"
    return image(_drawing(_thinned(points), max(steps[-1], 1)), alt, _WIDTH)


def _thinned(points: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """Means of neighbours, so that a curve of many steps keeps its shape."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    size = math.ceil(len(points) / _MOST_POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(group[-1][0], math.fsum(value for _, value in group) / len(group)) for group in groups]


def _drawing(points: Sequence[tuple[int, float]], last: int) -> str:
    """A line, with the highest and lowest value and the last step at its axes."""
    low, high = min(value for _, value in points), max(value for _, value in points)
    right, bottom = _WIDTH - 5, _HEIGHT - _BOTTOM
    places = " ".join(
        f"{_LEFT + step / last * (right - _LEFT):.1f},{5 + (high - value) / ((high - low) or 1.0) * (bottom - 10):.1f}"
        for step, value in points
    )
    texts = (
        (_LEFT - 6, 10, f"{high:.2g}"),
        (_LEFT - 6, bottom - 1, f"{low:.2g}"),
        (right, _HEIGHT - 4, f"step {last}"),
    )
    return element(
        "svg",
        element("path", d=f"M{_LEFT},3V{bottom}H{right}", fill="none", stroke=_INK, stroke_opacity="0.5"),
        element("polyline", points=places, fill="none", stroke=_LINE, stroke_width="1.5"),
        *(element("text", text, x=str(x), y=str(y), fill=_INK, text_anchor="end") for x, y, text in texts),
        xmlns="http://www.w3.org/2000/svg",
        width=str(_WIDTH),
        height=str(_HEIGHT),
        font_family="sans-serif",
        font_size="11",
    )
