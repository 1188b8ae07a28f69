"""Classified texts on disk: a line a text, and the report that is made of such lines.

Shapes: C labels.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from ft_magics.data.examples import Corpus
from ft_magics.data.faults import show
from ft_magics.errors import DataError
from ft_magics.evaluation.labels.buckets import words_of
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.labels.report import LabelReport
from ft_magics.evaluation.numbers.evaluate import number_report
from ft_magics.evaluation.numbers.report import NumberReport
from ft_magics.evaluation.report import Report
from ft_magics.metrics import Metric
from ft_magics.tasks.classify.config import ClassifySettings
from ft_magics.tasks.classify.examples import LabelledText, labels_of

__all__ = [
    "METRICS",
    "Prediction",
    "check_facts",
    "check_options",
    "facts_of",
    "from_record",
    "report_of",
    "to_record",
    "verified",
]

METRICS = {  # the headline first
    "one": (
        Metric("accuracy", "accuracy", by_label="F1"),
        Metric("macro_f1", "macro F1"),
        Metric("weighted_f1", "weighted F1"),
    ),
    "several": (
        Metric("micro_f1", "micro F1", by_label="F1"),
        Metric("macro_f1", "macro F1"),
        Metric("subset_accuracy", "all labels right"),
    ),
    "number": (
        Metric("rmse", "RMSE", higher_is_better=False, unit="number"),
        Metric("mae", "MAE", higher_is_better=False, unit="number"),
        Metric("pearson", "Pearson's r", unit="number"),
    ),
}
_MOST_WORDS = 200_000  # of train, for how much of a text training has


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one text.

    Args:
        labels: Those that it gives.
        probabilities: Of each label. Length C; 0 for a number.
        value: The number that it gives; None for labels.
    """

    labels: tuple[str, ...]
    probabilities: np.ndarray
    value: float | None = None


def facts_of(settings: ClassifySettings, corpus: Corpus[LabelledText]) -> dict[str, Any]:
    """What the report needs to know of the training data."""
    kind = "number" if settings.regression else "several" if settings.multi_label else "one"
    counts = Counter(label for example in corpus.train.examples for label in example.labels)
    words = Counter(word for example in corpus.train.examples for word in words_of(example.text))
    known = [word for word, _ in words.most_common(_MOST_WORDS)]
    return {
        "kind": kind,
        "labels": [] if kind == "number" else list(labels_of(corpus)),
        "train_counts": dict(counts),
        "train_words": known,
    }


def check_facts(facts: Mapping[str, Any]) -> None:
    """See that `facts_of` gave these.

    Raises:
        DataError: It did not.
    """
    labels, counts, words = (facts.get(name) for name in ("labels", "train_counts", "train_words"))
    texts = all(isinstance(item, list) and all(isinstance(text, str) for text in item) for item in (labels, words))
    numbers = isinstance(counts, dict) and all(type(count) is int for count in counts.values())
    if facts.get("kind") not in METRICS or not texts or not numbers:
        raise DataError("it does not hold what a run writes")


def check_options(options: Mapping[str, Any]) -> None:
    """A report of labels has no options.

    Raises:
        DataError: One was given.
    """
    if options:
        raise DataError(f"a report of classified texts has no option `{next(iter(options))}`")


def to_record(example: LabelledText, prediction: Prediction) -> dict[str, Any]:
    """A line of `predictions.<split>.jsonl`."""
    line: dict[str, Any] = {"id": example.id, "text": example.text}
    if example.pair is not None:
        line["pair"] = example.pair
    if prediction.value is not None:
        return {**line, "gold": example.value, "pred": prediction.value}
    shares = [float(f"{share:.4g}") for share in prediction.probabilities.tolist()]
    return {**line, "gold": example.labels, "pred": prediction.labels, "probabilities": shares}


def from_record(record: Any) -> tuple[LabelledText, Prediction]:
    """What `to_record` wrote.

    Raises:
        DataError: It did not write this.
    """
    if not isinstance(record, Mapping):
        raise DataError(f"expected an object with the prediction for a text, found {show(record)}")
    for name in ("id", "text"):
        if not isinstance(record.get(name), str):
            raise DataError(f"expected a text in `{name}`, found {show(record.get(name))}")
    pair, gold, pred = record.get("pair"), record.get("gold"), record.get("pred")
    if pair is not None and not isinstance(pair, str):
        raise DataError(f"expected a text in `pair`, found {show(pair)}")
    if _is_number(gold) and _is_number(pred):
        example = LabelledText(record["text"], pair, (), float(gold), record["id"])
        return example, Prediction((), np.zeros(0, dtype=np.float32), float(pred))
    sides = [_labels(found, name) for name, found in (("gold", gold), ("pred", pred))]
    shares = record.get("probabilities")
    if not isinstance(shares, list) or not all(_is_number(share) and 0 <= share <= 1 for share in shares):
        raise DataError(f"expected a list of numbers from 0 to 1 in `probabilities`, found {show(shares)}")
    example = LabelledText(record["text"], pair, sides[0], None, record["id"])
    return example, Prediction(sides[1], np.array(shares, dtype=np.float32))


def _labels(found: Any, name: str) -> tuple[str, ...]:
    if not isinstance(found, list) or not all(isinstance(label, str) for label in found):
        raise DataError(f"expected a list of labels, or a number, in `{name}`, found {show(found)}")
    return tuple(found)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def report_of(
    examples: Sequence[LabelledText],
    predictions: Sequence[Prediction],
    *,
    title: str,
    facts: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]] = (),
    resamples: int = 1000,
) -> LabelReport | NumberReport:
    """The evaluation; see `label_report` and `number_report`."""
    beside: dict[str, Any] = {
        "texts": [example.text for example in examples],
        "pairs": [example.pair for example in examples] if any(item.pair is not None for item in examples) else None,
        "ids": [example.id for example in examples],
        "title": title,
        "history": history,
        "resamples": resamples,
    }
    if facts["kind"] == "number":
        return number_report([item.value for item in examples], [item.value for item in predictions], **beside)
    several = facts["kind"] == "several"
    gold, pred = ([_said(item.labels, several=several) for item in side] for side in (examples, predictions))
    labels = facts["labels"]
    wrong = next((row for row, item in enumerate(predictions, 1) if len(item.probabilities) != len(labels)), None)
    if wrong is not None:
        found = len(predictions[wrong - 1].probabilities)
        raise DataError(f"line {wrong} has {found} probabilities, and there are {len(labels)} labels")
    return label_report(
        gold,
        pred,
        labels=labels,
        probabilities=np.stack([item.probabilities for item in predictions]),
        multi_label=several,
        train_counts=facts["train_counts"] or None,
        train_words=set(facts["train_words"]) or None,
        **beside,
    )


def _said(labels: Sequence[str], *, several: bool) -> Any:
    return list(labels) if several else next(iter(labels), "")


def verified(report: Report, examples: Sequence[LabelledText], predictions: Sequence[Prediction]) -> Report:
    """The report as it is: the tests hold its numbers against scikit-learn's."""
    return report
