"""Predictions of tokens ↔ lines of `predictions.<split>.jsonl`, and the report that is made of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ft_magics.data.documents.document import Document
from ft_magics.data.faults import show
from ft_magics.errors import DataError
from ft_magics.evaluation.language.blanks import Blank, blank_of
from ft_magics.evaluation.language.evaluate import Counted, language_report
from ft_magics.evaluation.language.report import LanguageReport

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["counted_from", "counted_of", "counted_record", "counted_with", "text_report"]

_KEPT = 200  # characters of a document's beginning, by which its script is known


def counted_of(
    examples: Sequence[Document], sums: NDArray[np.float64], blanks: Sequence[Sequence[Blank]]
) -> list[Counted]:
    """One prediction per document.

    Args:
        examples: The documents. Length S.
        sums: Of each: tokens asked for, their loss, how many are right, all tokens. Shape (S, 4).
        blanks: Those of each that are kept. Length S.
    """
    return [
        Counted(
            asked=int(asked),
            loss=float(loss),
            right=int(right),
            tokens=int(tokens),
            utf8_bytes=len(example.text.encode(errors="surrogatepass")),
            blanks=tuple(of_document),
        )
        for example, (asked, loss, right, tokens), of_document in zip(examples, sums, blanks, strict=True)
    ]


def counted_record(example: Document, prediction: Counted) -> dict[str, Any]:
    """A line of `predictions.<split>.jsonl`."""
    return {
        "id": example.id,
        "begins": example.text[:_KEPT],
        "bytes": prediction.utf8_bytes,
        "asked": prediction.asked,
        "loss": prediction.loss,
        "right": prediction.right,
        "tokens": prediction.tokens,
        "blanks": [blank.to_json() for blank in prediction.blanks],
        **({"pairs": prediction.pairs, "pairs_right": prediction.pairs_right} if prediction.pairs else {}),
    }


def counted_from(record: Any) -> tuple[Document, Counted]:
    """What `counted_record` wrote: the beginning of the document, and its prediction.

    Raises:
        DataError: It did not write this.
    """
    return counted_with(record, blank_of)


def counted_with(record: Any, blank_from: Callable[[Any], Blank]) -> tuple[Document, Counted]:
    """What `counted_record` wrote: the beginning of the document, and its prediction.

    Args:
        record: A line.
        blank_from: Gives what `to_json` of a blank wrote.

    Raises:
        DataError: It did not write this.
    """
    if not isinstance(record, Mapping):
        raise DataError(f"expected an object with the prediction for a document, found {show(record)}")
    for name in ("id", "begins"):
        if not isinstance(record.get(name), str):
            raise DataError(f"expected a text in `{name}`, found {show(record.get(name))}")
    counts = {"pairs": 0, "pairs_right": 0, **record}
    for name in ("bytes", "asked", "right", "tokens", "pairs", "pairs_right"):
        value = counts.get(name)
        if type(value) is not int or value < 0:
            raise DataError(f"expected a whole number from 0 in `{name}`, found {show(value)}")
    loss, blanks = record.get("loss"), record.get("blanks")
    if isinstance(loss, bool) or not isinstance(loss, (int, float)) or not 0 <= loss < math.inf:
        raise DataError(f"expected a number from 0 in `loss`, found {show(loss)}")
    if not isinstance(blanks, list):
        raise DataError(f"expected a list in `blanks`, found {show(blanks)}")
    counted = Counted(
        asked=record["asked"],
        loss=float(loss),
        right=record["right"],
        tokens=record["tokens"],
        utf8_bytes=record["bytes"],
        blanks=tuple(blank_from(blank) for blank in blanks),
        pairs=counts["pairs"],
        pairs_right=counts["pairs_right"],
    )
    return Document(record["begins"], record["id"]), counted


def text_report(
    examples: Sequence[Document],
    predictions: Sequence[Counted],
    *,
    accuracy: str,
    pair_accuracy: str = "",
    note: str,
    title: str,
    history: Sequence[Mapping[str, Any]],
    resamples: int,
    **more: Any,
) -> LanguageReport:
    """The evaluation; see `language_report`.

    Args:
        examples: Documents, or their beginnings.
        predictions: Of each.
        accuracy: Name of the metric of right predictions.
        pair_accuracy: Name of the metric of pairs; empty where none is judged.
        note: What a reader of the numbers should know.
        title: What this is a report of.
        history: Dev scores per epoch.
        resamples: Bootstrap resamples behind the intervals.
        more: As of `language_report`.
    """
    return language_report(
        predictions,
        texts=[example.text[:_KEPT] for example in examples],
        ids=[example.id for example in examples],
        accuracy=accuracy,
        pair_accuracy=pair_accuracy,
        title=title,
        history=history,
        notes=[note],
        resamples=resamples,
        **more,
    )
