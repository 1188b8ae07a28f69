"""Rates that were tried as one drawing: dev score and dev loss over the rate, whose axis is logarithmic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from ft_magics.display.run_chart import DEV_LOSS, SCORE, axis_range, shown_value
from ft_magics.evaluation.drawing import ticks_of
from ft_magics.markup import element, image
from ft_magics.metrics import Metric
from ft_magics.studies.rates import TriedRate

__all__ = ["rates_image"]

_WIDTH, _HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 52, 14, 38
_INK = "#808080"  # stands out on light grounds and on dark ones

Point = tuple[float, float]


def rates_image(tried: Sequence[TriedRate], metric: Metric, chosen: TriedRate | None) -> str:
    """The drawing with a key below it; nothing where fewer than two rates were evaluated.

    Args:
        tried: By rate.
        metric: The headline.
        chosen: The rate that is suggested; it has a ring.
    """
    known = [each for each in tried if not each.fault and each.loss is not None]
    if len(known) < 2:
        return ""
    rates = [math.log10(each.rate) for each in tried]
    room = 0.04 * ((rates[-1] - rates[0]) or 1.0)
    low, high = rates[0] - room, rates[-1] + room

    def across(rate: float) -> float:
        return _LEFT + (math.log10(rate) - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    unit = ", %" if metric.unit == "share" else ""
    scores = [(each.rate, value) for each in known if (value := shown_value(each.score, metric)) is not None]
    losses = [(each.rate, each.loss) for each in known if each.loss is not None]
    parts = [_frame(), *(_rate(across(each.rate), each) for each in tried)]
    keys = []
    for points, color, at_right, name in (
        (losses, DEV_LOSS, False, "dev loss"),
        (scores, SCORE, True, f"dev {metric.label}{unit}"),
    ):
        ends = axis_range([value for _, value in points])
        if ends is None:
            continue
        places = [(across(rate), _down(value, ends)) for rate, value in points]
        parts += [_axis(ends, at_right=at_right, color=color), _line(places, color)]
        ring = next(
            (place for place, (rate, _) in zip(places, points, strict=True) if chosen and rate == chosen.rate), None
        )
        parts += [_ring(ring, color)] if ring is not None else []
        keys.append((color, name))
    parts.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 4, "learning rate", "middle"))
    size = {"width": str(_WIDTH), "height": str(_HEIGHT), "viewBox": f"0 0 {_WIDTH} {_HEIGHT}"}
    svg = element("svg", *parts, xmlns="http://www.w3.org/2000/svg", font_family="sans-serif", font_size="11", **size)
    about = "; ".join(f"{name} from {ends}" for name, ends in (("rates", f"{tried[0].rate:g} to {tried[-1].rate:g}"),))
    best = "" if chosen is None else f"; the ring is at {chosen.rate:g}"
    return image(svg, f"{keys[-1][1]} and dev loss over the learning rate, {about}{best}", _WIDTH) + _keys(keys)


def _down(value: float, ends: tuple[float, float]) -> float:
    low, high = ends
    return _TOP + (high - value) / ((high - low) or 1.0) * (_HEIGHT - _TOP - _BOTTOM)


def _frame() -> str:
    bottom = _HEIGHT - _BOTTOM
    return element(
        "path", d=f"M{_LEFT},{_TOP}V{bottom}H{_WIDTH - _RIGHT}", fill="none", stroke=_INK, stroke_opacity="0.5"
    )


def _rate(x: float, tried: TriedRate) -> str:
    """A rate at the axis; a cross where its training broke."""
    bottom = _HEIGHT - _BOTTOM
    said = _text(x, bottom + 16, f"{tried.rate:g}", "middle")
    return said + (_text(x, bottom - 6, "✕", "middle") if tried.fault else "")


def _axis(ends: tuple[float, float], *, at_right: bool, color: str) -> str:
    parts = []
    for value in ticks_of(*ends):
        y = _down(value, ends)
        if not at_right:
            line = f"M{_LEFT},{y:.1f}H{_WIDTH - _RIGHT}"
            parts.append(element("path", d=line, stroke=_INK, stroke_opacity="0.2"))
        x, anchor = (_WIDTH - _RIGHT + 6, "start") if at_right else (_LEFT - 6, "end")
        parts.append(_text(x, y + 4, f"{value:.6g}", anchor, color))
    return "".join(parts)


def _line(places: Sequence[Point], color: str) -> str:
    corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = "".join(element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3", fill=color) for x, y in places)
    return element("polyline", points=corners, fill="none", stroke=color, stroke_width="2") + dots


def _ring(place: Point, color: str) -> str:
    x, y = place
    return element("circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="7", fill="none", stroke=color, stroke_width="2")


def _text(x: float, y: float, text: str, anchor: str, color: str = _INK) -> str:
    return element("text", escape(text), x=f"{x:.1f}", y=f"{y:.1f}", fill=color, text_anchor=anchor)


def _keys(keys: Sequence[tuple[str, str]]) -> str:
    spans = [
        element("span", element("span", "■ ", style=f"color:{color}"), escape(name), style="margin-right:14px")
        for color, name in keys
    ]
    return element("div", *spans, "○ chosen", style="font-size:12px", dir="auto")
