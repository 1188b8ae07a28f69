"""Gold and predicted relations → `RelationReport`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from ft_magics.data.cells import column_label
from ft_magics.data.marked import MarkedText
from ft_magics.errors import DataError, did_you_mean
from ft_magics.evaluation.beside import as_list, check_notes, check_text, shown, whole
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.labels.buckets import bucket_scores, words_of
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.labels.report import LabelReport
from ft_magics.evaluation.relations.cards import relation_card, what_went_wrong
from ft_magics.evaluation.relations.counting import (
    METRICS_OF_RELATIONS,
    arrow_of,
    in_one_spelling,
    relation_of,
    tally_relations,
)
from ft_magics.evaluation.relations.report import RelationReport
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.scores import METRICS, Scores
from ft_magics.sections import Card

__all__ = ["find_none_label", "relation_report"]

_NONE_LABELS = ("other", "norelation", "na", "n/a", "none", "norel", "nolink", "unknown", "无", "无关系", "未知")


def find_none_label(labels: Sequence[str]) -> str | None:
    """The label that is usual for pairs without a relation; None where there is none of the usual ones."""
    folded = {label.casefold().replace("_", "").replace("-", "").replace(" ", ""): label for label in labels}
    return next((folded[name] for name in _NONE_LABELS if name in folded), None)


def relation_report(
    gold: Any,
    pred: Any,
    *,
    none_label: str | None = None,
    labels: Sequence[Any] | None = None,
    probabilities: Any = None,
    examples: Sequence[MarkedText] | None = None,
    train_counts: Mapping[str, int] | None = None,
    title: str = "predictions",
    history: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> RelationReport:
    """Score predicted relations against gold.

    Args:
        gold: A label per pair of entities, such as `Cause-Effect(e1,e2)`, `born_in`, or the one for no relation; or a
            label by id.
        pred: The same for the predictions. By id it may lack some: those count as no relation.
        none_label: The label of pairs without a relation, which is in no average; None for the usual one that occurs.
        labels: Those that the model can give, in the order of the probabilities; None for those that occur.
        probabilities: Per pair and label, (S, C).
        examples: The texts with their marks, for buckets and examples. Length S.
        train_counts: Examples of the training data per label.
        title: What this is a report of.
        history: Dev scores per epoch.
        notes: More that a reader of the numbers should know.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.

    Raises:
        DataError: The two sides do not belong together; the message names the first pair that is wrong.

    Source: Hendrickx et al. 2010, section 4.1.
    """
    more = check_notes(notes)
    if none_label is not None:
        number = None if isinstance(none_label, (str, bool)) else whole(none_label)
        none_label = check_text(none_label if number is None else str(number), "none_label")
    sides, ids = _sides(gold, pred, none_label, more)
    if labels is None:  # those of a model are its own
        sides = [[in_one_spelling(label) if isinstance(label, str) else label for label in side] for side in sides]
    none_label = _none_label(none_label, [*(labels or ()), *sides[0], *sides[1]], more)
    report = label_report(
        *sides,
        labels=labels,
        probabilities=probabilities,
        texts=None if examples is None else [example.text for example in examples],
        ids=ids if examples is None else [example.id for example in examples],
        train_counts=train_counts,
        distances=None if examples is None else [_words_between(example) for example in examples],
        dress=None if examples is None else partial(_dressed, examples, none_label),
        title=title,
        history=history,
        notes=more,
        resamples=resamples,
        seed=seed,
    )
    return _with_relations(report, none_label, seed)


def _with_relations(report: LabelReport, none_label: str | None, seed: int) -> RelationReport:
    evidence = report.evidence
    assert evidence is not None  # noqa: S101  # it was made just now
    names = evidence.names
    gold, pred = ([names[at] for at in side.argmax(axis=1).tolist()] for side in (evidence.gold, evidence.pred))
    relations = list(dict.fromkeys(relation_of(name) for name in names if name != none_label))
    directed = any(arrow_of(name) for name in names)
    if not relations:
        raise DataError(f"every label is {shown(none_label)}, which is no relation, so there is nothing to score")
    tally = tally_relations(gold, pred, relations, directed=directed)
    found = dict(zip(tally.names, intervals(tally, report.resamples, seed), strict=True))
    values = tally.scores()
    sums = tally.counts.sum(axis=0, dtype=np.int64)[: 3 * len(relations)].reshape(3, len(relations)).tolist()
    turned = Counter(
        relation_of(ours)
        for ours, theirs in zip(gold, pred, strict=True)
        if ours != theirs and relation_of(ours) == relation_of(theirs)
    )
    ends = found if report.resamples else {}
    return RelationReport(
        scores={
            name: Score(metric=metric, value=values[name], interval=found[name])
            for name, metric in METRICS_OF_RELATIONS.items()
            if name in values
        }
        | ({"ece": report.scores["ece"]} if "ece" in report.scores else {}),
        per_relation={
            name: replace(
                Scores.of_counts(support=support, predicted=predicted, correct=correct),
                intervals={metric: ends[f"{metric} of {name}"] for metric in METRICS} if ends else None,
            )
            for name, support, predicted, correct in zip(relations, *sums, strict=True)
        },
        turned={name: turned[name] for name in relations},
        none_label=none_label,
        labels=replace(report, buckets=bucket_scores(evidence.buckets, tally, "accuracy")),
        tally=tally,
    )


def _sides(gold: Any, pred: Any, none_label: str | None, notes: list[str]) -> tuple[list[Sequence[Any]], Any]:
    """Both sides as lists of the same pairs, and the ids where they have some."""
    if not isinstance(gold, Mapping) and not isinstance(pred, Mapping):
        return [as_list(side, name, "labels, one per pair") for side, name in ((gold, "gold"), (pred, "pred"))], None
    if not isinstance(gold, Mapping) or not isinstance(pred, Mapping):
        named = "gold" if isinstance(gold, Mapping) else "pred"
        raise DataError(f"{named} has labels by id, and the other side is a list; give both by id, or both as lists")
    gold, pred = ({column_label(key): label for key, label in side.items()} for side in (gold, pred))
    unknown = [name for name in pred if name not in gold]
    if unknown:
        raise DataError(f"pred has {len(unknown):,} ids that gold lacks, the first {shown(unknown[0])}")
    skipped = [name for name in gold if name not in pred]
    if skipped:
        none_label = none_label or find_none_label([str(label) for label in gold.values()])
        if none_label is None:
            raise DataError(
                f"pred has no label for {len(skipped):,} ids of gold, the first {shown(skipped[0])}; name the label of "
                "pairs without a relation, which they then have: `none_label=`"
            )
        notes.append(
            f"{len(skipped):,} of {len(gold):,} pairs have no prediction and count as {none_label}, as SemEval's "
            "scorer has it"
        )
    ids = [f"id {name}" for name in gold]
    return [list(gold.values()), [pred.get(name, none_label) for name in gold]], ids


def _none_label(given: str | None, labels: Sequence[Any], notes: list[str]) -> str | None:
    known = list(dict.fromkeys(label for label in labels if isinstance(label, str)))
    if given is None:
        return find_none_label(known)
    if given not in known:
        near = did_you_mean(given, known)
        if near:
            raise DataError(f"none_label: no pair has the label {shown(given)}.{near}")
        usual = find_none_label(known)
        also = f"; {shown(usual)} counts as a relation" if usual else ""
        notes.append(f"no pair has the label {shown(given)}, which `none_label` names{also}")
    return given


def _words_between(example: MarkedText) -> int:
    (_, first), (second, _) = sorted((example.e1, example.e2))
    return len(words_of(example.text[first:second]))


def _dressed(examples: Sequence[MarkedText], none_label: str | None, at: int, card: Card) -> Card:
    """The card of a text with labels as that of a marked text."""
    badge = what_went_wrong(card.data["gold"], card.data["predicted"], none_label)
    return relation_card(examples[at], none_label=none_label, data={**card.data, "badge": badge}, row=card.row)
