"""Whole displays as MIME bundles, and the page in the run's folder."""

from __future__ import annotations

from typing import Any

from ft_magics.display.example_files import links_html
from ft_magics.display.report_parts import last_report
from ft_magics.display.run_page import event_text, run_html, whole_page
from ft_magics.evaluation.page import View, comparison_html, comparison_text, report_html, report_text
from ft_magics.evaluation.report import Comparison, Report
from ft_magics.events import described_metrics
from ft_magics.markup import details, element, terminal_text
from ft_magics.runs.run import Run

__all__ = ["Bundle", "comparison_bundle", "report_bundle", "run_bundle", "save_page", "widget_bundle"]

Bundle = dict[str, Any]  # MIME type → content


def report_bundle(report: Report, *, twin_of: str = "", view: View | None = None) -> Bundle:
    """A report for `display(…, raw=True)`."""
    html = report_html(report, twin_of=twin_of, view=view, below=links_html(report))
    return {"text/html": html, "text/plain": report_text(report, view=view)}


def comparison_bundle(comparison: Comparison, *, twin_of: str = "", view: View | None = None) -> Bundle:
    """A comparison for `display(…, raw=True)`, with the report of the last of its systems."""
    report = last_report(comparison)
    html = comparison_html(comparison)
    if report is not None:
        html += details(f"The report of {report.title}", report_html(report, view=view))
    return {"text/html": element("div", html, data_ft_static=twin_of), "text/plain": comparison_text(comparison)}


def run_bundle(run: Run, *, twin_of: str = "") -> Bundle:
    """A run for `display(…, raw=True)`, with its evaluation where there is one."""
    report = _last_report(run)
    brief = report_html(report, brief=True) if report else ""
    html = run_html(run.events, run.status, name=run.name, report=brief, folder=str(run.folder.shown), twin_of=twin_of)
    last = [event_text(event, described_metrics(run.events)) for event in run.events[-1:]]
    lines = [terminal_text(repr(run)), *filter(None, last)]
    text = report_text(report) if report else "\n".join(lines)
    return {"text/html": html, "text/plain": text}


def _last_report(run: Run) -> Report | None:
    under_way = run.status in ("running", "paused")
    return run.report() if not under_way and run.folder.splits() else None


def _predictions(run: Run) -> str:
    """The file of the predictions that `_last_report` is about."""
    return run.folder.predictions(run.folder.splits()[-1]).name


def widget_bundle(widget: Any, fallback: Bundle) -> Bundle:
    """A widget's view, and what to show where it cannot live."""
    bundle = widget._repr_mimebundle_()  # IPython's display protocol has this name
    view: Bundle = bundle[0] if isinstance(bundle, tuple) else bundle
    return {**view, **fallback}


def save_page(run: Run) -> None:
    """Write report.html into the run's folder."""
    report = _last_report(run)
    whole = report_html(report, below=links_html(report, predictions=_predictions(run))) if report else ""
    body = run_html(run.events, run.status, name=run.name, report=whole, folder=str(run.folder.shown))
    run.folder.write_text(run.folder.html, whole_page(run.name, body))
