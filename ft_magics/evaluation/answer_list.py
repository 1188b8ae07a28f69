"""What `Run.predict` gives: a list like any other, which a notebook draws with the texts that were asked about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any, SupportsIndex, TypeVar, overload

from ft_magics.evaluation.card_html import card_html
from ft_magics.evaluation.label_colors import colors_of, named_by
from ft_magics.markup import MUTED, element
from ft_magics.sections import Card

__all__ = ["MOST_DRAWN", "Answers"]

MOST_DRAWN = 50
_MOST_CHARACTERS = 400_000  # of HTML, which a notebook keeps: texts can be as long as books

A = TypeVar("A")
Draw = Callable[[int], Card]


class Answers(list[A]):
    """A list of answers. One that was changed in place is drawn as a plain list: nobody knows which text is whose.

    Args:
        answers: One per input.
        draw: Gives the card of an answer by its place; None for a list that cannot be drawn.
        labels: What can be answered, in the order of their colours; of tags such as `B-PER` their types.
    """

    def __init__(self, answers: Iterable[A] = (), draw: Draw | None = None, labels: Sequence[str] = ()) -> None:
        super().__init__(answers)
        self._draw = draw
        self._labels = named_by(labels)

    @overload
    def __getitem__(self, at: SupportsIndex, /) -> A: ...
    @overload
    def __getitem__(self, at: slice, /) -> Answers[A]: ...
    def __getitem__(self, at: SupportsIndex | slice, /) -> A | Answers[A]:
        """An answer, or some of them, which are drawn too."""
        if not isinstance(at, slice):
            return super().__getitem__(at)
        return Answers(super().__getitem__(at), _some(self._draw, range(len(self))[at]), self._labels)

    def card(self, at: int) -> Card:
        """The card of one answer.

        Raises:
            ValueError: The list cannot be drawn.
        """
        if self._draw is None:
            raise ValueError("this list was changed, so nobody knows which answer is whose")
        return self._draw(at)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled with its cards: the model that draws them stays where it is."""
        return _unpickled, (list(self), self._cards(len(self)), self._labels)

    def _repr_html_(self) -> str | None:
        """The first of them as cards; None, and so a plain list, where they cannot be drawn."""
        cards = self._cards(MOST_DRAWN)
        if not cards:
            return None
        colors = colors_of((), self._labels)
        items, size = [], 0
        for card in cards:
            item = element("li", card_html(card, colors), style="margin:4px 0")
            size += len(item)
            if size > _MOST_CHARACTERS:
                break
            items.append(item)
        drawn = element("ol", *items) + _rest(len(items), len(self))
        return element("div", drawn, style="font-size:13px;line-height:1.5")

    def _cards(self, most: int) -> list[Card] | None:
        if self._draw is None:
            return None
        try:
            return [self._draw(at) for at in range(min(most, len(self)))]
        except Exception:  # noqa: BLE001  # a task that cannot draw has answered all the same
            return None


def _some(draw: Draw | None, places: range) -> Draw | None:
    return None if draw is None else lambda at: draw(places[at])


def _unpickled(answers: list[Any], cards: list[Card] | None, labels: tuple[str, ...]) -> Answers[Any]:
    return Answers(answers, None if cards is None else cards.__getitem__, labels)


def _rest(shown: int, total: int) -> str:
    """How many answers are not drawn, and how to see them."""
    if shown == total:
        return ""
    more = f"… and {total - shown:,} more; a slice draws others, such as `[{shown}:{shown + MOST_DRAWN}]`"
    return element("div", escape(more), style=MUTED)


def _forget_when_called(name: str) -> Any:
    change = getattr(list, name)

    def changed(self: Answers[Any], *given: Any, **named: Any) -> Any:
        self._draw = None
        return change(self, *given, **named)

    changed.__name__, changed.__doc__ = name, change.__doc__
    return changed


for _name in (
    *("__setitem__", "__delitem__", "__iadd__", "__imul__"),
    *("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"),
):
    setattr(Answers, _name, _forget_when_called(_name))
