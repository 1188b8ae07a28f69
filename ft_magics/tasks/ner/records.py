"""Entities on disk: a line a sentence, and the report that is made of such lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from pydantic import ValidationError

from ft_magics.data.examples import Corpus
from ft_magics.data.tagged.config import ReadOptions
from ft_magics.data.tagged.examples import TaggedSentence
from ft_magics.data.tagged.schemes import is_tag, spans_of
from ft_magics.data.tagged.sources import read_sentences
from ft_magics.errors import DataError
from ft_magics.evaluation.entities.beside import check_cuts, check_rule, check_surfaces, shown
from ft_magics.evaluation.entities.buckets import surface_of
from ft_magics.evaluation.entities.evaluate import entity_report
from ft_magics.evaluation.entities.reference import check_against_seqeval
from ft_magics.evaluation.entities.report import EntityReport

__all__ = [
    "Prediction",
    "check_facts",
    "check_options",
    "count_surfaces",
    "facts_of",
    "from_record",
    "read_options",
    "read_tags",
    "report_of",
    "to_record",
    "verified",
]

_PER_WORD = ("words", "gold", "pred", "confidences")


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model says about one example.

    Args:
        tags: The most likely label of each word; they may break IOB2. Length W.
        confidences: Probability of each word's most likely label. Length W.
        cuts: Words at which the prediction changes from one window to the next.
    """

    tags: tuple[str, ...]
    confidences: tuple[float, ...]
    cuts: tuple[int, ...] = ()


def facts_of(settings: Any, corpus: Corpus[TaggedSentence]) -> dict[str, Any]:
    """What the report needs to know of the training data."""
    return {"surfaces": count_surfaces(corpus.train.examples)}


def count_surfaces(examples: Sequence[TaggedSentence]) -> dict[str, dict[str, int]]:
    """How often each surface is an entity of each type."""
    counts: dict[str, dict[str, int]] = {}
    for example in examples:
        for span in spans_of(example.tags):
            of_surface = counts.setdefault(surface_of(example.words[span.start : span.end]), {})
            of_surface[span.type] = of_surface.get(span.type, 0) + 1
    return counts


def check_facts(facts: Mapping[str, Any]) -> None:
    """See that `facts_of` gave these.

    Raises:
        DataError: It did not.
    """
    if facts:
        check_surfaces(facts.get("surfaces"))


def check_options(options: Mapping[str, Any]) -> None:
    """See that there are such options of a report: `mode`, and a `scheme` for the strict one.

    Raises:
        DataError: There are not.
    """
    unknown = next((name for name in options if name not in ("mode", "scheme")), None)
    if unknown is not None:
        raise DataError(f"a report of entities has no option `{unknown}`; it has `mode` and `scheme`")
    check_rule(options.get("mode", "conll"), options.get("scheme"))


def to_record(example: TaggedSentence, prediction: Prediction) -> dict[str, Any]:
    """A line of `predictions.<split>.jsonl`."""
    line: dict[str, Any] = {
        "id": example.id,
        "words": example.words,
        "gold": example.tags,
        "pred": prediction.tags,
        "confidences": [round(share, 4) for share in prediction.confidences],
    }
    return {**line, "cuts": prediction.cuts} if prediction.cuts else line


def from_record(record: Any) -> tuple[TaggedSentence, Prediction]:
    """What `to_record` wrote.

    Raises:
        DataError: It did not write this.
    """
    _check_row(record)
    example = TaggedSentence(tuple(record["words"]), tuple(record["gold"]), record["id"])
    confidences, cuts = tuple(record["confidences"]), tuple(record.get("cuts", ()))
    return example, Prediction(tuple(record["pred"]), confidences, cuts)


def report_of(
    examples: Sequence[TaggedSentence],
    predictions: Sequence[Prediction],
    *,
    title: str,
    facts: Mapping[str, Any],
    history: Sequence[Mapping[str, Any]] = (),
    resamples: int = 1000,
    **options: Any,
) -> EntityReport:
    """The evaluation; see `entity_report`."""
    cuts = [item.cuts for item in predictions]
    gold, pred = [example.tags for example in examples], [item.tags for item in predictions]
    return entity_report(
        gold,
        pred,
        words=[example.words for example in examples],
        confidences=[item.confidences for item in predictions],
        ids=[example.id for example in examples],
        surfaces=facts.get("surfaces"),
        cuts=cuts if any(chain(cuts)) else (),
        title=title,
        history=history,
        resamples=resamples,
        **options,
    )


def read_options(options: Mapping[str, Any]) -> ReadOptions:
    """How a file of tagged words is read.

    Raises:
        DataError: There is no such option, or no such value.
    """
    try:
        return ReadOptions.model_validate(dict(options))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"] if not str(step).startswith("<"))
        known = f"; there are {', '.join(ReadOptions.model_fields)}" if fault["type"] == "extra_forbidden" else ""
        raise DataError(f"{where}: found {fault['input']!r:.60}: {fault['msg']}{known}") from error


def read_tags(source: Any, options: Mapping[str, Any]) -> list[list[str]]:
    """The tags in a file, a list per sentence.

    Raises:
        DataError: It cannot be read.
    """
    sentences, _ = read_sentences(source, read_options(options))
    return [list(sentence.tags) for sentence in sentences]


def verified(
    report: EntityReport, examples: Sequence[TaggedSentence], predictions: Sequence[Prediction]
) -> EntityReport:
    """The report with a note on whether seqeval gives the same headline numbers."""
    return check_against_seqeval(report, [item.tags for item in examples], [item.tags for item in predictions])


def _check_row(row: Any) -> None:
    if not isinstance(row, Mapping):
        raise DataError(f"expected an object with the predictions for a sentence, found {shown(row)}")
    for name in _PER_WORD:
        if not isinstance(row.get(name), list):
            raise DataError(f"expected a list in `{name}`, found {shown(row.get(name))}")
        if len(row[name]) != len(row["words"]):
            raise DataError(f"`words` has {len(row['words'])} entries, and `{name}` has {len(row[name])}")
        _check_entries(row[name], name)
    if not isinstance(row.get("id"), str):
        raise DataError(f"expected a text in `id`, found {shown(row.get('id'))}")
    try:
        check_cuts([row.get("cuts", [])], [len(row["words"])], 1)
    except DataError as error:
        raise DataError(f"expected places in the sentence in `cuts`, found {shown(row['cuts'])}") from error


def _check_entries(entries: Sequence[Any], name: str) -> None:
    """See that each word has a text, a tag or a confidence."""
    tags = name in ("gold", "pred")
    for at, entry in enumerate(entries):
        if name == "confidences":
            expected = "a number from 0 to 1"
            fits = isinstance(entry, (int, float)) and not isinstance(entry, bool) and 0 <= entry <= 1
        else:
            expected = "a tag" if tags else "a text"
            fits = isinstance(entry, str) and (not tags or is_tag(entry))
        if not fits:
            raise DataError(f"word {at} (counted from 0) has {shown(entry)} in `{name}`, expected {expected}")
