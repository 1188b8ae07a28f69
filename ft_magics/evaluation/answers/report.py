"""`AnswerReport`: everything that is known about answers that were extracted, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.evaluation.answers.cards import ANSWER_CARDS
from ft_magics.evaluation.answers.evidence import AnswerEvidence
from ft_magics.evaluation.bootstrap import LEVEL
from ft_magics.evaluation.example_rows import ExampleRows, errors_of, predictions_of
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.record import (
    check_schema,
    count_field,
    list_of,
    map_of,
    maybe,
    object_of,
    row_of,
    share_field,
    text_field,
)
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_record import SCORE, Shown, score_of, score_record, shown_of
from ft_magics.evaluation.score_tables import number
from ft_magics.evaluation.tally import Tally
from ft_magics.sections import Section

if TYPE_CHECKING:
    import pandas as pd

    from ft_magics.evaluation.comparison import TallyComparison

__all__ = ["KIND", "SCHEMA", "AnswerBucket", "AnswerReport"]

SCHEMA = 1
KIND = "answers"

_PLAIN = ("title", "examples", "resamples", "by_rules", "history", "notes")
_BUCKET = object_of(
    {
        "label": text_field,
        "examples": count_field,
        **dict.fromkeys(("f1", "exact_match"), share_field),
        "interval": maybe(row_of(share_field, share_field)),
    }
)
_REPORT = object_of(
    {
        "title": text_field,
        "examples": count_field,
        "scores": map_of(SCORE),
        "by_rules": map_of(count_field),
        "buckets": map_of(list_of(_BUCKET)),
        "lists": map_of(ANSWER_CARDS),
        "resamples": count_field,
        "notes": list_of(text_field),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerBucket:
    """Scores of the questions in one bucket."""

    label: str
    examples: int
    f1: float
    exact_match: float
    interval: tuple[float, float] | None = None  # of F1, of question words


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerReport:
    """Scores and mistakes of one set of answers.

    Args:
        title: What was scored, such as `reader · test`.
        examples: How many questions, S.
        scores: `f1` (the headline) and `exact_match`, as shares from 0 to 1; where some questions have no answer also
            `answerable_f1`, `answerable_exact_match` and `no_answer_accuracy`.
        resamples: Of the bootstrap behind the intervals.
        by_rules: How many questions were counted by whose rules.
        buckets: Scores per attribute and bucket.
        lists: Questions: `mistakes`, `surest mistakes`.
        history: Dev scores per epoch.
        notes: Sentences that a reader of the numbers should know.
        evidence: The questions, where they are in memory; no part of the JSON.
        tally: What each question adds, where they are in memory; no part of the JSON.
    """

    title: str
    examples: int
    scores: dict[str, Score]
    resamples: int = 0
    by_rules: dict[str, int] = field(default_factory=dict)
    buckets: dict[str, list[AnswerBucket]] = field(default_factory=dict)
    lists: dict[str, Shown] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: AnswerEvidence | None = field(default=None, compare=False, repr=False)
    tally: Tally | None = field(default=None, compare=False, repr=False)

    @property
    def headline(self) -> Score:
        """F1."""
        return self.scores["f1"]

    @property
    def by_label(self) -> dict[str, float | None]:
        """F1 per question word."""
        return {item.label: item.f1 for item in self.buckets.get("question_word", [])}

    @property
    def errors(self) -> ExampleRows:
        """Every answer that is no exact match, a dict each: `.to_pandas()`, `.to_csv(path)`, `.to_jsonl(path)`.

        Raises:
            DataError: The report was read from a file, which keeps no examples.
        """
        return errors_of(self)

    @property
    def predictions(self) -> ExampleRows:
        """Every answer, right or wrong, in the same form.

        Raises:
            DataError: The report was read from a file, which keeps no examples.
        """
        return predictions_of(self)

    def summary(self) -> str:
        """The scores and counts in a line."""
        scores = [f"{score.metric.label} {number(score.metric, score.value)}" for score in self.scores.values()]
        return f"{', '.join(scores)} · {self.examples:,} questions"

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open.
            brief: Scores only.
        """
        from ft_magics.evaluation.answers.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)

    def compare(self, others: Sequence[Any], *, resamples: int = 1000, seed: int = 0) -> TallyComparison:
        """Hold other reports of the same gold against this one.

        Raises:
            DataError: They are not of the same gold; the message names the first question that differs.
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
    def from_json(cls, record: Mapping[str, Any]) -> AnswerReport:
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
        "buckets": {name: [_bucket(item) for item in rows] for name, rows in record["buckets"].items()},
        "lists": {name: shown_of(item) for name, item in record["lists"].items()},
    }


def _bucket(record: Mapping[str, Any]) -> AnswerBucket:
    ends = record["interval"]
    return AnswerBucket(**{**record, "interval": None if ends is None else (ends[0], ends[1])})
