"""Intervals, paired differences and McNemar's test, on tallies of any kind."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from ft_magics import entity_report
from ft_magics.errors import DataError
from ft_magics.evaluation import bootstrap
from ft_magics.evaluation.bootstrap import differences, intervals, resample
from ft_magics.evaluation.comparison import compare_tallies, mcnemar
from ft_magics.evaluation.labels.counting import tally_labels
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.numbers.evaluate import number_report
from ft_magics.evaluation.tally import Tally
from scipy import stats

SHARES = np.array([0.5, 0.3, 0.2])  # of the classes
RIGHT = np.array([0.9, 0.7, 0.6])  # how often each is found


def drawn(generator, size):
    """Gold and predictions of a system that takes a class it misses for the next one."""
    gold = generator.choice(3, size=size, p=SHARES)
    pred = np.where(generator.random(size) < RIGHT[gold], gold, (gold + 1) % 3)
    return gold, pred


def table(classes):
    return np.eye(3, dtype=bool)[classes]


def true_scores():
    """Accuracy and macro F1 of that system on endless data."""
    found = SHARES * RIGHT
    predicted = found + np.roll(SHARES * (1 - RIGHT), 1)
    return float(found.sum()), float((2 * found / (SHARES + predicted)).mean())


def test_intervals_hold_the_truth_at_their_rate():
    generator = np.random.default_rng(11)
    accuracy, macro = true_scores()
    held = np.zeros(2)
    trials = 400
    for at in range(trials):
        gold, pred = drawn(generator, 250)
        tally = tally_labels(table(gold), table(pred), "abc", multi_label=False)
        found = dict(zip(tally.names, intervals(tally, 300, at), strict=True))
        for place, (name, truth) in enumerate((("accuracy", accuracy), ("macro_f1", macro))):
            low, high = found[name]
            held[place] += low <= truth <= high
    assert (held / trials >= 0.90).all()
    assert (held / trials <= 0.99).all()


def test_intervals_of_rmse_hold_the_truth_at_their_rate():
    generator = np.random.default_rng(12)
    held = 0
    for at in range(300):
        gold = generator.normal(size=200)
        low, high = number_report(gold, gold + generator.normal(0, 0.5, 200), resamples=300, seed=at).headline.interval
        held += low <= 0.5 <= high
    assert 0.90 <= held / 300 <= 0.99


def counted(size=300, seed=0):
    generator = np.random.default_rng(seed)
    gold, pred = drawn(generator, size)
    return tally_labels(table(gold), table(pred), "abc", multi_label=False)


def test_drawing_groups_is_drawing_examples():
    tally = counted()
    sums = np.concatenate(list(resample(tally.counts, 4000, seed=3)))
    one_by_one = tally.counts[np.random.default_rng(4).integers(0, 300, (4000, 300))].sum(axis=1)
    np.testing.assert_allclose(sums.mean(axis=0), one_by_one.mean(axis=0), rtol=0.02, atol=0.1)
    np.testing.assert_allclose(sums.std(axis=0), one_by_one.std(axis=0), rtol=0.08, atol=0.01)
    assert (sums[:, -1] == 300).all()  # as many examples in each


def test_examples_that_are_all_different_are_drawn_one_by_one(monkeypatch):
    wanted = intervals(counted(), 3000, 1)
    monkeypatch.setattr(bootstrap, "_FEW_GROUPS", 1)
    monkeypatch.setattr(bootstrap, "_WEIGHTS_AT_ONCE", 1000)
    for found, other in zip(intervals(counted(), 3000, 1), wanted, strict=True):
        assert found == pytest.approx(other, abs=0.015)


def test_sums_of_sparse_counts_are_those_of_all_counts(monkeypatch):
    generator = np.random.default_rng(6)
    counts = (generator.random((500, 40)) < 0.02).astype(np.int8)
    sparse = np.concatenate(list(resample(counts, 30, seed=1)))
    monkeypatch.setattr(bootstrap, "_SPARSE", 0.0)
    np.testing.assert_array_equal(sparse, np.concatenate(list(resample(counts, 30, seed=1))))


def test_the_same_seed_gives_the_same_intervals():
    assert intervals(counted(), 50, 1) == intervals(counted(), 50, 1) != intervals(counted(), 50, 2)
    assert set(intervals(counted(), 0, 1)) == {None}


def test_a_score_that_does_not_exist_has_no_interval():
    tally = Tally(
        counts=np.ones((4, 1), dtype=np.int8),
        finish=lambda sums: np.concatenate([sums, np.full_like(sums, np.nan)], axis=1),
        names=["there", "not"],
        cost=np.zeros(4),
        gold=[b""] * 4,
    )
    assert intervals(tally, 10, 0) == [(4.0, 4.0), None]
    assert [item.difference for item in differences(tally, tally, 10, 0)] == [0.0, None]


def test_equal_systems_do_not_differ():
    for item in differences(counted(), counted(), 200, 0):
        assert (item.difference, item.interval, item.p) == (0.0, (0.0, 0.0), 1.0)


def test_systems_of_the_same_quality_differ_at_the_rate_of_the_test():
    generator = np.random.default_rng(3)
    called = 0
    for at in range(200):
        gold, one = drawn(generator, 200)
        other = np.where(generator.random(200) < RIGHT[gold], gold, (gold + 1) % 3)
        tallies = [tally_labels(table(gold), table(pred), "abc", multi_label=False) for pred in (one, other)]
        called += differences(*tallies, 300, at)[0].p < 0.05
    assert 2 <= called <= 20


def test_scores_that_one_system_lacks_have_no_difference():
    ours = tally_labels(table(np.array([0, 1])), table(np.array([0, 1])), "abc", multi_label=False)
    theirs = tally_labels(table(np.array([0, 1]))[:, :2], table(np.array([0, 0]))[:, :2], "ab", multi_label=False)
    found = dict(zip(ours.names, differences(ours, theirs, 50, 0), strict=True))
    assert found["accuracy"].difference == -0.5
    assert found["f1 of a"].difference == pytest.approx(2 / 3 - 1)
    assert found["f1 of c"].difference is None


def test_other_gold_is_no_comparison():
    with pytest.raises(DataError, match=r"different gold, first in example 0 \(counted from 0\)"):
        differences(counted(seed=0), counted(seed=3), 10, 0)
    with pytest.raises(DataError, match="one system has 300 examples and the other 20"):
        differences(counted(), counted(20), 10, 0)


@pytest.mark.parametrize(
    ("first", "second"), [(0, 0), (3, 9), (12, 12), (1, 0), (30, 45), (15, 10), (200, 90), (20, 20)]
)
def test_mcnemar_is_the_closed_form(first, second):
    ours = np.array([True] * first + [False] * second + [True] * 5)
    theirs = np.array([False] * first + [True] * second + [True] * 5)
    test = mcnemar(ours, theirs)
    assert (test.baseline_only, test.other_only) == (first, second)
    count = first + second
    if count < 25:
        assert test.exact
        wanted = stats.binomtest(first, count, 0.5).pvalue if count else 1.0
    else:
        wanted = stats.chi2.sf(max(abs(first - second) - 1, 0) ** 2 / count, df=1)
    assert test.p == pytest.approx(wanted)


TEXTS = [f"text {at}" for at in range(40)]
GOLD = ["a", "b"] * 20
WEAK = ["a"] * 40
STRONG = ["a", "b"] * 19 + ["b", "b"]


def labels(pred, title, gold=GOLD, **named):
    return label_report(gold, pred, title=title, texts=TEXTS, resamples=0, **named)


def test_reports_of_labels_are_compared():
    comparison = labels(WEAK, "weak").compare([labels(STRONG, "strong"), labels(WEAK, "again")])
    strong, again = comparison.others
    assert comparison.title == "strong, again compared with weak"
    assert strong.scores[0].name == "accuracy"
    assert strong.scores[0].difference == pytest.approx(19 / 40)
    assert strong.scores[0].p < 0.05
    assert (len(strong.gained), strong.lost) == (20, [38])
    assert (strong.mcnemar.other_only, strong.mcnemar.baseline_only, strong.mcnemar.exact) == (20, 1, True)
    assert (again.scores[0].difference, again.mcnemar.p) == (0.0, 1.0)
    assert [row.name for row in strong.per_label] == ["a", "b"]
    page = comparison.page({"filter": {"other": "0", "side": "lost"}})
    (card,) = page["cards"]
    assert card["data"]["versions"] == [{"name": "weak", "predicted": ["a"]}, {"name": "strong", "predicted": ["b"]}]
    assert comparison.page({"filter": {"side": "gained", "text": "TEXT 1"}, "limit": 2})["total"] == 6
    html, text = comparison.to_html(), comparison.to_text()
    assert "<script" not in html
    assert "McNemar's test: 20 examples only strong has right, 1 only weak; p < 0.001 (exact binomial)" in text
    record = json.loads(json.dumps(comparison.to_json()))
    assert record["others"][0]["gained"] == 20
    frame = comparison.to_pandas()
    assert set(frame["system"]) == {"strong", "again"}
    assert set(frame["kind"]) == {"score", "label"}


def test_reports_that_do_not_belong_together_are_not_compared():
    weak = labels(WEAK, "weak")
    with pytest.raises(DataError, match=r"weak and other have different gold, first in example 1 .*: example 1"):
        weak.compare([labels(WEAK, "other", gold=["a"] * 40)])
    with pytest.raises(DataError, match="at least two reports of one kind"):
        weak.compare([])
    with pytest.raises(DataError, match="at least two reports of one kind"):
        weak.compare([number_report([1.0], [1.0])])
    with pytest.raises(DataError, match="was read from a file"):
        compare_tallies([weak, type(weak).from_json(weak.to_json())])
    with pytest.raises(DataError, match="needs at least 1"):
        weak.compare([weak], resamples=0)


def test_other_labels_on_the_same_gold_can_be_compared():
    wide = labels(STRONG, "wide", labels=["b", "c", "a"])
    (contrast,) = labels(WEAK, "narrow").compare([wide]).others
    assert contrast.scores[0].difference == pytest.approx(19 / 40)
    assert [(row.name, row.difference is None) for row in contrast.per_label] == [
        ("a", False),
        ("b", False),
        ("c", True),
    ]


def test_a_report_of_entities_has_what_every_report_has():
    gold = [["B-PER", "O", "B-LOC"], ["B-LOC", "I-LOC"]]
    pred = [["B-PER", "O", "O"], ["B-LOC", "I-LOC"]]
    report = entity_report(gold, pred, resamples=50)
    assert list(report.scores)[:4] == ["f1", "precision", "recall", "micro_f1"]
    assert report.headline.value == report.micro.f1
    assert report.headline.interval == report.micro.intervals["f1"]
    assert report.scores["macro_recall"].value == report.macro.recall
    assert report.by_label == {"LOC": pytest.approx(2 / 3), "PER": 1.0}
    assert report.tally.scores()["micro_f1"] == pytest.approx(report.micro.f1)
    assert report.tally.scores(np.array([1]))["micro_f1"] == 1.0
    assert report.tally.cost.tolist() == [1.0, 0.0]
    assert report.summary().startswith("precision 100.00, recall 66.67, F1 80.00 · 3 gold entities")
    comparison = report.compare([entity_report(gold, gold, resamples=0)])
    assert comparison.others[0].overall.difference == pytest.approx(1 - report.micro.f1)
    assert type(report).from_json(json.loads(json.dumps(report.to_json()))).tally is None


def test_the_gold_of_a_tally_is_told_apart_by_spans_and_names():
    one, same, other = (
        entity_report([[(0, 2, kind)]], [[(0, 2, kind), (3, 4, "X")]], resamples=0).tally.gold
        for kind in ("A", "A", "B")
    )
    assert one == same != other


def test_the_closed_form_of_the_chi_square():
    assert math.erfc(math.sqrt(3.841458820694124 / 2)) == pytest.approx(0.05)
