"""`EntityReport` → static HTML and text: the twin of the report widget."""

from __future__ import annotations

from ft_magics.display.markup import cell, details, element, heading, name_cell, percent, row, table
from ft_magics.evaluation.report import EntityReport
from ft_magics.evaluation.scores import Scores

__all__ = ["report_html", "report_text"]

_MOST_CONFUSED_TYPES = 30
_AVERAGES = ("micro", "macro", "weighted")


def report_html(report: EntityReport, *, twin_of: str = "") -> str:
    """The report as HTML without script or style sheet.

    Args:
        report: What to show.
        twin_of: Id of the widget that shows the same while it lives; the widget then hides this.
    """
    micro = report.micro
    headline = (
        f"precision {percent(micro.precision)}, recall {percent(micro.recall)}, F1 {percent(micro.f1)} "
        f"· {micro.support} gold entities, {micro.predicted} predicted, {micro.correct} correct "
        f"· {report.sentences} sentences · conlleval's rule"
    )
    parts = [
        heading(report.title, muted=headline),
        table(
            ("entity type", "precision", "recall", "F1", "support", "predicted"),
            [
                *(row(kind, *_cells(scores)) for kind, scores in report.per_type.items()),
                *(row(name, *_cells(getattr(report, name)), strong=True) for name in _AVERAGES),
            ],
        ),
        details("Confusion: which type was taken for which", _confusion(report), open_=len(report.types) <= 12),
    ]
    if len(report.history) > 1:
        parts.append(details("Dev scores per epoch", _history(report)))
    return element("div", *parts, data_ft_static=twin_of, style="font-size:13px;line-height:1.5")


def _cells(scores: Scores) -> tuple[str, ...]:
    shares = (percent(scores.precision), percent(scores.recall), percent(scores.f1))
    return (*shares, str(scores.support), str(scores.predicted))


def _confusion(report: EntityReport) -> str:
    chosen, left_out = _confused_types(report)
    last = len(report.types)
    body = [_confusion_row(report, at, [*chosen, last]) for at in [*chosen, last]]
    note = "rows: gold, columns: predicted; the diagonal holds right types, wrong borders included"
    if left_out:
        note += f"; {left_out} more types, with fewer confusions or none, are left out"
    return table(("gold \\ predicted", *(report.types[at] for at in chosen), "missed"), body, caption=note)


def _confusion_row(report: EntityReport, at: int, columns: list[int]) -> str:
    spurious = at == len(report.types)
    counts = report.confusion[at]
    total = sum(counts) or 1
    name = name_cell("spurious" if spurious else report.types[at])
    return element(
        "tr",
        name,
        *(
            cell(str(counts[to]) if counts[to] else "·", style=_tint(counts[to] / total if not spurious else 0))
            for to in columns
        ),
    )


def _confused_types(report: EntityReport) -> tuple[list[int], int]:
    """Indices of the types to show; of many, those with most confusions."""
    count = len(report.types)
    if count <= _MOST_CONFUSED_TYPES:
        return list(range(count)), 0
    grid = report.confusion
    wrong = [sum(grid[at]) + sum(line[at] for line in grid) - 2 * grid[at][at] for at in range(count)]
    most = sorted(range(count), key=lambda at: -wrong[at])[:_MOST_CONFUSED_TYPES]
    shown = sorted(at for at in most if wrong[at])
    return shown, count - len(shown)


def _tint(share: float) -> str:
    return f"background:rgba(0,114,178,{0.55 * share:.2f})" if share else ""


def _history(report: EntityReport) -> str:
    return table(
        ("epoch", "dev loss", "precision", "recall", "F1"),
        [
            row(
                f"{entry['epoch']:g}",
                "–" if entry["loss"] is None else f"{entry['loss']:.4f}",
                *(percent(entry[name]) for name in ("precision", "recall", "f1")),
            )
            for entry in report.history
        ],
    )


def report_text(report: EntityReport) -> str:
    """The report as text, for a terminal and for `text/plain`."""
    names = [*report.per_type, *_AVERAGES]
    width = max(12, *(len(name) for name in names))
    lines = [report.title, f"{'':{width}}  precision  recall      F1  support"]
    for name in names:
        scores = report.per_type.get(name) or getattr(report, name)
        if name == "micro":
            lines.append("")
        lines.append(
            f"{name:>{width}}  {percent(scores.precision):>9}  {percent(scores.recall):>6}  "
            f"{percent(scores.f1):>6}  {scores.support:>7}"
        )
    return "\n".join(lines)
