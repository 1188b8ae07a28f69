"""A run's page → static HTML: the twin of the dashboard, without script or style sheet."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from ft_magics.display.folder_link import folder_href
from ft_magics.display.run_curve import curve_image, run_chart_image, spark_image
from ft_magics.display.run_summary import Known, page_of
from ft_magics.display.run_wire import DevTable, Figure, LabelTable, RunChart, RunPage, Told
from ft_magics.evaluation.card_html import text_html
from ft_magics.evaluation.card_shown import ShownText
from ft_magics.events import RunEvent, StepDone, drop_superseded
from ft_magics.markup import MUTED, PLAIN_ROW, cell, details, element, name_cell, row, table

__all__ = ["page_html", "run_html", "whole_page"]

_ROOT = "font-size:13px;line-height:1.5"
_BADGE = "color:#fff;border-radius:10px;padding:2px 10px;font-weight:600;white-space:nowrap"
_GRID = "display:grid;grid-template-columns:repeat(auto-fill,minmax(104px,1fr));gap:4px 8px;margin:6px 0"
_PANES = "display:flex;flex-wrap:wrap;gap:8px 16px;align-items:flex-start;margin-top:8px"
_KEY = "margin-right:14px;white-space:nowrap"
_SETTINGS = "margin:2px 0;font-size:12px;text-align:left"
_TRACK = "border-radius:3px;background:rgba(128,128,128,0.25);margin:6px 0;overflow:hidden"
_ROW = "min-height:28px"  # a row that is there before it says anything moves nothing when it does
_SAMPLE = "margin:0 0 6px"
_MOST_OPEN = 30  # labels, whose scores are in sight before one asks for them


def run_html(
    events: Sequence[RunEvent],
    status: str,
    *,
    name: str = "run",
    report: str = "",
    known: Known | None = None,
    twin_of: str = "",
    here: str = "",
) -> str:
    """A run as HTML without script or style sheet.

    Args:
        events: All of its events so far.
        status: As `Run.status` says.
        name: What it is called.
        report: HTML of the evaluation, put at the end.
        known: What else is known of it.
        twin_of: Id of the widget that shows the same while it lives, and hides this.
        here: Where the link to the run's folder leads; as from the notebook, if empty.
    """
    page = page_of(events, status, name=name, known=known)
    steps = [event for event in drop_superseded(events) if isinstance(event, StepDone)]
    handle = known.handle if known is not None and known.handle else name
    return page_html(page, steps, report=report, handle=handle, twin_of=twin_of, here=here)


def page_html(
    page: RunPage, steps: Sequence[StepDone], *, report: str = "", handle: str = "", twin_of: str = "", here: str = ""
) -> str:
    """A page as HTML.

    Args:
        page: What is shown.
        steps: What the training said of every step.
        report: HTML of the evaluation, put at the end.
        handle: What `%ft` knows the run by.
        twin_of: Id of the widget that shows the same while it lives, and hides this.
        here: Where the link to the run's folder leads; as from the notebook, if empty.
    """
    parts = [
        _head(page),
        element("div", _coded(page.say), style=_ROW, dir="auto"),
        _bar(page),
        element("div", *map(_figure, page.figures), style=_GRID),
        element("div", _chart(page.chart, steps), _dev(page.dev), style=_PANES),
        *(element("div", f"▸ {escape(text)}", dir="auto") for text in page.remarks),
        _samples(page.samples),
        _labels(page.labels) if page.labels is not None else "",
        *map(_message, page.messages),
        *_other_curves(steps),
        details("Log", *(element("div", escape(line)) for line in page.log)) if page.log else "",
        _settings(page.settings),
        report,
        _folder(page, here),
        _meanwhile(page, handle),
    ]
    return element("div", *parts, data_ft_static=twin_of, style=_ROOT)


def _head(page: RunPage) -> str:
    score = element("span", escape(page.score), style="font-size:30px;line-height:1.2;font-weight:600;min-width:3.2em")
    lines = (element("div", escape(line) or "&nbsp;", style=MUTED) for line in page.score_about)
    about = element("span", f" {escape(page.about)}", style=MUTED)
    named = element("div", element("strong", escape(page.name)), about, dir="auto")
    badge = element("span", escape(page.badge), style=f"{_BADGE};background:{page.color};margin-left:auto")
    inside = element("div", named, *lines, style="min-width:0;flex:1 1 0")
    return element("div", score, inside, badge, style="display:flex;gap:14px;align-items:flex-start;margin:4px 0")


def _bar(page: RunPage) -> str:
    share = 100 * min(1.0, page.step / max(1, page.steps))
    fill = element("div", style=f"height:6px;border-radius:3px;background:{page.color};width:{share:.2f}%")
    return element("div", fill, style=_TRACK)


def _figure(figure: Figure) -> str:
    text = element("div", escape(figure.text), style="font-size:15px;font-variant-numeric:tabular-nums;line-height:1.3")
    label = element("div", escape(figure.label), style=f"{MUTED};font-size:12px;white-space:nowrap;line-height:1.3")
    return element("div", text, label, style="grid-column:span 2" if figure.wide else "")


def _chart(chart: RunChart, steps: Sequence[StepDone]) -> str:
    drawing = run_chart_image(chart, [event.step for event in steps], [event.loss for event in steps])
    if not drawing:
        return ""
    keys = [
        element(
            "span",
            element("span", "■ ", style=f"color:{key.color};opacity:{0.4 if key.faint else 1}"),
            escape(key.name),
            style=_KEY,
        )
        for key in chart.keys
    ]
    style = "flex:1 1 380px;max-width:640px;min-width:0"
    return element("div", drawing, element("div", *keys, style="font-size:12px", dir="auto"), style=style)


def _dev(dev: DevTable) -> str:
    if not dev.rows:
        return element("div", escape(dev.note), style=MUTED)
    rows = [row(*each.cells, strong=each.best) for each in dev.rows]
    inside = table(list(dev.heads), rows, caption=dev.note)
    return element("div", inside, style="min-width:0;max-height:20em;overflow:auto")


def _samples(samples: Sequence[Sequence[ShownText]]) -> str:
    shown = [element("div", *map(text_html, each), style=_SAMPLE) for each in samples]
    return details("Samples", *shown, open_=True) if shown else ""


def _labels(labels: LabelTable) -> str:
    rows = [
        element(
            "tr",
            name_cell(each.label),
            element("td", spark_image(each.line, each.color), style="min-width:90px"),
            *(cell(text) for text in each.cells),
            style=PLAIN_ROW,
        )
        for each in labels.rows
    ]
    return details(labels.title, table(list(labels.heads), rows, caption=labels.note), open_=len(rows) <= _MOST_OPEN)


def _message(told: Told) -> str:
    return element("div", ("⚠ " if told.level == "warning" else "") + _coded(told.text), dir="auto")


def _coded(text: str) -> str:
    """A text in which what stands between backticks is something to type."""
    pieces = text.split("`")
    return "".join(element("code", escape(piece)) if at % 2 else escape(piece) for at, piece in enumerate(pieces))


def _settings(text: str) -> str:
    return details("Settings of this run", element("pre", escape(text), style=_SETTINGS)) if text else ""


def _other_curves(steps: Sequence[StepDone]) -> list[str]:
    """What few look at, folded."""
    at = [event.step for event in steps]
    curves: dict[str, Sequence[float | None]] = {
        "learning rate": [event.learning_rate for event in steps],
        "gradient norm": [event.grad_norm for event in steps],
    }
    drawn = [(name, curve_image(name, at, values)) for name, values in curves.items()]
    shown = [(name, drawing) for name, drawing in drawn if drawing]
    if not shown:
        return []
    title = " and ".join(name for name, _ in shown).capitalize()
    return [details(title, *(element("div", element("div", name, style=MUTED), drawing) for name, drawing in shown))]


def _folder(page: RunPage, here: str) -> str:
    if not page.folder:
        return ""
    href = here or folder_href(Path(page.place or page.folder).absolute())
    link = element("a", escape(page.folder), href=href, style="color:inherit;text-decoration:underline")
    return element("div", f"Everything is in {link}", style="margin-top:6px")


def _meanwhile(page: RunPage, handle: str) -> str:
    """A saved page of a run that trains is soon out of date, and its kernel may go."""
    if page.state not in ("running", "paused", "stopping"):
        return ""
    text = (
        f"So it was when this was drawn; `%ft report {handle}` shows it now. Where its kernel is gone: "
        f"`%load_ext ft_magics`, then `%ft resume {handle}`"
    )
    return element("div", _coded(text), style=MUTED)


def whole_page(title: str, body: str) -> str:
    """A page of its own, for `report.html`: nothing but a browser is needed."""
    head = element(
        "head",
        '<meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        '<meta name="color-scheme" content="light dark">',
        element("title", escape(title)),
    )
    inside = element(
        "body", body, style="font-family:system-ui,sans-serif;max-width:72em;margin:2em auto;padding:0 1em"
    )
    return "<!doctype html>\n" + element("html", head, inside)
