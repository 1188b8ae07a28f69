"""seqeval beside our own numbers: the headline is computed twice and must agree."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

from ft_magics.evaluation.report import EntityReport

__all__ = ["check_against_seqeval"]

_SCHEMES = {"BIOES": "IOBES"}


def check_against_seqeval(
    report: EntityReport, gold: Sequence[Sequence[str]], pred: Sequence[Sequence[str]]
) -> EntityReport:
    """The report, with a note that says that seqeval gives the same headline numbers, or which it gives instead.

    Args:
        report: Of these tags.
        gold: Tags per sentence.
        pred: Tags per sentence.
    """
    if not report.per_type:
        return report  # seqeval raises where every tag is O
    theirs = _micro(report, [list(tags) for tags in gold], [list(tags) for tags in pred])
    ours = tuple(share or 0.0 for share in (report.micro.precision, report.micro.recall, report.micro.f1))
    name = f"seqeval {version('seqeval')}"
    note = f"headline numbers equal {name}'s"
    if ours != theirs:
        shares = ", ".join(f"{100 * share:.4f}" for share in theirs)
        note = f"{name} gives other headline numbers (precision, recall, F1: {shares}); please report this as a bug"
    return replace(report, notes=[*report.notes, note])


def _micro(report: EntityReport, gold: list[list[str]], pred: list[list[str]]) -> tuple[float, float, float]:
    from seqeval import scheme  # noqa: PLC0415  # brings scikit-learn along, which takes a second
    from seqeval.metrics.sequence_labeling import precision_recall_fscore_support  # noqa: PLC0415  # the same

    named: dict[str, Any] = {}
    if report.mode == "strict" and report.scheme:
        named = {"mode": "strict", "scheme": getattr(scheme, _SCHEMES.get(report.scheme, report.scheme))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # metrics that do not exist are ours to show
        precision, recall, f1, _ = precision_recall_fscore_support(
            gold, pred, average="micro", zero_division=0, **named
        )
    return float(precision), float(recall), float(f1)
