"""seqeval beside our own numbers: the headline is computed twice and must agree."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from importlib.metadata import version

from ft_magics.evaluation.entities.inputs import with_prefixes
from ft_magics.evaluation.entities.report import EntityReport

__all__ = ["check_against_seqeval"]


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
    if report.scheme == "IO":
        gold, pred = with_prefixes(gold), with_prefixes(pred)
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
    from seqeval.metrics import sequence_labeling, v1  # noqa: PLC0415  # the same

    score, named = sequence_labeling.precision_recall_fscore_support, {}
    if report.mode == "strict":
        score, named = v1.precision_recall_fscore_support, {"scheme": getattr(scheme, _seqeval_name(report))}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # metrics that do not exist are ours to show
        precision, recall, f1, _ = score(gold, pred, average="micro", zero_division=0, **named)
    return float(precision), float(recall), float(f1)


def _seqeval_name(report: EntityReport) -> str:
    return "IOBES" if report.scheme == "BIOES" else str(report.scheme)
