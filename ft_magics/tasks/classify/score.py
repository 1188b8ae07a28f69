"""Labels of one's own, gold and predicted → a report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import ValidationError

from ft_magics.data.rows import read_rows
from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.beside import check_known
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.labels.report import LabelReport
from ft_magics.evaluation.numbers.evaluate import number_report
from ft_magics.evaluation.numbers.report import NumberReport
from ft_magics.tasks.classify.config import ClassifySettings, TextOptions
from ft_magics.tasks.classify.reader import read_split

__all__ = ["read_labels", "read_options", "score"]

_MEASURE = re.compile(r"[-+]?\d+\.\d+(e[-+]?\d+)?", re.IGNORECASE)  # a number that is no class
_LABEL_NAMES = ("pred", "prediction", "predicted", "gold", "label")


def read_options(options: Mapping[str, Any]) -> TextOptions:
    """How a file of labelled texts is read.

    Raises:
        DataError: There is no such option, or no such value.
    """
    try:
        return TextOptions.model_validate(dict(options))
    except ValidationError as error:
        fault = error.errors()[0]
        where = ".".join(str(step) for step in fault["loc"])
        known = f"; there are {', '.join(TextOptions.model_fields)}" if fault["type"] == "extra_forbidden" else ""
        raise DataError(f"{where}: found {fault['input']!r:.60}: {fault['msg']}{known}") from error


def read_labels(source: Any, options: Mapping[str, Any]) -> list[str] | list[float]:
    """The labels or numbers in a file: one a line, or those of its column of labels.

    Raises:
        DataError: They cannot be read.
    """
    chosen = read_options(options)
    if chosen.label_column is None:
        rows = read_rows(
            source,
            split="labels",
            format=chosen.format or "csv",
            delimiter=chosen.delimiter,
            encoding=chosen.encoding,
            header=chosen.header,
            known=_LABEL_NAMES,
        )
        if len(rows.columns) == 1:
            texts = [str(row[0]).strip() for row in rows.cells]
            return [float(text) for text in texts] if all(map(_MEASURE.fullmatch, texts)) else texts
    split = read_split("labels", source, chosen, ClassifySettings())
    return [example.labels[0] for example in split.examples]


def score(gold: Any, pred: Any, **options: Any) -> LabelReport | NumberReport:
    """Score labels, lists of labels, or numbers.

    Args:
        gold: A label per text; a list of labels each, where a text may have several; or a number each.
        pred: The same for the predictions.
        options: Of `label_report`, or `number_report`.

    Raises:
        DataError: They do not belong together; the message names the first text that does not fit.
    """
    both = [_as_list(side, name) for side, name in ((gold, "gold"), (pred, "pred"))]
    numbers = all(side and all(_is_measure(item) for item in side) for side in both)
    if numbers and any(isinstance(item, float) and not item.is_integer() for side in both for item in side):
        check_known(number_report, options)
        return number_report(*both, **options)
    check_known(label_report, options)
    several = any(isinstance(item, (list, tuple, set)) for side in both for item in side)
    return label_report(*both, multi_label=options.pop("multi_label", several), **options)


def _as_list(side: Any, name: str) -> list[Any]:
    if isinstance(side, np.ndarray) or hasattr(side, "tolist"):
        side = side.tolist()
    if isinstance(side, (str, bytes, Mapping)) or not isinstance(side, Sequence):
        raise DataError(f"{name} is {type_name(side)}; expected a list with a label per text")
    return list(side)


def _is_measure(item: Any) -> bool:
    return isinstance(item, (int, float)) and not isinstance(item, bool)
