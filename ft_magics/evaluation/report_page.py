"""What is shown of a report or a comparison, as plain data: a live page and a saved one are both drawn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard, cast

from ft_magics.evaluation.drawing import Drawing, drawing_of
from ft_magics.evaluation.grid_shape import GridShape, shape_of
from ft_magics.evaluation.label_colors import colors_of, labels_of
from ft_magics.evaluation.report import Comparison, Figure, Report, View
from ft_magics.evaluation.score_tables import number, range_text
from ft_magics.metrics import Metric
from ft_magics.sections import Chart, Examples, Grid, Lines, Section, Table

__all__ = ["PAGE_OF_EXAMPLES", "ReportPage", "is_report", "last_report", "page_of", "page_of_sections", "title_of"]

PAGE_OF_EXAMPLES = 10  # cards that are shown at a time
_NARROW_GRID = 12  # columns that fit beside a table
_NARROW_TABLE = 8

Row = Sequence[Sequence[int]]  # columns beside each other → places of sections below each other


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    """A page.

    Args:
        title: What was scored, or compared.
        summary: Scores and counts in a line; empty for none.
        figures: The large figures at the top.
        notes: What a reader of the numbers should know.
        sections: All of them; a request for examples names one by its place.
        drawings: Of the charts, by the place of their section.
        grids: Shapes of the grids, by the place of their section.
        layout: Rows of columns of places: charts and bars first, tables beside them where there is room, examples last.
        colors: Of all labels.
        cards_a_page: How many examples are shown at a time.
        own: How many of the sections are the comparison's; the others are those of its last report. All, of a report.
    """

    title: str
    summary: str
    figures: Sequence[Figure]
    notes: Sequence[str]
    sections: Sequence[Section]
    drawings: Mapping[str, Drawing]
    grids: Mapping[str, GridShape]
    layout: Sequence[Row]
    colors: Mapping[str, str]
    cards_a_page: int
    own: int


def is_report(shown: Report | Comparison) -> TypeGuard[Report]:
    """Whether it is a report rather than a comparison of several."""
    return hasattr(shown, "compare")


def last_report(shown: Report | Comparison) -> Report | None:
    """The report, or that of the last of the systems, where it is in memory."""
    if is_report(shown):
        return shown
    reports = getattr(shown, "reports", ())
    return reports[-1] if reports else None


def page_of(shown: Report | Comparison, view: View | None = None, *, brief: bool = False) -> ReportPage:
    """The page of a report, or of a comparison with the report of the last of its systems below it.

    Args:
        shown: What is shown.
        view: What the magic's line asked for.
        brief: Scores and confusion only.
    """
    if is_report(shown):
        sections = list(shown.sections(view, brief=brief))
        own_figures = [_figure(shown)] if shown.headline.value is not None else []
        return _page(shown.title, sections, own_figures, labels=shown.by_label, model=_of_model(shown), about=shown)
    report = last_report(shown)
    sections = list(shown.sections())
    own = len(sections)
    if report is not None:
        about = Lines(title=f"The report of {report.title}", lines=[report.summary(), *report.notes])
        sections += [about, *report.sections(view, brief=brief)]
    labels = () if report is None else report.by_label
    figures = cast("Comparison", shown).figures()  # a guard says nothing of what it turns away
    return _page(shown.title, sections, figures, labels=labels, model=_of_model(report), own=own)


def page_of_sections(sections: Sequence[Section], labels: Sequence[str]) -> ReportPage:
    """A page of sections that belong to no report.

    Args:
        sections: In order.
        labels: All that there are, for their colours.
    """
    return _page("", sections, [], labels=labels)


def _of_model(report: Report | None) -> Sequence[str]:
    """The labels that its model knows, where the report says so; this split may lack some of them."""
    return tuple(getattr(report, "model_labels", ()))


def _figure(report: Report) -> Figure:
    score = report.headline
    metric, value = score.metric, score.value
    ends = f"95 % interval {range_text(metric, score.interval)}" if score.interval is not None else ""
    return Figure(label=_said(metric), text=number(metric, value), about=ends)


def _said(metric: Metric) -> str:
    return metric.label if metric.higher_is_better else f"{metric.label}, lower is better"


def _page(
    title: str,
    sections: Sequence[Section],
    figures: Sequence[Figure],
    *,
    labels: Sequence[str] | Mapping[str, object],
    model: Sequence[str] = (),
    about: Report | None = None,
    own: int | None = None,
) -> ReportPage:
    colors = colors_of([*labels, *labels_of(sections)], model)
    first = len(sections) if own is None else own
    places = range(len(sections))
    return ReportPage(
        title=title,
        summary="" if about is None else about.summary(),
        figures=figures,
        notes=() if about is None else about.notes,
        sections=sections,
        drawings={str(at): drawing_of(part, colors) for at, part in enumerate(sections) if isinstance(part, Chart)},
        grids={str(at): shape_of(part) for at, part in enumerate(sections) if isinstance(part, Grid)},
        layout=[*_rows(sections, places[:first]), *_rows(sections, places[first:])],
        colors=colors,
        cards_a_page=PAGE_OF_EXAMPLES,
        own=first,
    )


def _rows(sections: Sequence[Section], places: Sequence[int]) -> list[Row]:
    """Sentences that stand before all else, figures beside tables, what is wide, examples."""
    lead = [at for at in places if isinstance(sections[at], Lines) and sections[at].open][: _leads(sections, places)]
    rest = [at for at in places if at not in lead]
    figures = sorted((at for at in rest if _is_figure(sections[at])), key=lambda at: _rank(sections[at]))
    wide = [at for at in rest if _is_wide(sections[at])]
    examples = [at for at in rest if isinstance(sections[at], Examples)]
    tables = [at for at in rest if at not in (*figures, *wide, *examples)]
    beside = [column for column in (figures, tables) if column]
    return [
        row for row in ([lead] if lead else [], beside, [wide] if wide else [], [examples] if examples else []) if row
    ]


def _leads(sections: Sequence[Section], places: Sequence[int]) -> int:
    """How many sentences stand at the beginning."""
    count = 0
    for at in places:
        if not isinstance(sections[at], Lines):
            break
        count += 1
    return count


def _is_figure(section: Section) -> bool:
    if isinstance(section, Grid):
        return len(section.columns) <= _NARROW_GRID
    return isinstance(section, Chart) or _has_bars(section)


def _has_bars(section: Section) -> bool:
    return isinstance(section, Table) and any(cell.bar for row in section.rows for cell in row.cells)


def _is_wide(section: Section) -> bool:
    if isinstance(section, Grid):
        return len(section.columns) > _NARROW_GRID
    return isinstance(section, Table) and len(section.columns) > _NARROW_TABLE


def _rank(section: Section) -> int:
    """Bars first, then curves that stand open, then counts, then what is folded away."""
    if not section.open:
        return 3
    return 0 if _has_bars(section) else 1 if isinstance(section, Chart) else 2


def title_of(section: Section) -> str:
    """What its fold says: examples are counted."""
    return f"{section.title} ({section.total:,})" if isinstance(section, Examples) else section.title
