"""What a widget shows of a report or a comparison, and who answers for the examples of which section."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from ft_magics.display.example_files import examples_file
from ft_magics.display.wire import ReportWire, to_wire
from ft_magics.evaluation.label_colors import labels_of
from ft_magics.evaluation.page import View
from ft_magics.evaluation.report import Comparison, Evidence, Report
from ft_magics.sections import Card, Lines, Section

__all__ = ["ReportParts", "is_report", "last_report", "parts_of"]

Answer = Callable[[Mapping[str, Any]], dict[str, Any]]
_MOST_CARDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportParts:
    """A report for a widget.

    Args:
        wire: What is shown.
        page: Answers a request for examples, which names a section by its place.
    """

    wire: ReportWire
    page: Answer


def is_report(shown: Report | Comparison) -> TypeGuard[Report]:
    """Whether it is a report rather than a comparison of several."""
    return hasattr(shown, "compare")


def last_report(comparison: Comparison) -> Report | None:
    """The report of the last of the systems, where it is in memory."""
    reports = getattr(comparison, "reports", ())
    return reports[-1] if reports else None


def parts_of(shown: Report | Comparison, view: View | None = None) -> ReportParts:
    """A report, or a comparison with the report of the last of its systems below it.

    Args:
        shown: What is shown.
        view: What the magic's line asked for; how much support a row needs is left to the widget.
    """
    chosen = {name: value for name, value in (view or {}).items() if name != "min_support"}
    if is_report(shown):
        sections = list(shown.sections(chosen))
        notes = list(shown.notes)
        return _parts(shown, _wire(shown.title, sections, shown, summary=shown.summary(), notes=notes))
    report = last_report(shown)
    sections = list(shown.sections())
    first = len(sections)
    if report is not None:
        about = Lines(title=f"The report of {report.title}", lines=[report.summary(), *report.notes])
        sections += [about, *report.sections(chosen)]
    return _parts(report, _wire(shown.title, sections, report), comparison=shown, first=first)


def _wire(
    title: str, sections: list[Section], report: Report | None, *, summary: str = "", notes: Sequence[str] = ()
) -> ReportWire:
    cards, total = _sent_along(None if report is None else report.evidence)
    labels = labels_of(sections)
    return ReportWire(
        title=title, summary=summary, notes=notes, sections=sections, labels=labels, cards=cards, total=total
    )


def _parts(
    report: Report | None, wire: ReportWire, *, comparison: Comparison | None = None, first: int = 0
) -> ReportParts:
    """Parts whose first sections are the comparison's."""
    evidence = None if report is None else report.evidence
    changed: Answer | None = getattr(comparison, "page", None)

    def page(request: Mapping[str, Any]) -> dict[str, Any]:
        if changed is not None and int(request.get("section", 0)) < first:
            return answer(comparison, request)
        if evidence is None:
            raise LookupError("this report was read from a file, which keeps no other examples")
        return answer(evidence, request)

    def answer(asked: Any, request: Mapping[str, Any]) -> dict[str, Any]:
        if request.get("kind") == "file":
            return {"kind": "file", **examples_file(wire.title, asked, request)}
        return {"kind": "page", **to_wire(asked.page(request))}

    return ReportParts(wire=wire, page=page)


def _sent_along(evidence: Evidence | None) -> tuple[list[Card], int]:
    """Examples of every kind for a kernel that is busy, and how many there are in all."""
    if evidence is None:
        return [], 0
    total = int(evidence.page({"limit": 0})["total"])
    preview = getattr(evidence, "preview", None)  # what an evidence may have: some of every kind, not just the first
    cards = evidence.page({"limit": _MOST_CARDS})["cards"] if preview is None else preview(_MOST_CARDS)
    return list(cards), total
