"""What a run on labelled texts is in plain Python."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ft_magics.config.references import Reference
from ft_magics.config.splits import Fraction
from ft_magics.data.cells import Rows
from ft_magics.data.examples import Corpus
from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError
from ft_magics.tasks.classify import plain_python
from ft_magics.tasks.classify.columns import KNOWN, Columns, find_columns
from ft_magics.tasks.classify.config import ClassifyData, ClassifySettings, TextOptions
from ft_magics.tasks.classify.examples import LabelledText
from ft_magics.tasks.plain import Plain, Reading
from ft_magics.tasks.task import Spec

__all__ = ["plain_of"]

_SEPARATORS = (",", "\t", ";", "|")
_DECODE: dict[str, tuple[Callable[..., Any], Callable[..., Any], Callable[..., Any] | None]] = {
    "one": (plain_python.decode, plain_python.score, None),
    "several": (plain_python.decode_several, plain_python.score_several, plain_python.choose_own_thresholds),
    "number": (plain_python.decode_numbers, plain_python.score_numbers, None),
}


def plain_of(
    corpus: Corpus[LabelledText],
    data: ClassifyData,
    spec: Spec,
    *,
    kind: str,
    labels: Sequence[str],
    weights: Sequence[float] | None,
    settings: ClassifySettings,
) -> Plain:
    """Reading, encoding, loss and scores.

    Args:
        corpus: Of the run.
        data: The section that it was read by.
        spec: Of the model.
        kind: `one`, `several` or `number`.
        labels: By id. Length C.
        weights: Of the labels in the loss; None for all alike.
        settings: As the cell said.
    """
    decode, score, tune = _DECODE[kind]
    constants: dict[str, Any] = {
        "KIND": kind,
        "LABELS": list(labels),
        "MAX_LENGTH": spec.max_length_tokens,
        "WEIGHTS": None if weights is None else list(weights),
        "LABEL_SMOOTHING": settings.label_smoothing,
        "FOCAL_GAMMA": settings.focal_gamma,
    }
    windows = settings.long_texts == "window"

    def record(example: LabelledText) -> dict[str, Any]:
        gold: Any = {"number": example.value, "several": list(example.labels)}.get(kind, next(iter(example.labels), ""))
        return {"text": example.text, "pair": example.pair, "gold": gold}

    return Plain(
        constants={**constants, "THRESHOLDS": []} if tune else constants,
        record=record,
        readings={split.name: _readings(data.source(split.name), settings) for split in corpus.splits},
        encode=plain_python.encode_in_windows if windows else plain_python.encode,
        collate=plain_python.collate_in_few_widths if spec.few_widths else plain_python.collate,
        loss=plain_python.loss,
        keep=plain_python.keep,
        decode=decode,
        score=score,
        tune=tune,
    )


def _readings(
    source: Fraction | tuple[str | Reference, TextOptions] | None, settings: ClassifySettings
) -> list[Reading]:
    """Ways to read a table with one column of labels."""
    if not isinstance(source, tuple) or isinstance(source[0], Reference) or settings.multi_label:
        return []
    path, options = source
    try:
        rows = read_rows(
            path,
            format=options.format,
            delimiter=options.delimiter,
            encoding=options.encoding,
            header=options.header,
            known=KNOWN,
        )
        columns = find_columns(rows, options, settings, [])
    except DataError:  # the file went or changed since
        return []
    named = _named(rows, columns, number=settings.regression)
    tables = [
        Reading(plain_python.read_csv, {**named, "separator": separator, "header": rows.named}, "pandas")
        for separator in _SEPARATORS
    ]
    return [*tables, Reading(plain_python.read_json_lines, named, "pandas")] if rows.named else tables


def _named(rows: Rows, columns: Columns, *, number: bool) -> dict[str, Any]:
    def said(at: int | None) -> str | int | None:
        return None if at is None else rows.columns[at] if rows.named else at

    return {"text": said(columns.text), "label": said(columns.labels[0]), "pair": said(columns.pair), "number": number}
