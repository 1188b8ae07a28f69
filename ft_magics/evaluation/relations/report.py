"""`RelationReport`: everything that is known about predicted relations, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.evaluation.labels.evidence import LabelEvidence
from ft_magics.evaluation.labels.report import LabelReport
from ft_magics.evaluation.record import (
    Check,
    check_schema,
    count_field,
    map_of,
    maybe,
    number_field,
    object_of,
    row_of,
    share_field,
    text_field,
)
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_bases import TalliedReport
from ft_magics.evaluation.report_record import SCORE, score_of, score_record
from ft_magics.evaluation.scores import METRICS, Scores
from ft_magics.evaluation.tally import Tally
from ft_magics.markup import percent
from ft_magics.sections import Section

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RelationReport"]

_SCHEMA, _KIND = 1, "relations"
_COUNTS: dict[str, Check] = dict.fromkeys(("support", "predicted", "correct"), count_field)
_SHARES: dict[str, Check] = dict.fromkeys(METRICS, maybe(share_field))
_ENDS = maybe(map_of(maybe(row_of(number_field, number_field))))
_RECORD = object_of(
    {
        "none_label": maybe(text_field),
        "scores": map_of(SCORE),
        "per_relation": map_of(object_of({**_SHARES, **_COUNTS}, {"intervals": _ENDS})),
        "turned": map_of(count_field),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelationReport(TalliedReport):
    """Scores and mistakes of predicted relations. Shares go from 0 to 1 and are None where they do not exist.

    Args:
        scores: Over all relations that gold has, by name, the headline first; the label for none is left out.
        per_relation: Precision, recall, F1 and counts of each relation, both its directions together. K relations.
        turned: Per relation, how often it was predicted in the wrong direction.
        none_label: The label of pairs without a relation; None where every pair has one.
        labels: The report of the labels as they are, each direction a label of its own, and no relation one too.
        tally: What each example adds, where they are in memory; no part of the JSON.
    """

    scores: dict[str, Score]
    per_relation: dict[str, Scores]
    turned: dict[str, int]
    none_label: str | None
    labels: LabelReport
    tally: Tally | None = field(default=None, compare=False, repr=False)

    @property
    def title(self) -> str:
        """What was scored, such as `links · test`."""
        return self.labels.title

    @property
    def notes(self) -> Sequence[str]:
        """What a reader of the numbers should know."""
        return self.labels.notes

    @property
    def examples(self) -> int:
        """How many pairs of entities, S."""
        return self.labels.examples

    @property
    def evidence(self) -> LabelEvidence | None:
        """The pairs; None for a report that was read from a file."""
        return self.labels.evidence

    @property
    def model_labels(self) -> tuple[str, ...]:
        """Those that the model knows, for their colours."""
        return self.labels.model_labels

    @property
    def headline(self) -> Score:
        """Macro F1."""
        return self.scores["macro_f1"]

    @property
    def by_label(self) -> dict[str, float | None]:
        """F1 per relation."""
        return {name: scores.f1 for name, scores in self.per_relation.items()}

    def summary(self) -> str:
        """The scores and counts in a line."""
        without = "" if self.none_label is None else f" without {self.none_label}"
        plural = "" if len(self.per_relation) == 1 else "s"
        return (
            f"macro F1 {percent(self.headline.value)}, micro F1 {percent(self.scores['micro_f1'].value)}{without} "
            f"· {self.examples:,} pairs of entities · {len(self.per_relation)} relation{plural}"
        )

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open; `min_support`: relations with fewer examples are left
                out.
            brief: Scores and confusion only.
        """
        from ft_magics.evaluation.relations.page import sections_of  # noqa: PLC0415  # the pages know this class

        return sections_of(self, view or {}, brief=brief)

    def to_json(self) -> dict[str, Any]:
        """Plain data; scores that do not exist are null."""
        return {
            "schema": _SCHEMA,
            "kind": _KIND,
            "title": self.title,
            "none_label": self.none_label,
            "scores": {name: score_record(score) for name, score in self.scores.items()},
            "per_relation": {name: scores.to_json() for name, scores in self.per_relation.items()},
            "turned": self.turned,
            "labels": self.labels.to_json(),
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> RelationReport:
        """The report that `to_json` wrote, without its examples.

        Raises:
            DataError: It is no report of relations, or a newer version wrote it.
        """
        check_schema(record, _SCHEMA, _KIND)
        _RECORD(record, "")
        if "macro_f1" not in record["scores"] or not isinstance(record.get("labels"), Mapping):
            raise DataError("this report is not whole: it has no macro F1, or no report of its labels")
        return cls(
            scores={name: score_of(item) for name, item in record["scores"].items()},
            per_relation={name: Scores.from_json(item) for name, item in record["per_relation"].items()},
            turned=dict(record["turned"]),
            none_label=record["none_label"],
            labels=LabelReport.from_json(record["labels"]),
        )

    def to_pandas(self) -> pd.DataFrame:
        """A row per relation: precision, recall, F1, support, predicted, correct, and how often it was turned round."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        rows = [
            {
                **{metric: getattr(scores, metric) for metric in METRICS},
                **{name: getattr(scores, name) for name in _COUNTS},
                "wrong_direction": self.turned[relation],
            }
            for relation, scores in self.per_relation.items()
        ]
        return pd.DataFrame(rows, index=pd.Index(list(self.per_relation), name="relation"))
