"""Cards of answers as text, for a terminal."""

from __future__ import annotations

from ft_magics.evaluation.joining import join_words
from ft_magics.markup import percent, terminal_line
from ft_magics.sections import Card

__all__ = ["card_text"]


def card_text(card: Card) -> str:
    """An answer in a line: the text, and what it was taken for."""
    data = card.data
    if card.kind == "spans":
        words = list(data["words"])
        text = join_words(words, spaces=bool(data.get("spaces", True)))
        answers = [f"{kind} {''.join(words[start:end])}" for start, end, kind in data.get("predicted", ())]
    elif card.kind == "labels":
        text = " | ".join(filter(None, (data["text"], data.get("pair"))))
        answers = list(data.get("predicted", ()))
    else:
        text, answers = "", [f"{name}: {said}" for name, said in data["texts"]]
    sure = data.get("confidence")
    shown = ", ".join(answers) or "nothing"
    return terminal_line(f"{text} → {shown}{'' if sure is None else f' ({percent(sure)} %)'}")
