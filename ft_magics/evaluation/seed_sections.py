"""`SeedsReport` → sections, and a mean with its interval as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ft_magics.evaluation.score_tables import number, range_text
from ft_magics.sections import Cell, Lines, Row, Section, Table

if TYPE_CHECKING:
    from ft_magics.evaluation.over_seeds import SeedsReport, Spread

__all__ = ["half_width_text", "sections_of", "spread_text"]

_MOST_SEEDS = 5  # with a column each
_OPEN_LABELS = 30
_FEW_SEEDS = 5


def spread_text(spread: Spread) -> str:
    """A mean with its interval over seeds, such as `81.32 ± 1.20`."""
    mean = number(spread.metric, spread.mean)
    half = half_width_text(spread)
    return f"{mean} ± {half}" if half else mean


def half_width_text(spread: Spread) -> str:
    """Half of the interval; empty where there is none."""
    if spread.half_width is None or spread.mean is None:
        return ""
    if spread.metric.unit == "share" and spread.half_width >= 1:
        return "> 100"  # two seeds that differ: nothing is known
    return number(spread.metric, spread.half_width)


def sections_of(report: SeedsReport, *, brief: bool) -> list[Section]:
    """A table of scores, one of labels, and what the intervals are."""
    scores = _table(report, "Scores over seeds", "score", list(_once(report).values()))
    if brief:
        return [scores]
    parts: list[Section] = [scores]
    labels = list(report.label_spreads.values())
    if labels:
        what = report.headline.metric.by_label or "F1"
        table = _table(report, f"{what} per label over seeds", "label", labels, are_labels=True)
        parts.append(table)
    parts.append(Lines(title="How sure the means are", lines=_lines(report), open=False))
    return parts


def _once(report: SeedsReport) -> dict[str, Spread]:
    """The scores; entities have some of them under two names."""
    found: dict[str, Spread] = {}
    for name, item in report.spreads.items():
        if name.removeprefix("micro_") not in found:
            found[name] = item
    return found


def _table(report: SeedsReport, title: str, first: str, spreads: list[Spread], *, are_labels: bool = False) -> Table:
    each = [f"seed {seed}" for seed in report.seeds] if len(report.seeds) <= _MOST_SEEDS else ["least", "most"]
    over_both = [] if are_labels else ["95 %, seeds and examples"]
    rows = [
        Row(
            cells=[
                Cell(text=item.metric.label, label=item.metric.label if are_labels else ""),
                Cell(text=number(item.metric, item.mean), value=item.mean),
                Cell(text=half_width_text(item) or "–", value=item.half_width),
                *([] if are_labels else [Cell(text=range_text(item.metric, item.interval))]),
                *_values(item, len(report.seeds)),
            ],
            strong=at == 0 and not are_labels,
        )
        for at, item in enumerate(spreads)
    ]
    return Table(
        title=title,
        columns=[first, "mean", "± over seeds", *over_both, *each],
        rows=rows,
        note="" if are_labels else _note(report),
        open=not are_labels or len(rows) <= _OPEN_LABELS,
    )


def _values(item: Spread, seeds: int) -> list[Cell]:
    if seeds <= _MOST_SEEDS:
        return [Cell(text=number(item.metric, value), value=value) for value in item.values]
    there = [value for value in item.values if value is not None]
    ends = (min(there), max(there)) if there else (None, None)
    return [Cell(text=number(item.metric, value), value=value) for value in ends]


def _note(report: SeedsReport) -> str:
    if len(report.seeds) < 2:
        return "one seed: nothing is known of how far another one would be"
    return f"±: half of the 95 % interval of the mean over {len(report.seeds)} seeds, on this split"


def _lines(report: SeedsReport) -> list[str]:
    count = len(report.seeds)
    student = (
        f"± is Student's t over {count} seeds: where the mean of further seeds would be, on these same examples. Data "
        "and settings are the same for all of them."
    )
    both = (
        f"“seeds and examples” resamples both, {report.resamples:,} times, one draw of examples for all seeds (Sellam "
        "et al. 2022): where the mean would be on other examples of this kind, too."
    )
    few = (
        f"With {count} seeds neither knows much of seeds: the second is too narrow where seeds differ more than "
        "examples do. More seeds make both better."
    )
    return [student, both, few] if count < _FEW_SEEDS else [student, both]
