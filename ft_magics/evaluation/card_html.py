"""Cards of examples as static HTML. What a host strips of the style, the words still say. See `card_data.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from ft_magics.evaluation.joining import join_words, joint
from ft_magics.markup import MUTED, element, percent
from ft_magics.sections import Card

__all__ = ["card_html", "cards_html"]

_GOLD = "text-decoration:underline"
_PREDICTED = "background:rgba(230,159,0,0.3)"
_SMALL = f"{MUTED};font-size:12px"
_MOST_SCORES = 5
_BAR_PX = 60

Colors = Mapping[str, str]
PlacedSpan = Sequence[Any]  # start, end, label


def cards_html(cards: Iterable[Card], colors: Colors) -> str:
    """A list of cards.

    Args:
        cards: In order.
        colors: Of the labels.
    """
    return element("ol", *(element("li", card_html(card, colors), style="margin:4px 0") for card in cards))


def card_html(card: Card, colors: Colors) -> str:
    """One card: what it shows, and below it what it is."""
    drawn = {"spans": _spans, "labels": _labels, "texts": _texts}[card.kind](card.data, colors)
    return drawn + element("div", escape(" · ".join(_about(card))), style=_SMALL, dir="auto")


def _about(card: Card) -> list[str]:
    data = card.data
    sure = data.get("confidence")
    parts = [data.get("badge", ""), *data.get("about", ()), card.row]
    parts += [f"confidence {percent(sure)} %"] if sure is not None else []
    return [str(part) for part in [*parts, data.get("note", "")] if part]


def _spans(data: Mapping[str, Any], _: Colors) -> str:
    gold = [("gold", span) for span in data.get("gold", ())]
    if "versions" not in data:
        return _sentence(data, gold + [("predicted", span) for span in data.get("predicted", ())])
    return "".join(
        element("div", escape(version["name"]), style=_SMALL, dir="auto")
        + _sentence(data, gold + [("predicted", span) for span in version["predicted"]])
        for version in data["versions"]
    )


def _sentence(data: Mapping[str, Any], marks: Sequence[tuple[str, PlacedSpan]]) -> str:
    """Gold is underlined and followed by `gold PER`, predicted is tinted and followed by `predicted PER`."""
    words, spaces = data["words"], data.get("spaces", True)
    edges = {0, len(words)} | {min(max(edge, 0), len(words)) for _, span in marks for edge in span[:2]}
    pieces = ["… "] if data.get("before") else []
    for start, end in pairwise(sorted(edges)):
        inside = [(side, span) for side, span in marks if span[0] < end and span[1] > start]
        closing = [f"{side} {span[2]}" for side, span in inside if span[1] == end or end == len(words)]
        pieces.append(_piece(join_words(words[start:end], spaces=spaces), inside, closing))
        if end < len(words):
            pieces.append(joint(words[end - 1], words[end], spaces=spaces))
    return element("div", *pieces, *([" …"] if data.get("after") else []), dir="auto")


def _piece(text: str, inside: Sequence[tuple[str, PlacedSpan]], closing: Sequence[str]) -> str:
    if not inside:
        return escape(text)
    styles = {_GOLD if side == "gold" else _PREDICTED for side, _ in inside}
    labels = "".join(element("sub", " ", escape(label)) for label in closing)
    return element("b", escape(text), style=";".join(sorted(styles))) + labels


def _labels(data: Mapping[str, Any], colors: Colors) -> str:
    texts = [data.get("text", ""), data.get("pair", "")]
    parts = [element("div", escape(str(text)), dir="auto", style="white-space:pre-wrap") for text in texts if text]
    sides = [("gold", data["gold"])] if "gold" in data else []
    if "versions" in data:
        sides += [(version["name"], version["predicted"]) for version in data["versions"]]
    elif "predicted" in data:
        sides.append(("predicted", data["predicted"]))
    parts.append(element("div", *(_side(name, labels, colors) for name, labels in sides)))
    return "".join(parts) + _scores(data.get("scores", ()), colors)


def _side(name: str, labels: Sequence[str], colors: Colors) -> str:
    chips = [element("b", escape(str(label)), style=_chip(colors.get(label)), dir="auto") for label in labels]
    return element("span", escape(f"{name} "), " ".join(chips) or "–", style="margin-right:14px")


def _chip(color: str | None) -> str:
    return f"border-left:4px solid {color};padding-left:4px" if color else ""


def _scores(scores: Sequence[Sequence[Any]], colors: Colors) -> str:
    if not scores:
        return ""
    shown = [
        element(
            "span",
            element("span", style=_bar(share, colors.get(label, "#888888"))),
            escape(f" {label} {percent(share)} %"),
            style="display:inline-block;margin-right:14px",
        )
        for label, share in scores[:_MOST_SCORES]
    ]
    return element("div", *shown, style="font-size:12px", dir="auto")


def _bar(share: float, color: str) -> str:
    return f"display:inline-block;height:8px;width:{_BAR_PX * share:.0f}px;background:{color}"


def _texts(data: Mapping[str, Any], _: Colors) -> str:
    return "".join(
        element(
            "div",
            element("span", escape(f"{name} "), style=_SMALL),
            element("span", escape(text), style="white-space:pre-wrap", dir="auto"),
        )
        for name, text in data.get("texts", ())
    )
