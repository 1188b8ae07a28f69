"""A dialogue: turns of a user and an assistant, one after the other, perhaps after a word of the system.

Whatever a source has, a dialogue that was read begins with the user, alternates, has no empty turn and ends with the
assistant; what had to be changed for that is counted and said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

__all__ = ["ASSISTANT", "ROLES", "SYSTEM", "TOOLS", "USER", "Dialogue", "Repairs", "Turn", "role_named"]

USER, ASSISTANT, SYSTEM = "user", "assistant", "system"
ROLES = (USER, ASSISTANT, SYSTEM)
_USERS = (
    *("user", "human", "usr", "customer", "client", "prompter", "tourist", "seeker", "patient", "questioner", "buyer"),
    *("q", "用户", "客户", "顾客", "访客", "买家", "患者", "病人", "提问者", "问"),
)
_ASSISTANTS = (
    *("assistant", "gpt", "bot", "agent", "model", "chatgpt", "chatbot", "wizard", "ai", "supporter", "doctor"),
    *("answerer", "seller", "a", "助手", "客服", "机器人", "坐席", "卖家", "医生", "回答者", "答"),
)
_SYSTEMS = ("system", "developer", "系统", "sys")
_NAMES = {
    **dict.fromkeys(_USERS, USER),
    **dict.fromkeys(_ASSISTANTS, ASSISTANT),
    **dict.fromkeys(_SYSTEMS, SYSTEM),
}
TOOLS = frozenset(
    ("tool", "tools", "function", "function_call", "observation", "ipython", "tool_call", "tool_response")
)


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side says.

    Args:
        role: `user`, `assistant` or `system`.
        text: Never empty, white space around it apart.
    """

    role: str
    text: str

    def to_message(self) -> dict[str, str]:
        """As a chat template takes it."""
        return {"role": self.role, "content": self.text}


@dataclass(frozen=True, slots=True)
class Dialogue:
    """Turns in order.

    Args:
        turns: A system turn or none, then user and assistant by turns.
        id: Where it stands, such as `train.jsonl, line 12`.
        asked: Whether it ends with a turn of the user's that is to be answered.
    """

    turns: tuple[Turn, ...]
    id: str = ""
    asked: bool = False

    @property
    def text(self) -> str:
        """All that is said, a turn a line."""
        return "\n".join(turn.text for turn in self.turns)

    @property
    def answers(self) -> list[int]:
        """Indices of the assistant's turns."""
        return [at for at, turn in enumerate(self.turns) if turn.role == ASSISTANT]


@dataclass(slots=True)
class Repairs:
    """What was changed in dialogues so that they could be read.

    Args:
        counts: Dialogues by what was done to them.
        first: Where that was first done.
    """

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, str] = field(default_factory=dict)

    def note(self, what: str, place: str) -> None:
        """Count a dialogue."""
        self.counts[what] += 1
        self.first.setdefault(what, place)

    def sentences(self, name: str, total: int) -> list[str]:
        """One for each kind of change.

        Args:
            name: Of the source.
            total: Dialogues in it.
        """
        return [
            f"{name}: {count:,} of {total:,} dialogues {what}, the first at {self.first[what]}"
            for what, count in self.counts.items()
        ]

    def mended(self, dialogue: Dialogue) -> Dialogue | None:
        """The dialogue as it has to be; None where no answer of the assistant's is left in it."""
        turns = list(dialogue.turns)
        if any(not turn.text.strip() for turn in turns):
            self.note("had empty turns, which were left out", dialogue.id)
            turns = [turn for turn in turns if turn.text.strip()]
        system = turns[:1] if turns and turns[0].role == SYSTEM else []
        turns = turns[len(system) :]
        merged = _merged(turns)
        if len(merged) < len(turns):
            self.note("had turns of the same side one after the other, which were joined by a line end", dialogue.id)
        if merged and merged[0].role == ASSISTANT:
            self.note("began with the assistant, whose first turn was left out: it answers nobody", dialogue.id)
            merged = merged[1:]
        if merged and merged[-1].role == USER:
            self.note("ended with the user, whose last turn was left out: nothing answers it", dialogue.id)
            merged = merged[:-1]
        if not merged:
            self.note("were left out: no turn of the assistant's answers one of the user's", dialogue.id)
            return None
        return replace(dialogue, turns=(*system, *merged))


def _merged(turns: Sequence[Turn]) -> list[Turn]:
    return [
        Turn(role, "\n".join(turn.text for turn in run)) for role, run in groupby(turns, key=lambda turn: turn.role)
    ]


def role_named(name: str, own: Mapping[str, str]) -> str | None:
    """The role of a side by the name that a source has for it; None for one that nobody knows.

    Args:
        name: As it stands there.
        own: What a cell says of names, in lower case.
    """
    folded = name.strip().casefold()
    return own.get(folded) or _NAMES.get(folded)
