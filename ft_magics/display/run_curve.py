"""A run's curves as small SVG drawings, for HTML that needs no script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from ft_magics.display.run_chart import TRAIN_LOSS, smoothed
from ft_magics.display.run_wire import Curve, RunChart
from ft_magics.evaluation.drawing import ticks_of
from ft_magics.markup import element, image

__all__ = ["curve_image", "run_chart_image", "spark_image"]

_WIDTH, _HEIGHT, _LOW = 640, 190, 120
_LEFT, _RIGHT, _TOP, _BOTTOM = 48, 44, 8, 20  # room for the numbers at the axes
_INK = "#808080"  # stands out on light grounds and on dark ones
_MOST_POINTS = 135  # one for each four pixels: more would only make the notebook larger
_SPARK = (90, 16)

Point = tuple[float, float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plane:
    """Where values lie in a drawing."""

    steps: float
    values: Range
    height: int = _HEIGHT

    def at(self, point: Point) -> Point:
        low, high = self.values
        across = _LEFT + point[0] / self.steps * (_WIDTH - _RIGHT - _LEFT)
        down = _TOP + (high - point[1]) / ((high - low) or 1.0) * (self.height - _BOTTOM - _TOP)
        return across, down

    def line(self, points: Sequence[Point], color: str, *, width: float = 1.5, opacity: float = 1.0) -> str:
        """What lies on the axis of the steps, as a line; a single value as a dot."""
        inside = [self.at(point) for point in points if point[0] <= self.steps]
        if len(inside) == 1:
            return self.dots(points, color)
        places = " ".join(f"{x:.1f},{y:.1f}" for x, y in inside)
        look = {"stroke": color, "stroke_width": f"{width:g}", "stroke_opacity": f"{opacity:g}" if opacity < 1 else ""}
        return element("polyline", points=places, fill="none", **look) if inside else ""

    def dots(self, points: Sequence[Point], color: str) -> str:
        """Values as dots."""
        inside = [self.at(point) for point in points if point[0] <= self.steps]
        return "".join(element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="2.2", fill=color) for x, y in inside)


def run_chart_image(chart: RunChart, steps: Sequence[int], losses: Sequence[float]) -> str:
    """The training loss and what is drawn beside it; nothing where there is nothing to draw.

    Args:
        chart: The other lines, and the axes.
        steps: Length S, growing.
        losses: Of training, length S; those that are NaN or infinite are left out.
    """
    if chart.loss_range is None and chart.score_range is None:
        return ""
    left = _Plane(steps=chart.steps, values=chart.loss_range or (0.0, 1.0))
    right = _Plane(steps=chart.steps, values=chart.score_range or (0.0, 1.0))
    drawn = [_step_axis(left)]
    if chart.loss_range is not None:
        drawn.append(_value_axis(left, at_right=False))
    if chart.score_range is not None:
        drawn.append(_value_axis(right, at_right=True))
    planes = {"loss": left, "score": right}
    drawn += [planes[curve.axis].line(curve.points, curve.color, opacity=0.3) for curve in chart.curves if curve.faint]
    raw = _finite(steps, losses)
    mean = _thinned(_finite(steps, smoothed(losses)))
    drawn += [left.line(_thinned(raw), TRAIN_LOSS, width=1, opacity=0.4), left.line(mean, TRAIN_LOSS, width=2)]
    for curve in chart.curves:
        if not curve.faint:
            drawn.append(planes[curve.axis].line(curve.points, curve.color, width=2))
            drawn.append(planes[curve.axis].dots(curve.points, curve.color) if len(curve.points) <= 40 else "")
    return _image("".join(drawn), _alt(chart, losses), _HEIGHT)


def _alt(chart: RunChart, losses: Sequence[float]) -> str:
    known = [loss for loss in losses if math.isfinite(loss)]
    parts = [f"training loss from {known[0]:.3g} to {known[-1]:.3g}"] if known else []
    parts += [_ends(curve) for curve in chart.curves if not curve.faint]
    return f"{'; '.join(parts)}; over {chart.steps:,} steps"


def _ends(curve: Curve) -> str:
    return f"{curve.name} from {curve.points[0][1]:.3g} to {curve.points[-1][1]:.3g}"


def curve_image(name: str, steps: Sequence[int], values: Sequence[float | None]) -> str:
    """A curve as an image; nothing where fewer than two values are numbers.

    Args:
        name: What it shows, for those who do not see it.
        steps: Length S, growing.
        values: Length S; those that are None, NaN or infinite are left out.
    """
    points = _finite(steps, values)
    if len(points) < 2:
        return ""
    low, high = min(value for _, value in points), max(value for _, value in points)
    plane = _Plane(steps=max(steps[-1], 1), values=(low, high), height=_LOW)
    drawn = _step_axis(plane) + _value_axis(plane, at_right=False) + plane.line(_thinned(points), TRAIN_LOSS)
    return _image(drawn, f"{name}, from {points[0][1]:.3g} to {points[-1][1]:.3g}", _LOW)


def spark_image(line: Sequence[float | None], color: str) -> str:
    """A line of values from 0 to 1, as small as a word."""
    wide, high = _SPARK
    places = [
        f"{2 + at * (wide - 4) / max(1, len(line) - 1):.0f},{2 + (1 - value) * (high - 4):.0f}"
        for at, value in enumerate(line)
        if value is not None
    ]
    if not places:
        return ""
    x, y = places[-1].split(",")
    drawn = element("polyline", points=" ".join(places), fill="none", stroke=color, stroke_width="1.5")
    drawn += element("circle", cx=x, cy=y, r="2", fill=color)
    svg = element("svg", drawn, xmlns="http://www.w3.org/2000/svg", width=str(wide), height=str(high))
    return image(svg, "", wide)


def _finite(steps: Sequence[int], values: Sequence[float | None]) -> list[Point]:
    pairs = zip(steps, values, strict=True)
    return [(float(step), value) for step, value in pairs if value is not None and math.isfinite(value)]


def _thinned(points: Sequence[Point]) -> list[Point]:
    """Means of neighbours, so that a curve of many steps keeps its shape."""
    if len(points) <= _MOST_POINTS:
        return list(points)
    size = math.ceil(len(points) / _MOST_POINTS)
    groups = [points[at : at + size] for at in range(0, len(points), size)]
    return [(group[-1][0], math.fsum(value for _, value in group) / len(group)) for group in groups]


def _step_axis(plane: _Plane) -> str:
    bottom, right = plane.height - _BOTTOM, _WIDTH - _RIGHT
    parts = [element("path", d=f"M{_LEFT},{_TOP}V{bottom}H{right}", fill="none", stroke=_INK, stroke_opacity="0.5")]
    whole = [value for value in ticks_of(0, plane.steps) if value == round(value)]
    parts += [_text(plane.at((value, 0))[0], bottom + 14, f"{value:,.0f}", "middle") for value in whole]
    return "".join(parts)


def _value_axis(plane: _Plane, *, at_right: bool) -> str:
    low, high = plane.values
    parts = []
    for value in ticks_of(low, high):
        _, y = plane.at((0, value))
        if not at_right:
            line = f"M{_LEFT},{y:.1f}H{_WIDTH - _RIGHT}"
            parts.append(element("path", d=line, stroke=_INK, stroke_opacity="0.2"))
        x, anchor = (_WIDTH - _RIGHT + 6, "start") if at_right else (_LEFT - 6, "end")
        parts.append(_text(x, y + 4, f"{value:.6g}", anchor))
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return element("text", escape(text), x=f"{x:.1f}", y=f"{y:.1f}", fill=_INK, text_anchor=anchor)


def _image(drawing: str, alt: str, high: int) -> str:
    return image(_svg(drawing, _WIDTH, high), alt, _WIDTH)


def _svg(drawing: str, wide: int, high: int) -> str:
    size = {"width": str(wide), "height": str(high), "viewBox": f"0 0 {wide} {high}"}
    return element("svg", drawing, xmlns="http://www.w3.org/2000/svg", font_family="sans-serif", font_size="11", **size)
