"""Comparing systems on the same sentences."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ft_magics import entity_report
from ft_magics.data.tagged.sources import read_split
from ft_magics.errors import DataError
from ft_magics.evaluation.entities.comparison import compare_reports
from ft_magics.evaluation.page import comparison_text

GOLD = [["B-PER", "O", "B-LOC"], ["B-ORG", "I-ORG"], ["O", "B-PER"]]
WEAK = [["B-PER", "O", "O"], ["B-ORG", "O"], ["B-X", "B-PER"]]
STRONG = [["B-PER", "O", "B-LOC"], ["B-ORG", "I-ORG"], ["O", "O"]]


def report(pred, title, gold=GOLD):
    return entity_report(gold, pred, title=title, words=[["w"] * len(tags) for tags in gold], resamples=0)


def test_gains_and_losses_are_sentences():
    comparison = compare_reports([report(WEAK, "weak"), report(STRONG, "strong")])
    (contrast,) = comparison.others
    assert contrast.gained == [1, 0]  # the sentence with two mistakes fewer first
    assert contrast.lost == []
    assert contrast.overall.difference == pytest.approx(6 / 7 - 4 / 8)
    shown = comparison.page({"filter": {"side": "gained"}, "limit": 1})
    versions = shown["cards"][0].data["versions"]
    assert shown["total"] == 2
    assert [version["name"] for version in versions] == ["weak", "strong"]
    assert [version["predicted"] for version in versions] == [[[0, 1, "ORG"]], [[0, 2, "ORG"]]]
    assert comparison.page({"filter": {"side": "gained", "text": "nowhere"}})["total"] == 0


def test_the_sections_tell_what_is_better_by_how_much_and_where():
    comparison = compare_reports([report(WEAK, "weak"), report(STRONG, "strong"), report(GOLD, "perfect")])
    overview, strong, gained, perfect, others = comparison.sections()
    assert [row.cells[0].text for row in overview.rows] == ["weak", "strong", "perfect"]
    assert [cell.text for cell in overview.rows[1].cells[5:]] == ["2", "0"]
    assert [row.cells[0].text for row in strong.rows] == ["LOC", "ORG", "PER", "X", "micro", "macro"]
    texts = {row.cells[0].text: [cell.text for cell in row.cells[1:]] for row in strong.rows}
    assert texts["LOC"][:3] == ["0.00", "100.00", "+100.00"]
    assert texts["X"] == ["0.00", "–", "–", "–", "–", "0"]
    assert (gained.title, gained.total, len(gained.cards)) == ("Sentences with fewer mistakes in strong", 2, 2)
    assert (others.total, len(others.cards)) == (3, 3)  # the saved page has some of every system
    counts = [cell for row in overview.rows[1:] for cell in row.cells[5:] if cell.filter]
    assert [comparison.page({"filter": cell.filter})["total"] for cell in counts] == [cell.value for cell in counts]
    assert [figure.text for figure in comparison.figures()] == ["50.00", "85.71", "100.00"]
    assert comparison.figures()[0].about == "baseline"
    assert comparison.figures()[2].about.startswith("+50.00 [")
    assert comparison.page({"filter": others.filter})["total"] == 3
    assert perfect.title == "perfect"


def test_a_type_that_one_side_lacks_has_no_difference():
    comparison = compare_reports([report(WEAK, "weak"), report(STRONG, "strong")])
    rows = {row.type: row for row in comparison.others[0].per_type}
    assert (rows["X"].f1, rows["X"].difference, rows["X"].p) == (None, None, None)
    assert rows["LOC"].difference == 1.0


def test_a_system_against_itself_is_no_different():
    comparison = compare_reports([report(WEAK, "a"), report(WEAK, "b")])
    overall = comparison.others[0].overall
    assert (overall.difference, overall.interval, overall.p) == (0.0, (0.0, 0.0), 1.0)


def test_the_test_finds_a_difference_at_its_rate():
    """Two systems of the same quality: about one comparison in twenty is called significant."""
    generator = np.random.default_rng(3)
    called = 0
    for at in range(200):
        gold = [["B-X", "O", "B-X"]] * 120
        sides = [
            report(
                [
                    ["B-X" if hit else "O", "O", "B-X" if too else "O"]
                    for hit, too in generator.uniform(size=(120, 2)) < 0.7
                ],
                "s",
                gold,
            )
            for _ in range(2)
        ]
        called += compare_reports(sides, resamples=300, seed=at).others[0].overall.p < 0.05
    assert 2 <= called <= 20


@pytest.mark.shared
def test_wnut_systems_side_by_side(shared):
    folder = shared / "wnut17_en"
    gold = read_split("test", str(folder / "emerging.test.annotated")).examples
    reports = [
        entity_report(
            [example.tags for example in gold],
            [example.tags for example in read_split("test", str(folder / "submissions" / name)).examples],
            title=name,
            words=[example.words for example in gold],
        )
        for name in ("flytxt", "arcada", "uh_ritual")
    ]
    comparison = compare_reports(reports)
    assert [item.title for item in comparison.others] == ["arcada", "uh_ritual"]
    best = comparison.others[1].overall
    assert best.difference == pytest.approx(0.4186 - 0.3835, abs=1e-4)
    low, high = best.interval
    assert low < best.difference < high
    assert best.p < 0.05
    html, text = comparison.to_html(), comparison_text(comparison)
    assert "<script" not in html
    assert "predicted person" in html
    assert "Sentences with fewer mistakes in arcada" in html
    assert "+3.5" in text
    assert len(comparison.to_pandas()) == 2 * 8
    record = json.loads(json.dumps(comparison.to_json()))
    assert record["others"][0]["gained"] == len(comparison.others[0].gained)


def test_other_gold_is_no_comparison():
    other = [["B-PER", "O", "O"], *GOLD[1:]]
    with pytest.raises(DataError, match="different gold, first in sentence 0"):
        compare_reports([report(WEAK, "a"), report(STRONG, "b", other)])
    with pytest.raises(DataError, match="a has 3 sentences and b has 2"):
        compare_reports([report(WEAK, "a"), report(STRONG[:2], "b", GOLD[:2])])
