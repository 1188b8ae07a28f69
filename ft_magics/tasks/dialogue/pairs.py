"""Rows of what a user asks and what the assistant answers, as instructions are written → dialogues of two turns.

Understood are `instruction`, `input`, `output` (Alpaca; Taori et al. 2023) and columns such as `prompt` and `response`,
with `system`, and with `history` as a list of pairs, where they are there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ft_magics.config.tree import is_broken
from ft_magics.data.cells import Rows, fold, is_list, is_missing
from ft_magics.data.faults import list_faults, list_names, quoted, show
from ft_magics.errors import DataError
from ft_magics.tasks.dialogue.config import DialogueOptions
from ft_magics.tasks.dialogue.turns import ASSISTANT, SYSTEM, USER, Dialogue, Turn

__all__ = ["Pairs", "find_pairs", "names_in"]

_ASKED = ("instruction", "prompt", "question", "query", "user", "human", "指令", "问题", "提问")
_MORE = ("input", "context", "输入")  # belongs to an instruction
_ANSWERED = ("output", "response", "completion", "answer", "reply", "assistant", "bot", "输出", "回答", "答案", "回复")
_PAIR = 2


@dataclass(frozen=True, slots=True)
class Pairs:
    """Indices of columns: the parts of what is asked, the answer, and what the system says and what was said before."""

    asked: tuple[int, ...]
    answered: int
    system: int | None
    history: int | None

    def sentence(self, rows: Rows) -> str:
        """Which columns were taken for what, and which were not read."""
        used = (*self.asked, self.answered, self.system, self.history)
        rest = [name for at, name in enumerate(rows.columns) if at not in used]
        asked = " and ".join(quoted(rows.columns[at]) for at in self.asked)
        unread = f"; not read: {list_names(rest)}" if rest else ""
        return f"{asked} as what the user says, {quoted(rows.columns[self.answered])} as the answer{unread}"

    def read(self, rows: Rows) -> list[Dialogue]:
        """A dialogue a row.

        Raises:
            DataError: A cell is no text; the message has the row.
        """
        faults: list[tuple[str, str]] = []
        found = []
        for place, cells in zip(rows.places, rows.cells, strict=True):
            system = [] if self.system is None else [(SYSTEM, cells[self.system])]
            before = [] if self.history is None else _before(cells[self.history])
            asked = [cells[at] for at in self.asked]
            said = [*system, *before, *((USER, part) for part in asked), (ASSISTANT, cells[self.answered])]
            odd = next((text for _, text in said if not is_missing(text) and not isinstance(text, str)), None)
            if odd is not None:
                faults.append((place, f"found {show(odd)}, expected a text"))
                continue
            broken = next((text for _, text in said if isinstance(text, str) and is_broken(text)), None)
            if broken is not None:
                faults.append((place, f"{broken[:60]!a} holds half a surrogate pair; mend the text"))
                continue
            turns = [Turn(role, text.strip()) for role, text in (*system, *before) if isinstance(text, str)]
            turns = [turn for turn in turns if turn.role != SYSTEM or turn.text]
            question = "\n".join(part.strip() for part in asked if isinstance(part, str) and part.strip())
            answer = cells[self.answered]
            found.append(
                Dialogue(
                    (*turns, Turn(USER, question), Turn(ASSISTANT, answer.strip() if isinstance(answer, str) else "")),
                    place,
                )
            )
        if faults:
            raise DataError(list_faults(faults))
        return found


def _before(history: Any) -> list[tuple[str, Any]]:
    """What was said before: a list of pairs; anything else as it is, to be refused."""
    if is_missing(history) or (is_list(history) and not len(history)):
        return []
    if is_list(history) and all(is_list(pair) and len(pair) == _PAIR for pair in history):
        return [turn for asked, answer in history for turn in ((USER, asked), (ASSISTANT, answer))]
    return [(USER, [history])]


def names_in(options: DialogueOptions) -> frozenset[str]:
    """Folded names of columns by which a header is known: usual ones of such rows, and those that a cell gives."""
    named = (options.turns_column, options.role_column, options.text_column, options.id_column)
    return frozenset((*_ASKED, *_MORE, *_ANSWERED, *(fold(name) for name in named if isinstance(name, str))))


def find_pairs(rows: Rows, options: DialogueOptions) -> Pairs | None:
    """The columns of questions and answers; None where they have no usual names, or a cell names columns of turns."""
    if not rows.named or options.role_column is not None or options.text_column is not None:
        return None
    there = {fold(column): at for at, column in reversed(list(enumerate(rows.columns)))}
    asked, answered = _first(_ASKED, there), _first(_ANSWERED, there)
    more = _first(_MORE, there)
    if answered is None or (asked is None and more is None):
        return None
    if asked is None or fold(rows.columns[asked]) not in ("instruction", "指令"):
        more = more if asked is None else None
    parts = tuple(at for at in (asked, more) if at is not None)
    return Pairs(parts, answered, _first(("system",), there), _first(("history",), there))


def _first(names: Sequence[str], there: dict[str, int]) -> int | None:
    return next((there[name] for name in names if name in there), None)
