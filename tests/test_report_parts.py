"""Any report in a widget: what is sent, who answers for which section, and what is said when something goes wrong."""

from __future__ import annotations

import json
from types import MappingProxyType, SimpleNamespace

import pytest
from ft_magics import entity_report
from ft_magics.display.pages import comparison_bundle, report_bundle
from ft_magics.display.report_parts import parts_of
from ft_magics.display.wire import to_wire
from ft_magics.evaluation.label_colors import CYCLE
from ft_magics.evaluation.report import Figure, Score
from ft_magics.metrics import Metric
from ft_magics.sections import Card, Cell, Examples, Lines, Row, Table

from ft_widgets import ReportView

CARDS = [Card(kind="texts", row=f"line {at}", data={"texts": [["text", str(at)]]}) for at in range(300)]
TABLE = Table(
    title="Scores", columns=["label", "F1"], rows=[Row(cells=[Cell(text="yes", label="yes"), Cell(text="78.12")])]
)


class Evidence:
    """Examples of a task that nobody here knows."""

    def page(self, request):
        first = int(request.get("offset", 0))
        return {"total": len(CARDS), "cards": CARDS[first : first + int(request.get("limit", 20))]}


class Report:
    """A report of a task that nobody here knows."""

    title, notes = "theirs · test", ("a note",)

    def __init__(self, evidence=None):
        self.evidence = evidence
        self.views = []

    headline = Score(metric=Metric("accuracy", "accuracy"), value=0.78125, interval=(0.7, 0.8))
    by_label = MappingProxyType({"yes": 0.5})

    def summary(self):
        return "accuracy 78.12"

    def sections(self, view=None, *, brief=False):
        self.views.append(view)
        return [TABLE] if brief else [TABLE, Examples(title="Mistakes", cards=CARDS[:2], total=300)]

    def compare(self, others):
        return Comparison(self, *others)


class Comparison:
    """A comparison of the same task."""

    title = "theirs against ours"

    def __init__(self, *reports):
        self.reports = reports

    def figures(self):
        return [Figure(label="ours, accuracy", text="78.12")]

    def sections(self):
        return [Examples(title="Gained", cards=CARDS[:1], total=7, filter={"side": "gained"})]

    def page(self, request):
        return {"total": 7, "cards": [CARDS[7]]}


def test_a_foreign_report_is_sent_whole_and_answers_for_its_examples():
    report = Report(Evidence())
    parts = parts_of(report, {"by": "length", "min_support": 3})
    wire = json.loads(json.dumps(to_wire(parts.wire), allow_nan=False))
    page = wire["page"]
    assert (page["title"], page["summary"], page["notes"]) == ("theirs · test", "accuracy 78.12", ["a note"])
    assert page["figures"] == [{"label": "accuracy", "text": "78.12", "about": "95 % interval 70.0–80.0"}]
    assert [section["kind"] for section in page["sections"]] == ["table", "examples"]
    assert page["layout"] == [[[0]], [[1]]]
    assert page["colors"] == {"yes": CYCLE[0]}
    assert (len(wire["cards"]), wire["total"]) == (200, 300)
    assert report.views == [{"by": "length", "min_support": 3}]
    answer = parts.page({"section": 1, "offset": 4, "limit": 1})
    assert (answer["kind"], answer["total"], answer["cards"][0]["row"]) == ("page", 300, "line 4")


def test_a_comparison_answers_for_its_sections_and_the_last_report_for_the_others():
    comparison = Report(Evidence()).compare([Report(Evidence())])
    parts = parts_of(comparison)
    titles = [section.title for section in parts.wire.page.sections]
    assert titles == ["Gained", "The report of theirs · test", "Scores", "Mistakes"]
    about = parts.wire.page.sections[1]
    assert isinstance(about, Lines)
    assert about.lines == ["accuracy 78.12", "a note"]
    assert parts.page({"section": 0})["total"] == 7
    assert parts.page({"section": 3})["total"] == 300


def test_a_comparison_without_reports_shows_what_it_has():
    parts = parts_of(Comparison())
    assert [section.title for section in parts.wire.page.sections] == ["Gained"]
    assert parts.wire.cards == []
    assert "The report of" not in comparison_bundle(Comparison())["text/html"]


def test_a_report_from_a_file_says_that_it_has_no_others():
    parts = parts_of(Report())
    assert (parts.wire.cards, parts.wire.total) == ([], 0)
    with pytest.raises(LookupError, match="read from a file"):
        parts.page({"section": 0})


def test_an_evidence_may_choose_what_is_sent_along():
    report = entity_report([["B-A", "O"]] * 300, [["O", "B-A"]] * 300, resamples=0)
    cards = parts_of(report).wire.cards
    assert len(cards) == 200
    assert {card.data["badge"] for card in cards} == {"missed", "spurious"}


def test_bundles_of_a_foreign_report_and_comparison():
    report = Report(Evidence())
    bundle = report_bundle(report, twin_of="w", view={})
    assert 'data-ft-static="w"' in bundle["text/html"]
    assert "78.12" in bundle["text/plain"]
    both = comparison_bundle(report.compare([report]), twin_of="w")
    assert both["text/html"].count("data-ft-static") == 1
    assert "The report of theirs · test" in both["text/html"]


@pytest.fixture
def view(monkeypatch):
    sent = []
    monkeypatch.setattr(ReportView, "send", lambda _widget, message: sent.append(message))
    widget = ReportView(report={}, page=lambda request: {"total": request["limit"], "cards": []})
    return SimpleNamespace(ask=lambda request: widget._serve(widget, request, []), sent=sent)


def test_the_widget_answers_each_request_by_its_id_and_says_what_went_wrong(view):
    view.ask({"id": 3, "kind": "page", "limit": 5})
    view.ask({"id": 4, "kind": "page"})
    view.ask("no request")
    view.ask({"kind": "page"})
    assert view.sent == [
        {"kind": "page", "total": 5, "cards": [], "id": 3},
        {"kind": "error", "id": 4, "text": "'limit'"},
    ]


def test_a_widget_without_a_kernel_behind_it_says_so():
    widget = ReportView(report={})
    with pytest.raises(LookupError, match="keeps no examples but those that were sent along"):
        widget._page({})
