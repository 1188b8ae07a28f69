"""`TextReport`: everything that is known about texts that a model wrote, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ft_magics.evaluation.record import count_field, map_of, maybe, number_field, object_of, text_field
from ft_magics.evaluation.score_report import ReportForm, ScoreReport
from ft_magics.evaluation.texts.evidence import TextEvidence
from ft_magics.sections import Section

__all__ = ["TextBucket", "TextReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBucket:
    """Scores of the examples in one bucket; `ratio` is words of the outputs for each of the references'."""

    label: str
    examples: int
    scores: dict[str, float | None]
    ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TextReport(ScoreReport[TextBucket, TextEvidence]):
    """Scores and examples of one set of texts. What else it has is said at `ScoreReport`.

    Args:
        examples: How many, S.
        scores: By name, the headline first: `chrf` and `bleu` from 0 to 100, `rougeL` and its like from 0 to 1.
        signatures: How each score was computed, by its label.
        lists: Examples by `texts`: the worst first.
    """

    form: ClassVar = ReportForm(
        kind="texts",
        schema=1,
        size="{0.examples:,} examples",
        plain=("title", "examples", "signatures", "resamples", "history", "notes"),
        own={"examples": count_field, "signatures": map_of(text_field)},
        bucket=object_of(
            {"label": text_field, "examples": count_field, "scores": map_of(maybe(number_field)), "ratio": number_field}
        ),
        read_bucket=TextBucket,
    )

    examples: int
    signatures: dict[str, str]

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open.
            brief: Scores and how they were computed only.
        """
        from ft_magics.evaluation.texts.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)
