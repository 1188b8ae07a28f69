"""`Comparison` → static HTML and text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from ft_magics.evaluation.entities.page import interval
from ft_magics.evaluation.entities.sentence_page import sentence_html
from ft_magics.markup import MUTED, details, element, heading, percent, row, table, terminal_line

if TYPE_CHECKING:
    from ft_magics.evaluation.entities.comparison import Comparison, Contrast, TypeContrast

__all__ = ["comparison_html", "comparison_text"]


def comparison_html(comparison: Comparison) -> str:
    """The comparison as HTML without script or style sheet: a table a system, and some sentences."""
    header = heading(
        f"compared with {comparison.baseline}",
        muted=f"micro F1 {percent(comparison.baseline_f1)} · paired bootstrap, {comparison.resamples} resamples",
    )
    parts = [header, *(_system(item) for item in comparison.others)]
    for side, title in (("gained", "Sentences with fewer mistakes"), ("lost", "Sentences with more mistakes")):
        count = len(getattr(comparison.others[0], side))
        shown = comparison.sentences.get(side, [])
        if shown:
            more = f", {len(shown)} shown" if count > len(shown) else ""
            parts.append(details(f"{title} in {comparison.others[0].title} ({count}{more})", _sentences(shown)))
    return element("div", *parts, style="font-size:13px;line-height:1.5")


def _system(item: Contrast) -> str:
    rows = [
        *(row(line.type, *_cells(line)) for line in item.per_type),
        row("micro", *_cells(item.overall), strong=True),
        row("macro", *_cells(item.macro), strong=True),
    ]
    return table((item.title, "baseline F1", "F1", "difference", "95 %", "p", "support"), rows)


def _cells(line: TypeContrast) -> tuple[str, ...]:
    return (
        percent(line.baseline_f1),
        percent(line.f1),
        _signed(line.difference),
        interval(line.interval),
        "–" if line.p is None else f"{line.p:.3f}",
        str(line.support),
    )


def _signed(difference: float | None) -> str:
    return "–" if difference is None else f"{100 * difference:+.2f}"


def _sentences(sentences: Sequence[Mapping[str, Any]]) -> str:
    return element("ol", *(element("li", _sentence(item), style="margin:4px 0") for item in sentences))


def _sentence(item: Mapping[str, Any]) -> str:
    marks = [("gold", span) for span in item["gold_spans"]]
    marks += [("before", span) for span in item["baseline_spans"]] + [("now", span) for span in item["other_spans"]]
    return sentence_html(item, marks) + element("div", escape(item["row"]), style=f"{MUTED};font-size:12px")


def comparison_text(comparison: Comparison) -> str:
    """The comparison as text."""
    lines = [f"compared with {terminal_line(comparison.baseline)}, micro F1 {percent(comparison.baseline_f1)}"]
    for item in comparison.others:
        width = max(12, *(len(terminal_line(line.type)) for line in item.per_type), 12)
        lines.append(f"{terminal_line(item.title)}\n{'':{width}}  baseline      F1  difference       95 %      p")
        for line in (*item.per_type, item.overall, item.macro):
            baseline, f1, difference, ends, p, _ = _cells(line)
            lines.append(
                f"{terminal_line(line.type):>{width}}  {baseline:>8}  {f1:>6}  {difference:>10}  {ends:>9}  {p:>5}"
            )
        lines.append(f"{len(item.gained)} sentences with fewer mistakes, {len(item.lost)} with more")
    return "\n".join(lines)
