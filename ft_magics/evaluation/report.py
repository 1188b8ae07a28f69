"""`EntityReport`: everything that is known about a set of predictions, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ft_magics.data.schemes import Span, spans_of
from ft_magics.errors import DataError, SchemeError
from ft_magics.evaluation.confusion import confusion_matrix
from ft_magics.evaluation.scores import Scores, average_scores, score_spans

__all__ = ["SCHEMA", "EntityReport", "entity_report"]

SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityReport:
    """Scores of one set of predictions, by conlleval's rule.

    Args:
        title: What was scored, such as `ner · test`.
        sentences: How many.
        words: How many.
        per_type: Scores per entity type, in alphabetical order. K types.
        micro: Over all entities.
        macro: Mean over types.
        weighted: Mean over types, weighted by support.
        confusion: Counts (K + 1, K + 1): rows gold types then spurious, columns predicted types then missed.
        history: Dev scores per epoch, where the predictions come from a run.
    """

    title: str
    sentences: int
    words: int
    per_type: dict[str, Scores]
    micro: Scores
    macro: Scores
    weighted: Scores
    confusion: list[list[int]]
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def types(self) -> list[str]:
        """The entity types, in the order of the confusion matrix."""
        return list(self.per_type)

    def to_json(self) -> dict[str, Any]:
        """Plain data; metrics that do not exist are null."""
        return {
            "schema": SCHEMA,
            "mode": "conll",
            "title": self.title,
            "sentences": self.sentences,
            "words": self.words,
            "per_type": {kind: scores.to_json() for kind, scores in self.per_type.items()},
            **{name: getattr(self, name).to_json() for name in ("micro", "macro", "weighted")},
            "confusion": {"types": self.types, "counts": self.confusion},
            "history": self.history,
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> EntityReport:
        """The report that `to_json` wrote.

        Raises:
            DataError: It was written by a newer version.
        """
        if record.get("schema") != SCHEMA:
            raise DataError(
                f"this report has schema {record.get('schema')}; this version of ft_magics reads schema {SCHEMA}. "
                "Update ft_magics"
            )
        return cls(
            title=record["title"],
            sentences=record["sentences"],
            words=record["words"],
            per_type={kind: Scores(**scores) for kind, scores in record["per_type"].items()},
            **{name: Scores(**record[name]) for name in ("micro", "macro", "weighted")},
            confusion=record["confusion"]["counts"],
            history=record["history"],
        )


def entity_report(
    gold: Sequence[Sequence[str]],
    pred: Sequence[Sequence[str]],
    *,
    title: str = "predictions",
    history: Sequence[Mapping[str, Any]] = (),
) -> EntityReport:
    """Score predicted tags against gold tags, by conlleval's rule.

    Args:
        gold: Tags per sentence: IOB1, IOB2, BIOES, BMES or BILOU.
        pred: Tags per sentence; as many sentences, each with as many tags.
        title: What this is a report of.
        history: Dev scores per epoch.

    Raises:
        DataError: The two sides differ in length; the message names the first sentence that does.
        SchemeError: A tag has no prefix.

    Source: Tjong Kim Sang and De Meulder 2003; the numbers equal seqeval's.
    """
    _check_lengths(gold, pred)
    gold_spans, pred_spans = _all_spans(gold, "gold"), _all_spans(pred, "predicted")
    per_type = score_spans(gold_spans, pred_spans)
    return EntityReport(
        title=title,
        sentences=len(gold),
        words=sum(map(len, gold)),
        per_type=per_type,
        **average_scores(per_type),
        confusion=confusion_matrix(gold_spans, pred_spans, list(per_type)).tolist(),
        history=[dict(entry) for entry in history],
    )


def _check_lengths(gold: Sequence[Sequence[str]], pred: Sequence[Sequence[str]]) -> None:
    if len(gold) != len(pred):
        raise DataError(f"gold has {len(gold)} sentences and pred has {len(pred)}; they must be the same sentences")
    for index, (ours, theirs) in enumerate(zip(gold, pred, strict=True)):
        if len(ours) != len(theirs):
            raise DataError(f"sentence {index} (counted from 0) has {len(ours)} gold tags and {len(theirs)} predicted")


def _all_spans(sentences: Sequence[Sequence[str]], side: str) -> list[list[Span]]:
    spans: list[list[Span]] = []
    for index, tags in enumerate(sentences):
        place = f"{side} sentence {index} (counted from 0)"
        if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
            raise DataError(f"{place}: expected a list of tags such as B-PER, found {tags!r:.60}")
        try:
            spans.append(spans_of(tags))
        except SchemeError as error:
            raise SchemeError(f"{place}: {error}") from error
    return spans
