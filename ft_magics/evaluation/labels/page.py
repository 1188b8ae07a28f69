"""`LabelReport` → sections."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ft_magics.evaluation.history import history_sections
from ft_magics.evaluation.labels.chart_page import calibration_sections, curve_sections
from ft_magics.evaluation.labels.counting import METRICS_OF_LABELS
from ft_magics.evaluation.score_tables import Bar, bar_table, count_cell, range_text, score_table, share_cell
from ft_magics.evaluation.scores import Scores
from ft_magics.metrics import Metric
from ft_magics.sections import Cell, Examples, Filter, Grid, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.labels.report import LabelReport

__all__ = ["label_grid", "label_sections", "sections_of"]

_AVERAGES = ("micro", "macro", "weighted")
_MOST_PAIRS = 30
_OPEN_ROWS = 80  # of labels; more are a page of their own
_OPEN_GRID = 30  # labels; a greater grid is a page of its own
_NOTHING = "(nothing)"
_BY = {
    "length": "Scores by length of the text",
    "class_size": "Scores by size of the class in training",
    "overlap": "Scores by share of words that training has",
    "distance": "Scores by words between the entities",
}
_DISAGREE = (
    "The model is sure and gold says otherwise; look at these first. Another label is as probable as it is on average "
    "where gold has it (confident learning). With 5 % of the labels flipped, half to two thirds of those listed were "
    "flipped ones; in cleaner gold most are the model's mistakes. Of examples that the model was trained on this says "
    "nothing."
)
_LISTS = {
    "mistakes": ("Mistakes", "wrong", ""),
    "confident mistakes": ("Most confident mistakes", "wrong", ""),
    "least confident correct": ("Least confident correct answers", "right", ""),
    "disagreements": ("Disagreements", "", _DISAGREE),
}
_SHARE = Metric("f1", "F1")
_SUPPORT = 5  # its column in the table of scores
_ANY: Filter = {"outcome": ["wrong", "right"]}


def sections_of(report: LabelReport, view: Mapping[str, Any], *, brief: bool) -> list[Section]:
    """What is shown; see `LabelReport.sections`."""
    parts: list[Section] = [
        score_table(report.scores, resamples=report.resamples, mistakes={"outcome": "wrong"}),
        _label_table(report, int(view.get("min_support") or 0)),
        label_grid(report),
        _bars(report),
    ]
    if brief:
        return parts
    return [*parts, *label_sections(report, view), *history_sections(report.history, METRICS_OF_LABELS)]


def label_sections(report: LabelReport, view: Mapping[str, Any]) -> list[Section]:
    """What is shown below scores and confusion: pairs, examples, buckets, calibration, curves."""
    parts: list[Section] = []
    pairs = _pair_table(report)
    parts += [pairs] if pairs.rows else []
    parts += _examples(report)
    by = str(view.get("by") or "")
    parts += [_bucket_table(report, name, open_=name == by) for name in report.buckets]
    if by not in ("", "label", *report.buckets):
        known = ", ".join(report.buckets) or "none"
        parts.append(Lines(title="", lines=[f"there are no buckets by {by}; there are: {known}"]))
    parts += calibration_sections(report.calibration, multi_label=report.multi_label)
    if report.curves is not None:
        parts += curve_sections(report.curves)
    return parts


def _bars(report: LabelReport) -> Table:
    """F1 per label and its averages, as bars with their intervals."""
    wrong: Filter = {"outcome": "wrong"}
    bars: list[Bar] = [
        (name, scores.f1, (scores.intervals or {}).get("f1"), {"gold": name, **wrong})
        for name, scores in report.per_label.items()
    ]
    averages = [(way, report.scores[f"{way}_f1"]) for way in _AVERAGES if way != "weighted"]
    over_all: list[Bar] = [(f"{way} average", score.value, score.interval, wrong) for way, score in averages]
    return bar_table(bars, over_all, noun="label", score="F1")


def _label_table(report: LabelReport, least: int) -> Table:
    shown = {name: scores for name, scores in report.per_label.items() if scores.support or scores.predicted}
    left_out = len(report.per_label) - len(shown)
    note = f"labels that neither side has are left out: {left_out}" if left_out else ""
    extra = ["threshold"] if report.thresholds else []
    rows = [Row(cells=[*_label_cells(name, scores), *_threshold(report, name)]) for name, scores in shown.items()]
    totals = [sum(getattr(scores, name) for scores in report.per_label.values()) for name in ("support", "predicted")]
    for way in _AVERAGES:
        f1 = report.scores[f"{way}_f1"]
        rows.append(
            Row(
                cells=[
                    Cell(text=f"{way} average"),
                    *(share_cell(report.scores[f"{way}_{metric}"].value) for metric in ("precision", "recall")),
                    share_cell(f1.value),
                    _interval_cell(f1.interval),
                    *(count_cell(total, None if report.multi_label else _ANY) for total in totals),
                    *(Cell(text="") for _ in extra),
                ],
                strong=True,
            )
        )
    columns = ["label", "precision", "recall", "F1", "F1, 95 %", "support", "predicted", *extra]
    return Table(
        title="Scores per label",
        columns=columns,
        rows=rows,
        support=_SUPPORT,
        least=least,
        note=note,
        open=len(shown) <= _OPEN_ROWS,
    )


def _label_cells(name: str, scores: Scores) -> list[Cell]:
    gold: Filter = {"gold": name}
    pred: Filter = {"pred": name}
    return [
        Cell(text=name, label=name, filter={**gold, "outcome": "wrong"}),
        share_cell(scores.precision, pred),
        share_cell(scores.recall, gold),
        share_cell(scores.f1),
        _interval_cell((scores.intervals or {}).get("f1")),
        count_cell(scores.support, gold),
        count_cell(scores.predicted, pred),
    ]


def _interval_cell(ends: tuple[float, float] | None) -> Cell:
    return Cell(text=range_text(_SHARE, ends), value=None if ends is None else ends[0])  # the bars show it


def _threshold(report: LabelReport, name: str) -> list[Cell]:
    if not report.thresholds:
        return []
    value = report.thresholds.get(name, 0.5)
    return [Cell(text=f"{value:.2f}", value=value)]


def _names(report: LabelReport) -> list[str]:
    """Of the rows and columns of the confusion matrix."""
    return [*report.labels, _NOTHING] if report.multi_label else report.labels


def _filters(report: LabelReport) -> tuple[list[Filter], list[Filter]]:
    """What a row and a column of the confusion matrix open."""
    sides = ("missed", "spurious") if report.multi_label else ("gold", "pred")
    values = [*report.labels, ""] if report.multi_label else report.labels
    row, column = ([{side: value} for value in values] for side in sides)
    return [*row], [*column]


def label_grid(report: LabelReport) -> Grid:
    """The confusion matrix, each cell with the examples behind it."""
    counts = np.array(report.confusion)
    errors = counts - np.diag(np.diag(counts))
    order = np.argsort(-(errors.sum(axis=0) + errors.sum(axis=1)), kind="stable").tolist()
    rows, columns = _filters(report)
    return Grid(
        title="Confusion: which label was taken for which",
        rows=_names(report),
        columns=_names(report),
        counts=report.confusion,
        row_filters=rows,
        column_filters=columns,
        order=order,
        sums_open=not report.multi_label,
        note="missed labels of an example by its spurious ones" if report.multi_label else "",
        open=len(report.per_label) <= _OPEN_GRID,
    )


def _pair_table(report: LabelReport) -> Table:
    """The pairs that are confused most."""
    counts = np.array(report.confusion)
    support = counts.sum(axis=1)
    np.fill_diagonal(counts, 0)
    flat = counts.ravel()
    first = np.argsort(-flat, kind="stable")[:_MOST_PAIRS]
    names, (by_row, by_column) = _names(report), _filters(report)
    rows = []
    for at in first[flat[first] > 0].tolist():
        row, column = divmod(at, len(names))
        chosen = {**by_row[row], **by_column[column]}
        share = float(flat[at] / support[row])
        cells = [
            Cell(text=names[row], label=names[row]),
            Cell(text=names[column], label=names[column]),
            count_cell(int(flat[at]), chosen),
            share_cell(share),
        ]
        rows.append(Row(cells=cells))
    left_out = int((flat > 0).sum()) - len(rows)
    return Table(
        title="Most confused pairs",
        columns=["gold", "predicted", "examples", "% of the gold label"],
        rows=rows,
        note=f"{left_out} rarer pairs are left out" if left_out else "",
    )


def _bucket_table(report: LabelReport, name: str, *, open_: bool) -> Table:
    rows = [
        Row(
            cells=[
                Cell(text=item.label, filter={name: item.label, "outcome": "wrong"}),
                count_cell(item.examples, {name: item.label}),
                share_cell(item.headline, {name: item.label, "outcome": "wrong"}),
                share_cell(item.macro_f1),
            ]
        )
        for item in report.buckets[name]
    ]
    columns = [name.replace("_", " "), "examples", report.headline.metric.label, "macro F1"]
    return Table(title=_BY.get(name, f"Scores by {name}"), columns=columns, rows=rows, open=open_)


def _examples(report: LabelReport) -> list[Examples]:
    """Examples to look at; the first list takes any filter."""
    parts = []
    has_confidence = report.calibration is not None
    orders = {
        "mistakes": ("row", *(("confidence", "doubt") if has_confidence else ())),
        "confident mistakes": ("confidence",),
        "least confident correct": ("doubt",),
        "disagreements": ("suspicion",),
    }
    facets = _facets(report)
    for name, (title, outcome, note) in _LISTS.items():
        if name in report.lists and report.lists[name].total:
            shown = report.lists[name]
            parts.append(
                Examples(
                    title=title,
                    cards=shown.cards,
                    total=shown.total,
                    filter={"outcome": outcome} if outcome else {"suspect": "yes"},
                    facets=facets,
                    sorts=orders[name],
                    note=note,
                )
            )
    return parts


def _facets(report: LabelReport) -> dict[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {
        "outcome": ["wrong", "right"],  # first: what is chosen most
        "gold": [name for name, scores in report.per_label.items() if scores.support],
        "pred": [name for name, scores in report.per_label.items() if scores.predicted],
    }
    return found | {name: [item.label for item in rows] for name, rows in report.buckets.items()}
