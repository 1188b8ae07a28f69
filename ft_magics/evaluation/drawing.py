"""A chart → where its lines, dots, bars and texts stand: worked out once, for a live page and a saved one alike."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, repeat
from typing import Literal

from ft_magics.evaluation.label_colors import CYCLE
from ft_magics.evaluation.label_places import LINE_HEIGHT, place_names, shortened
from ft_magics.sections import Chart, Series

__all__ = ["Drawing", "DrawnSeries", "DrawnText", "Rule", "drawing_of", "ticks_of"]

_WIDTH, _HEIGHT, _SQUARE = 500, 250, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 10, 38  # room for the numbers and names of the axes
_MOST_POINTS = 400  # more would only make the notebook larger
_MOST_DOTS = 40  # of a line: dots that touch are no dots
_TICKS = 5
_ASIDE = 5.0
_DOT = {"dots": 2.5, "line": 2.0}

Point = tuple[float, float]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line of the chart's own: part of an axis, of the grid, or the diagonal."""

    kind: Literal["axis", "grid", "diagonal"]
    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True, slots=True)
class DrawnText:
    """A number or the name of an axis, or the name of a dot; a turned one is read from below."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"]
    turned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSeries:
    """A series in its place.

    Args:
        name: Of the series.
        shape: As the section has it.
        color: Such as `#0072B2`.
        dashed: Whether its line is: not by colour alone does one tell it from the first.
        line: Corners.
        dots: Centres.
        radius: Of the dots.
        bars: Left, top, width, height.
        hints: What a dot or a bar says where one points at it.
    """

    name: str
    shape: Literal["line", "dots", "bars"]
    color: str
    dashed: bool
    line: Sequence[Point] = ()
    dots: Sequence[Point] = ()
    radius: float = 0.0
    bars: Sequence[tuple[float, float, float, float]] = ()
    hints: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """All of a chart, in pixels from the upper left corner.

    Args:
        width: Of all of it.
        height: Of all of it.
        about: What it shows, for those who cannot see it.
        rules: Behind the series.
        texts: Numbers and names of the axes.
        series: In order; none where there is nothing to draw.
    """

    width: int
    height: int
    about: str
    rules: Sequence[Rule] = ()
    texts: Sequence[DrawnText] = ()
    series: Sequence[DrawnSeries] = ()


@dataclass(frozen=True, slots=True)
class _Plane:
    """Where values lie in the drawing."""

    x: Range
    y: Range
    width: int
    height: int
    x_log: bool = False
    aside: float = 0.0  # by which a series stands beside others, so that intervals at one x do not hide each other

    def across(self, value: float) -> float:
        low, high, here = map(math.log10, (*self.x, value)) if self.x_log else (*self.x, value)
        return round(_LEFT + (here - low) / (high - low) * (self.width - _LEFT - _RIGHT) + self.aside, 1)

    def up(self, value: float) -> float:
        low, high = self.y
        return round(self.height - _BOTTOM - (value - low) / (high - low) * (self.height - _TOP - _BOTTOM), 1)


@dataclass(frozen=True, slots=True)
class _Dot:
    """A point that can be drawn."""

    x: float
    y: float
    name: str = ""
    interval: Range | None = None


def drawing_of(chart: Chart, colors: Mapping[str, str]) -> Drawing:
    """The chart, drawn.

    Args:
        chart: Its values; those that do not exist are left out, and of very many evenly chosen ones are drawn.
        colors: Of labels: a series named like one has its colour.
    """
    size = (_SQUARE, _SQUARE) if chart.diagonal else (_WIDTH, _HEIGHT)
    names = ", ".join(series.name for series in chart.series)
    about = f"{chart.title}: {names}; {chart.y_label} over {chart.x_label}"
    known = [_points(series, above_zero=chart.x_log) for series in chart.series]
    every = [dot for points in known for dot in points]
    if not every:
        return Drawing(width=size[0], height=size[1], about=about)
    zero = [0.0] if any(series.shape == "bars" for series in chart.series) else []
    ends = [end for dot in every for end in dot.interval or ()]
    across = (_log_range if chart.x_log else _range)([dot.x for dot in every])
    upwards = _range([dot.y for dot in every] + zero + ends)
    plane = _Plane(chart.x_range or across, chart.y_range or upwards, *size, x_log=chart.x_log)
    planes = _beside_each_other(chart, plane)
    whiskers = [rule for points, own in zip(known, planes, strict=True) for rule in _whiskers(points, own)]
    leaders, dot_names = _names(known, whiskers, plane)
    return Drawing(
        width=size[0],
        height=size[1],
        about=about,
        rules=[*_rules(chart, plane), *whiskers, *leaders],
        texts=[*_texts(chart, plane), *dot_names],
        series=[
            _series(series, points, _fill(series.name, at, colors), own, dashed=at > 0)
            for at, (series, points, own) in enumerate(zip(chart.series, known, planes, strict=True))
        ],
    )


def _beside_each_other(chart: Chart, plane: _Plane) -> list[_Plane]:
    """A plane for each series: where several lines have intervals, each a few pixels beside the one before."""
    several = sum(series.shape == "line" and any(series.intervals) for series in chart.series) > 1
    middle = (len(chart.series) - 1) / 2
    return [replace(plane, aside=_ASIDE * (at - middle) if several else 0.0) for at in range(len(chart.series))]


def _fill(name: str, at: int, colors: Mapping[str, str]) -> str:
    return colors[name] if name in colors else CYCLE[at % len(CYCLE)]


def _points(series: Series, *, above_zero: bool) -> list[_Dot]:
    """Those that can be drawn; of very many, evenly chosen ones."""
    names, intervals = series.names or repeat(""), series.intervals or repeat(None)
    known = [
        _Dot(float(x), float(y), name, interval)
        for x, y, name, interval in zip(series.x, series.y, names, intervals, strict=False)
        if y is not None and math.isfinite(y) and math.isfinite(x) and (x > 0 or not above_zero)
    ]
    if len(known) <= _MOST_POINTS:
        return known
    step = (len(known) - 1) / (_MOST_POINTS - 1)
    return [known[round(at * step)] for at in range(_MOST_POINTS)]


def _range(values: Sequence[float]) -> Range:
    """Ends of an axis that has room for some values; never of no length, and from 0 to 1 where all are 0."""
    low, high = min(values), max(values)
    if low == high:
        room = abs(low) * 0.1
        return (low - room, high + room) if low else (0.0, 1.0)
    return low, high


def _log_range(values: Sequence[float]) -> Range:
    """Ends of an axis of ratios, with room beside the outermost dots."""
    low, high = min(values), max(values)
    room = max(1.6, (high / low) ** 0.12)
    return low / room, high * room


def _log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten between two ends, and twice and five times as much where these are few."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    tens = [10.0**at for at in powers if low <= 10.0**at <= high]
    if len(tens) >= 3:
        return tens
    return [factor * 10.0**at for at in powers for factor in (1, 2, 5) if low <= factor * 10.0**at <= high]


def ticks_of(low: float, high: float) -> list[float]:
    """About five round numbers between two ends."""
    rough = (high - low) / _TICKS
    if not math.isfinite(rough) or rough <= 0:
        return [low]
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * next((factor for factor in (1, 2, 2.5, 5) if rough <= factor * power), 10)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [at * step for at in range(first, last + 1)]


def _rules(chart: Chart, plane: _Plane) -> list[Rule]:
    right, bottom = plane.width - _RIGHT, plane.height - _BOTTOM
    rules = [Rule("axis", _LEFT, _TOP, _LEFT, bottom), Rule("axis", _LEFT, bottom, right, bottom)]
    rules += [Rule("grid", _LEFT, plane.up(value), right, plane.up(value)) for value in ticks_of(*plane.y)]
    if chart.diagonal:
        low, high = max(plane.x[0], plane.y[0]), min(plane.x[1], plane.y[1])
        rules.append(Rule("diagonal", plane.across(low), plane.up(low), plane.across(high), plane.up(high)))
    return rules


def _texts(chart: Chart, plane: _Plane) -> list[DrawnText]:
    right, bottom = plane.width - _RIGHT, plane.height - _BOTTOM
    ticks = (_log_ticks if plane.x_log else ticks_of)(*plane.x)
    return [
        *(DrawnText(_LEFT - 6, plane.up(value) + 4, f"{value:.6g}", "end") for value in ticks_of(*plane.y)),
        *(DrawnText(plane.across(value), bottom + 14, f"{value:.6g}", "middle") for value in ticks),
        DrawnText((_LEFT + right) / 2, plane.height - 5, chart.x_label, "middle"),
        DrawnText(12, (_TOP + bottom) / 2, chart.y_label, "middle", turned=True),
    ]


def _whiskers(points: Sequence[_Dot], plane: _Plane) -> list[Rule]:
    """An upright line for each interval."""
    found = [(plane.across(dot.x), dot.interval) for dot in points if dot.interval is not None]
    return [Rule("axis", x, plane.up(low), x, plane.up(high)) for x, (low, high) in found]


def _names(known: Sequence[Sequence[_Dot]], lines: Sequence[Rule], plane: _Plane) -> tuple[list[Rule], list[DrawnText]]:
    """The names of dots beside them, and the lines that lead to those that stand apart."""
    named = [dot for points in known for dot in points if dot.name]
    dots, names = [(plane.across(dot.x), plane.up(dot.y)) for dot in named], [shortened(dot.name) for dot in named]
    taken = [(rule.x1 - 1.5, rule.y2, rule.x1 + 1.5, rule.y1) for rule in lines]
    inside = (_LEFT + 2.0, float(_TOP), float(plane.width), float(plane.height - _BOTTOM - 1))
    rules, texts = [], []
    for dot, name, place in zip(dots, names, place_names(dots, names, inside, taken), strict=True):
        if place is None:
            continue  # its hint and the table beside it say which it is
        x, y = round(place.x, 1), round(place.y, 1)
        texts.append(DrawnText(x, y, name, place.anchor))
        if place.far:
            rules.append(Rule("grid", *dot, x, round(y - LINE_HEIGHT / 4, 1)))
    return rules, texts


def _series(series: Series, points: Sequence[_Dot], color: str, plane: _Plane, *, dashed: bool) -> DrawnSeries:
    hints = [f"{dot.name or series.name}: {dot.x:.6g}, {dot.y:.6g}" for dot in points]
    if series.shape == "bars":
        bars = _bars([(dot.x, dot.y) for dot in points], plane)
        return DrawnSeries(name=series.name, shape="bars", color=color, dashed=False, bars=bars, hints=hints)
    places = [(plane.across(dot.x), plane.up(dot.y)) for dot in points]
    dots = places if series.shape == "dots" or len(places) <= _MOST_DOTS else []
    return DrawnSeries(
        name=series.name,
        shape=series.shape,
        color=color,
        dashed=dashed and series.shape == "line",
        line=places if series.shape == "line" else (),
        dots=dots,
        radius=_DOT[series.shape],
        hints=hints if dots else (),
    )


def _bars(points: Sequence[Point], plane: _Plane) -> list[tuple[float, float, float, float]]:
    places = sorted(plane.across(x) for x, _ in points)
    room = min((after - before for before, after in pairwise(places) if after > before), default=30.0)
    wide = round(max(1.0, 0.8 * room), 1)
    ground = plane.up(max(plane.y[0], 0.0))
    return [
        (
            round(plane.across(x) - wide / 2, 1),
            min(ground, plane.up(y)),
            wide,
            round(abs(ground - plane.up(y)), 1),
        )
        for x, y in points
    ]
