"""`LabelReport`: everything that is known about predicted labels, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.evaluation.labels.buckets import Bucket
from ft_magics.evaluation.labels.curves import Curves
from ft_magics.evaluation.labels.evidence import LabelEvidence
from ft_magics.evaluation.labels.probabilities import LabelCalibration
from ft_magics.evaluation.labels.record import read_fields, to_record
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_bases import TalliedReport
from ft_magics.evaluation.report_record import Shown
from ft_magics.evaluation.scores import METRICS, Scores
from ft_magics.evaluation.tally import Tally
from ft_magics.markup import percent
from ft_magics.sections import Section

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LabelReport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelReport(TalliedReport):
    """Scores and mistakes of one set of predicted labels. Shares go from 0 to 1 and are None where they do not exist.

    Args:
        title: What was scored, such as `intents · test`.
        multi_label: Whether an example can have any number of labels.
        examples: How many, S.
        scores: Over all labels, by name, the headline first.
        per_label: Precision, recall, F1 and counts of each label. K labels.
        confusion: Examples by gold and predicted label, (K, K). Of several labels: what was predicted instead, missed
            and spurious labels of an example being paired, with `nothing` last on both sides: (K + 1, K + 1).
        resamples: Of the bootstrap behind the intervals.
        thresholds: Per label, where they are not one half.
        calibration: None without probabilities.
        curves: None without probabilities, and for one label of many.
        buckets: Scores per attribute and bucket.
        lists: Examples by `mistakes`, `confident mistakes`, `least confident correct` and `disagreements`.
        history: Dev scores per epoch.
        notes: Sentences that a reader of the numbers should know.
        evidence: The examples, where they are in memory; no part of the JSON.
        tally: What each example adds, where they are in memory; no part of the JSON.
        model_labels: Those that the model knows, for their colours; a split may lack some. No part of the JSON.
    """

    title: str
    multi_label: bool = False
    examples: int
    scores: dict[str, Score]
    per_label: dict[str, Scores]
    confusion: list[list[int]]
    resamples: int = 0
    thresholds: dict[str, float] = field(default_factory=dict)
    calibration: LabelCalibration | None = None
    curves: Curves | None = None
    buckets: dict[str, list[Bucket]] = field(default_factory=dict)
    lists: dict[str, Shown] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: LabelEvidence | None = field(default=None, compare=False, repr=False)
    tally: Tally | None = field(default=None, compare=False, repr=False)
    model_labels: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def labels(self) -> list[str]:
        """Their names, in the order of the confusion matrix."""
        return list(self.per_label)

    @property
    def headline(self) -> Score:
        """Accuracy; of several labels micro F1."""
        return self.scores["micro_f1" if self.multi_label else "accuracy"]

    @property
    def by_label(self) -> dict[str, float | None]:
        """F1 per label."""
        return {name: scores.f1 for name, scores in self.per_label.items()}

    def summary(self) -> str:
        """The scores and counts in a line."""
        first = self.headline
        return (
            f"{first.metric.label} {percent(first.value)}, macro F1 {percent(self.scores['macro_f1'].value)} "
            f"· {self.examples:,} examples · {len(self.per_label)} labels"
        )

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open; `min_support`: labels with fewer examples are left out.
            brief: Scores and confusion only.
        """
        from ft_magics.evaluation.labels.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)

    def to_json(self) -> dict[str, Any]:
        """Plain data; scores that do not exist are null."""
        return to_record(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> LabelReport:
        """The report that `to_json` wrote, without its examples.

        Raises:
            DataError: It is no report, or a newer version wrote it.
        """
        fields = read_fields(record)
        try:
            report = cls(**fields)
            report.headline  # noqa: B018  # a report without it cannot be shown
        except (KeyError, TypeError) as error:  # a field that nobody knows
            raise DataError(f"this report is not whole ({type(error).__name__}: {error})") from error
        size = len(report.per_label) + report.multi_label
        if [len(row) for row in report.confusion] != [size] * size:
            raise DataError(f"this report is not whole: its confusion is no grid of {size} by {size}")
        return report

    def to_pandas(self) -> pd.DataFrame:
        """A row per label: precision, recall, F1, their intervals, support, predicted, correct."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        rows = []
        for scores in self.per_label.values():
            row: dict[str, Any] = {}
            for metric in METRICS:
                low, high = (scores.intervals or {}).get(metric) or (None, None)
                row |= {metric: getattr(scores, metric), f"{metric}_low": low, f"{metric}_high": high}
            rows.append(row | {"support": scores.support, "predicted": scores.predicted, "correct": scores.correct})
        return pd.DataFrame(rows, index=pd.Index(self.labels, name="label"))
