"""What is watched and drawn like a run: a run, or several seeds as one."""

from __future__ import annotations

import logging
from typing import TypeAlias

from ft_magics.display import pages
from ft_magics.display.event_text import event_text
from ft_magics.display.pages import Bundle
from ft_magics.display.run_page import page_html, whole_page
from ft_magics.display.run_parts import PageOfRun, RunParts
from ft_magics.display.seeds_page import SeedsPage
from ft_magics.evaluation.page import report_html, report_text
from ft_magics.events import described_metrics
from ft_magics.markup import terminal_text
from ft_magics.runs.run import Run
from ft_magics.studies.seeds import SeedStudy

__all__ = ["Watched", "bundle_of", "parts_of", "save_pages"]

Watched: TypeAlias = Run | SeedStudy


def parts_of(one: Watched) -> RunParts:
    """Its page in parts, for a dashboard."""
    return RunParts(SeedsPage(one) if isinstance(one, SeedStudy) else PageOfRun(one))


def bundle_of(one: Watched, *, twin_of: str = "") -> Bundle:
    """It for `display(…, raw=True)`, with its evaluation where there is one."""
    return _seeds_bundle(one, twin_of) if isinstance(one, SeedStudy) else pages.run_bundle(one, twin_of=twin_of)


def save_pages(one: Watched) -> None:
    """Write report.html into its folder; of several seeds, into each one's too."""
    if isinstance(one, Run):
        pages.save_page(one)
        return
    for run in one.runs:
        try:
            pages.save_page(run)
        except OSError as error:
            logging.getLogger(__name__).warning("%s cannot be written: %s", run.folder.html, error.strerror)
    paged = SeedsPage(one)
    report = paged.report()
    whole = report_html(report) if report else ""
    body = page_html(paged.page(), paged.steps(), report=whole, handle=one.folder.handle, here="./")
    one.folder.write_text(one.folder.html, whole_page(one.name, body))
    if report is not None:
        one.folder.write_json(one.folder.report, report.to_json())


def _seeds_bundle(study: SeedStudy, twin_of: str) -> Bundle:
    paged = SeedsPage(study)
    report = paged.report()
    brief = report_html(report) if report else ""
    html = page_html(paged.page(), paged.steps(), report=brief, handle=study.folder.handle, twin_of=twin_of)
    if report is not None:
        return {"text/html": html, "text/plain": report_text(report)}
    events = study.events
    last = [event_text(event, described_metrics(events)) for event in events[-1:]]
    return {"text/html": html, "text/plain": "\n".join([terminal_text(repr(study)), *filter(None, last)])}
