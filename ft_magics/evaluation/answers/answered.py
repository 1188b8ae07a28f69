"""A question with its context, its gold answers and what was predicted: what a report of answers is made of."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ft_magics.evaluation.answers.rules import Rules

__all__ = ["Answered", "Candidate", "Gold", "Passage", "at_borders"]

_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")


@dataclass(frozen=True, slots=True)
class Gold:
    """A gold answer.

    Args:
        text: As the data have it.
        start: First character in the context; None where it has no place there.
        end: Character after the last; None where it has no place there.
    """

    text: str
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Candidate:
    """An answer that was found.

    Args:
        text: As in the context; empty for no answer.
        start: First character in the context; None for no answer, or where it is not known.
        probability: From 0 to 1; None where it is not known.
    """

    text: str
    start: int | None = None
    probability: float | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A context, or of a long one the parts that a report needs.

    Args:
        length: Characters of the whole.
        parts: Pairs of the first character's place and text, in order, no two of them touching.
    """

    length: int
    parts: tuple[tuple[int, str], ...]

    @classmethod
    def of(cls, context: str) -> Passage:
        """The whole of a context."""
        return cls(len(context), ((0, context),))

    @property
    def text(self) -> str:
        """The whole, or its parts with `…` between them."""
        return " … ".join(text for _, text in self.parts)

    def around(self, spans: Iterable[tuple[int, int]], margin: int) -> Passage:
        """The parts near some spans; without spans the beginning.

        Args:
            spans: Pairs of first character and character after the last.
            margin: How many characters before and behind each are kept.
        """
        wanted = sorted((start - margin, end + margin) for start, end in spans) or [(0, 2 * margin)]
        joined = [wanted[0]]
        for start, end in wanted[1:]:
            if start <= joined[-1][1] + margin // 2:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        kept = []
        for at, text in self.parts:
            for start, end in joined:
                low, high = max(start - at, 0), min(end - at, len(text))
                if low < high:
                    low, high = at_borders(text, low, high)
                    kept.append((at + low, text[low:high]))
        return Passage(self.length, tuple(kept))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A question that was answered.

    Args:
        key: The question's own id.
        row: Where it stands, such as `dev.json, question 12`.
        question: As it was asked.
        passage: What it was asked about; None where that is not known.
        gold: Its gold answers; none for a question without an answer.
        rules: Whose its score is counted by.
        predicted: What was given; None where there is no prediction.
        n_best: The most probable answers, no answer included.
    """

    key: str
    row: str
    question: str
    passage: Passage | None
    gold: Sequence[Gold]
    rules: Rules
    predicted: Candidate | None
    n_best: Sequence[Candidate] = ()


def at_borders(text: str, start: int, end: int) -> tuple[int, int]:
    """A span that does not cut a letter from its combining marks, grown where it did."""
    while 0 < start < len(text) and _continues(text, start):
        start -= 1
    while 0 < end < len(text) and _continues(text, end):
        end += 1
    return start, end


def _continues(text: str, at: int) -> bool:
    return unicodedata.category(text[at])[0] == "M" or text[at] in _JOINERS or text[at - 1] == "\u200d"
