"""Reports of numbers: scikit-learn's and SciPy's numbers, input that cannot be scored, examples, sections."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from ft_magics.errors import DataError
from ft_magics.evaluation.numbers.evaluate import number_report
from ft_magics.evaluation.numbers.report import NumberReport
from ft_magics.sections import Chart
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics

NUMBERS = st.integers(-50, 50).map(lambda value: value / 4)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=2, max_size=40), st.sampled_from([0.0, 1e6, -3.0]))
def test_scores_equal_scikit_learn_and_scipy(pairs, shift):
    gold, pred = (np.array(side) + shift for side in zip(*pairs, strict=True))
    scores = number_report(gold, pred, resamples=0).scores
    assert scores["mae"].value == pytest.approx(metrics.mean_absolute_error(gold, pred))
    assert scores["rmse"].value == pytest.approx(metrics.root_mean_squared_error(gold, pred))
    if len(set(gold)) > 1:
        assert scores["r2"].value == pytest.approx(metrics.r2_score(gold, pred))
    if len(set(gold)) > 1 and len(set(pred)) > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            assert scores["pearson"].value == pytest.approx(stats.pearsonr(gold, pred).statistic, abs=1e-9)
            assert scores["spearman"].value == pytest.approx(stats.spearmanr(gold, pred).statistic, abs=1e-9)
    else:
        assert scores["pearson"].value is None
        assert scores["spearman"].value is None


def shown_report(**named):
    generator = np.random.default_rng(0)
    gold = generator.normal(3, 1, 600)
    pred = gold + generator.normal(0, 0.3, 600)
    pred[17] += 5
    texts = [f"Größe {at} " + "sehr " * (at % 12) for at in range(600)]
    history = [{"epoch": at, "rmse": 1 / at, "loss": 1.0} for at in (1, 2)]
    return number_report(gold, pred, texts=texts, pairs=["beside"] * 600, history=history, resamples=100, **named)


def test_lower_is_better_and_the_error_is_the_headline():
    report = shown_report()
    assert report.headline.metric.name == "rmse"
    assert not report.headline.metric.higher_is_better
    low, high = report.headline.interval
    assert low < report.headline.value < high
    assert report.scores["spearman"].interval is None
    assert "Spearman" in report.sections()[0].note
    assert report.by_label == {}


def test_examples_by_error():
    report = shown_report()
    assert report.lists["errors"].cards[0].row == "example 17"
    assert report.lists["errors"].cards[0].data["badge"].startswith("off by +")
    evidence = report.evidence
    assert evidence.page({"sort": "too high", "limit": 1})["cards"][0]["row"] == "example 17"
    assert evidence.page({"sort": "too low", "limit": 1})["cards"][0]["row"] != "example 17"
    assert evidence.page({"filter": {"text": "GRÖSSE 17 "}})["total"] == 1
    assert evidence.page({})["total"] == 600
    for name, rows in report.buckets.items():
        assert sum(row.examples for row in rows) == 600
        for row in rows:
            assert evidence.page({"filter": {name: row.label}})["total"] == row.examples
    assert len(report.buckets["gold"]) == 5


def test_the_sections_of_a_report():
    report = shown_report()
    parts = report.sections()
    assert [part.title for part in parts[:3]] == ["Scores", "Residuals: gold less predicted", "Predicted by gold"]
    assert len(report.sections(brief=True)) == 2
    assert parts[1].note == "400 of 600 examples"
    assert parts[2].diagonal
    assert [part.title for part in parts if isinstance(part, Chart)][-1] == "Dev scores over epochs"
    assert "there are no buckets by colour" in str(report.sections({"by": "colour"}))
    assert "<script" not in report.to_html()
    assert "RMSE" in report.to_text()
    assert "| RMSE |" in report.to_markdown()
    assert list(report.to_pandas().index) == ["rmse", "mae", "r2", "pearson", "spearman"]


def test_a_report_is_the_same_after_its_json():
    report = shown_report(notes=["from a test"])
    again = NumberReport.from_json(json.loads(json.dumps(report.to_json())))
    assert again == report
    assert again.to_html() == report.to_html()
    with pytest.raises(DataError, match="this report is of 'labels'"):
        NumberReport.from_json({**report.to_json(), "kind": "labels"})
    with pytest.raises(DataError, match="not whole"):
        NumberReport.from_json({**report.to_json(), "scores": {}})


def test_two_systems_are_compared():
    gold = np.linspace(0, 1, 100)
    near, far = (
        number_report(gold, gold + off, title=title, resamples=0) for off, title in ((0.1, "near"), (0.3, "far"))
    )
    (contrast,) = far.compare([near]).others
    assert contrast.scores[0].difference == pytest.approx(-0.2)
    assert (len(contrast.gained), contrast.lost, contrast.mcnemar) == (100, [], None)
    assert "near against far" in far.compare([near]).to_text()


def test_one_side_that_is_all_the_same_has_no_correlation_and_says_so():
    report = number_report([1.0, 2.0, 3.0], [2, 2, 2])
    assert report.scores["pearson"].value is None
    assert report.notes == ["all predicted numbers are 2: there is no correlation"]
    assert report.scores["rmse"].value == pytest.approx((2 / 3) ** 0.5)
    assert number_report([1.0], [2.0]).scores["rmse"].value == 1.0


@pytest.mark.parametrize(
    ("gold", "pred", "named", "says"),
    [
        ([], [], {}, "no example to score"),
        ([1.0], [1.0, 2.0], {}, "gold has 1 examples and pred has 2"),
        ([1.0, float("nan")], [1, 1], {}, r"gold, example 1 \(counted from 0\): found nan, expected a finite number"),
        ([1.0], [float("inf")], {}, "pred, example 0 .*found inf"),
        (["1"], [1], {}, "gold, example 0 .*found '1'"),
        ([True], [1], {}, "gold, example 0 .*found True"),
        ("12", [1], {}, "gold is a str"),
        (np.ones((2, 1)), [1, 1], {}, r"gold, example 0 .*found \[1.0\]"),
        ([1e300], [1], {}, "gold, example 0"),
        ([1], [1], {"pairs": ["a"]}, "pairs are given without texts"),
        ([1], [1], {"texts": []}, "texts has 0 entries"),
    ],
)
def test_input_that_cannot_be_scored_says_why(gold, pred, named, says):
    with pytest.raises(DataError, match=says):
        number_report(gold, pred, **named)
