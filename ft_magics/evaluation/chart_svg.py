"""A drawn chart as an SVG image, in colours that light and dark grounds both show."""

from __future__ import annotations

from html import escape

from ft_magics.evaluation.drawing import Drawing, DrawnSeries, DrawnText, Rule
from ft_magics.markup import element, image

__all__ = ["chart_html"]

_INK = "#808080"
_RULES = {
    "axis": {"stroke_opacity": "1"},
    "grid": {"stroke_opacity": "0.25"},
    "diagonal": {"stroke_dasharray": "4 3"},
}
_OPACITY = {"dots": "0.6", "bars": "0.35", "line": "1"}
_SIGNS = {"line": "━", "dots": "●", "bars": "■"}


def chart_html(drawing: Drawing) -> str:
    """The drawing as an image, below it what its colours mean; a sentence where there is nothing to draw."""
    if not drawing.series:
        return element("div", "There is nothing to draw.")
    parts = [*map(_rule, drawing.rules), *map(_text, drawing.texts), *map(_series, drawing.series)]
    size = {"width": str(drawing.width), "height": str(drawing.height)}
    svg = element("svg", *parts, xmlns="http://www.w3.org/2000/svg", font_family="sans-serif", font_size="11", **size)
    return image(svg, drawing.about, drawing.width) + _keys(drawing)


def _rule(rule: Rule) -> str:
    ends = {"x1": rule.x1, "y1": rule.y1, "x2": rule.x2, "y2": rule.y2}
    return element("line", stroke=_INK, **{name: f"{at:g}" for name, at in ends.items()}, **_RULES[rule.kind])


def _text(text: DrawnText) -> str:
    turned = {"transform": f"rotate(-90 {text.x:g} {text.y:g})"} if text.turned else {}
    place = {"x": f"{text.x:g}", "y": f"{text.y:g}"}
    return element("text", escape(text.text), fill=_INK, text_anchor=text.anchor, **place, **turned)


def _series(series: DrawnSeries) -> str:
    corners = " ".join(f"{x:g},{y:g}" for x, y in series.line)
    style = {"fill": "none", "stroke": series.color, "stroke_width": "2"}
    dash = "6 3" if series.dashed else ""
    line = [element("polyline", points=corners, stroke_dasharray=dash, **style)] if corners else []
    dots = [element("circle", cx=f"{x:g}", cy=f"{y:g}", r=f"{series.radius:g}") for x, y in series.dots]
    bars = [
        element("rect", **dict(zip(("x", "y", "width", "height"), (f"{part:g}" for part in bar), strict=True)))
        for bar in series.bars
    ]
    return element("g", *line, *dots, *bars, fill=series.color, fill_opacity=_OPACITY[series.shape])


def _keys(drawing: Drawing) -> str:
    keys = [
        element(
            "span",
            element("span", _sign(each), style=f"color:{each.color};user-select:none"),
            escape(f" {each.name}"),
            style="margin-right:14px",
        )
        for each in drawing.series
    ]
    return element("div", *keys, style="font-size:12px", dir="auto")


def _sign(series: DrawnSeries) -> str:
    return "╍" if series.dashed else _SIGNS[series.shape]
