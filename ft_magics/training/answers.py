"""A run's predictions on disk, and the report that is made of them: the same when training ends and years later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from ft_magics.data.examples import Example, Split
from ft_magics.data.schemes import spans_of
from ft_magics.evaluation.buckets import surface_of
from ft_magics.evaluation.evaluate import entity_report
from ft_magics.evaluation.report import EntityReport
from ft_magics.training.folder import RunFolder

if TYPE_CHECKING:
    from ft_magics.tasks.ner import Prediction

__all__ = ["count_surfaces", "read_report", "write_predictions"]


def count_surfaces(examples: Sequence[Example]) -> dict[str, dict[str, int]]:
    """How often each surface is an entity of each type: what the report needs to know of the training data."""
    counts: dict[str, dict[str, int]] = {}
    for example in examples:
        for span in spans_of(example.tags):
            of_surface = counts.setdefault(surface_of(example.words[span.start : span.end]), {})
            of_surface[span.type] = of_surface.get(span.type, 0) + 1
    return counts


def write_predictions(
    folder: RunFolder, split: Split, predictions: Sequence[Prediction], cuts: Sequence[Sequence[int]]
) -> None:
    """Write `predictions.<split>.jsonl`, a line each sentence, with the words at which windows change."""
    rows = zip(split.examples, predictions, cuts, strict=True)
    folder.write_lines(folder.predictions(split.name), (_line(*row) for row in rows))


def _line(example: Example, prediction: Prediction, cuts: Sequence[int]) -> dict[str, Any]:
    line: dict[str, Any] = {
        "id": example.id,
        "words": example.words,
        "gold": example.tags,
        "pred": prediction.tags,
        "confidences": [round(share, 4) for share in prediction.confidences],
    }
    return {**line, "cuts": cuts} if cuts else line


def read_report(
    folder: RunFolder,
    split: str,
    *,
    title: str,
    mode: str = "conll",
    scheme: str | None = None,
    history: Sequence[Mapping[str, Any]] = (),
) -> EntityReport:
    """The evaluation of a split's predictions.

    Args:
        folder: Of the run.
        split: One that has predictions.
        title: Of the report.
        mode: `conll` or `strict`.
        scheme: For the strict rule; None for what the tags look like.
        history: Dev scores per epoch.
    """
    rows = folder.read_lines(folder.predictions(split))
    gold, pred, words, confidences, ids = (
        [row[name] for row in rows] for name in ("gold", "pred", "words", "confidences", "id")
    )
    cuts = [row.get("cuts", []) for row in rows]
    return entity_report(
        gold,
        pred,
        mode=mode,
        scheme=scheme,
        words=words,
        confidences=confidences,
        ids=ids,
        surfaces=folder.read_surfaces(),
        cuts=cuts if any(chain(cuts)) else (),
        title=title,
        history=history,
    )
