"""Whole displays as MIME bundles, and the page in the run's folder."""

from __future__ import annotations

import time
from typing import Any

from ft_magics.display.event_text import event_text
from ft_magics.display.example_files import links_html
from ft_magics.display.run_page import run_html, whole_page
from ft_magics.display.run_summary import Known
from ft_magics.evaluation.page import comparison_html, comparison_text, report_html, report_text
from ft_magics.evaluation.report import Comparison, Report, View
from ft_magics.events import described_metrics
from ft_magics.markup import terminal_text
from ft_magics.runs.earlier import earlier_looks, earlier_runs
from ft_magics.runs.looks import count_looks
from ft_magics.runs.parameters import kept_bytes
from ft_magics.runs.run import Run

__all__ = [
    "Bundle",
    "comparison_bundle",
    "known_of",
    "last_report_of",
    "report_bundle",
    "run_bundle",
    "save_page",
    "widget_bundle",
]

Bundle = dict[str, Any]  # MIME type → content
_EARLIER_DRAWN = 3


def report_bundle(report: Report, *, twin_of: str = "", view: View | None = None) -> Bundle:
    """A report for `display(…, raw=True)`."""
    html = report_html(report, twin_of=twin_of, view=view, below=links_html(report))
    return {"text/html": html, "text/plain": report_text(report, view=view)}


def comparison_bundle(comparison: Comparison, *, twin_of: str = "", view: View | None = None) -> Bundle:
    """A comparison for `display(…, raw=True)`, with the report of the last of its systems."""
    html = comparison_html(comparison, twin_of=twin_of, view=view)
    return {"text/html": html, "text/plain": comparison_text(comparison)}


def run_bundle(run: Run, *, twin_of: str = "") -> Bundle:
    """A run for `display(…, raw=True)`, with its evaluation where there is one."""
    report = last_report_of(run)
    brief = report_html(report, brief=True) if report else ""
    known = known_of(run, report)
    html = run_html(run.events, run.status, name=run.title, report=brief, known=known, twin_of=twin_of)
    last = [event_text(event, described_metrics(run.events)) for event in run.events[-1:]]
    lines = [terminal_text(repr(run)), *filter(None, last)]
    text = report_text(report) if report else "\n".join(lines)
    return {"text/html": html, "text/plain": text}


def known_of(run: Run, report: Report | None = None) -> Known:
    """What a run's page shows beside its events.

    Args:
        run: Of the page.
        report: Of the split that was scored last; None where it was not read.
    """
    splits = run.folder.splits()
    return Known(
        folder=str(run.folder.shown),
        place=str(run.dir),
        handle=run.folder.handle,
        split=splits[-1] if report is not None and splits else "",
        headline=None if report is None else report.headline,
        looks=count_looks(run.folder),
        earlier_looks=earlier_looks(run.dir),
        earlier=earlier_runs(run.dir, _EARLIER_DRAWN),
        now=time.time() if run.is_active else None,
        kept_bytes=kept_bytes(run.model_dir),
    )


def last_report_of(run: Run) -> Report | None:
    """Of the split that was scored last; the page shows its headline again, which is no new look at it."""
    splits = run.folder.splits()
    report: Report | None = run.read_report(splits[-1]) if not run.is_active and splits else None
    return report


def _predictions(run: Run) -> str:
    """The file of the predictions that `last_report_of` is about."""
    return run.folder.predictions(run.folder.splits()[-1]).name


def widget_bundle(widget: Any, fallback: Bundle) -> Bundle:
    """A widget's view, and what to show where it cannot live."""
    bundle = widget._repr_mimebundle_()  # IPython's display protocol has this name
    view: Bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    return {**view, **fallback}


def save_page(run: Run) -> None:
    """Write report.html into the run's folder."""
    report = last_report_of(run)
    whole = report_html(report, below=links_html(report, predictions=_predictions(run))) if report else ""
    body = run_html(run.events, run.status, name=run.title, report=whole, known=known_of(run, report), here="./")
    run.folder.write_text(run.folder.html, whole_page(run.name, body))
