"""A hidden token and the text around it, as a person reads it."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.data.letters import CJK
from ft_magics.evaluation.language.blanks import Blank
from ft_magics.tasks.masked.masking import Masking
from ft_magics.tasks.masked.rows import MaskedRow

__all__ = ["BLANK", "Guess", "blank_in", "place_to_show"]

BLANK = "____"
_AROUND = 24  # tokens on either side
_BETWEEN_CHINESE = re.compile(rf"(?<={CJK.pattern}) (?={CJK.pattern})")  # a space of the tokenizer's, not of the text

Guess = tuple[int, list[int], list[float]]  # place in the row, ids of the most probable tokens, their probabilities


def place_to_show(feature: MaskedRow, chosen: NDArray[np.bool_]) -> int | None:
    """Which of the hidden tokens of a row is shown to a person: one that begins a word, where there is one."""
    places = np.flatnonzero(chosen)
    if not len(places):
        return None
    first = [at for at in places.tolist() if feature.held_out.begins[feature.row.ids[at]]]
    among = first or places.tolist()
    return int(among[feature.row.row % len(among)])


def blank_in(feature: MaskedRow, guess: Guess, tokenizer: Any, masking: Masking) -> Blank:
    """The blank of a guess.

    Args:
        feature: The row.
        guess: Where, and what.
        tokenizer: Of the model.
        masking: How the row was hidden.
    """
    place, ids, shares = guess
    shown, _ = feature.hidden()
    inside = [at for at in range(len(shown)) if not masking.special[shown[at]] or shown[at] == masking.mask_id]
    at = inside.index(place)
    before, after = inside[max(0, at - _AROUND) : at], inside[at + 1 : at + 1 + _AROUND]
    gold = feature.row.ids[place]
    text = _joined(
        ("… " if at > _AROUND else "") + _text(shown[before], tokenizer),
        BLANK,
        _text(shown[after], tokenizer) + (" …" if len(inside) > at + 1 + _AROUND else ""),
        apart=bool(masking.begins[gold]),
    )
    return Blank(
        text=text,
        gold="" if feature.row.asked else _token_text(gold, tokenizer),
        guesses=tuple((_token_text(token, tokenizer), share) for token, share in zip(ids, shares, strict=True)),
    )


def _joined(before: str, blank: str, after: str, *, apart: bool) -> str:
    chinese = [CJK.match(side) is not None for side in (before[-1:], after[:1])]
    space = " " if apart and before and not chinese[0] else ""
    return f"{before}{space}{blank}{'' if chinese[1] else ' '}{after}".strip()


def _text(ids: NDArray[np.int64], tokenizer: Any) -> str:
    text = str(tokenizer.decode(ids.tolist(), clean_up_tokenization_spaces=True)).strip().removeprefix("##")
    return _BETWEEN_CHINESE.sub("", text)


def _token_text(token: int, tokenizer: Any) -> str:
    """A token as a person reads it."""
    return str(tokenizer.decode([int(token)])).strip() or str(tokenizer.convert_ids_to_tokens(int(token)))
