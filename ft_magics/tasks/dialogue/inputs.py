"""Dialogues that are to be answered, as a person hands them over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

from ft_magics.data.cells import is_list
from ft_magics.data.written import read_written
from ft_magics.errors import DataError, type_name
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.turn_shapes import turns_in
from ft_magics.tasks.dialogue.turns import ASSISTANT, USER, Dialogue

__all__ = ["is_one_dialogue", "read_asked"]

_EXPECTED = "what the user says, a list of messages such as `{'role': 'user', 'content': …}`, or a list of either"


def is_one_dialogue(inputs: Any) -> bool:
    """Whether this is one dialogue: a text, or a list of messages."""
    return isinstance(inputs, str) or (
        is_list(inputs) and len(inputs) > 0 and all(_is_message(item) for item in inputs)
    )


def _is_message(item: Any) -> bool:
    return isinstance(item, Mapping)


class _Said:
    """Raises the first fault."""

    def add(self, _: str, place: str, fault: str) -> None:
        raise DataError(f"{place}: {fault}")


def read_asked(inputs: Any) -> list[Dialogue]:
    """Dialogues whose last turn is the user's.

    Args:
        inputs: A text, a list of messages, or a list of these.

    Raises:
        DataError: They are none, are empty, begin or end with the assistant, or have a side that nobody knows.
    """
    items = [inputs] if is_one_dialogue(inputs) else inputs
    if isinstance(items, (bytes, Mapping)) or not isinstance(items, Iterable):
        raise DataError(f"inputs is {type_name(items)}; expected {_EXPECTED}")
    return [_dialogue(item, f"inputs[{at}]") for at, item in enumerate(items)]


def _dialogue(item: Any, place: str) -> Dialogue:
    written = read_written(item)
    if is_list(written) and all(map(_is_message, written)):  # as a table holds it
        item = written
    if isinstance(item, str):
        turns = turns_in([item], DialogueOptions(), place, _Said())
    elif is_list(item) and len(item):
        turns = turns_in(item, DialogueOptions(), place, _Said())
    else:
        raise DataError(f"{place} is {type_name(item)}; expected {_EXPECTED}")
    empty = next((number for number, turn in enumerate(turns, 1) if not turn.text), None)
    if empty is not None:
        raise DataError(f"{place}, turn {empty} is empty; expected what the {turns[empty - 1].role} says")
    others = [turn for turn in turns if turn.role in (USER, ASSISTANT)]
    if not others or others[-1].role != USER:
        raise DataError(
            f"{place} ends with the {turns[-1].role}; the last turn has to be the user's, which is answered"
        )
    if others[0].role == ASSISTANT:
        raise DataError(f"{place} begins with the assistant; the first turn has to be the user's")
    for number, (one, two) in enumerate(pairwise(turns), 2):
        if one.role == two.role:
            raise DataError(f"{place}, turn {number}: the {two.role} speaks twice in a row; join the two turns")
    return Dialogue(tuple(turns), place, asked=True)
