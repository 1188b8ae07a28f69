"""Predicted relations on disk: a line a pair of entities, and the report that is made of such lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ft_magics.data.examples import Corpus
from ft_magics.data.faults import show
from ft_magics.data.marked import MarkedText, check_marks
from ft_magics.errors import DataError
from ft_magics.evaluation.relations.counting import METRICS_OF_RELATIONS
from ft_magics.evaluation.relations.evaluate import find_none_label, relation_report
from ft_magics.evaluation.relations.report import RelationReport
from ft_magics.evaluation.report import Report
from ft_magics.tasks.classify.examples import LabelledText, TextSplit, labels_of
from ft_magics.tasks.classify.records import Prediction
from ft_magics.tasks.relation.config import RelationSettings

__all__ = [
    "METRICS",
    "as_texts",
    "check_facts",
    "check_options",
    "facts_of",
    "from_record",
    "none_label_of",
    "report_of",
    "to_record",
    "verified",
]

METRICS = tuple(METRICS_OF_RELATIONS[name] for name in ("macro_f1", "micro_f1", "accuracy"))


def as_texts(corpus: Corpus[MarkedText]) -> Corpus[LabelledText]:
    """The same as texts with labels, for what is the same of both: the entities are tags in the text then."""
    splits = {
        split.name: TextSplit(
            name=split.name, source=split.source, notes=split.notes, examples=list(map(_as_text, split.examples))
        )
        for split in corpus.splits
    }
    return Corpus(train=splits["train"], dev=splits.get("dev"), test=splits.get("test"))


def _as_text(example: MarkedText) -> LabelledText:
    text = example.text
    marks = sorted((("e1", example.e1), ("e2", example.e2)), key=lambda mark: -mark[1][0])
    for name, (start, end) in marks:
        text = f"{text[:start]}<{name}>{text[start:end]}</{name}>{text[end:]}"
    return LabelledText(text, None, () if example.label is None else (example.label,), None, example.id)


def none_label_of(settings: RelationSettings, corpus: Corpus[MarkedText]) -> str | None:
    """The label of pairs without a relation: as the cell says, else a usual one that train has."""
    return settings.none_label or find_none_label(labels_of(as_texts(corpus)))


def facts_of(settings: RelationSettings, corpus: Corpus[MarkedText]) -> dict[str, Any]:
    """What the report needs to know of the training data."""
    counts: dict[str, int] = {}
    for example in corpus.train.examples:
        counts[str(example.label)] = counts.get(str(example.label), 0) + 1
    return {
        "labels": list(labels_of(as_texts(corpus))),
        "none_label": none_label_of(settings, corpus),
        "train_counts": counts,
    }


def check_facts(facts: Mapping[str, Any]) -> None:
    """See that `facts_of` gave these.

    Raises:
        DataError: It did not.
    """
    labels, none, counts = (facts.get(name) for name in ("labels", "none_label", "train_counts"))
    texts = isinstance(labels, list) and all(isinstance(label, str) for label in labels)
    numbers = isinstance(counts, dict) and all(type(count) is int for count in counts.values())
    if not texts or not numbers or not isinstance(none, (str, type(None))):
        raise DataError("it does not hold what a run writes")


def check_options(options: Mapping[str, Any]) -> None:
    """A report of relations has the option `none_label`.

    Raises:
        DataError: Another one was given, or another kind of value.
    """
    odd = next((name for name in options if name != "none_label"), None)
    if odd is not None:
        raise DataError(f"a report of relations has no option `{odd}`; there is `none_label`")
    if not isinstance(options.get("none_label", ""), str):
        raise DataError(f"none_label is {show(options['none_label'])}; expected the name of a label")


def to_record(example: MarkedText, prediction: Prediction) -> dict[str, Any]:
    """A line of `predictions.<split>.jsonl`."""
    return {
        "id": example.id,
        "text": example.text,
        "e1": example.e1,
        "e2": example.e2,
        "types": example.types,
        "gold": example.label,
        "pred": prediction.labels[0],
        "probabilities": [float(f"{share:.4g}") for share in prediction.probabilities.tolist()],
    }


def from_record(record: Any) -> tuple[MarkedText, Prediction]:
    """What `to_record` wrote.

    Raises:
        DataError: It did not write this.
    """
    if not isinstance(record, Mapping):
        raise DataError(f"expected an object with the prediction for a pair of entities, found {show(record)}")
    for name in ("id", "text", "gold", "pred"):
        if not isinstance(record.get(name), str):
            raise DataError(f"expected a text in `{name}`, found {show(record.get(name))}")
    marks = [_pair(record, name, int) for name in ("e1", "e2")]
    types = _pair(record, "types", str)
    if wrong := check_marks(record["text"], *marks):
        raise DataError(wrong)
    shares = record.get("probabilities")
    known = isinstance(shares, list) and all(type(share) in (int, float) and 0 <= share <= 1 for share in shares)
    if not known:
        raise DataError(f"expected a list of numbers from 0 to 1 in `probabilities`, found {show(shares)}")
    example = MarkedText(record["text"], marks[0], marks[1], record["gold"], types, record["id"])
    return example, Prediction((record["pred"],), np.array(shares, dtype=np.float32))


def _pair(record: Mapping[str, Any], name: str, kind: type) -> tuple[Any, Any]:
    found = record.get(name)
    if not isinstance(found, list) or len(found) != 2 or any(type(item) is not kind for item in found):
        what = "numbers" if kind is int else "texts"
        raise DataError(f"expected two {what} in `{name}`, found {show(found)}")
    return found[0], found[1]


def report_of(
    examples: Sequence[MarkedText],
    predictions: Sequence[Prediction],
    *,
    title: str,
    facts: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]] = (),
    resamples: int = 1000,
    **options: Any,
) -> RelationReport:
    """The evaluation; see `relation_report`."""
    labels = facts["labels"]
    wrong = next((row for row, item in enumerate(predictions, 1) if len(item.probabilities) != len(labels)), None)
    if wrong is not None:
        found = len(predictions[wrong - 1].probabilities)
        raise DataError(f"line {wrong} has {found} probabilities, and there are {len(labels)} labels")
    return relation_report(
        [example.label for example in examples],
        [prediction.labels[0] for prediction in predictions],
        none_label=options.get("none_label") or facts["none_label"],
        labels=labels,
        probabilities=np.stack([item.probabilities for item in predictions]),
        examples=examples,
        train_counts=facts["train_counts"] or None,
        title=title,
        history=history,
        resamples=resamples,
    )


def verified(report: Report, examples: Sequence[MarkedText], predictions: Sequence[Prediction]) -> Report:
    """The report as it is: the tests hold its numbers against the official rule, written by itself."""
    return report
