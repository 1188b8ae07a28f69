"""Cards of answers as text, for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ft_magics.evaluation.joining import join_words
from ft_magics.markup import percent, terminal_line
from ft_magics.sections import Card

__all__ = ["card_text"]


def card_text(card: Card) -> str:
    """An answer in a line: the text, and what it was taken for; before anything is predicted, its gold."""
    data = card.data
    if card.kind == "spans":
        words = list(data["words"])
        spaces = bool(data.get("spaces", True))
        text = join_words(words, spaces=spaces)
        answers = [f"{kind} {join_words(words[start:end], spaces=spaces)}" for start, end, kind in _said(data)]
    elif card.kind == "relation":
        first, second = (data["text"][slice(*data[name])] for name in ("e1", "e2"))
        text, answers = f"{data['text']} [{first} | {second}]", list(_said(data))
    elif card.kind == "labels":
        text = " | ".join(filter(None, (data["text"], data.get("pair"))))
        answers = list(_said(data))
    elif card.kind == "answer":
        text, answers = data["question"], list(_said(data))
    else:
        text, answers = "", [f"{name}: {said}" for name, said in data["texts"]]
    sure = data.get("confidence")
    shown = ", ".join(answers) or "nothing"
    return terminal_line(f"{text} → {shown}{'' if sure is None else f' ({percent(sure)} %)'}")


def _said(data: Mapping[str, Any]) -> Sequence[Any]:
    found: Sequence[Any] = data.get("predicted", data.get("gold", ()))
    return found
