"""Dialogues → pieces of text that the model takes, and prompts that it answers.

What is too long is cut where a turn of the user's begins: the end of a dialogue is one piece, and what was cut off
before it another one, so that every answer is learned once. The system's turn is kept in each.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence

from ft_magics.tasks.dialogue.templates import ChatText
from ft_magics.tasks.dialogue.turns import SYSTEM, Dialogue, Turn
from ft_magics.tasks.writing.pieces import Piece

__all__ = ["dialogue_pieces", "fitting_prompt"]


def _parts(turns: Sequence[Turn]) -> tuple[Sequence[Turn], Sequence[Turn]]:
    """The system's turn, if there is one, and the others."""
    count = 1 if turns and turns[0].role == SYSTEM else 0
    return turns[:count], turns[count:]


def _first_that_fits(count: int, fits: Callable[[int], bool]) -> int:
    """The least number below `count` that fits; `count - 1` where none does."""
    return bisect_left(range(count - 1), True, key=fits)


def dialogue_pieces(chat: ChatText, at: int, dialogue: Dialogue, *, longest: int) -> list[Piece]:
    """The pieces of one dialogue, the end of it first where there are several.

    Args:
        chat: Makes tokens of turns.
        at: Its index.
        dialogue: That begins with the user and ends with the assistant.
        longest: Most tokens of a piece.
    """
    whole = chat.piece(at, dialogue.turns, place=dialogue.id)
    if len(whole.ids) <= longest:
        return [whole]
    system, turns = _parts(dialogue.turns)

    def between(begin: int, end: int) -> Piece:
        return chat.piece(at, [*system, *turns[2 * begin : 2 * end]], place=dialogue.id)

    found: list[Piece] = []
    end = len(turns) // 2
    while end:
        begin = _first_that_fits(end, _fits(between, end, longest))
        piece = between(begin, end)
        if len(piece.ids) > longest:
            piece = _shortened(piece, longest)
        found.append(piece)
        end = begin
    return found


def _fits(between: Callable[[int, int], Piece], end: int, longest: int) -> Callable[[int], bool]:
    return lambda begin: len(between(begin, end).ids) <= longest


def _shortened(piece: Piece, longest: int) -> Piece:
    """A piece of one answer that is too long: half of it may stand before the answer, and the answer's end is lost."""
    first = int(piece.asked.argmax())
    learned = min(len(piece.ids) - first, max(longest // 2, longest - first))
    begin = max(0, first + learned - longest)
    span = slice(begin, begin + longest)
    asked = piece.asked[span].copy()
    asked[:1] = False
    return Piece(piece.example, piece.ids[span], asked, cut=True)


def fitting_prompt(chat: ChatText, turns: Sequence[Turn], *, room: int, place: str) -> tuple[list[int], int]:
    """The tokens that an answer is written after, and how many turns were left out for it.

    Args:
        chat: Makes tokens of turns.
        turns: Up to the user's last.
        room: Most tokens.
        place: Where the dialogue stands, for messages.
    """
    ids = chat.prompt(turns, place=place)
    if len(ids) <= room:
        return ids, 0
    system, others = _parts(turns)
    count = (len(others) + 1) // 2

    def after(begin: int) -> list[int]:
        return chat.prompt([*system, *others[2 * begin :]], place=place)

    begin = _first_that_fits(count, lambda first: len(after(first)) <= room)
    return after(begin)[-room:], 2 * begin
