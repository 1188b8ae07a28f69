"""`LabelReport` ↔ its JSON, checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.evaluation.bootstrap import LEVEL
from ft_magics.evaluation.history import read_epochs
from ft_magics.evaluation.labels.buckets import Bucket
from ft_magics.evaluation.labels.curves import Curve, Curves
from ft_magics.evaluation.labels.probabilities import LabelCalibration
from ft_magics.evaluation.record import (
    Check,
    check_schema,
    count_field,
    flag_field,
    list_of,
    map_of,
    maybe,
    number_field,
    object_of,
    row_of,
    share_field,
    text_field,
)
from ft_magics.evaluation.report_record import CARDS, SCORE, score_of, score_record, shown_of
from ft_magics.evaluation.scores import Scores

if TYPE_CHECKING:
    from ft_magics.evaluation.labels.report import LabelReport

__all__ = ["KIND", "SCHEMA", "read_fields", "to_record"]

SCHEMA = 1
KIND = "labels"

_PLAIN = ("title", "multi_label", "examples", "confusion", "resamples", "thresholds", "history", "notes")

_COUNTS: dict[str, Check] = dict.fromkeys(("support", "predicted", "correct"), count_field)
_SHARES: dict[str, Check] = dict.fromkeys(("precision", "recall", "f1"), maybe(share_field))
_BIN = object_of(
    {
        "low": share_field,
        "high": share_field,
        "count": count_field,
        "confidence": maybe(share_field),
        "accuracy": maybe(share_field),
    }
)
_POINTS = list_of(row_of(share_field, share_field))
_REPORT = object_of(
    {
        "title": text_field,
        "multi_label": flag_field,
        "examples": count_field,
        "scores": map_of(SCORE),
        "per_label": map_of(
            object_of({**_SHARES, **_COUNTS}, {"intervals": maybe(map_of(maybe(row_of(share_field, share_field))))})
        ),
        "confusion": list_of(list_of(count_field)),
        "resamples": count_field,
        "thresholds": map_of(share_field),
        "calibration": maybe(
            object_of(
                {"ece": share_field, "bins": list_of(_BIN)},
                {
                    "temperature": maybe(number_field),
                    "ece_scaled": maybe(share_field),
                    "bins_scaled": maybe(list_of(_BIN)),
                },
            )
        ),
        "curves": maybe(
            object_of(
                {
                    "of": text_field,
                    "roc_auc": maybe(share_field),
                    "average_precision": maybe(share_field),
                    "curves": list_of(object_of({"name": text_field, "roc": _POINTS, "pr": _POINTS})),
                    "thresholds": list_of(object_of({"threshold": share_field, "predicted": count_field, **_SHARES})),
                }
            )
        ),
        "buckets": map_of(
            list_of(
                object_of(
                    {
                        "label": text_field,
                        "examples": count_field,
                        "headline": maybe(share_field),
                        "macro_f1": maybe(share_field),
                    }
                )
            )
        ),
        "lists": map_of(CARDS),
        "notes": list_of(text_field),
    }
)


def to_record(report: LabelReport) -> dict[str, Any]:
    """Plain data; scores that do not exist are null."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "level": LEVEL,
        **{name: getattr(report, name) for name in _PLAIN},
        "scores": {name: score_record(score) for name, score in report.scores.items()},
        "per_label": {name: scores.to_json() for name, scores in report.per_label.items()},
        "calibration": None if report.calibration is None else report.calibration.to_json(),
        "curves": None if report.curves is None else report.curves.to_json(),
        "buckets": {name: [item.to_json() for item in rows] for name, rows in report.buckets.items()},
        "lists": {name: asdict(shown) for name, shown in report.lists.items()},
    }


def read_fields(record: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the report that `to_record` wrote.

    Raises:
        DataError: It is no report of labels, or a newer version wrote it.
    """
    check_schema(record, SCHEMA, KIND)
    _REPORT(record, "")
    try:
        return _read(record)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:  # a field that nobody knows
        raise DataError(f"this report is not whole ({type(error).__name__}: {error})") from error


def _read(record: Mapping[str, Any]) -> dict[str, Any]:
    calibration, curves = record["calibration"], record["curves"]
    return {
        **{name: record[name] for name in _PLAIN},
        "history": read_epochs(record["history"]),
        "scores": {name: score_of(item) for name, item in record["scores"].items()},
        "per_label": {name: Scores.from_json(item) for name, item in record["per_label"].items()},
        "calibration": None if calibration is None else LabelCalibration(**calibration),
        "curves": None if curves is None else _curves(curves),
        "buckets": {name: [Bucket(**item) for item in rows] for name, rows in record["buckets"].items()},
        "lists": {name: shown_of(item) for name, item in record["lists"].items()},
    }


def _curves(record: Mapping[str, Any]) -> Curves:
    found = [
        Curve(name=item["name"], roc=[(x, y) for x, y in item["roc"]], pr=[(x, y) for x, y in item["pr"]])
        for item in record["curves"]
    ]
    return Curves(**{**record, "curves": found})
