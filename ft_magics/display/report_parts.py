"""What a widget shows of a report or a comparison, and who answers for the examples of which section."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ft_magics.display.example_files import examples_file
from ft_magics.display.wire import ReportWire, to_wire
from ft_magics.evaluation.report import Comparison, Evidence, Report, View
from ft_magics.evaluation.report_page import is_report, last_report, page_of
from ft_magics.sections import Card

__all__ = ["ReportParts", "parts_of"]

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


def parts_of(shown: Report | Comparison, view: View | None = None) -> ReportParts:
    """A report, or a comparison with the report of the last of its systems below it.

    Args:
        shown: What is shown.
        view: What the magic's line asked for.
    """
    page = page_of(shown, view)
    report = last_report(shown)
    evidence = None if report is None else report.evidence
    cards, total = _sent_along(evidence)
    changed: Answer | None = None if is_report(shown) else getattr(shown, "page", None)

    def answer(request: Mapping[str, Any]) -> dict[str, Any]:
        asked: Any = shown if changed is not None and int(request.get("section", 0)) < page.own else evidence
        if asked is None:
            raise LookupError("this report was read from a file, which keeps no other examples")
        if request.get("kind") == "file":
            return {"kind": "file", **examples_file(page.title, asked, request)}
        return {"kind": "page", **to_wire(_with_cards(asked.page(request)))}

    return ReportParts(wire=ReportWire(page=page, cards=cards, total=total), page=answer)


def _sent_along(evidence: Evidence | None) -> tuple[list[Card], int]:
    """Examples of every kind for a kernel that is busy, and how many there are in all."""
    if evidence is None:
        return [], 0
    total = int(evidence.page({"limit": 0})["total"])
    preview = getattr(evidence, "preview", None)  # what an evidence may have: some of every kind, not just the first
    cards = evidence.page({"limit": _MOST_CARDS})["cards"] if preview is None else preview(_MOST_CARDS)
    return _with_cards({"cards": cards})["cards"], total


def _with_cards(page: Mapping[str, Any]) -> dict[str, Any]:
    """A page whose cards are cards; an evidence may have them as plain data."""
    return {**page, "cards": [card if isinstance(card, Card) else Card(**card) for card in page["cards"]]}
