"""What may be written at a place, and which of it fits what is typed there."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

__all__ = ["Answer", "Choice", "fitting", "quoted_word", "shell_word"]

_PLAIN = re.compile(r"[^\W\d][\w./~+=@()-]*(?: [\w./~+=@()-]+)*|[./~][\w./~+=@()-]*|\d+[./-]*[^\W\d][\w./-]*")
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off", ".inf", ".nan", "~"})
_CLOSE = 0.6  # likeness of a word that was meant


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to write.

    Args:
        text: What is written.
        note: What is shown beside it, in few letters: its type, a default, where it comes from.
        name: What the user's letters are compared with, where that is another text.
        meaning: A sentence on it, for places that have room.
    """

    text: str
    note: str = ""
    name: str = ""
    meaning: str = ""

    @property
    def shown(self) -> str:
        """The note and the meaning."""
        return " · ".join(filter(None, (self.note, self.meaning))) or "value"


@dataclass(frozen=True, slots=True)
class Answer:
    """What is proposed at a place.

    Args:
        typed: The letters before the cursor that a choice takes the place of.
        choices: Best first.
    """

    typed: str
    choices: Sequence[Choice]


def fitting(choices: Iterable[Choice], typed: str) -> list[Choice]:
    """Those that begin with what is typed; else those that hold it; else those that are spelt alike."""
    unlike = list(choices)
    wanted = typed.casefold()
    names = [(choice.name or choice.text).casefold() for choice in unlike]
    for test in (str.startswith, str.__contains__):
        found = [choice for name, choice in zip(names, unlike, strict=True) if test(name, wanted)]
        if found:
            return found
    near = difflib.get_close_matches(wanted, names, n=3, cutoff=_CLOSE) if len(names) <= 500 else []
    return [choice for name in near for at, choice in enumerate(unlike) if names[at] == name]


def quoted_word(text: str) -> str:
    """A text as YAML has it, block style or flow style: in quotation marks where it would be read as something else."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML:
        return text
    return text if re.fullmatch(r"\$\w+|demo:[\w./-]+", text) else json.dumps(text, ensure_ascii=False)


def shell_word(text: str) -> str:
    """A text as one word of a magic's line."""
    return f'"{text}"' if any(sign.isspace() for sign in text) else text
