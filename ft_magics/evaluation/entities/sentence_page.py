"""Examples as static HTML: a sentence with its gold and predicted spans marked together.

Gold is underlined and followed by `gold PER`, predicted is tinted and followed by `predicted PER`: what a host strips
of the style, the words still say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from ft_magics.evaluation.joining import join_words, joint
from ft_magics.markup import MUTED, element, percent

__all__ = ["examples_html", "sentence_html"]

_GOLD = "text-decoration:underline"
_PRED = "background:rgba(230,159,0,0.3)"

PlacedSpan = Sequence[Any]  # start, end, type


def examples_html(examples: Sequence[Mapping[str, Any]]) -> str:
    """A list of examples, each with its row id, kind and confidence."""
    return element("ol", *(element("li", _example(example), style="margin:4px 0") for example in examples))


def _example(example: Mapping[str, Any]) -> str:
    about = [example["kind"], example["row"]]
    if example["confidence"] is not None:
        about.append(f"confidence {percent(example['confidence'])} %")
    if "reason" in example:
        about.append(example["reason"])
    marks = [("gold", span) for span in example["gold_spans"]] + [("predicted", span) for span in example["pred_spans"]]
    return sentence_html(example, marks) + element("div", escape(" · ".join(about)), style=f"{MUTED};font-size:12px")


def sentence_html(sentence: Mapping[str, Any], marks: Sequence[tuple[str, PlacedSpan]]) -> str:
    """A sentence with spans marked.

    Args:
        sentence: `words`, `spaces`, and `before` and `after` where it was cut.
        marks: Pairs of whose the span is and the span. Those of `gold` are underlined, others tinted.
    """
    words = sentence["words"]
    edges = {0, len(words)} | {min(max(edge, 0), len(words)) for _, span in marks for edge in span[:2]}
    cuts = sorted(edges)
    pieces = ["… "] if sentence.get("before") else []
    for start, end in pairwise(cuts):
        inside = [(whose, span) for whose, span in marks if span[0] < end and span[1] > start]
        closing = [f"{whose} {span[2]}" for whose, span in inside if span[1] == end or end == len(words)]
        pieces.append(_piece(words[start:end], sentence["spaces"], inside, closing))
        if end < len(words):
            pieces.append(joint(words[end - 1], words[end], spaces=sentence["spaces"]))
    return element("div", *pieces, *([" …"] if sentence.get("after") else []), dir="auto")


def _piece(words: Sequence[str], spaces: bool, inside: Sequence[tuple[str, PlacedSpan]], closing: Sequence[str]) -> str:
    text = escape(join_words(words, spaces=spaces))
    if not inside:
        return text
    styles = {_GOLD if whose == "gold" else _PRED for whose, _ in inside}
    labels = "".join(element("sub", " ", escape(label)) for label in closing)
    return element("span", element("b", text), labels, style=";".join(sorted(styles)))
