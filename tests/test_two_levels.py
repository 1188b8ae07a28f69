"""Means over seeds: their intervals, their comparison, and what the reports of several seeds say."""

import numpy as np
import pytest
from ft_magics import evaluate
from ft_magics.errors import DataError
from ft_magics.evaluation.bootstrap import intervals
from ft_magics.evaluation.over_seeds import SeedsReport, spread_of
from ft_magics.evaluation.page import comparison_text, report_html
from ft_magics.evaluation.seed_comparison import compare_over_seeds
from ft_magics.evaluation.seed_sections import spread_text
from ft_magics.evaluation.tally import Tally
from ft_magics.evaluation.two_levels import mean_differences, mean_intervals, student_half_width
from ft_magics.metrics import Metric
from scipy import stats

ACCURACY = Metric("accuracy", "accuracy")
GOLD = ["yes", "no", "yes", "no"] * 25


def tally(right):
    counts = np.stack([right, np.ones(len(right))], axis=1).astype(np.int8)
    return Tally(
        counts=counts,
        finish=lambda sums: sums[:, :1] / sums[:, 1:],
        names=["accuracy"],
        cost=1.0 - right,
        gold=[b""] * len(right),
    )


def seeds(generator, accuracies, size=400):
    return [tally(generator.random(size) < accuracy) for accuracy in accuracies]


def predicted(generator, share_right):
    """Answers of which about a share is right."""
    other = {"yes": "no", "no": "yes"}
    return [label if generator.random() < share_right else other[label] for label in GOLD]


def report(generator, share_right):
    return evaluate(GOLD, predicted(generator, share_right), task="classify")


def seeds_report(generator, shares, title="ours"):
    reports = tuple(report(generator, share) for share in shares)
    return SeedsReport(title=title, seeds=tuple(range(1, len(shares) + 1)), reports=reports)


def test_the_interval_over_seeds_is_students():
    values = [0.81, 0.84, 0.79]
    low, high = stats.t.interval(0.95, 2, np.mean(values), stats.sem(values))
    spread = spread_of(ACCURACY, values)
    assert spread.ends == pytest.approx((low, high))
    assert student_half_width([0.5]) is None
    assert spread_of(ACCURACY, [0.5, None]).mean is None


def test_a_share_stays_a_share():
    assert spread_of(ACCURACY, [1.0, 0.98]).ends[1] == 1.0
    assert spread_of(ACCURACY, [0.8, 0.9], (-0.1, 1.2)).interval == (0.0, 1.0)
    assert spread_text(spread_of(ACCURACY, [0.4, 1.0])) == "70.00 ± > 100"
    assert spread_of(Metric("mse", "MSE", unit="number"), [0.1, 2.0]).ends[0] < 0


def test_one_seed_has_the_interval_of_its_examples():
    (one,) = seeds(np.random.default_rng(0), [0.8])
    assert mean_intervals([one], ["accuracy"], 500, 3) == intervals(one, 500, 3)


def test_seeds_that_agree_have_the_interval_of_the_examples_and_others_a_wider_one():
    generator = np.random.default_rng(1)
    (one,) = seeds(generator, [0.8])
    ((low, high),) = mean_intervals([one, one, one], ["accuracy"], 1000, 0)
    assert (low, high) == pytest.approx(intervals(one, 1000, 0)[0])
    ((wide_low, wide_high),) = mean_intervals(seeds(generator, [0.6, 0.8, 0.95]), ["accuracy"], 1000, 0)
    assert wide_high - wide_low > 2 * (high - low)


def test_where_examples_are_many_the_spread_of_the_means_is_that_of_a_mean_of_seeds():
    right = np.zeros((4, 100_000), dtype=bool)
    for at, share in enumerate((0.70, 0.74, 0.78, 0.82)):
        right[at, : int(share * 100_000)] = True
    ((low, high),) = mean_intervals([tally(each) for each in right], ["accuracy"], 4000, 0)
    error = np.std([0.70, 0.74, 0.78, 0.82], ddof=1) / 2
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.15)


def test_a_difference_counts_seeds_and_pairs_examples():
    generator = np.random.default_rng(2)
    hard = generator.random(400)
    ours, theirs = (
        [tally(generator.random(400) < share * hard) for share in shares] for shares in ((0.9, 0.95), (0.6,))
    )
    (found,) = mean_differences(ours, theirs, ["accuracy"], 1000, 0)
    means = [np.mean([each.scores()["accuracy"] for each in side]) for side in (ours, theirs)]
    assert found.difference == pytest.approx(means[1] - means[0])
    assert found.interval[0] < found.difference < found.interval[1] < 0
    assert found.p < 0.05
    (same,) = mean_differences(ours, ours, ["accuracy"], 1000, 0)
    assert same.difference == 0
    assert same.p > 0.5


def test_a_score_that_a_system_lacks_has_no_difference():
    ours = seeds(np.random.default_rng(3), [0.8, 0.7])
    found = mean_differences(ours, ours, ["accuracy", "odd"], 100, 0)
    assert [item.difference is None for item in found] == [False, True]


def test_a_report_has_means_an_interval_and_every_seed():
    found = seeds_report(np.random.default_rng(4), [0.7, 0.8, 0.9])
    values = [each.headline.value for each in found.reports]
    assert found.headline.value == pytest.approx(np.mean(values))
    low, high = found.headline.interval
    assert low < min(values)
    assert high >= max(values)
    assert found.spread.interval[0] < found.headline.value < found.spread.interval[1]
    assert set(found.by_label) == {"yes", "no"}
    text = found.to_text()
    assert "± over seeds" in text
    assert "seed 3" in text
    record = found.to_json()
    assert record["scores"]["accuracy"]["values"] == values
    assert "Sellam" in report_html(found)


def test_of_many_seeds_the_least_and_the_most_are_shown():
    text = seeds_report(np.random.default_rng(5), [0.8] * 7).to_text()
    assert "least" in text
    assert "seed 7" not in text


def test_a_comparison_says_that_it_counts_seeds_and_takes_a_single_run_too():
    generator = np.random.default_rng(6)
    ours, theirs = seeds_report(generator, [0.9, 0.85, 0.95]), report(generator, 0.6)
    compared = compare_over_seeds([ours, theirs])
    first = compared.others[0].scores[0]
    assert (first.name, first.baseline) == ("accuracy", pytest.approx(ours.headline.value))
    assert first.interval[1] < 0
    text = comparison_text(compared)
    assert "two-level bootstrap: seeds (3 and 1) and examples are resampled together" in text
    assert "how far other seeds of a system with one are from it is not known" in text
    assert {row.label for row in compared.others[0].per_label} == {"no", "yes"}
    assert ours.compare([theirs]).to_json() == compared.to_json()


def test_entities_are_compared_by_the_names_that_the_field_has():
    gold = [["B-PER", "O"], ["O", "B-LOC"]] * 20
    wrong = [["O", "O"], ["O", "B-LOC"]] * 20
    better, worse = (evaluate(gold, each, task="ner") for each in (gold, wrong))
    names = [row.name for row in compare_over_seeds([worse, better]).others[0].scores]
    assert names[:3] == ["f1", "precision", "recall"]
    assert len(names) == len(set(names)) == 9


def test_other_examples_are_refused():
    ours = seeds_report(np.random.default_rng(7), [0.9, 0.8])
    other = evaluate(GOLD[::-1], GOLD[::-1], task="classify")
    with pytest.raises(DataError, match="different gold, first in example 0"):
        compare_over_seeds([ours, other])
    with pytest.raises(DataError, match="has 100 examples and"):
        compare_over_seeds([ours, evaluate(GOLD[:5], GOLD[:5], task="classify")])
    with pytest.raises(DataError, match="two kinds"):
        compare_over_seeds([ours, evaluate([["O"]], [["O"]], task="ner")])
    with pytest.raises(DataError, match="one for each"):
        SeedsReport(title="odd", seeds=(1, 2), reports=ours.reports[:1])


def test_seeds_that_both_systems_share_are_drawn_once_for_both():
    generator = np.random.default_rng(3)
    strength = generator.normal(0, 1.5, 6)  # what a seed does, it does to both
    right = [[generator.random(400) < 1 / (1 + np.exp(-(each + gain))) for each in strength] for gain in (0.0, 0.5)]
    systems = [[tally(each) for each in side] for side in right]
    apart, paired = (
        mean_differences(*systems, ["accuracy"], 500, 0, paired=together)[0].interval for together in (False, True)
    )
    assert paired[1] - paired[0] < 0.6 * (apart[1] - apart[0])
    assert paired[0] < np.mean(right[1]) - np.mean(right[0]) < paired[1]
