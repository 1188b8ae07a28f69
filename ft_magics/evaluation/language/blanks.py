"""A blank in a text, and what a model puts there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.errors import DataError
from ft_magics.sections import Card

__all__ = ["Blank", "blank_card", "blank_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Blank:
    """One place of a text that was asked for.

    Args:
        text: The text around it, with the blank as `____`.
        gold: What stands there; empty where nobody knows.
        guesses: Pairs of token and probability, the most probable first.
    """

    text: str
    gold: str
    guesses: tuple[tuple[str, float], ...]

    @property
    def right(self) -> bool | None:
        """Whether the first guess is what stands there; None where nobody knows."""
        return self.guesses[0][0] == self.gold if self.gold and self.guesses else None

    def card(self, row: str, **beside: Any) -> Card:
        """As a page shows it; see `blank_card`."""
        return blank_card(self, row, **beside)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"text": self.text, "gold": self.gold, "guesses": [[token, share] for token, share in self.guesses]}


def blank_of(record: Any) -> Blank:
    """The blank that `to_json` wrote.

    Raises:
        DataError: It did not write this.
    """
    try:
        guesses = tuple((str(token), float(share)) for token, share in record["guesses"])
        text, gold = record["text"], record["gold"]
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"expected a blank with its guesses ({type(error).__name__})") from error
    if not isinstance(text, str) or not isinstance(gold, str) or not all(0 <= share <= 1 for _, share in guesses):
        raise DataError("expected a blank with a text, its gold and guesses with probabilities")
    return Blank(text=text, gold=gold, guesses=guesses)


def blank_card(blank: Blank, row: str, **beside: Any) -> Card:
    """A blank as a page shows it; its data is a `LabelsData`.

    Args:
        blank: Which.
        row: Where it stands.
        beside: More of the card's data.
    """
    data: Mapping[str, Any] = {
        "text": blank.text,
        "predicted": [token for token, _ in blank.guesses[:1]],
        "scores": [(token, share) for token, share in blank.guesses],
        "confidence": blank.guesses[0][1] if blank.guesses else None,
        "right": blank.right,
        **({"gold": [blank.gold]} if blank.gold else {}),
        **beside,
    }
    return Card(kind="labels", row=row, data=data)
