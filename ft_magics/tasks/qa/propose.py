"""Data that nobody has described yet → what a cell would say of them as questions with contexts."""

from __future__ import annotations

from ft_magics.config.references import Reference
from ft_magics.data.examples import Corpus
from ft_magics.errors import DataError
from ft_magics.tasks.proposal import Proposal
from ft_magics.tasks.qa.checks import check_corpus
from ft_magics.tasks.qa.reader import read_split

__all__ = ["propose"]

_FIT = 0.95  # a question, a context and its answers are hardly anything else
_MOST_TEXTS = 1000  # by which the language is seen


def propose(source: str | Reference) -> Proposal:
    """How questions would be read.

    Raises:
        DataError: There are none.
    """
    split = read_split("train", source)
    check_corpus(Corpus(train=split))
    without = sum(not example.gold for example in split.examples)
    contexts = {example.text for example in split.examples}
    lacking = f", {without:,} without an answer" if without else ""
    found = (
        f"{len(split.examples):,} questions about {len(contexts):,} contexts{lacking}, the longest "
        f"{max(map(len, contexts)):,} characters"
    )
    if not any(example.question.strip() for example in split.examples):
        raise DataError(f"{split.source}: all questions are empty")
    return Proposal(
        examples=len(split.examples),
        found=[found, *split.notes],
        texts=[f"{example.question} {example.text[:500]}" for example in split.examples[:_MOST_TEXTS]],
        fit=_FIT,
    )
