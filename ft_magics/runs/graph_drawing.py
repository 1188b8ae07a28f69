"""A knowledge graph as it ends a cell: circles and arrows in an SVG, and its triples with the text that says them."""

from __future__ import annotations

import math
from html import escape
from typing import TYPE_CHECKING

from ft_magics.markup import MUTED, element, percent

if TYPE_CHECKING:
    from ft_magics.runs.graph import KnowledgeGraph, Triple

__all__ = ["graph_html"]

_WIDTH, _HEIGHT, _EDGE = 760, 440, 60
_MOST_DRAWN = 40  # triples in the drawing
_MOST_LISTED = 20
_RADIUS = 5
_CONTEXT = 60  # characters on both sides of what a text says
_LONGEST = 24  # characters of a name in the drawing
_HUES = ("#0072B2", "#D55E00", "#009E73", "#E69F00", "#CC79A7", "#56B4E9")  # Okabe and Ito 2008


def graph_html(graph: KnowledgeGraph) -> str | None:
    """The drawing where networkx is there, and a table of the surest triples; None where there are none."""
    if not graph.triples:
        return None
    rows = "".join(_row(graph, triple) for triple in graph.triples[:_MOST_LISTED])
    left = len(graph.triples) - _MOST_LISTED
    more = element("div", f"… and {left:,} more in .triples", style=MUTED) if left > 0 else ""
    head = "".join(element("th", name, style="text-align:start") for name in ("from", "relation", "to", "%", "said by"))
    table = element("table", element("tr", head), rows, style="border-collapse:collapse;margin-top:6px")
    return element("div", _drawn(graph), table, more, style="font-size:13px;line-height:1.5")


def _row(graph: KnowledgeGraph, triple: Triple) -> str:
    source = triple.sources[0]
    start, end = min(source.head[0], source.tail[0]), max(source.head[1], source.tail[1])
    text = graph.texts[source.text]
    before, behind = "…" * (start > _CONTEXT), "…" * (len(text) > end + _CONTEXT)
    said = f"{before}{text[max(0, start - _CONTEXT) : end + _CONTEXT]}{behind}"
    others = f" (+{len(triple.sources) - 1})" if len(triple.sources) > 1 else ""
    cells = [
        *(element("bdi", escape(part)) for part in (triple.head.name, triple.relation, triple.tail.name)),
        percent(triple.confidence),
        element("bdi", escape(f"texts[{source.text}]: {said}{others}"), style=MUTED),
    ]
    return element("tr", *(element("td", cell, style="padding:1px 10px 1px 0;text-align:start") for cell in cells))


def _drawn(graph: KnowledgeGraph) -> str:
    try:
        import networkx as nx  # noqa: PLC0415  # an extra of its own
    except ImportError:
        return element("div", "for a drawing: `pip install 'ft_magics[graph]'`", style=MUTED)
    triples = graph.triples[:_MOST_DRAWN]
    nodes = list(dict.fromkeys(node for triple in triples for node in (triple.head, triple.tail)))
    small = nx.DiGraph([(triple.head, triple.tail) for triple in triples])
    spread = nx.spring_layout(small, seed=0, k=2 / math.sqrt(len(nodes)))
    ends = [(min(axis), max(axis)) for axis in zip(*spread.values(), strict=True)]
    sizes = (_WIDTH, _HEIGHT)
    places = {
        node: tuple(
            _EDGE + (sizes[axis] - 2 * _EDGE) * (value - low) / (high - low or 1)
            for axis, (value, (low, high)) in enumerate(zip(spread[node], ends, strict=True))
        )
        for node in nodes
    }
    kinds = list(dict.fromkeys(node.type for node in nodes))
    lines = [_line(triple, places[triple.head], places[triple.tail]) for triple in triples]
    dots = [
        f'<circle cx="{x:.0f}" cy="{y:.0f}" r="{_RADIUS}" fill="{_HUES[kinds.index(node.type) % len(_HUES)]}">'
        f"<title>{escape(node.type)}</title></circle>"
        f'<text x="{x:.0f}" y="{y - 9:.0f}" text-anchor="middle" font-weight="600">{escape(_short(node.name))}</text>'
        for node, (x, y) in places.items()
    ]
    tip = (
        '<defs><marker id="ft-tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    )
    tip += '<path d="M0 0 L8 4 L0 8 z" fill="currentColor"/></marker></defs>'
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" style="max-width:100%" font-size="12" '
        f'fill="currentColor">{tip}{"".join(lines)}{"".join(dots)}</svg>'
    )


def _line(triple: Triple, start: tuple[float, ...], end: tuple[float, ...]) -> str:
    """An arrow between the edges of two circles, its relation beside the middle."""
    (x, y), (to_x, to_y) = start, end
    length = math.hypot(to_x - x, to_y - y) or 1.0
    step_x, step_y = (to_x - x) / length * (_RADIUS + 3), (to_y - y) / length * (_RADIUS + 3)
    return (
        f'<line x1="{x + step_x:.0f}" y1="{y + step_y:.0f}" x2="{to_x - step_x:.0f}" y2="{to_y - step_y:.0f}" '
        f'stroke="currentColor" stroke-opacity="{0.25 + 0.6 * triple.confidence:.2f}" marker-end="url(#ft-tip)"/>'
        f'<text x="{(x + to_x) / 2:.0f}" y="{(y + to_y) / 2 - 4:.0f}" text-anchor="middle" opacity="0.8" '
        f'font-size="11">{escape(_short(triple.relation))}</text>'
    )


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
