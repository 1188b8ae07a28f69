"""`AnswerReport`: everything that is known about answers that were extracted, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ft_magics.evaluation.answers.cards import ANSWER_CARDS
from ft_magics.evaluation.answers.evidence import AnswerEvidence
from ft_magics.evaluation.record import count_field, map_of, maybe, object_of, row_of, share_field, text_field
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.score_report import ReportForm, ScoreReport
from ft_magics.sections import Section

__all__ = ["AnswerBucket", "AnswerReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBucket:
    """Scores of the questions in one bucket."""

    label: str
    examples: int
    f1: float
    exact_match: float
    interval: tuple[float, float] | None = None  # of F1, of question words


def _bucket(*, interval: list[float] | None, **others: Any) -> AnswerBucket:
    return AnswerBucket(**others, interval=None if interval is None else (interval[0], interval[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReport(ScoreReport[AnswerBucket, AnswerEvidence]):
    """Scores and mistakes of one set of answers. What else it has is said at `ScoreReport`.

    Args:
        examples: How many questions, S.
        scores: `f1` (the headline) and `exact_match`, as shares from 0 to 1; where some questions have no answer also
            `answerable_f1`, `answerable_exact_match` and `no_answer_accuracy`.
        by_rules: How many questions were counted by whose rules.
        lists: Questions: `mistakes`, `surest mistakes`.
    """

    form: ClassVar = ReportForm(
        kind="answers",
        schema=1,
        size="{0.examples:,} questions",
        plain=("title", "examples", "resamples", "by_rules", "history", "notes"),
        own={"examples": count_field, "by_rules": map_of(count_field)},
        bucket=object_of(
            {
                "label": text_field,
                "examples": count_field,
                **dict.fromkeys(("f1", "exact_match"), share_field),
                "interval": maybe(row_of(share_field, share_field)),
            }
        ),
        read_bucket=_bucket,
        cards=ANSWER_CARDS,
    )

    examples: int
    by_rules: dict[str, int] = field(default_factory=dict)

    @property
    def headline(self) -> Score:
        """F1."""
        return self.scores["f1"]

    @property
    def by_label(self) -> dict[str, float | None]:
        """F1 per question word."""
        return {item.label: item.f1 for item in self.buckets.get("question_word", [])}

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open.
            brief: Scores only.
        """
        from ft_magics.evaluation.answers.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)
