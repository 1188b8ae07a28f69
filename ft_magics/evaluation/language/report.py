"""`LanguageReport`: everything that is known about a language model on held-out text, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ft_magics.evaluation.language.evidence import LanguageEvidence
from ft_magics.evaluation.record import count_field, maybe, number_field, object_of, text_field
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.score_report import ReportForm, ScoreReport
from ft_magics.sections import Section

__all__ = ["LanguageBucket", "LanguageReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageBucket:
    """Scores of the documents in one bucket; `asked` counts the tokens that were to be predicted."""

    label: str
    documents: int
    asked: int
    perplexity: float | None
    accuracy: float | None
    bits_per_byte: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageReport(ScoreReport[LanguageBucket, LanguageEvidence]):
    """Scores of one language model on one set of documents. What else it has is said at `ScoreReport`.

    Reports are compared too whose tokenizers differ.

    Args:
        documents: How many, S.
        tokens: In all of them.
        asked: How many of these were to be predicted.
        scores: `perplexity` (the headline), an accuracy, `bits_per_byte`, perhaps others; None where one does not
            exist.
        lists: Blanks with what the model puts there: `blanks`; or tokens with what the model takes them for: `judged`.
    """

    form: ClassVar = ReportForm(
        kind="language",
        schema=1,
        size="{0.asked:,} tokens of {0.documents:,} documents",
        plain=("title", "documents", "tokens", "asked", "resamples", "history", "notes"),
        own=dict.fromkeys(("documents", "tokens", "asked"), count_field),
        bucket=object_of(
            {
                "label": text_field,
                "documents": count_field,
                "asked": count_field,
                **dict.fromkeys(("perplexity", "accuracy", "bits_per_byte"), maybe(number_field)),
            }
        ),
        read_bucket=LanguageBucket,
    )

    documents: int
    tokens: int
    asked: int

    @property
    def headline(self) -> Score:
        """The perplexity: lower is better."""
        return self.scores["perplexity"]

    @property
    def by_label(self) -> dict[str, float | None]:
        """The perplexity per script, where there are several."""
        rows = self.buckets.get("script", [])
        return {item.label: item.perplexity for item in rows} if len(rows) > 1 else {}

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open.
            brief: Scores and a few blanks only.
        """
        from ft_magics.evaluation.language.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)
