"""`EntityReport` → sections: everything that its page and its widget show, in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.calibration import bin_name
from ft_magics.evaluation.entities.cards import KIND_WORDS, MISTAKES, PREDICTED, example_card
from ft_magics.evaluation.entities.score_sections import (
    bucket_tables,
    confusion_grid,
    error_sections,
    f1_bars,
    interval_table,
    score_table,
)
from ft_magics.evaluation.history import history_sections
from ft_magics.evaluation.score_tables import count_cell, share_cell
from ft_magics.markup import percent
from ft_magics.metrics import Metric
from ft_magics.sections import Cell, Chart, Examples, Lines, Row, Section, Series, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.calibration import Calibration
    from ft_magics.evaluation.entities.report import EntityReport

__all__ = ["report_sections"]

_PERCENT = (0.0, 100.0)
_SORTS = ("row", "confidence", "doubt")
_SUSPECTED = (
    "The model is sure and gold says otherwise; look at these first. They are ranked by how sure it is of every word "
    "that the two sides are about, and by what the same words are in training and elsewhere here. With 5 % of the "
    "labels flipped, seven of ten that were listed were flipped ones; in cleaner gold fewer are wrong. Of examples "
    "that the model was trained on this says nothing."
)
METRICS_OF_ENTITIES = {
    name: Metric(name, label) for name, label in (("precision", "precision"), ("recall", "recall"), ("f1", "F1"))
}


def report_sections(report: EntityReport, view: Mapping[str, Any] | None, *, brief: bool) -> list[Section]:
    """What is shown.

    Args:
        report: Whose.
        view: `by`: the attribute whose buckets stand open; `min_support`: types with fewer gold entities are left out.
        brief: Scores and confusion only.
    """
    view = view or {}
    by, least = str(view.get("by", "type")), int(view.get("min_support", 0))
    unknown = _unknown(report, by)
    parts: list[Section] = [Lines(title="", lines=[unknown])] if unknown else []
    parts += [score_table(report, least), confusion_grid(report), f1_bars(report)]
    if brief:
        return parts
    return [
        *parts,
        interval_table(report),
        *error_sections(report),
        *bucket_tables(report, by),
        *_examples(report),
        *_calibration(report.calibration),
        *history_sections(report.history, METRICS_OF_ENTITIES),
    ]


def _unknown(report: EntityReport, by: str) -> str:
    """A sentence when the scores cannot be broken down as asked."""
    if by == "type" or by in report.buckets:
        return ""
    needs = "the training data, which only a run keeps" if by in ("seen", "train_frequency") else "the words"
    return f"by {by.replace('_', ' ')}: that cannot be known here, since it needs {needs}"


def _examples(report: EntityReport) -> list[Section]:
    parts: list[Section] = [_mistakes(report)] if report.mistakes or report.evidence is not None else []
    if report.suspects:
        parts.append(_suspects(report))
    mistakes = {item.kind: item.count for item in report.error_kinds}
    predicted = sum(mistakes.values()) - mistakes.get("missed", 0)
    lists = (
        ("The most confident mistakes", report.confident_mistakes, predicted, PREDICTED, "confidence"),
        (
            "Least confident correct",
            report.least_confident_correct,
            report.micro.correct,
            [KIND_WORDS["correct"]],
            "doubt",
        ),
    )
    return parts + [
        Examples(
            title=title,
            cards=[example_card(item) for item in found],
            total=max(total, len(found)),
            filter={"kind": kinds},
            sorts=(order,),
        )
        for title, found, total, kinds, order in lists
        if found
    ]


def _suspects(report: EntityReport) -> Examples:
    total = len(report.suspects) if report.evidence is None else len(report.evidence.suspects)
    cards = [example_card(item) for item in report.suspects]
    return Examples(
        title="Suspected label errors",
        cards=cards,
        total=total,
        filter={"suspect": "yes"},
        sorts=("suspicion",),
        note=_SUSPECTED,
    )


def _mistakes(report: EntityReport) -> Examples:
    """The examples that a person looks through, and that open behind the numbers."""
    buckets = {name: list(rows) for name, rows in report.buckets.items()}
    return Examples(
        title="Mistakes of every kind",
        cards=[example_card(item) for item in report.mistakes],
        total=sum(item.count for item in report.error_kinds),
        filter={"kind": MISTAKES},
        facets={"kind": list(KIND_WORDS.values()), "type": report.types, **buckets},
        sorts=_SORTS if report.calibration is not None else _SORTS[:1],
    )


def _calibration(calibration: Calibration | None) -> list[Section]:
    title = "Calibration: does a confidence mean what it says"
    if calibration is None:
        why = "these predictions come without confidences, so there is nothing to calibrate"
        return [Lines(title=title, lines=[why], open=False)]
    return [_reliability(title, calibration), _bins(calibration), *_thresholds(calibration)]


def _reliability(title: str, calibration: Calibration) -> Chart:
    filled = [item for item in calibration.bins if None not in (item["confidence"], item["accuracy"])]
    count = sum(item["count"] for item in filled) or 1
    sure = [100 * item["confidence"] for item in filled]
    return Chart(
        title=title,
        x_label="confidence, %",
        y_label="%",
        series=[
            Series(name="accuracy", x=sure, y=[100 * item["accuracy"] for item in filled]),
            Series(
                name="share of the predicted entities",
                x=[50 * (item["low"] + item["high"]) for item in filled],
                y=[100 * item["count"] / count for item in filled],
                shape="bars",
            ),
        ],
        x_range=_PERCENT,
        y_range=_PERCENT,
        diagonal=True,
        note=f"expected calibration error {percent(calibration.ece)}",
        open=False,
    )


def _bins(calibration: Calibration) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=bin_name(at), value=item["low"], filter={"confidence_bin": bin_name(at), "kind": MISTAKES}),
                count_cell(item["count"], {"confidence_bin": bin_name(at)}),
                share_cell(item["confidence"]),
                share_cell(item["accuracy"]),
            ]
        )
        for at, item in enumerate(calibration.bins)
        if item["count"]
    ]
    return Table(
        title="Accuracy by confidence",
        columns=("confidence", "entities", "mean confidence", "accuracy"),
        rows=rows,
        note=f"expected calibration error {percent(calibration.ece)}",
        open=False,
    )


def _thresholds(calibration: Calibration) -> list[Section]:
    every = calibration.thresholds
    best = max((item["f1"] for item in every if item["f1"] is not None), default=None)
    rows = [
        Row(
            cells=[
                Cell(text=f"{item['threshold']:.2f}", value=item["threshold"]),
                count_cell(item["predicted"], {"least_confidence": item["threshold"]}),
                share_cell(item["precision"]),
                share_cell(item["recall"]),
                _starred(item["f1"], best),
            ]
        )
        for item in every
    ]
    shown = [item for item in every if item["threshold"] is not None]
    chart = Chart(
        title="Precision and recall over a threshold",
        x_label="least confidence that is kept, %",
        y_label="score",
        series=[
            Series(
                name=name, x=[100 * item["threshold"] for item in shown], y=[_in_percent(item[name]) for item in shown]
            )
            for name in ("precision", "recall")
        ],
        x_range=_PERCENT,
        y_range=_PERCENT,
        open=False,
    )
    table = Table(
        title="Scores by threshold",
        columns=("threshold", "predicted", "precision", "recall", "F1"),
        rows=rows,
        note="entities with less confidence left out; ★: the best F1",
        open=False,
    )
    return [chart, table]


def _starred(share: float | None, best: float | None) -> Cell:
    """A score; a star says that it is the best."""
    cell = share_cell(share)
    return replace(cell, text=f"{cell.text} ★") if share is not None and share == best else cell


def _in_percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
