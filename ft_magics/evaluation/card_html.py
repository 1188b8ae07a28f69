"""Cards of examples as static HTML. What a host strips of the style, the words still say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from ft_magics.evaluation.card_shown import Arrow, ShownCard, ShownScore, ShownText, Side, shown_card
from ft_magics.evaluation.label_colors import GREY, INKS, tint_of
from ft_magics.evaluation.sentence_pieces import Cover, Piece, Sentence, Tag
from ft_magics.markup import MUTED, element
from ft_magics.sections import Card

__all__ = ["Colors", "card_html", "cards_html", "chip_style", "text_html"]

_SMALL = f"{MUTED};font-size:12px"
_BAR_PX = 60
_CARD = "border:1px solid rgba(128,128,128,0.35);border-radius:4px;padding:4px 10px 6px;margin:6px 0"
_HEAD = "display:flex;flex-wrap:wrap;gap:2px 14px;align-items:baseline"
_SIGN = "display:inline-block;min-width:1.3em;padding:0 3px;margin-right:6px;border-radius:3px;text-align:center"
_TAG = "margin:0 2px;padding-right:4px;border-radius:3px;font-size:10.5px;user-select:none"
_CALM_TAG = f"font-size:10.5px;user-select:none;{MUTED}"
_BESIDE = "display:flex;flex-wrap:wrap;gap:2px 16px;align-items:baseline"
_SENTENCE = "margin:2px 0 0;line-height:2.1;font-size:14px;white-space:pre-wrap;overflow-wrap:anywhere"
_QUESTION = "font-weight:600;font-size:14px;overflow-wrap:anywhere"
_END = "border:1px solid rgba(128,128,128,0.6);border-radius:3px;padding:0 4px"
_ARROW = f"letter-spacing:-1px;{MUTED}"
_WRITTEN = "font-size:14px;white-space:pre-wrap;overflow-wrap:anywhere"
_MARKED = "background:rgba(230,159,0,0.22);border-bottom:2px solid rgba(230,159,0,0.9)"

Colors = Mapping[str, str]


def cards_html(cards: Iterable[Card], colors: Colors) -> str:
    """A list of cards.

    Args:
        cards: In order.
        colors: Of the labels.
    """
    return element("div", *(card_html(card, colors) for card in cards))


def card_html(card: Card, colors: Colors) -> str:
    """One card: what became of it and where it stands, above what it says."""
    shown = shown_card(card)
    parts = [
        _head(shown),
        *([element("div", escape(shown.question), style=_QUESTION, dir="auto")] if shown.question else []),
        *(_sentence(each, colors) for each in shown.sentences),
        *map(text_html, shown.texts),
    ]
    if shown.sides:
        parts.append(element("div", *(_side(each, colors) for each in shown.sides), style=_BESIDE))
    parts += [_arrow(each, colors) for each in shown.arrows]
    if shown.scores:
        parts.append(
            element("div", *(_score(each, colors) for each in shown.scores), style=f"{_BESIDE};font-size:12px")
        )
    if shown.note:
        parts.append(element("div", escape(shown.note), style=MUTED, dir="auto"))
    return element("div", *parts, style=_CARD)


def _head(shown: ShownCard) -> str:
    ground = "rgba(0,158,115,0.26)" if shown.right else "rgba(213,94,0,0.22)"
    sign = element("span", escape(shown.sign), style=f"{_SIGN};background:{ground}") if shown.sign else ""
    badge = [element("b", sign, escape(shown.badge), style="white-space:nowrap")] if shown.badge else []
    return element(
        "div",
        *badge,
        *(element("bdi", escape(text)) for text in shown.about),
        element("bdi", escape(shown.row), style=f"{_SMALL};margin-left:auto"),
        style=_HEAD,
    )


def _sentence(sentence: Sentence, colors: Colors) -> str:
    name = element("div", escape(sentence.name), style=_SMALL, dir="auto") if sentence.name else ""
    mark = element("span", sentence.mark, style="user-select:none") if sentence.mark else ""
    groups: list[list[str]] = []
    for piece in sentence.pieces:
        drawn = _piece(piece, colors)
        if piece.joined:
            groups[-1].append(drawn)
        else:
            groups.append([drawn])
    starts = [piece for piece in sentence.pieces if not piece.joined]
    held = [
        element("bdi", *group) if first.gold or first.predicted else "".join(group)
        for first, group in zip(starts, groups, strict=True)
    ]
    return name + element("div", mark, *held, style=_SENTENCE, dir="auto")


def _piece(piece: Piece, colors: Colors) -> str:
    inner = escape(piece.text) + "".join(_tag(tag, colors) for tag in piece.tags)
    if piece.predicted:
        inner = element("span", inner, style=_predicted_style(piece.predicted, colors))
    if piece.gold:
        inner = element("span", inner, style=_gold_style(piece.gold, colors))
    return inner


def _gold_style(cover: Cover, colors: Colors) -> str:
    line = "3px solid" if cover.own else "1px dashed"
    return f"border-bottom:{line} {colors.get(cover.label, GREY)};padding-bottom:3px"


def _predicted_style(cover: Cover, colors: Colors) -> str:
    color = colors.get(cover.label, GREY)
    edge = f"1px solid {color if cover.own else tint_of(color)}"
    if cover.starts and cover.ends:
        style = f"border:{edge};padding:1px 3px"
    else:
        style = f"border-top:{edge};border-bottom:{edge};padding:1px 0"
        style += f";border-left:{edge};padding-left:3px" if cover.starts else ""
        style += f";border-right:{edge};padding-right:3px" if cover.ends else ""
    return f"{style};background:{tint_of(color)}" if cover.own else style


def _tag(tag: Tag, colors: Colors) -> str:
    color = colors.get(tag.label, GREY)
    if not tag.own:
        return element("bdi", f"&nbsp;{escape(tag.text)}", style=_CALM_TAG)
    ground = f"border:1px solid {color}" if tag.side == "gold" else f"background:{color};color:{INKS[color]}"
    return element("bdi", f"&nbsp;{escape(tag.text)}", style=f"{_TAG};font-weight:600;{ground}")


def text_html(text: ShownText) -> str:
    """A text with its name and marks."""
    said = element("span", escape(f"{text.name} "), style=_SMALL) if text.name else ""
    pieces = [
        element("span", escape(piece), style=_MARKED) if at % 2 else escape(piece)
        for at, piece in enumerate(text.pieces)
    ]
    return element("div", said, element("span", *pieces, style=_WRITTEN, dir="auto"), dir="auto")


def chip_style(color: str | None) -> str:
    """Of a label's name on its own colour; without one, on grey."""
    ground = "background:rgba(128,128,128,0.15)" if color is None else f"background:{color};color:{INKS[color]}"
    return f"{ground};padding:0 6px;border-radius:3px;margin-right:4px"


def _side(side: Side, colors: Colors) -> str:
    chips = [element("bdi", escape(label), style=chip_style(colors.get(label))) for label in side.labels]
    name = element("bdi", escape(f"{side.name} "), style=MUTED)
    return element("span", name, " ".join(chips) or "–", " ✓" if side.right else "")


def _arrow(arrow: Arrow, colors: Colors) -> str:
    """The two entities with what leads from one to the other; a dotted line for nothing."""
    name = element("bdi", escape(f"{arrow.name} "), style=f"{MUTED};min-width:5em;display:inline-block")
    ends = [element("bdi", escape(end), style=_END) for end in (arrow.start, arrow.end)]
    chip = element("bdi", escape(arrow.said), style=chip_style(None if arrow.none else colors.get(arrow.label)))
    before, after = ("┄┄", "┄┄") if arrow.none else ("──", "─▶")
    line = [element("span", mark, style=_ARROW) for mark in (before, after)]
    return element(
        "div", name, ends[0], " ", line[0], " ", chip, line[1], " ", ends[1], " ✓" if arrow.right else "", dir="ltr"
    )


def _score(score: ShownScore, colors: Colors) -> str:
    fill = colors.get(score.label, GREY)
    stop = f"{100 * score.share:.1f}%"
    bar = f"linear-gradient(90deg,{fill} {stop},rgba(128,128,128,0.15) {stop})"
    drawn = f"display:inline-block;width:{_BAR_PX}px;height:8px;margin-right:6px;background:{bar}"
    name = element("bdi", escape(score.label))
    return element("span", element("span", style=drawn), name, escape(f" {score.text}"))
