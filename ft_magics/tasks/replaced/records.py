"""Predictions of replaced tokens ↔ lines of `predictions.<split>.jsonl`."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ft_magics.data.documents.document import Document
from ft_magics.data.faults import show
from ft_magics.errors import DataError
from ft_magics.evaluation.language.evaluate import Counted
from ft_magics.evaluation.language.replaced import Judged
from ft_magics.tasks.language.records import counted_from, counted_record

__all__ = ["judged_from", "judged_record"]

_JUDGEMENTS = ("replaced", "flagged", "caught")


def judged_record(example: Document, prediction: Any) -> dict[str, Any]:
    """A line of `predictions.<split>.jsonl`.

    Args:
        example: A document.
        prediction: A `Judged`.
    """
    return counted_record(example, prediction) | {name: getattr(prediction, name) for name in _JUDGEMENTS}


def judged_from(record: Any) -> tuple[Document, Judged]:
    """What `judged_record` wrote: the beginning of the document, and its prediction.

    Raises:
        DataError: It did not write this.
    """
    example, counted = counted_from(record)
    for name in _JUDGEMENTS:
        value = record.get(name)
        if type(value) is not int or value < 0:
            raise DataError(f"expected a whole number from 0 in `{name}`, found {show(value)}")
    same = {item.name: getattr(counted, item.name) for item in fields(Counted)}
    return example, Judged(**same, **{name: record[name] for name in _JUDGEMENTS})
