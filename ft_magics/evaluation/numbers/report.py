"""`NumberReport`: everything that is known about predicted numbers, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ft_magics.evaluation.numbers.evidence import NumberEvidence
from ft_magics.evaluation.record import count_field, list_of, maybe, number_field, object_of, row_of, text_field
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.score_report import ReportForm, ScoreReport
from ft_magics.sections import Section

__all__ = ["NumberBucket", "NumberReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberBucket:
    """Errors of the examples in one bucket; `bias` is the mean of predicted less gold."""

    label: str
    examples: int
    rmse: float | None
    mae: float | None
    bias: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberReport(ScoreReport[NumberBucket, NumberEvidence]):
    """Scores and errors of one set of predicted numbers. What else it has is said at `ScoreReport`.

    Args:
        examples: How many, S.
        scores: `rmse` (the headline), `mae`, `r2`, `pearson`, `spearman`; None where one does not exist.
        points: Gold and predicted number of some examples, drawn evenly.
        lists: Examples by `errors`: the greatest first.
    """

    form: ClassVar = ReportForm(
        kind="numbers",
        schema=1,
        size="{0.examples:,} examples",
        plain=("title", "examples", "points", "resamples", "history", "notes"),
        own={"examples": count_field, "points": list_of(row_of(number_field, number_field))},
        bucket=object_of(
            {
                "label": text_field,
                "examples": count_field,
                **dict.fromkeys(("rmse", "mae", "bias"), maybe(number_field)),
            }
        ),
        read_bucket=NumberBucket,
        read={"points": lambda rows: [(gold, pred) for gold, pred in rows]},
    )

    examples: int
    points: list[tuple[float, float]]

    @property
    def headline(self) -> Score:
        """The root of the mean squared error."""
        return self.scores["rmse"]

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open.
            brief: Scores and the plot of errors only.
        """
        from ft_magics.evaluation.numbers.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)
