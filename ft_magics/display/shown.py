"""What is watched and drawn like a run: a run, or several of one cell as one."""

from __future__ import annotations

import logging
from typing import TypeAlias

from ft_magics.display import pages
from ft_magics.display.event_text import event_text
from ft_magics.display.pages import Bundle
from ft_magics.display.run_page import page_html, whole_page
from ft_magics.display.run_parts import PageOfRun, RunParts
from ft_magics.display.seeds_page import SeedsPage
from ft_magics.display.transfer_page import TransferPage
from ft_magics.evaluation.over_seeds import SeedsReport
from ft_magics.evaluation.page import comparison_html, comparison_text, report_html, report_text
from ft_magics.evaluation.transfer import TransferReport
from ft_magics.events import described_metrics
from ft_magics.markup import terminal_text
from ft_magics.runs.run import Run
from ft_magics.studies.seeds import SeedStudy
from ft_magics.studies.study import Study
from ft_magics.studies.transfer import TransferStudy

__all__ = ["Watched", "beside_of", "bundle_of", "parts_of", "save_pages"]

Watched: TypeAlias = Run | Study


def _paged(study: Study) -> SeedsPage | TransferPage:
    if isinstance(study, SeedStudy):
        return SeedsPage(study)
    if isinstance(study, TransferStudy):
        return TransferPage(study)
    raise TypeError(f"there is no page of {type(study).__name__}")


def parts_of(one: Watched) -> RunParts:
    """Its page in parts, for a dashboard."""
    return RunParts(_paged(one) if isinstance(one, Study) else PageOfRun(one))


def bundle_of(one: Watched, *, twin_of: str = "") -> Bundle:
    """It for `display(…, raw=True)`, with its evaluation where there is one."""
    return _study_bundle(one, twin_of) if isinstance(one, Study) else pages.run_bundle(one, twin_of=twin_of)


def beside_of(one: Watched) -> str:
    """HTML of what stands below a live dashboard, which draws one run: of a comparison of models, what is known so far.

    Returns:
        Nothing for what the dashboard has all of, and before there is anything to compare.
    """
    if not isinstance(one, TransferStudy) or not one.done:
        return ""
    report = TransferPage(one).report()
    return comparison_html(report) if report is not None else ""


def save_pages(one: Watched) -> None:
    """Write report.html into its folder; of several runs, into each one's too."""
    if isinstance(one, Run):
        pages.save_page(one)
        return
    for run in one.runs:
        try:
            pages.save_page(run)
        except OSError as error:
            logging.getLogger(__name__).warning("%s cannot be written: %s", run.folder.html, error.strerror)
    paged = _paged(one)
    report = paged.report()
    body = page_html(paged.page(), paged.steps(), report=_html(report), handle=one.folder.handle, here="./")
    one.folder.write_text(one.folder.html, whole_page(one.name, body))
    if report is not None:
        one.folder.write_json(one.folder.report, report.to_json())


def _html(report: SeedsReport | TransferReport | None) -> str:
    if report is None:
        return ""
    return report_html(report) if isinstance(report, SeedsReport) else comparison_html(report)


def _study_bundle(study: Study, twin_of: str) -> Bundle:
    paged = _paged(study)
    report = paged.report()
    shown = None if twin_of and study.is_active else report  # beside a live dashboard it is there already
    html = page_html(paged.page(), paged.steps(), report=_html(shown), handle=study.folder.handle, twin_of=twin_of)
    if report is not None:
        text = report_text(report) if isinstance(report, SeedsReport) else comparison_text(report)
        return {"text/html": html, "text/plain": text}
    events = study.events
    last = [event_text(event, described_metrics(events)) for event in events[-1:]]
    return {"text/html": html, "text/plain": "\n".join([terminal_text(repr(study)), *filter(None, last)])}
