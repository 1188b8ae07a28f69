"""A report of scores: each with its interval, buckets of the examples, and lists of some of them, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from ft_magics.errors import DataError
from ft_magics.evaluation.bootstrap import LEVEL
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.record import Check, check_schema, count_field, list_of, map_of, object_of, text_field
from ft_magics.evaluation.report import Evidence, Score
from ft_magics.evaluation.report_bases import TalliedReport
from ft_magics.evaluation.report_record import CARDS, SCORE, Shown, score_of, score_record, shown_of
from ft_magics.evaluation.score_tables import number
from ft_magics.evaluation.tally import Tally

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ReportForm", "ScoreReport"]

B = TypeVar("B")  # a bucket: a dataclass of plain data
E = TypeVar("E", bound=Evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportForm:
    """What a kind of report has of its own, and how it is written as JSON.

    Args:
        kind: Its name.
        schema: Its version.
        size: How many examples there are, in words, such as `{0.examples:,} questions` of the report.
        plain: The fields that are plain data already, in the order of the JSON.
        own: What the fields can be that only this kind has; they are among `plain`.
        bucket: What a bucket can be.
        read_bucket: A bucket of its plain data.
        cards: What the lists of examples can be.
        read: How a field of `plain` is read that is not the same after JSON, by its name.
    """

    kind: str
    schema: int
    size: str
    plain: tuple[str, ...]
    own: Mapping[str, Check]
    bucket: Check
    read_bucket: Callable[..., Any]
    cards: Check = CARDS
    read: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)

    def check(self, record: Mapping[str, Any]) -> None:
        """See that a record is a report of this kind, whole.

        Raises:
            DataError: It is none, or a newer version wrote it.
        """
        check_schema(record, self.schema, self.kind)
        fields = {
            "title": text_field,
            **self.own,
            "scores": map_of(SCORE),
            "buckets": map_of(list_of(self.bucket)),
            "lists": map_of(self.cards),
            "resamples": count_field,
            "notes": list_of(text_field),
        }
        object_of(fields)(record, "")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreReport(TalliedReport, Generic[B, E]):
    """What reports have whose numbers are scores; a kind says its form and its sections.

    Args:
        title: What was scored, such as `reader · test`.
        scores: By the name of their metric; None where one does not exist.
        resamples: Of the bootstrap behind the intervals.
        buckets: Scores per attribute and bucket.
        lists: Some of the examples, by what they show.
        history: Dev scores per epoch.
        notes: Sentences that a reader of the numbers should know.
        evidence: The examples, where they are in memory; no part of the JSON.
        tally: What each example adds, where they are in memory; no part of the JSON.
    """

    form: ClassVar[ReportForm]

    title: str
    scores: dict[str, Score]
    resamples: int = 0
    buckets: dict[str, list[B]] = field(default_factory=dict)
    lists: dict[str, Shown] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: E | None = field(default=None, compare=False, repr=False)
    tally: Tally | None = field(default=None, compare=False, repr=False)

    @property
    def headline(self) -> Score:
        """The first of the scores."""
        return next(iter(self.scores.values()))

    @property
    def by_label(self) -> dict[str, float | None]:
        """Nothing: there are no labels."""
        return {}

    def summary(self) -> str:
        """The scores and counts in a line."""
        scores = [f"{score.metric.label} {number(score.metric, score.value)}" for score in self.scores.values()]
        return f"{', '.join(scores)} · {self.form.size.format(self)}"

    def to_json(self) -> dict[str, Any]:
        """Plain data; scores that do not exist are null."""
        return {
            "schema": self.form.schema,
            "kind": self.form.kind,
            "level": LEVEL,
            **{name: getattr(self, name) for name in self.form.plain},
            "scores": {name: score_record(score) for name, score in self.scores.items()},
            "buckets": {name: [asdict(item) for item in rows] for name, rows in self.buckets.items()},  # type: ignore[call-overload]  # each is a dataclass
            "lists": {name: asdict(shown) for name, shown in self.lists.items()},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Self:
        """The report that `to_json` wrote, without its examples.

        Raises:
            DataError: It is no report, or a newer version wrote it.
        """
        cls.form.check(record)
        try:
            report = cls(**_read(record, cls.form))
            report.headline  # noqa: B018  # a report without it cannot be shown
        except (AttributeError, IndexError, KeyError, StopIteration, TypeError, ValueError) as error:  # unknown fields
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


def _read(record: Mapping[str, Any], of: ReportForm) -> dict[str, Any]:
    return {
        **{name: of.read[name](record[name]) if name in of.read else record[name] for name in of.plain},
        "history": read_epochs(record["history"]),
        "scores": {name: score_of(item) for name, item in record["scores"].items()},
        "buckets": {name: [of.read_bucket(**item) for item in rows] for name, rows in record["buckets"].items()},
        "lists": {name: shown_of(item) for name, item in record["lists"].items()},
    }
