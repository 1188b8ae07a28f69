"""`EntityReport` → static HTML, Markdown and text: the twin of every view of the report widget."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.entities.buckets import ATTRIBUTES
from ft_magics.evaluation.entities.calibration import Calibration
from ft_magics.evaluation.entities.confusion_page import confusion_html
from ft_magics.evaluation.entities.scores import Scores
from ft_magics.evaluation.entities.sentence_page import examples_html
from ft_magics.markup import (
    details,
    element,
    heading,
    image,
    markdown_text,
    percent,
    row,
    table,
    terminal_line,
)

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.report import EntityReport

__all__ = ["View", "interval", "report_html", "report_markdown", "report_text"]

_RULES = {"conll": "conlleval's rule", "strict": "strict {scheme}"}
_WIDTH = 220
_TEXT = "font-size:13px;line-height:1.5"

View = Mapping[str, Any]  # `by` and `min_support`, as the magic's line says


def report_html(report: EntityReport, *, twin_of: str = "", view: View | None = None, brief: bool = False) -> str:
    """The report as HTML without script or style sheet.

    Args:
        report: What to show.
        twin_of: Id of the widget that shows the same while it lives; the widget then hides this.
        brief: Scores and confusion only.
        view: `by`: the attribute whose buckets stand open; `min_support`: types with fewer gold entities are left out.
    """
    view = view or {}
    by = str(view.get("by", "type"))
    parts = [
        heading(report.title, muted=_headline(report)),
        *(element("div", escape(note), dir="auto") for note in [*report.notes, *_unknown(report, by)]),
        _scores(report, int(view.get("min_support", 0))),
        details("Confusion: which type was taken for which", confusion_html(report), open_=len(report.types) <= 12),
    ]
    if brief:
        return element("div", *parts, style=_TEXT)
    parts += [
        details("Kinds of mistakes, and what mending them would give", _errors(report)),
        *_buckets(report, by),
        *_examples(report),
    ]
    if report.calibration is not None:
        parts.append(details("Calibration: does a confidence mean what it says", _calibration(report.calibration)))
    if len(report.history) > 1:
        parts.append(details("Dev scores per epoch", _history(report)))
    return element("div", *parts, data_ft_static=twin_of, style=_TEXT)


def _headline(report: EntityReport) -> str:
    micro = report.micro
    return (
        f"precision {percent(micro.precision)}, recall {percent(micro.recall)}, F1 {percent(micro.f1)} "
        f"· {micro.support} gold entities, {micro.predicted} predicted, {micro.correct} correct "
        f"· {report.sentences} sentences · {_RULES[report.mode].format(scheme=report.scheme)}"
    )


def _scores(report: EntityReport, least: int) -> str:
    shown = {kind: scores for kind, scores in report.per_type.items() if scores.support >= least}
    return table(
        ("entity type", "precision", "recall", "F1", "F1, 95 %", "support", "predicted"),
        [
            *(row(kind, *_cells(scores)) for kind, scores in shown.items()),
            *(row(name, *_cells(scores), strong=True) for name, scores in report.averages().items()),
        ],
        caption=_left_out(report, len(shown), least),
    )


def _left_out(report: EntityReport, shown: int, least: int) -> str:
    """A sentence about the types that `min_support` hides; empty when it hides none."""
    hidden = len(report.per_type) - shown
    types = "1 type" if hidden == 1 else f"{hidden} types"
    return f"not shown: {types} with fewer than {least} gold entities" if hidden else ""


def _cells(scores: Scores) -> tuple[str, ...]:
    shares = (percent(scores.precision), percent(scores.recall), percent(scores.f1))
    return (*shares, interval((scores.intervals or {}).get("f1")), str(scores.support), str(scores.predicted))


def interval(ends: Sequence[float] | None) -> str:
    """`39.1–44.2`, or a dash."""
    return "–" if ends is None else f"{100 * ends[0]:.1f}–{100 * ends[1]:.1f}"


def _errors(report: EntityReport) -> str:
    kinds = table(
        ("kind", "count", "micro F1 if fixed"),
        [row(item.kind, str(item.count), percent(item.f1_if_fixed)) for item in report.error_kinds],
        caption="boundary: right type; type: right borders; both: neither; missed and spurious: no partner",
    )
    names = ("correct", "incorrect", "partial", "missed", "spurious")
    semeval = table(
        ("SemEval-2013", *names, "precision", "recall", "F1"),
        [
            row(
                way,
                *(str(getattr(scores, name)) for name in names),
                *(percent(getattr(scores, name)) for name in ("precision", "recall", "f1")),
            )
            for way, scores in report.semeval.items()
        ],
    )
    return kinds + semeval + "".join(element("div", escape(line)) for line in _noise(report))


def _noise(report: EntityReport) -> list[str]:
    lines = [
        f"{side} tags that break {report.scheme}: {noise['invalid']} of {noise['tags']} ({percent(noise['rate'])} %)"
        for side in ("gold", "predicted")
        if (noise := report.tag_noise.get(side))
    ]
    cut = report.tag_noise.get("cut")
    if cut:
        lines.append(
            f"gold entities across the border of two windows: {cut['entities']}, of which {cut['missed']} were missed"
        )
    return lines


def _unknown(report: EntityReport, by: str) -> list[str]:
    """A sentence when the scores cannot be broken down as asked."""
    if by == "type" or by in report.buckets:
        return []
    needs = "the training data, which only a run keeps" if by in ("seen", "train_frequency") else "the words"
    return [f"by {by.replace('_', ' ')}: that cannot be known here, since it needs {needs}"]


def _buckets(report: EntityReport, by: str) -> list[str]:
    return [
        details(
            f"By {name.replace('_', ' ')}",
            table(
                (name.replace("_", " "), "precision", "recall", "F1", "support", "predicted"),
                [row(label, *_bucket_cells(scores)) for label, scores in report.buckets[name].items()],
            ),
            open_=name == by,
        )
        for name in ATTRIBUTES
        if name in report.buckets
    ]


def _bucket_cells(scores: Scores) -> tuple[str, ...]:
    shares = (percent(scores.precision), percent(scores.recall), percent(scores.f1))
    return (*shares, str(scores.support), str(scores.predicted))


def _examples(report: EntityReport) -> list[str]:
    count = sum(item.count for item in report.error_kinds)
    some = f"{len(report.mistakes)} of {count}" if len(report.mistakes) < count else f"{count}"
    lists = (
        (f"Mistakes of every kind ({some})", report.mistakes),
        (f"Suspected gold errors ({len(report.suspects)})", report.suspects),
        (f"The most confident mistakes ({len(report.confident_mistakes)})", report.confident_mistakes),
        (f"Least confident correct ({len(report.least_confident_correct)})", report.least_confident_correct),
    )
    return [details(title, examples_html(found)) for title, found in lists if found]


def _calibration(calibration: Calibration) -> str:
    filled = [item for item in calibration.bins if None not in (item["confidence"], item["accuracy"])]
    bins = table(
        ("confidence", "entities", "mean confidence", "accuracy"),
        [
            row(
                f"{item['low']:.1f}–{item['high']:.1f}",
                str(item["count"]),
                percent(item["confidence"]),
                percent(item["accuracy"]),
            )
            for item in filled
        ],
        caption=f"expected calibration error {percent(calibration.ece)} %",
    )
    thresholds = table(
        ("threshold", "predicted", "precision", "recall", "F1"),
        [
            row(
                f"{item['threshold']:.2f}",
                str(item["predicted"]),
                *(percent(item[name]) for name in ("precision", "recall", "f1")),
            )
            for item in calibration.thresholds
        ],
        caption="entities with less confidence left out",
    )
    curve = image(_reliability(filled), "reliability curve: accuracy over confidence", _WIDTH)
    return curve + bins + details("Precision and recall over a threshold", thresholds)


def _reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    """Accuracy over confidence as an SVG, in colours that light and dark grounds both show."""
    size, edge = _WIDTH, 12

    def place(value: float) -> float:
        return edge + value * (size - 2 * edge)

    dots = "".join(
        f'<circle cx="{place(item["confidence"]):.1f}" cy="{size - place(item["accuracy"]):.1f}" r="4" fill="#0072B2"/>'
        for item in bins
    )
    line = " ".join(f"{place(item['confidence']):.1f},{size - place(item['accuracy']):.1f}" for item in bins)
    diagonal = f'x1="{place(0)}" y1="{size - place(0)}" x2="{place(1)}" y2="{size - place(1)}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size}" height="{size}">'
        f'<rect x="{edge}" y="{edge}" width="{size - 2 * edge}" height="{size - 2 * edge}" fill="none" stroke="#888"/>'
        f'<line {diagonal} stroke="#888" stroke-dasharray="4 3"/>'
        f'<polyline fill="none" stroke="#0072B2" stroke-width="1.5" points="{line}"/>{dots}</svg>'
    )


def _history(report: EntityReport) -> str:
    return table(
        ("epoch", "dev loss", "precision", "recall", "F1"),
        [
            row(
                "–" if entry.get("epoch") is None else f"{entry['epoch']:g}",
                "–" if entry.get("loss") is None else f"{entry['loss']:.4f}",
                *(percent(entry.get(name)) for name in ("precision", "recall", "f1")),
            )
            for entry in report.history
        ],
    )


def report_markdown(report: EntityReport) -> str:
    """The table of scores as Markdown."""
    lines = [
        f"**{markdown_text(report.title) or 'report'}** ({_RULES[report.mode].format(scheme=report.scheme)})",
        "",
        "| type | precision | recall | F1 | F1, 95 % | support |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for name, scores in report.rows():
        cells = _cells(scores)[:5]
        lines.append(f"| {markdown_text(name)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def report_text(report: EntityReport, *, view: View | None = None) -> str:
    """The report as text, for a terminal and for `text/plain`.

    Args:
        report: What to show.
        view: As in `report_html`; `by` adds the table of its buckets.
    """
    view = view or {}
    least, by = int(view.get("min_support", 0)), str(view.get("by", "type"))
    types = [(kind, scores) for kind, scores in report.per_type.items() if scores.support >= least]
    hidden = _left_out(report, len(types), least)
    lines = [terminal_line(report.title), *_text_table("", [*types, *report.averages().items()], gap=len(types))]
    if hidden:
        lines.append(hidden)
    lines += map(terminal_line, _unknown(report, by))
    if by in report.buckets:
        lines += ["", *_text_table(f"by {by.replace('_', ' ')}", list(report.buckets[by].items()))]
    lines += [f"note: {terminal_line(note)}" for note in report.notes]
    return "\n".join(lines)


def _text_table(title: str, rows: Sequence[tuple[str, Scores]], *, gap: int = -1) -> list[str]:
    """Lines of scores; `gap` is the row before which an empty line stands."""
    names = [terminal_line(name) for name, _ in rows]
    width = max([12, len(title), *map(len, names)])
    lines = [f"{title:>{width}}  precision  recall      F1   F1, 95 %  support"]
    for at, (name, (_, scores)) in enumerate(zip(names, rows, strict=True)):
        if at == gap:
            lines.append("")
        precision, recall, f1, ends, support, _ = _cells(scores)
        lines.append(f"{name:>{width}}  {precision:>9}  {recall:>6}  {f1:>6}  {ends:>9}  {support:>7}")
    return lines
