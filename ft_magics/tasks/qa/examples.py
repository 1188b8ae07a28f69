"""What the reader of questions gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ft_magics.data.examples import Split
from ft_magics.evaluation.answers.answered import Gold, Passage
from ft_magics.evaluation.answers.rules import Rules

__all__ = ["Question", "QuestionSplit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about a context.

    Args:
        question: As it stands in its source.
        passage: The context; of one that was read from a file of predictions perhaps parts only.
        gold: The answers, none for a question without one; None where they are not known.
        key: The question's own id, by which predictions name it.
        id: Where it stands, such as `dev.json, question 56be4db0`.
        rules: Whose its score is counted by.
    """

    question: str
    passage: Passage
    gold: tuple[Gold, ...] | None = None
    key: str = ""
    id: str = ""
    rules: Rules = "squad"

    @property
    def text(self) -> str:
        """The context: questions about the same one are kept in one split."""
        return self.passage.text

    @property
    def span(self) -> tuple[int, int] | None:
        """The answer that is trained on: of several places the most frequent, of equally frequent ones the first."""
        places = Counter((gold.start, gold.end) for gold in self.gold or () if gold.start is not None)
        if not places:
            return None
        (start, end), _ = places.most_common(1)[0]
        return (start, end) if start is not None and end is not None else None

    @property
    def is_trained_on(self) -> bool:
        """Whether it is a question at all whose answer is known, or known not to be there."""
        known = self.gold is not None and (not self.gold or self.span is not None)
        return known and bool(self.question.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionSplit(Split[Question]):
    """A split of questions.

    Args:
        answers: How many gold answers there are.
        repairs: How many of them were mended, by kind; see `spans.py`.
    """

    answers: int = 0
    repairs: Mapping[str, int] = field(default_factory=dict)
