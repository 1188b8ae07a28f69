"""Turns → the text that a model reads, and which of its characters are the assistant's.

A chat template is a program that may do anything with the turns, so where an answer stands in the text is found by
rendering the dialogue up to it, with the words that ask for an answer, and once more with the answer: what is more is
the answer and what ends it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ft_magics.errors import DataError, ModelError
from ft_magics.markup import terminal_line
from ft_magics.tasks.dialogue.turns import ASSISTANT, USER, Turn
from ft_magics.tasks.writing.pieces import Piece

__all__ = ["PLAIN", "ChatText", "complete_template"]

PLAIN = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + eos_token + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)

Span = tuple[int, int]


class ChatText:
    """Renders turns and makes tokens of them.

    Args:
        tokenizer: With a chat template and an end token.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._special = tuple(token for token in map(str, tokenizer.all_special_tokens) if token)
        self.ends = self._ends()

    def render(self, turns: Sequence[Turn], *, place: str, asks: bool = False) -> str:
        """The text of some turns.

        Args:
            turns: In order.
            place: Where they stand, for messages.
            asks: Whether the text ends with what an answer begins after.

        Raises:
            DataError: The template refuses them.
        """
        messages = [turn.to_message() for turn in turns]
        try:
            text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=asks)
        except Exception as error:  # a template is a program of another's
            reason = terminal_line(str(error))[:200]
            raise DataError(
                f"{place}: the chat template does not take these turns ({type(error).__name__}: {reason}); take "
                "`template: plain`, or leave out what it refuses"
            ) from error
        return str(text)

    def spans(self, turns: Sequence[Turn], *, place: str) -> tuple[str, list[Span]]:
        """The text of some turns, and begin and end of each answer in it, with what ends the answer.

        Args:
            turns: In order.
            place: Where they stand, for messages.

        Raises:
            DataError: The template refuses them, or does not show an answer as it is.
        """
        text = self.render(turns, place=place)
        found: list[Span] = []
        for at, turn in enumerate(turns):
            if turn.role != ASSISTANT:
                continue
            before = self.render(turns[:at], place=place, asks=True)
            whole = text if at == len(turns) - 1 else self.render(turns[: at + 1], place=place)
            found.append(self._span(text, before, whole, turn, begin=found[-1][1] if found else 0, place=place))
        return text, found

    def _span(self, text: str, before: str, whole: str, turn: Turn, *, begin: int, place: str) -> Span:
        """Where an answer is.

        Args:
            text: Of the whole dialogue.
            before: Of the turns before the answer, and what asks for it.
            whole: Of the turns up to the answer.
            turn: The answer.
            begin: Where it begins at the earliest.
            place: For messages.
        """
        rest = whole[len(before) :] if whole.startswith(before) else ""
        words = turn.text.split()
        if words and words[-1] in rest and text.startswith(before) and text.startswith(rest, len(before)):
            return len(before), len(before) + len(self._stripped(rest))
        start, own = text.find(turn.text, begin), whole.rfind(turn.text)  # former turns are shown in another way
        if start < 0 or own < 0:
            raise DataError(
                f"{place}: the chat template does not show an answer of the assistant's as it is, so it cannot be told "
                "which tokens are to be learned; take `template: plain`"
            )
        end, tail = start + len(turn.text), self._stripped(whole[own + len(turn.text) :])
        return start, end + len(tail) if text.startswith(tail, end) else end

    def _stripped(self, rest: str) -> str:
        """An answer without the white space behind the special token that ends it."""
        bare = rest.rstrip()
        return bare if bare.endswith(self._special) else rest

    def piece(self, example: int, turns: Sequence[Turn], *, place: str) -> Piece:
        """The tokens of some turns, of which those of the answers are asked for.

        A token that begins before an answer is not asked for; none is known to where a special token or a line end
        stands there.

        Args:
            example: Index of the dialogue.
            turns: In order.
            place: Where they stand, for messages.
        """
        text, spans = self.spans(turns, place=place)
        encoded = self._tokenizer(text, add_special_tokens=False, return_offsets_mapping=True, verbose=False)
        begins = np.array([begin for begin, _ in encoded["offset_mapping"]], dtype=np.int64)
        asked = np.zeros(len(begins), dtype=np.bool_)
        for begin, end in spans:
            asked |= (begins >= begin) & (begins < end)
        asked[:1] = False
        return Piece(example, np.array(encoded["input_ids"], dtype=np.int32), asked)

    def prompt(self, turns: Sequence[Turn], *, place: str) -> list[int]:
        """The tokens after which an answer begins."""
        text = self.render(turns, place=place, asks=True)
        ids: list[int] = self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        return ids

    def _ends(self) -> tuple[int, ...]:
        """The tokens that end an answer: what stands behind any in a dialogue, and the end token."""
        end: int | None = self._tokenizer.eos_token_id
        last = []
        for answer in ("b", "c"):
            turns = (Turn(USER, "a"), Turn(ASSISTANT, answer))
            piece = self.piece(0, turns, place="the model")
            last.append(int(piece.ids[piece.asked][-1]) if piece.asked.any() else -1)
        shared = [last[0]] if last[0] == last[1] >= 0 else []
        return tuple(dict.fromkeys([*shared, *([] if end is None else [end])]))


def complete_template(tokenizer: Any, named: str, own: str | None) -> list[str]:
    """Give a tokenizer its chat template.

    Args:
        tokenizer: That gets it.
        named: What the cell says: `model`, `plain`, or a template.
        own: The one beside the model; None where there is none.

    Returns:
        A sentence on what was chosen.

    Raises:
        ModelError: It has no end token, or the template cannot be used.
    """
    if tokenizer.eos_token_id is None:
        raise ModelError(
            "model: its tokenizer has no special token at all, so nothing can end an answer; set "
            "`tokenizer.eos_token` and save it again"
        )
    said = "the model's own chat template"
    if named == "plain" or (named == "model" and own is None):
        lacks = "" if named == "plain" else "the model has no chat template; "
        end = tokenizer.eos_token
        said = (
            f"{lacks}a plain one is saved with the tokenizer: a turn is `role: text`, the end token {end}, a line end"
        )
    elif named != "model":
        said = "the cell's chat template is saved with the tokenizer"
    tokenizer.chat_template = {"model": own or PLAIN, "plain": PLAIN}.get(named, named)
    try:
        ChatText(tokenizer)
    except DataError as error:
        fault = str(error).removeprefix("the model: ")
        where = "model" if named in ("model", "plain") else "task.dialogue.template"
        raise ModelError(f"{where}: {fault}") from error
    return [said]
