"""A graph as an SVG image: entities in boxes coloured by type, relations as arrows with their names."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape

from ft_magics.evaluation.label_colors import GREY, TINT, colors_of
from ft_magics.markup import element, image

__all__ = ["graph_svg"]

_WIDTH, _LEAST_HEIGHT, _HEIGHT_OF_ONE = 760, 220, 34
_MARGIN_X, _MARGIN_Y = 80, 26
_BOX, _LETTER, _WIDE_LETTER = 22, 6.6, 12.0  # height of a box, widths of letters at this size
_MOST_LETTERS = 22
_INK = "#808080"
_STEPS = 200  # of the layout


def graph_svg(nodes: Mapping[str, tuple[str, str]], edges: Sequence[tuple[str, str, str]], *, about: str) -> str:
    """An image, below it what its colours mean.

    Args:
        nodes: Words and type of each.
        edges: From, relation, to.
        about: What the image shows, for those who do not see it.
    """
    height = max(_LEAST_HEIGHT, _HEIGHT_OF_ONE * len(nodes))
    places = _places(list(nodes), edges, height)
    kinds = sorted({kind for _, kind in nodes.values()})
    colors = colors_of((), kinds)
    arrow = element(
        "marker",
        element("path", d="M0,0 L8,4 L0,8 z", fill=_INK),
        id="tip",
        refX="7",
        refY="4",
        markerWidth="8",
        markerHeight="8",
        orient="auto",
    )
    parts = [element("defs", arrow)]
    together: Counter[frozenset[str]] = Counter()
    for begin, relation, end in edges:
        pair = frozenset((begin, end))
        parts.append(_edge(places[begin], places[end], relation, _widths(nodes, begin, end), together[pair]))
        together[pair] += 1
    parts += [_node(places[name], words, colors.get(kind, GREY)) for name, (words, kind) in nodes.items()]
    size = {"width": str(_WIDTH), "height": str(height)}
    svg = element("svg", *parts, xmlns="http://www.w3.org/2000/svg", font_family="sans-serif", font_size="12", **size)
    keys = [
        element("span", "● ", style=f"color:{colors.get(kind, GREY)}")
        + element("span", escape(kind or "entity"), style="margin-right:14px")
        for kind in kinds
    ]
    return image(svg, about, _WIDTH) + element("div", *keys, style="font-size:12px", dir="auto")


Place = tuple[float, float]


def _places(names: list[str], edges: Sequence[tuple[str, str, str]], height: int) -> dict[str, Place]:
    """By networkx's forces (Fruchterman & Reingold 1991), the same each time."""
    import networkx as nx  # noqa: PLC0415  # only a graph needs it

    graph: nx.Graph = nx.Graph()
    graph.add_nodes_from(names)
    graph.add_edges_from((begin, end) for begin, _, end in edges if begin != end)
    found = nx.spring_layout(graph, seed=1, iterations=_STEPS, k=2.2 / math.sqrt(len(names)))
    spans = []
    for axis in (0, 1):
        values = [float(place[axis]) for place in found.values()]
        spans.append((min(values), max(max(values) - min(values), 1e-9)))
    room = (_WIDTH - 2 * _MARGIN_X, height - 2 * _MARGIN_Y)
    return {
        name: (
            _MARGIN_X + room[0] * (float(place[0]) - spans[0][0]) / spans[0][1],
            _MARGIN_Y + room[1] * (float(place[1]) - spans[1][0]) / spans[1][1],
        )
        for name, place in found.items()
    }


def _short(words: str) -> str:
    return words if len(words) <= _MOST_LETTERS else f"{words[: _MOST_LETTERS - 1]}…"


def _width(words: str) -> float:
    return 14 + sum(_WIDE_LETTER if ord(letter) > 0x2E80 else _LETTER for letter in _short(words))


def _widths(nodes: Mapping[str, tuple[str, str]], begin: str, end: str) -> tuple[float, float]:
    return _width(nodes[begin][0]), _width(nodes[end][0])


def _node(place: Place, words: str, color: str) -> str:
    width = _width(words)
    box = {"x": f"{place[0] - width / 2:.1f}", "y": f"{place[1] - _BOX / 2:.1f}", "width": f"{width:.1f}"}
    style = {"height": str(_BOX), "rx": "6", "stroke": color, "stroke_width": "1.5", "fill": color}
    text = {"x": f"{place[0]:.1f}", "y": f"{place[1] + 4:.1f}", "text_anchor": "middle", "fill": _INK}
    return element("rect", fill_opacity=str(TINT), **box, **style) + element("text", escape(_short(words)), **text)


def _edge(begin: Place, end: Place, relation: str, widths: tuple[float, float], nth: int) -> str:
    """An arrow from box to box; several between the same two are bowed apart, one to itself is a loop."""
    if begin == end:
        x, y = begin[0] + widths[0] / 2, begin[1]
        line = f"M{x:.1f},{y - 4:.1f} c40,-28 40,36 0,12"
        label = (x + 34, y + 4)
    else:
        middle = ((begin[0] + end[0]) / 2, (begin[1] + end[1]) / 2)
        length = math.dist(begin, end) or 1.0
        bow = (nth + 1) // 2 * 26 * (1 if nth % 2 else -1)
        bent = (middle[0] - (end[1] - begin[1]) / length * bow, middle[1] + (end[0] - begin[0]) / length * bow)
        start, stop = _border(begin, bent, widths[0]), _border(end, bent, widths[1])
        line = f"M{start[0]:.1f},{start[1]:.1f} Q{bent[0]:.1f},{bent[1]:.1f} {stop[0]:.1f},{stop[1]:.1f}"
        label = ((start[0] + 2 * bent[0] + stop[0]) / 4, (start[1] + 2 * bent[1] + stop[1]) / 4 - 3)
    path = element("path", d=line, fill="none", stroke=_INK, stroke_opacity="0.8", marker_end="url(#tip)")
    place = {"x": f"{label[0]:.1f}", "y": f"{label[1]:.1f}", "text_anchor": "middle", "font_size": "10"}
    return path + element("text", escape(relation), fill=_INK, **place)


def _border(of: Place, towards: Place, width: float) -> Place:
    """Where a line from the middle of a box leaves it."""
    x, y = towards[0] - of[0], towards[1] - of[1]
    reach = min(
        (width / 2 + 2) / abs(x) if x else math.inf,
        (_BOX / 2 + 2) / abs(y) if y else math.inf,
        1.0,
    )
    return of[0] + x * reach, of[1] + y * reach
