"""Gold and predicted labels → `LabelReport`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.beside import check_bootstrap, check_notes, check_text, check_texts, is_number, shown, whole
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.labels.buckets import bucket_scores, buckets_of, distance_buckets
from ft_magics.evaluation.labels.counting import METRICS_OF_LABELS, average_names, tally_labels
from ft_magics.evaluation.labels.curves import Curves, curves_of
from ft_magics.evaluation.labels.evidence import Dress, LabelEvidence
from ft_magics.evaluation.labels.inputs import LabelInputs, read_labels
from ft_magics.evaluation.labels.probabilities import LabelCalibration, calibrate_labels, confidences
from ft_magics.evaluation.labels.report import LabelReport
from ft_magics.evaluation.labels.suspects import suspicion
from ft_magics.evaluation.report import Score
from ft_magics.evaluation.report_record import Shown
from ft_magics.evaluation.scores import METRICS, Interval, Scores
from ft_magics.evaluation.tally import Tally

__all__ = ["label_report"]

_MOST_CARDS = 20  # they are most of what a saved page weighs
_MOST_NAMED = 10
_ROWS_AT_ONCE = 4096


def label_report(
    gold: Any,
    pred: Any,
    *,
    labels: Sequence[Any] | None = None,
    probabilities: Any = None,
    multi_label: bool = False,
    texts: Sequence[str] | None = None,
    pairs: Sequence[str] | None = None,
    ids: Sequence[str] | None = None,
    train_counts: Mapping[str, int] | None = None,
    train_words: Collection[str] | None = None,
    thresholds: Mapping[str, float] | None = None,
    distances: Sequence[int] | None = None,
    dress: Dress | None = None,
    title: str = "predictions",
    history: Sequence[Mapping[str, Any]] = (),
    notes: Sequence[str] = (),
    resamples: int = 1000,
    seed: int = 0,
) -> LabelReport:
    """Score predicted labels against gold.

    Args:
        gold: A label per example, as text or a whole number; with `multi_label` a list of labels per example.
        pred: The same for the predictions. Of two classes the second of `labels` is the positive one.
        labels: Those that the model can give, in the order of the probabilities; None for those that occur, sorted.
            Gold may have others: each is a miss, and a note says so.
        probabilities: Per example and label, (S, C). Those of an example add up to 1 unless `multi_label`.
        multi_label: Whether an example can have any number of labels.
        texts: What was to be labelled, for buckets and examples. Length S.
        pairs: The second texts, where texts come in pairs. Length S.
        ids: Where each example stands, such as `test.csv, line 12`. Length S.
        train_counts: Examples of the training data per label.
        train_words: Words of the training data, as `words_of` gives them.
        thresholds: Per label, the probability from which it was predicted.
        distances: Words between two things that each text is about, for buckets. Length S.
        dress: What is made of an example's card; None for a text with its labels.
        title: What this is a report of.
        history: Dev scores per epoch.
        notes: More that a reader of the numbers should know.
        resamples: Bootstrap resamples behind the intervals; 0 for none.
        seed: Of the bootstrap.

    Raises:
        DataError: The two sides differ in length, are no labels, or what stands beside them does not fit them; the
            message names the first example that is wrong.

    Source: scikit-learn's definitions, and its numbers.
    """
    resamples, seed = check_bootstrap(resamples, seed)
    title, epochs, more_notes = check_text(title, "title"), read_epochs(history), check_notes(notes)
    inputs = read_labels(gold, pred, labels=labels, probabilities=probabilities, multi_label=multi_label)
    evidence = _evidence(
        inputs, texts=texts, pairs=pairs, ids=ids, train_counts=_counts(train_counts), train_words=train_words
    )
    evidence = replace(evidence, buckets=evidence.buckets | distance_buckets(distances), dress=dress)
    tally = tally_labels(inputs.gold, inputs.pred, inputs.names, multi_label=multi_label)
    found = dict(zip(tally.names, intervals(tally, resamples, seed), strict=True))
    calibration = curves = None
    if inputs.probabilities is not None:
        table = inputs.probabilities
        calibration = calibrate_labels(inputs.gold, inputs.pred, table, multi_label=multi_label)
        curves = curves_of(inputs.gold, table, inputs.names, multi_label=multi_label)
    averages = average_names(multi_label=multi_label)
    per_label = _per_label(inputs, found if resamples else None)
    return LabelReport(
        title=title,
        multi_label=multi_label,
        examples=len(inputs.gold),
        scores=_scores(tally, averages, found) | _without_interval(calibration, curves),
        per_label=per_label,
        confusion=_confusion(inputs).tolist(),
        resamples=resamples,
        thresholds=_thresholds(thresholds, inputs.names),
        calibration=calibration,
        curves=curves,
        buckets=bucket_scores(evidence.buckets, tally, averages[0]),
        lists=_lists(evidence),
        history=epochs,
        notes=[*inputs.notes, *_one_sided(per_label), *more_notes],
        evidence=evidence,
        tally=tally,
        model_labels=() if inputs.probabilities is None else tuple(inputs.names[: inputs.probabilities.shape[1]]),
    )


def _evidence(
    inputs: LabelInputs,
    *,
    texts: Any,
    pairs: Any,
    ids: Any,
    train_counts: Mapping[str, int] | None,
    train_words: Collection[str] | None,
) -> LabelEvidence:
    count, probabilities = len(inputs.gold), inputs.probabilities
    said, beside, places = (
        None if given is None else check_texts(given, name, count, "example")
        for name, given in (("texts", texts), ("pairs", pairs), ("ids", ids))
    )
    if beside is not None and said is None:
        raise DataError("pairs are given without texts; expected both")
    if train_words is not None and (isinstance(train_words, (str, bytes)) or not isinstance(train_words, Collection)):
        raise DataError(f"train_words is {type_name(train_words)}; expected a set of words")
    return LabelEvidence(
        names=inputs.names,
        gold=inputs.gold,
        pred=inputs.pred,
        ids=[f"example {at}" for at in range(count)] if places is None else places,
        multi_label=inputs.multi_label,
        texts=said,
        pairs=beside,
        probabilities=probabilities,
        confidence=None
        if probabilities is None
        else confidences(inputs.pred, probabilities, multi_label=inputs.multi_label),
        suspicion=None
        if probabilities is None
        else suspicion(inputs.gold, probabilities, multi_label=inputs.multi_label),
        buckets=buckets_of(
            inputs.gold, inputs.names, texts=said, pairs=beside, train_counts=train_counts, train_words=train_words
        ),
    )


def _counts(given: Any) -> dict[str, int] | None:
    if given is None:
        return None
    if not isinstance(given, Mapping):
        raise DataError(f"train_counts is {type_name(given)}; expected a dict: label → examples of the training data")
    found = {str(name): whole(count) for name, count in given.items()}
    odd = next((name for name, count in found.items() if count is None or count < 0), None)
    if odd is not None:
        raise DataError(f"train_counts of {shown(odd)}: expected a whole number from 0")
    return {name: count or 0 for name, count in found.items()}


def _thresholds(given: Any, names: Sequence[str]) -> dict[str, float]:
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise DataError(f"thresholds is {type_name(given)}; expected a dict: label → probability")
    for name, value in given.items():
        if name not in names or value is None or not is_number(value) or not 0 <= value <= 1:
            raise DataError(
                f"thresholds: found {shown(name)} → {shown(value)}, expected a label → a number from 0 to 1"
            )
    return {str(name): float(value) for name, value in given.items()}


def _scores(tally: Tally, averages: Sequence[str], found: Mapping[str, Interval | None]) -> dict[str, Score]:
    values = tally.scores()
    return {name: Score(metric=METRICS_OF_LABELS[name], value=values[name], interval=found[name]) for name in averages}


def _without_interval(calibration: LabelCalibration | None, curves: Curves | None) -> dict[str, Score]:
    """Scores that are no function of sums over examples: they have no bootstrap interval here."""
    values: dict[str, float | None] = {}
    if curves is not None:
        values |= {"roc_auc": curves.roc_auc, "average_precision": curves.average_precision}
    if calibration is not None:
        values["ece"] = calibration.ece
    return {name: Score(metric=METRICS_OF_LABELS[name], value=value) for name, value in values.items()}


def _per_label(inputs: LabelInputs, found: Mapping[str, Interval | None] | None) -> dict[str, Scores]:
    sides = (inputs.gold, inputs.pred, inputs.gold & inputs.pred)
    columns = zip(inputs.names, *(side.sum(axis=0).tolist() for side in sides), strict=True)
    scored = {}
    for name, support, predicted, correct in columns:
        plain = Scores.of_counts(support=support, predicted=predicted, correct=correct)
        ends = None if found is None else {metric: found[f"{metric} of {name}"] for metric in METRICS}
        scored[name] = Scores(
            precision=plain.precision,
            recall=plain.recall,
            f1=plain.f1,
            support=support,
            predicted=predicted,
            correct=correct,
            intervals=ends,
        )
    return scored


def _confusion(inputs: LabelInputs) -> NDArray[np.int64]:
    """Counts of pairs; see `LabelReport`."""
    width = len(inputs.names)
    if not inputs.multi_label:
        cell = inputs.gold.argmax(axis=1) * width + inputs.pred.argmax(axis=1)
        return np.bincount(cell, minlength=width * width).reshape(width, width)
    counts = np.zeros((width + 1, width + 1), dtype=np.int64)
    for first in range(0, len(inputs.gold), _ROWS_AT_ONCE):
        rows = slice(first, first + _ROWS_AT_ONCE)
        gold, pred = inputs.gold[rows], inputs.pred[rows]
        missed, spurious = (_with_nothing(one & ~other) for one, other in ((gold, pred), (pred, gold)))
        counts += np.rint(missed.T @ spurious).astype(np.int64)
        counts[range(width), range(width)] += (gold & pred).sum(axis=0)
    counts[width, width] = int((~inputs.gold.any(axis=1) & ~inputs.pred.any(axis=1)).sum())
    return counts


def _with_nothing(side: NDArray[np.bool_]) -> NDArray[np.float32]:
    """(S, K) → (S, K + 1): the last column says that there is none."""
    return np.concatenate([side, ~side.any(axis=1, keepdims=True)], axis=1).astype(np.float32)


def _lists(evidence: LabelEvidence) -> dict[str, Shown]:
    """Examples that a person should see first."""
    asked = {"mistakes": ({"outcome": "wrong"}, "row")}
    if evidence.confidence is not None:
        asked |= {
            "confident mistakes": ({"outcome": "wrong"}, "confidence"),
            "least confident correct": ({"outcome": "right"}, "doubt"),
            "disagreements": ({"suspect": "yes"}, "suspicion"),
        }
    found = {}
    for name, (chosen, order) in asked.items():
        at = evidence.sort(evidence.select(chosen), order)
        found[name] = Shown(total=len(at), cards=[evidence.card(int(place)) for place in at[:_MOST_CARDS]])
    return found


def _one_sided(per_label: Mapping[str, Scores]) -> list[str]:
    """Labels that one side alone has: their precision or recall does not exist."""
    notes = []
    sides = (
        ("labels that gold has and that are never predicted", "support", "predicted"),
        ("labels that are predicted and that gold never has", "predicted", "support"),
    )
    for text, there, absent in sides:
        names = [name for name, scores in per_label.items() if getattr(scores, there) and not getattr(scores, absent)]
        if names:
            more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
            notes.append(f"{text}: {', '.join(names[:_MOST_NAMED])}{more}")
    return notes
