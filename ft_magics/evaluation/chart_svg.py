"""A chart as an SVG image, in colours that light and dark grounds both show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from ft_magics.evaluation.label_colors import CYCLE
from ft_magics.markup import element, image
from ft_magics.sections import Chart, Series

__all__ = ["chart_html", "ticks_of"]

_WIDTH, _HEIGHT, _SQUARE = 460, 250, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 38  # room for the numbers and names of the axes
_INK = "#808080"
_MOST_POINTS = 400  # more would only make the notebook larger
_TICKS = 5

Point = tuple[float, float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where values stand in the drawing."""

    x: Range
    y: Range
    width: int
    height: int

    def across(self, value: float) -> float:
        low, high = self.x
        return _LEFT + (value - low) / (high - low) * (self.width - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        low, high = self.y
        return self.height - _BOTTOM - (value - low) / (high - low) * (self.height - _TOP - _BOTTOM)


def chart_html(chart: Chart) -> str:
    """The chart as an image, below it what its colours mean; a sentence where there is no point to draw."""
    known = [_points(series) for series in chart.series]
    every = [point for points in known for point in points]
    if not every:
        return element("div", "There is nothing to draw.")
    size = (_SQUARE, _SQUARE) if chart.diagonal else (_WIDTH, _HEIGHT)
    zero = [0.0] if any(series.shape == "bars" for series in chart.series) else []
    plane = _Plane(
        chart.x_range or _range([x for x, _ in every]), chart.y_range or _range([y for _, y in every] + zero), *size
    )
    drawn = "".join(
        _series(series.shape, points, CYCLE[at % len(CYCLE)], plane, dashed=at > 0)
        for at, (series, points) in enumerate(zip(chart.series, known, strict=True))
    )
    alt = f"{chart.title}: {', '.join(series.name for series in chart.series)}; {chart.y_label} over {chart.x_label}"
    return image(_svg(_axes(chart, plane) + drawn, plane), alt, plane.width) + _keys(chart.series)


def _points(series: Series) -> list[Point]:
    """Those that can be drawn; of very many, evenly chosen ones."""
    pairs = zip(series.x, series.y, strict=True)
    known = [(float(x), float(y)) for x, y in pairs if y is not None and math.isfinite(y) and math.isfinite(x)]
    if len(known) <= _MOST_POINTS:
        return known
    step = (len(known) - 1) / (_MOST_POINTS - 1)
    return [known[round(at * step)] for at in range(_MOST_POINTS)]


def _range(values: Sequence[float]) -> Range:
    """Ends of an axis that has room for some values; never of no length."""
    low, high = min(values), max(values)
    if low == high:
        room = abs(low) * 0.1 or 1.0
        return low - room, high + room
    return low, high


def ticks_of(low: float, high: float) -> list[float]:
    """About five round numbers between two ends."""
    rough = (high - low) / _TICKS
    if not math.isfinite(rough) or rough <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next((factor for factor in (1, 2, 2.5, 5) if rough <= factor * power), 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [at * step for at in range(first, last + 1)]


def _axes(chart: Chart, plane: _Plane) -> str:
    right, bottom = plane.width - _RIGHT, plane.height - _BOTTOM
    parts = [element("path", d=f"M{_LEFT},{_TOP}V{bottom}H{right}", fill="none", stroke=_INK)]
    for value in ticks_of(*plane.y):
        at = plane.up(value)
        line = f"M{_LEFT},{at:.1f}H{right}"
        parts += [element("path", d=line, stroke=_INK, stroke_opacity="0.25"), _text(_LEFT - 6, at + 4, value, "end")]
    for value in ticks_of(*plane.x):
        parts.append(_text(plane.across(value), bottom + 14, value, "middle"))
    parts.append(_text((_LEFT + right) / 2, plane.height - 5, chart.x_label, "middle"))
    middle = (_TOP + bottom) / 2
    parts.append(_text(12, middle, chart.y_label, "middle", transform=f"rotate(-90 12 {middle:.1f})"))
    if chart.diagonal:
        low, high = max(plane.x[0], plane.y[0]), min(plane.x[1], plane.y[1])
        ends = f"M{plane.across(low):.1f},{plane.up(low):.1f}L{plane.across(high):.1f},{plane.up(high):.1f}"
        parts.append(element("path", d=ends, stroke=_INK, stroke_dasharray="4 3"))
    return "".join(parts)


def _text(x: float, y: float, text: float | str, anchor: str, **more: str) -> str:
    shown = text if isinstance(text, str) else f"{text:.6g}"
    return element("text", escape(shown), x=f"{x:.1f}", y=f"{y:.1f}", fill=_INK, text_anchor=anchor, **more)


def _series(shape: str, points: Sequence[Point], color: str, plane: _Plane, *, dashed: bool) -> str:
    if shape == "bars":
        return _bars(points, color, plane)
    places = [(plane.across(x), plane.up(y)) for x, y in points]
    radius = "2.5" if shape == "dots" else "2"
    dots = [element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r=radius, fill=color) for x, y in places]
    if shape == "dots":
        return element("g", *dots, fill_opacity="0.6")
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = "6 3" if dashed else ""
    drawn = element("polyline", points=line, fill="none", stroke=color, stroke_width="1.5", stroke_dasharray=dash)
    return drawn + ("".join(dots) if len(places) <= 40 else "")  # dots that touch are no dots


def _bars(points: Sequence[Point], color: str, plane: _Plane) -> str:
    places = sorted(plane.across(x) for x, _ in points)
    room = min((after - before for before, after in pairwise(places) if after > before), default=30.0)
    wide = max(1.0, 0.8 * room)
    ground = plane.up(max(plane.y[0], 0.0))
    rects = [
        element(
            "rect",
            x=f"{plane.across(x) - wide / 2:.1f}",
            y=f"{min(ground, plane.up(y)):.1f}",
            width=f"{wide:.1f}",
            height=f"{abs(ground - plane.up(y)):.1f}",
        )
        for x, y in points
    ]
    return element("g", *rects, fill=color, fill_opacity="0.35")


def _svg(drawing: str, plane: _Plane) -> str:
    size = {"width": str(plane.width), "height": str(plane.height)}
    return element("svg", drawing, xmlns="http://www.w3.org/2000/svg", font_family="sans-serif", font_size="11", **size)


def _keys(series: Sequence[Series]) -> str:
    keys = [
        element(
            "span",
            element("span", "■ ", style=f"color:{CYCLE[at % len(CYCLE)]}"),
            escape(each.name),
            style="margin-right:14px",
        )
        for at, each in enumerate(series)
    ]
    return element("div", *keys, style="font-size:12px", dir="auto")
