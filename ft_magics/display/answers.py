"""A model's answers to texts: cards below each other, or a box to type in that answers live."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from IPython.display import display

from ft_magics.display.host import find_host
from ft_magics.display.pages import Bundle, widget_bundle
from ft_magics.display.wire import to_wire
from ft_magics.evaluation.card_html import cards_html
from ft_magics.evaluation.card_text import card_text
from ft_magics.evaluation.label_colors import colors_of, named_by
from ft_magics.markup import element, heading
from ft_magics.sections import Card

__all__ = ["answers_bundle", "show_box"]


def answers_bundle(name: str, cards: Sequence[Card], labels: Sequence[str]) -> Bundle:
    """Answers for `display(…, raw=True)`; without a script, so that a saved notebook still shows them.

    Args:
        name: Of the model.
        cards: One an answer.
        labels: All that the model can give, for their colours.
    """
    html = element(
        "div", heading(name), cards_html(cards, colors_of((), named_by(labels))), style="font-size:13px;line-height:1.5"
    )
    return {"text/html": html, "text/plain": "\n".join(map(card_text, cards))}


def show_box(name: str, labels: Sequence[str], answer: Callable[[str], Sequence[Card]], shell: Any) -> None:
    """Show a box to type in; where no widget can live, say what to do instead.

    Args:
        name: Of the model.
        labels: All that the model can give, for their colours.
        answer: Takes what was typed, and gives a card per text.
        shell: The shell that shows it.
    """
    instead = f"To ask {name}, write texts below %%predict {name}, one a line."
    if find_host(shell) != "widget":
        print(instead)
        return
    from ft_widgets import PredictBox  # noqa: PLC0415  # only where a widget can live

    box = PredictBox(
        name=name, colors=colors_of((), named_by(labels)), answer=lambda text: [to_wire(card) for card in answer(text)]
    )
    display(widget_bundle(box, {"text/html": element("div", instead), "text/plain": instead}), raw=True)
