"""`EntityReport`: everything that is known about a set of predictions, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ft_magics.errors import DataError
from ft_magics.evaluation.entities.beside import shown, whole
from ft_magics.evaluation.entities.bootstrap import LEVEL
from ft_magics.evaluation.entities.calibration import Calibration
from ft_magics.evaluation.entities.evidence import Evidence
from ft_magics.evaluation.entities.matching import ERROR_KINDS, KINDS
from ft_magics.evaluation.entities.record import check_record
from ft_magics.evaluation.entities.scores import Scores
from ft_magics.evaluation.entities.sections import report_sections
from ft_magics.evaluation.entities.semeval import SemevalScores
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_bases import ExamplesReport
from ft_magics.evaluation.tally import Tally
from ft_magics.markup import percent
from ft_magics.metrics import Metric
from ft_magics.sections import Section

if TYPE_CHECKING:
    import pandas as pd

    from ft_magics.evaluation.entities.comparison import Comparison

__all__ = ["AVERAGES", "SCHEMA", "EntityReport", "ErrorKind", "error_kinds"]

SCHEMA = 3
AVERAGES = ("micro", "macro", "weighted")
_RULES = {"conll": "conlleval's rule", "strict": "strict {scheme}"}

Example = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorKind:
    """One kind of mistake.

    Args:
        kind: `boundary` (right type), `type` (right borders), `both` (neither), `missed` or `spurious`.
        count: How many.
        f1_if_fixed: Micro F1 if the first three were right, the missed ones found, the spurious ones gone.
        per_type: By gold type; spurious ones by predicted type.
    """

    kind: str
    count: int
    f1_if_fixed: float | None
    per_type: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityReport(ExamplesReport):
    """Scores and mistakes of one set of predictions. Shares go from 0 to 1 and are None where they do not exist.

    Args:
        title: What was scored, such as `ner · test`.
        mode: `conll` (conlleval's rule) or `strict` (the scheme's own).
        scheme: Scheme of the gold tags; None for spans without tags.
        sentences: How many.
        words: How many; 0 for spans without tags.
        resamples: Of the bootstrap behind the intervals.
        per_type: Scores per entity type, in alphabetical order. K types.
        micro: Over all entities.
        macro: Mean over types.
        weighted: Mean over types, weighted by support.
        confusion: Counts (K + 1, K + 1): rows gold types then spurious, columns predicted types then missed.
        error_kinds: One entry a kind.
        semeval: SemEval-2013's four ways of counting.
        buckets: Scores per attribute and bucket.
        calibration: None without confidences.
        tag_noise: `gold` and `predicted` with `invalid`, `tags`, `rate`; `cut`: gold entities across windows.
        suspects: Examples whose gold is probably wrong, with `score` and `reason`, the most suspect first.
        mistakes: Examples of all kinds and types, in the order of the text; none where only tags are known.
        confident_mistakes: Examples, the most confident first.
        least_confident_correct: Examples, the least confident first.
        history: Dev scores per epoch, where the predictions come from a run.
        notes: Sentences that a reader of the numbers should know.
        evidence: The sentences, where they are in memory; no part of the JSON.
        tally: What each sentence adds to the scores, where they are in memory; no part of the JSON.
        model_labels: Those that the model knows, for their colours; a split may lack some. No part of the JSON.
    """

    title: str
    mode: str = "conll"
    scheme: str | None = None
    sentences: int
    words: int
    resamples: int = 0
    per_type: dict[str, Scores]
    micro: Scores
    macro: Scores
    weighted: Scores
    confusion: list[list[int]]
    error_kinds: list[ErrorKind] = field(default_factory=list)
    semeval: dict[str, SemevalScores] = field(default_factory=dict)
    buckets: dict[str, dict[str, Scores]] = field(default_factory=dict)
    calibration: Calibration | None = None
    tag_noise: dict[str, Any] = field(default_factory=dict)
    suspects: list[Example] = field(default_factory=list)
    mistakes: list[Example] = field(default_factory=list)
    confident_mistakes: list[Example] = field(default_factory=list)
    least_confident_correct: list[Example] = field(default_factory=list)
    history: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    evidence: Evidence | None = field(default=None, compare=False, repr=False)
    tally: Tally | None = field(default=None, compare=False, repr=False)
    model_labels: tuple[str, ...] = field(default=(), compare=False, repr=False)

    @property
    def types(self) -> list[str]:
        """The entity types, in the order of the confusion matrix."""
        return list(self.per_type)

    @property
    def headline(self) -> Score:
        """Micro F1."""
        return self.scores["f1"]

    @property
    def scores(self) -> dict[str, Score]:
        """Every average; the micro averages, which the field calls F1, precision and recall, by those names too."""
        pairs = [(way, metric) for metric in ("f1", "precision", "recall") for way in AVERAGES]
        plain = {metric: _score("", metric, self.micro) for metric in ("f1", "precision", "recall")}
        return plain | {f"{way}_{metric}": _score(way, metric, self.averages()[way]) for way, metric in pairs}

    @property
    def by_label(self) -> dict[str, float | None]:
        """F1 per type."""
        return {kind: scores.f1 for kind, scores in self.per_type.items()}

    def summary(self) -> str:
        """The scores and counts in a line."""
        micro = self.micro
        shares = f"precision {percent(micro.precision)}, recall {percent(micro.recall)}, F1 {percent(micro.f1)}"
        counts = f"{micro.support:,} gold entities, {micro.predicted:,} predicted, {micro.correct:,} correct"
        rule = _RULES[self.mode].format(scheme=self.scheme)
        return f"{shares} · {counts} · {self.sentences:,} sentences, {self.words:,} words · {rule}"

    def compare(self, others: Sequence[EntityReport], *, resamples: int = 1000, seed: int = 0) -> Comparison:
        """Hold other reports of the same gold against this one.

        Raises:
            DataError: They are not of the same gold; the message names the first sentence that differs.
        """
        from ft_magics.evaluation.entities.comparison import compare_reports  # noqa: PLC0415  # it knows this class

        return compare_reports([self, *others], resamples=resamples, seed=seed)

    def averages(self) -> dict[str, Scores]:
        """`micro`, `macro` and `weighted`."""
        return {name: getattr(self, name) for name in AVERAGES}

    def rows(self) -> list[tuple[str, Scores]]:
        """Types, then averages, each with its name: a type may be called `micro` too."""
        return [*self.per_type.items(), *self.averages().items()]

    def to_json(self) -> dict[str, Any]:
        """Plain data; metrics that do not exist are null."""
        plain = ("title", "mode", "scheme", "sentences", "words", "resamples", "tag_noise", "history", "notes")
        listed = ("suspects", "mistakes", "confident_mistakes", "least_confident_correct")
        return {
            "schema": SCHEMA,
            "level": LEVEL,
            **{name: getattr(self, name) for name in plain},
            "per_type": {kind: scores.to_json() for kind, scores in self.per_type.items()},
            **{name: scores.to_json() for name, scores in self.averages().items()},
            "confusion": {"types": self.types, "counts": self.confusion},
            "error_kinds": [
                {"kind": item.kind, "count": item.count, "f1_if_fixed": item.f1_if_fixed, "per_type": item.per_type}
                for item in self.error_kinds
            ],
            "semeval": {way: scores.to_json() for way, scores in self.semeval.items()},
            "buckets": {
                name: [{"label": label, **scores.to_json()} for label, scores in rows.items()]
                for name, rows in self.buckets.items()
            },
            "calibration": None if self.calibration is None else self.calibration.to_json(),
            **{name: getattr(self, name) for name in listed},
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> EntityReport:
        """The report that `to_json` wrote.

        Raises:
            DataError: It is no report, or a newer version wrote it.
        """
        schema = whole(record.get("schema")) if isinstance(record, Mapping) else None
        if schema is None:
            raise DataError("this is no report of ft_magics: it has no `schema`")
        if schema != SCHEMA:
            newer = "Update ft_magics" if schema > SCHEMA else "Evaluate the predictions again"
            raise DataError(
                f"this report has schema {shown(schema)}; this version of ft_magics reads schema {SCHEMA}. {newer}"
            )
        check_record(record)
        try:
            report = cls(**_read(record))
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # a field that nobody knows
            raise DataError(f"this report is not whole ({type(error).__name__}: {error})") from error
        size = len(report.per_type) + 1
        if [len(row) for row in report.confusion] != [size] * size:
            raise DataError(f"this report is not whole: its confusion is no grid of {size} by {size}")
        return report

    def to_pandas(self) -> pd.DataFrame:
        """A row per type, then the averages: precision, recall, F1, their intervals, support, predicted, correct."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        names, scores = zip(*self.rows(), strict=True)
        return pd.DataFrame([_row(item) for item in scores], index=pd.Index(names, name="type"))

    def sections(self, view: Mapping[str, Any] | None = None, *, brief: bool = False) -> list[Section]:
        """What is shown.

        Args:
            view: `by`: the attribute whose buckets stand open; `min_support`: types with fewer gold entities are left
                out.
            brief: Scores and confusion only.
        """
        return report_sections(self, view, brief=brief)


def _score(way: str, metric: str, scores: Scores) -> Score:
    label = f"{way} {'F1' if metric == 'f1' else metric}".strip()
    interval = (scores.intervals or {}).get(metric)
    return Score(metric=Metric(f"{way}_{metric}".strip("_"), label), value=getattr(scores, metric), interval=interval)


def _row(scores: Scores) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for metric in ("precision", "recall", "f1"):
        low, high = (scores.intervals or {}).get(metric) or (None, None)
        row |= {metric: getattr(scores, metric), f"{metric}_low": low, f"{metric}_high": high}
    return row | {"support": scores.support, "predicted": scores.predicted, "correct": scores.correct}


def _read(record: Mapping[str, Any]) -> dict[str, Any]:
    names = {item.name for item in fields(EntityReport)}
    calibration = record["calibration"]
    return {
        **{name: record[name] for name in names & record.keys()},
        "per_type": {kind: Scores.from_json(scores) for kind, scores in record["per_type"].items()},
        **{name: Scores.from_json(record[name]) for name in AVERAGES},
        "confusion": record["confusion"]["counts"],
        "error_kinds": [ErrorKind(**item) for item in record["error_kinds"]],
        "semeval": {way: SemevalScores(**scores) for way, scores in record["semeval"].items()},
        "buckets": {
            name: {row["label"]: Scores.from_json({key: row[key] for key in row if key != "label"}) for row in rows}
            for name, rows in record["buckets"].items()
        },
        "calibration": None if calibration is None else Calibration(**calibration),
    }


def error_kinds(evidence: Evidence, micro: Scores) -> list[ErrorKind]:
    """Count each kind of mistake, and what mending it would give."""
    found = []
    for kind in ERROR_KINDS:
        at = evidence.pairs.kind == KINDS.index(kind)
        count = int(at.sum())
        side, table = (
            (evidence.pairs.pred, evidence.pred) if kind == "spurious" else (evidence.pairs.gold, evidence.gold)
        )
        numbers = np.bincount(table.type[side[at]], minlength=len(evidence.names))
        mended = Scores.of_counts(
            support=micro.support,
            predicted=micro.predicted + {"missed": count, "spurious": -count}.get(kind, 0),
            correct=micro.correct + (0 if kind == "spurious" else count),
        )
        per_type = {evidence.names[number]: int(numbers[number]) for number in np.flatnonzero(numbers)}
        found.append(ErrorKind(kind=kind, count=count, f1_if_fixed=mended.f1, per_type=dict(sorted(per_type.items()))))
    return found
