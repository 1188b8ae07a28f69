"""`LanguageReport`: everything that is known about a language model on held-out text, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.evaluation.bootstrap import LEVEL
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.language.evidence import LanguageEvidence
from ft_magics.evaluation.record import (
    check_schema,
    count_field,
    list_of,
    map_of,
    maybe,
    number_field,
    object_of,
    text_field,
)
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_record import CARDS, SCORE, Shown, score_of, score_record, shown_of
from ft_magics.evaluation.score_tables import number
from ft_magics.evaluation.tally import Tally
from ft_magics.sections import Section

if TYPE_CHECKING:
    import pandas as pd

    from ft_magics.evaluation.comparison import TallyComparison

__all__ = ["KIND", "SCHEMA", "LanguageBucket", "LanguageReport"]

SCHEMA = 1
KIND = "language"

_PLAIN = ("title", "documents", "tokens", "asked", "resamples", "history", "notes")
_BUCKET = object_of(
    {
        "label": text_field,
        "documents": count_field,
        "asked": count_field,
        **dict.fromkeys(("perplexity", "accuracy", "bits_per_byte"), maybe(number_field)),
    }
)
_REPORT = object_of(
    {
        "title": text_field,
        **dict.fromkeys(("documents", "tokens", "asked", "resamples"), count_field),
        "scores": map_of(SCORE),
        "buckets": map_of(list_of(_BUCKET)),
        "lists": map_of(CARDS),
        "notes": list_of(text_field),
    }
)


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
class LanguageReport:
    """Scores of one language model on one set of documents.

    Args:
        title: What was scored, such as `laws · dev`.
        documents: How many, S.
        tokens: In all of them.
        asked: How many of these were to be predicted.
        scores: `perplexity` (the headline), an accuracy, `bits_per_byte`, perhaps others; None where one does not
            exist.
        resamples: Of the bootstrap behind the intervals.
        buckets: Scores per attribute and bucket.
        lists: Blanks with what the model puts there: `blanks`; or tokens with what the model takes them for: `judged`.
        history: Dev scores per epoch.
        notes: Sentences that a reader of the numbers should know.
        evidence: The blanks, where they are in memory; no part of the JSON.
        tally: What each document adds, where they are in memory; no part of the JSON.
    """

    title: str
    documents: int
    tokens: int
    asked: int
    scores: dict[str, Score]
    resamples: int = 0
    buckets: dict[str, list[LanguageBucket]] = field(default_factory=dict)
    lists: dict[str, Shown] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: LanguageEvidence | None = field(default=None, compare=False, repr=False)
    tally: Tally | None = field(default=None, compare=False, repr=False)

    @property
    def headline(self) -> Score:
        """The perplexity: lower is better."""
        return self.scores["perplexity"]

    @property
    def by_label(self) -> dict[str, float | None]:
        """The perplexity per script, where there are several."""
        rows = self.buckets.get("script", [])
        return {item.label: item.perplexity for item in rows} if len(rows) > 1 else {}

    def summary(self) -> str:
        """The scores and counts in a line."""
        scores = [f"{score.metric.label} {number(score.metric, score.value)}" for score in self.scores.values()]
        return f"{', '.join(scores)} · {self.asked:,} tokens of {self.documents:,} documents"

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open.
            brief: Scores and a few blanks only.
        """
        from ft_magics.evaluation.language.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)

    def compare(self, others: Sequence[Any], *, resamples: int = 1000, seed: int = 0) -> TallyComparison:
        """Hold other reports of the same documents against this one; tokenizers may differ.

        Raises:
            DataError: They are not of the same documents; the message names the first that differs.
        """
        from ft_magics.evaluation.comparison import compare_tallies  # noqa: PLC0415  # few reports are compared

        return compare_tallies([self, *others], resamples=resamples, seed=seed)

    def to_json(self) -> dict[str, Any]:
        """Plain data; scores that do not exist are null."""
        return {
            "schema": SCHEMA,
            "kind": KIND,
            "level": LEVEL,
            **{name: getattr(self, name) for name in _PLAIN},
            "scores": {name: score_record(score) for name, score in self.scores.items()},
            "buckets": {name: [asdict(item) for item in rows] for name, rows in self.buckets.items()},
            "lists": {name: asdict(shown) for name, shown in self.lists.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> LanguageReport:
        """The report that `to_json` wrote, without its examples.

        Raises:
            DataError: It is no report, or a newer version wrote it.
        """
        check_schema(record, SCHEMA, KIND)
        _REPORT(record, "")
        try:
            report = cls(**_read(record))
            report.headline  # noqa: B018  # a report without it cannot be shown
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # a field that nobody knows
            raise DataError(f"this report is not whole ({type(error).__name__}: {error})") from error
        return report

    def to_pandas(self) -> pd.DataFrame:
        """A row per score: its value and the ends of its interval."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        rows = [
            {"value": score.value, "low": ends[0], "high": ends[1]}
            for score in self.scores.values()
            for ends in [score.interval or (None, None)]
        ]
        return pd.DataFrame(rows, index=pd.Index(list(self.scores), name="score"))

    def to_markdown(self) -> str:
        """The table of scores as Markdown."""
        from ft_magics.evaluation.page import report_markdown  # noqa: PLC0415  # a kernel that only trains draws nothing

        return report_markdown(self)

    def to_html(self) -> str:
        """Every section as HTML without script or style sheet."""
        from ft_magics.evaluation.page import report_html  # noqa: PLC0415  # a kernel that only trains draws nothing

        return report_html(self)

    def to_text(self, view: Mapping[str, Any] | None = None) -> str:
        """The scores as text, for a terminal."""
        from ft_magics.evaluation.page import report_text  # noqa: PLC0415  # a kernel that only trains draws nothing

        return report_text(self, view=view)


def _read(record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: record[name] for name in _PLAIN},
        "history": read_epochs(record["history"]),
        "scores": {name: score_of(item) for name, item in record["scores"].items()},
        "buckets": {name: [LanguageBucket(**item) for item in rows] for name, rows in record["buckets"].items()},
        "lists": {name: shown_of(item) for name, item in record["lists"].items()},
    }
