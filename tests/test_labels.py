"""Reports of labels: scikit-learn's numbers, input that cannot be scored, examples, sections."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from ft_magics.errors import DataError
from ft_magics.evaluation.labels.buckets import words_of
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.labels.report import LabelReport
from ft_magics.evaluation.section_html import shown_rows
from ft_magics.sections import Chart, Examples, Grid, Table
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

NAMES = ["a", "b", "c", "d", "é"]


@pytest.fixture(autouse=True)
def no_sklearn_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def value(report, name):
    found = report.scores[name].value
    return 0.0 if found is None else found


def close(found, wanted):
    assert found == pytest.approx(wanted, abs=1e-12)


def check_averages(report, gold, pred):
    for way in ("micro", "macro", "weighted"):
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(gold, pred, average=way, zero_division=0)
        close([value(report, f"{way}_{name}") for name in ("precision", "recall", "f1")], [precision, recall, f1])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), min_size=1, max_size=40))
def test_one_label_equals_scikit_learn(pairs):
    gold, pred = map(list, zip(*pairs, strict=True))
    report = label_report(gold, pred, resamples=0)
    check_averages(report, gold, pred)
    close(value(report, "accuracy"), metrics.accuracy_score(gold, pred))
    close(value(report, "mcc"), metrics.matthews_corrcoef(gold, pred))
    kappa = metrics.cohen_kappa_score(gold, pred)
    if np.isnan(kappa):
        assert report.scores["kappa"].value is None
    else:
        close(value(report, "kappa"), kappa)
    assert report.confusion == metrics.confusion_matrix(gold, pred, labels=report.labels).tolist()
    per_label = metrics.precision_recall_fscore_support(gold, pred, labels=report.labels, zero_division=np.nan)
    for at, scores in enumerate(report.per_label.values()):
        for name, column in zip(("precision", "recall"), per_label, strict=False):
            found = getattr(scores, name)
            assert (found is None) == bool(np.isnan(column[at]))
            close(found or 0.0, np.nan_to_num(column[at]))
        assert scores.support == per_label[3][at]
    assert list(report.by_label) == sorted(set(gold) | set(pred))


SETS = st.lists(st.sampled_from(NAMES), max_size=3, unique=True)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SETS, SETS), min_size=1, max_size=30))
def test_several_labels_equal_scikit_learn(pairs):
    gold, pred = map(list, zip(*pairs, strict=True))
    report = label_report(gold, pred, multi_label=True, labels=NAMES, resamples=0)
    ours, theirs = (np.array([[name in row for name in NAMES] for row in side], dtype=int) for side in (gold, pred))
    used = (ours.sum(axis=0) + theirs.sum(axis=0)) > 0  # as without `labels`: those that occur
    if used.sum() > 1:  # scikit-learn takes a single column for two classes
        for way in ("micro", "macro", "weighted"):
            wanted = metrics.precision_recall_fscore_support(
                ours[:, used], theirs[:, used], average=way, zero_division=0
            )[:3]
            close([value(report, f"{way}_{name}") for name in ("precision", "recall", "f1")], list(wanted))
    close(value(report, "subset_accuracy"), metrics.accuracy_score(ours, theirs))
    close(value(report, "hamming_loss"), metrics.hamming_loss(ours, theirs))
    matrix = label_report(ours, theirs, multi_label=True, labels=NAMES, resamples=0)
    assert matrix.scores == report.scores
    assert (
        int(np.trace(report.confusion)) == (ours & theirs).sum() + ((ours.sum(axis=1) + theirs.sum(axis=1)) == 0).sum()
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 20)), min_size=1, max_size=60))
def test_areas_equal_scikit_learn(pairs):
    gold = np.array([int(is_gold) for is_gold, _ in pairs])
    sure = np.array([step / 20 for _, step in pairs])
    report = label_report(
        gold, (sure >= 0.5).astype(int), labels=[0, 1], probabilities=np.stack([1 - sure, sure], axis=1), resamples=0
    )
    if 0 < gold.sum() < len(gold):
        close(report.scores["roc_auc"].value, metrics.roc_auc_score(gold, sure))
    else:
        assert report.scores["roc_auc"].value is None
    if gold.any():
        close(report.scores["average_precision"].value, metrics.average_precision_score(gold, sure))
    for row in report.curves.thresholds:
        kept = sure >= row["threshold"]
        assert row["predicted"] == kept.sum()
        close(row["f1"] or 0.0, metrics.f1_score(gold, kept, zero_division=0))


def test_areas_of_several_labels_are_their_mean():
    generator = np.random.default_rng(1)
    gold = generator.integers(0, 2, (80, 3))
    sure = np.clip(generator.normal(0.3 + 0.4 * gold, 0.2), 0, 1)
    report = label_report(gold, sure > 0.5, labels=["x", "y", "z"], probabilities=sure, multi_label=True, resamples=20)
    close(report.scores["roc_auc"].value, metrics.roc_auc_score(gold, sure, average="macro"))
    close(report.scores["average_precision"].value, metrics.average_precision_score(gold, sure, average="macro"))
    assert report.scores["roc_auc"].interval is None
    assert report.scores["micro_f1"].interval is not None
    assert "without an interval" in report.sections()[0].note
    assert report.curves.curves[0].name == "micro average"


def simulated(size=400, seed=0, sharpness=1.0):
    """Gold labels drawn from probabilities, which are then made too sharp or too soft."""
    generator = np.random.default_rng(seed)
    true = generator.dirichlet([0.4] * 4, size=size)
    gold = [NAMES[int(generator.choice(4, p=row))] for row in true]
    told = true**sharpness
    return gold, told / told.sum(axis=1, keepdims=True)


def test_the_temperature_is_what_made_the_probabilities_sharp():
    gold, told = simulated(6000, sharpness=2.0)
    report = label_report(
        gold, [NAMES[at] for at in told.argmax(axis=1)], labels=NAMES[:4], probabilities=told, resamples=0
    )
    assert report.calibration.temperature == pytest.approx(2.0, rel=0.1)
    assert report.calibration.ece_scaled < 0.02 < report.calibration.ece
    assert report.scores["ece"].value == report.calibration.ece
    assert not report.scores["ece"].metric.higher_is_better
    sure, right = told.max(axis=1), np.array(gold) == np.array(NAMES)[told.argmax(axis=1)]
    bins = np.minimum((sure * 10).astype(int), 9)
    wanted = sum(abs(sure[bins == at].sum() - right[bins == at].sum()) for at in range(10)) / len(sure)
    close(report.calibration.ece, wanted)


def test_the_temperature_has_the_least_loss():
    gold, told = simulated(300, seed=3, sharpness=0.5)
    report = label_report(gold, gold, labels=NAMES[:4], probabilities=told, resamples=0)
    at = [NAMES.index(name) for name in gold]

    def loss(temperature):
        scaled = told ** (1 / temperature)
        return -np.log((scaled / scaled.sum(axis=1, keepdims=True))[range(len(at)), at]).mean()

    best = report.calibration.temperature
    assert loss(best) < min(loss(best * 1.05), loss(best / 1.05))


def test_labels_that_gold_contradicts_are_suspected():
    gold, told = simulated(300, sharpness=3.0)
    gold = [NAMES[at] for at in told.argmax(axis=1)]
    wrong = int(np.argmax(told[:, 0]))
    gold[wrong] = "b"
    report = label_report(gold, gold, labels=NAMES[:4], probabilities=told, resamples=0)
    shown = report.lists["disagreements"]
    assert [card.row for card in shown.cards] == [f"example {wrong}"]
    assert report.evidence.page({"filter": {"suspect": "yes"}, "sort": "suspicion"})["total"] == 1


def test_a_gold_label_that_the_model_cannot_give_is_a_miss_and_is_said():
    told = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4]])
    report = label_report(["a", "b", "new"], ["a", "b", "a"], labels=["a", "b"], probabilities=told, resamples=50)
    assert report.labels == ["a", "b", "new"]
    assert report.scores["accuracy"].value == pytest.approx(2 / 3)
    assert report.per_label["new"].recall == 0.0
    assert "labels that the model cannot give, each a miss (1 examples): new" in report.notes[0]


def test_whole_numbers_are_names_of_labels_in_their_order():
    report = label_report([10, 9, 2], np.array([10, 2, 2]), resamples=0)
    assert report.labels == ["2", "9", "10"]


def test_one_class_alone_has_no_kappa():
    report = label_report(["a"] * 5, ["a"] * 5)
    assert report.scores["accuracy"].interval == (1.0, 1.0)
    assert report.scores["kappa"].value is None
    assert "–" in report.to_html()
    assert report.to_json()["scores"]["kappa"]["value"] is None


def test_labels_that_one_side_lacks_are_said():
    report = label_report(["a", "b"], ["a", "c"], labels=["a", "b", "c", "d"], resamples=0)
    assert report.notes == [
        "labels that gold has and that are never predicted: b",
        "labels that are predicted and that gold never has: c",
    ]
    assert report.by_label == {"a": 1.0, "b": 0.0, "c": 0.0, "d": None}
    table = report.sections()[1]
    assert [row.cells[0].text for row in table.rows] == [
        "a",
        "b",
        "c",
        *(f"{way} average" for way in ("micro", "macro", "weighted")),
    ]
    assert table.note == "labels that neither side has are left out: 1"
    assert (report.per_label["b"].precision, report.per_label["c"].recall) == (None, None)


def test_no_label_anywhere_is_no_error_and_no_zero():
    report = label_report([[], []], [[], []], multi_label=True)
    assert report.scores["micro_f1"].value is None
    assert report.scores["subset_accuracy"].value == 1.0
    assert "–" in report.to_html()


@pytest.mark.parametrize(
    ("gold", "pred", "named", "says"),
    [
        (["a"], ["a", "b"], {}, "gold has 1 examples and pred has 2"),
        ([], [], {}, "no example to score"),
        ("a", ["a"], {}, "gold is a str; expected a list of labels"),
        (3, ["a"], {}, "gold is an int"),
        (["a", None], ["a", "a"], {}, r"gold, example 1 \(counted from 0\): found None"),
        (["a", ""], ["a", "a"], {}, "gold, example 1 .*an empty text"),
        ([1.5], ["a"], {}, "gold, example 0 .*found 1.5, a float; .*number_report"),
        ([float("nan")], ["a"], {}, "gold, example 0 .*found nan"),
        (["a"], [["a"]], {}, "pred, example 0 .*expected one label; .*multi_label=True"),
        (["a"], ["a"], {"multi_label": True}, "gold, example 0 .*found 'a', expected a list of labels"),
        (
            ["apple"],
            ["aple"],
            {"labels": ["apple", "pear"]},
            "pred, example 0 .*`'aple'` is none .*Did you mean `apple`",
        ),
        (["x"], ["a"], {"labels": ["a", "b"]}, "gold, example 0 .*no other gold label is"),
        (["a"], ["a"], {"labels": ["a", "a"]}, "labels: .*twice"),
        (["a"], ["a"], {"labels": []}, "labels is empty"),
        (["a"], ["a"], {"labels": "ab"}, "labels is a str"),
        (
            ["a", "b"],
            ["a", "b"],
            {"probabilities": [[0.5, 0.5]]},
            r"probabilities has the shape \(1, 2\); expected \(2, 2\)",
        ),
        (
            ["a", "b"],
            ["a", "b"],
            {"probabilities": [[0.5, 0.5], [float("nan"), 1]]},
            "example 1 .*label `a`: found nan",
        ),
        (["a", "b"], ["a", "b"], {"probabilities": [[0.5, 0.5], [3.0, -2.0]]}, "example 1 .*label `a`: found 3.0"),
        (
            ["a", "b"],
            ["a", "b"],
            {"probabilities": [[0.5, 0.5], [0.5, 0.1]]},
            "example 1 .*add up to 0.600, expected 1",
        ),
        (["a", "b"], ["a", "b"], {"probabilities": [[0.5], [0.5, 0.1]]}, "probabilities: expected 2 rows of 2 numbers"),
        (
            ["a", "b"],
            ["a", "b"],
            {"probabilities": [["x", "y"]] * 2},
            "probabilities: expected a table of numbers, found 'x'",
        ),
        (["a", "b"], ["a", "b"], {"probabilities": "high"}, "probabilities: expected a table of numbers"),
        (["a"], ["a"], {"texts": ["one", "two"]}, "texts has 2 entries, and there are 1 examples"),
        (["a"], ["a"], {"texts": [None]}, "texts of example 0 .*expected a text"),
        (["a"], ["a"], {"pairs": ["one"]}, "pairs are given without texts"),
        (["a"], ["a"], {"ids": [3]}, "ids of example 0"),
        (["a"], ["a"], {"train_counts": {"a": -1}}, "train_counts of 'a'"),
        (["a"], ["a"], {"train_counts": [1]}, "train_counts is a list"),
        (["a"], ["a"], {"train_words": "words"}, "train_words is a str"),
        (["a"], ["a"], {"train_words": 3}, "train_words is an int"),
        (["a"], ["a"], {"multi_label": "no"}, "multi_label: found 'no'"),
        (["a"], ["a"], {"notes": "text"}, "notes is a str"),
        (["a"], ["a"], {"thresholds": {"a": 2}}, "thresholds: found 'a' → 2"),
        (["a"], ["a"], {"resamples": -1}, "resamples: found -1"),
        (["a"], ["a"], {"history": [{"epoch": "one"}]}, "history, entry 0"),
        (
            np.array([[2]]),
            np.array([[1]]),
            {"multi_label": True, "labels": ["a"]},
            r"gold is a matrix of shape \(1, 1\)",
        ),
    ],
)
def test_input_that_cannot_be_scored_says_why(gold, pred, named, says):
    with pytest.raises(DataError, match=says):
        label_report(gold, pred, **named)


def shown_report(**named):
    gold, told = simulated(300)
    pred = [NAMES[at] for at in told.argmax(axis=1)]
    texts = [f"Ist Café {at} {'sehr ' * (at % 30)}gut" for at in range(300)]
    return label_report(
        gold,
        pred,
        labels=NAMES[:4],
        probabilities=told.astype(np.float32),
        texts=texts,
        ids=[f"test.csv, line {at + 2}" for at in range(300)],
        train_counts={"a": 4, "b": 40, "c": 400},
        train_words={"ist", "sehr"},
        history=[
            {"epoch": 1.0, "loss": 0.9, "metrics": {"accuracy": 0.5, "macro_f1": 0.4}},
            {"epoch": 2.0, "loss": float("nan"), "accuracy": 0.6, "macro_f1": None},
        ],
        notes=["from a test"],
        resamples=100,
        **named,
    )


def test_pages_are_filtered_sorted_and_cut():
    evidence = shown_report().evidence
    gold, pred = evidence.gold, evidence.pred
    assert evidence.page({})["total"] == 300
    assert len(evidence.page({})["cards"]) == 20
    assert len(evidence.page({"limit": 1000})["cards"]) == 200
    page = evidence.page({"filter": {"gold": "a", "pred": "b"}, "offset": 1, "limit": 2})
    assert page["total"] == int((gold[:, 0] & pred[:, 1]).sum()) > 3
    assert len(page["cards"]) == 2
    assert {(*card["data"]["gold"], *card["data"]["predicted"]) for card in page["cards"]} == {("a", "b")}
    assert evidence.page({"filter": {"gold": ["a", "b"]}})["total"] == int(gold[:, :2].sum())
    assert evidence.page({"filter": {"gold": "nothing like it"}})["total"] == 0
    wrong = int((gold != pred).any(axis=1).sum())
    assert evidence.page({"filter": {"wrong": True}})["total"] == wrong
    assert evidence.page({"filter": {"wrong": False}})["total"] == 300 - wrong
    assert evidence.page({"filter": {"outcome": "wrong"}})["total"] == wrong
    assert evidence.page({"filter": {"outcome": ["wrong", "right"]}})["total"] == 300
    sure = [card["data"]["confidence"] for card in evidence.page({"sort": "doubt"})["cards"]]
    assert sure == sorted(sure)
    assert sure[0] == min(round(float(each), 4) for each in evidence.confidence)
    assert evidence.page({"sort": "confidence"})["cards"][0]["data"]["confidence"] == round(
        float(evidence.confidence.max()), 4
    )


def test_mistakes_are_sent_along_before_right_answers():
    evidence = shown_report().evidence
    wrong = int(evidence.wrong.sum())
    assert all(not card.data["right"] for card in evidence.preview(wrong))
    cards = evidence.preview(wrong + 5)
    assert sum(card.data["right"] for card in cards) == 5
    assert [card.data["ranks"]["row"] for card in cards] == sorted(card.data["ranks"]["row"] for card in cards)


def test_texts_are_found_as_they_are_read():
    evidence = shown_report().evidence
    assert evidence.page({"filter": {"text": "CAFE\u0301 17 "}})["total"] == 1  # letter and accent apart
    assert evidence.page({"filter": {"text": "line 301"}})["cards"][0]["data"]["text"].startswith("Ist Café 299")
    assert evidence.page({"filter": {"text": ""}})["total"] == 300


def test_every_number_of_a_bucket_opens_its_examples():
    report = shown_report()
    assert set(report.buckets) == {"length", "overlap", "class_size"}
    for name, rows in report.buckets.items():
        assert sum(row.examples for row in rows) == 300
        for row in rows:
            assert report.evidence.page({"filter": {name: row.label}})["total"] == row.examples
            assert report.evidence.page({"filter": {"bucket": [name, row.label]}})["total"] == row.examples
            right = report.evidence.page({"filter": {name: row.label, "outcome": "right"}})["total"]
            assert row.headline == pytest.approx(right / row.examples)
    labels = {row.label for row in report.buckets["class_size"]}
    assert labels == {"not in training", "1–10 examples", "31–100", "301–1,000"}


def test_filters_of_cells_open_as_many_examples_as_they_count():
    for report in (shown_report(), several_report()):
        grid = next(part for part in report.sections() if isinstance(part, Grid))
        for row, chosen in enumerate(grid.row_filters):
            for column, also in enumerate(grid.column_filters):
                total = report.evidence.page({"filter": {**chosen, **also}})["total"]
                assert total == grid.counts[row][column]
        for part in report.sections():
            for row in part.rows if isinstance(part, Table) else ():
                for cell in row.cells:
                    if cell.filter is not None and cell.text.isdigit():
                        assert report.evidence.page({"filter": cell.filter})["total"] == int(cell.text)


def several_report():
    gold = [["a", "b"], ["a"], [], ["c"], ["a", "c"], []]
    pred = [["a"], ["b"], [], ["c", "a"], ["b"], ["c"]]
    return label_report(
        gold, pred, multi_label=True, thresholds={"a": 0.3}, texts=[f"text {at}" for at in range(6)], resamples=20
    )


def test_several_labels_are_confused_by_what_was_missed_and_what_was_spurious():
    report = several_report()
    # Rows a, b, c, nothing; of example 4 `a` and `c` were missed and `b` was spurious.
    assert report.confusion == [[1, 2, 0, 0], [0, 0, 0, 1], [0, 1, 1, 0], [1, 0, 1, 1]]
    assert report.evidence.page({"filter": {"missed": "b", "spurious": ""}})["total"] == 1
    assert report.headline.metric.name == "micro_f1"
    table = report.sections()[1]
    assert (table.columns[-1], table.rows[0].cells[-1].text, table.rows[1].cells[-1].text) == (
        "threshold",
        "0.30",
        "0.50",
    )


def test_the_sections_of_a_report():
    report = shown_report()
    parts = report.sections()
    titles = [part.title for part in parts]
    assert titles[:4] == [
        "Scores",
        "Scores per label",
        "Confusion: which label was taken for which",
        "F1 per label",
    ]
    assert "Most confused pairs" in titles
    assert [part.title for part in report.sections(brief=True)] == titles[:4]
    assert {"Mistakes", "Most confident mistakes", "Least confident correct answers"} <= {
        part.title for part in parts if isinstance(part, Examples)
    }
    assert parts[0].rows[0].cells[1].filter == {"outcome": "wrong"}
    history = next(part for part in parts if part.title == "Dev scores per epoch")
    assert [cell.text for cell in history.rows[0].cells] == ["1", "0.9000", "50.00", "40.00"]
    assert [cell.text for cell in history.rows[1].cells] == ["2", "–", "60.00", "–"]
    assert any(isinstance(part, Chart) and part.diagonal for part in parts)
    opened = {part.title for part in report.sections({"by": "length"}) if part.open} - {
        part.title for part in parts if part.open
    }
    assert opened == {"Scores by length of the text"}
    assert "there are no buckets by colour" in str(report.sections({"by": "colour"}))
    assert len(shown_rows(report.sections({"min_support": 10_000})[1])[0]) == 3
    assert "from a test" in report.to_html()
    assert "<script" not in report.to_html()
    assert "accuracy" in report.to_text()
    assert report.to_markdown().startswith("**predictions** (accuracy ")


def test_many_labels_are_ordered_by_confusion():
    generator = np.random.default_rng(5)
    gold = generator.integers(0, 150, 3000)
    pred = np.where(gold == 7, 8, gold)
    pred[gold == 8] = 9
    report = label_report(gold, pred, resamples=0)
    grid = report.sections()[2]
    assert report.labels[grid.order[0]] == "8"
    assert not grid.open
    pairs = report.sections()[4]
    assert {(row.cells[0].text, row.cells[1].text) for row in pairs.rows} == {("7", "8"), ("8", "9")}
    assert pairs.rows[0].cells[3].text == "100.00"


def test_a_report_is_the_same_after_its_json():
    for report in (shown_report(), several_report()):
        again = LabelReport.from_json(json.loads(json.dumps(report.to_json())))
        assert again == report
        assert again.to_html() == report.to_html()
        assert (again.tally, again.evidence) == (None, None)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": None}, "no `schema`"),
        ({"schema": 99}, "Update ft_magics"),
        ({"kind": "numbers"}, "this report is of 'numbers'"),
        ({"scores": {}}, "not whole"),
        ({"scores": 3}, "`scores` is 3, expected an object"),
        ({"confusion": [[1]]}, "no grid of 4 by 4"),
        ({"examples": -1}, "`examples` is -1"),
        ({"history": [3]}, "history, entry 0"),
        ({"lists": {"mistakes": {"total": 1, "cards": [{}]}}}, "`lists.mistakes.cards.0` has no `kind`"),
        ({"calibration": {"ece": 7, "bins": []}}, "`calibration.ece` is 7"),
    ],
)
def test_a_record_that_is_no_report_says_where(change, says):
    record = {**json.loads(json.dumps(shown_report().to_json())), **change}
    with pytest.raises(DataError, match=says):
        LabelReport.from_json(record)


def test_the_table_for_pandas():
    frame = shown_report().to_pandas()
    assert list(frame.index) == NAMES[:4]
    assert (frame["f1_low"] <= frame["f1"]).all()
    assert frame["support"].sum() == 300


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello, World!", ["hello", "world"]),
        ("don't (stop)", ["don't", "stop"]),
        ("我爱北京", ["我", "爱", "北", "京"]),
        ("مرحبا بالعالم", ["مرحبا", "بالعالم"]),
        (" … ", []),
    ],
)
def test_words_of_a_text(text, words):
    assert words_of(text) == words


def test_fifty_thousand_texts_are_evaluated_within_their_memory():
    import tracemalloc

    generator = np.random.default_rng(0)
    size, classes = 50_000, 150
    gold = generator.integers(0, classes, size)
    pred = np.where(generator.random(size) < 0.9, gold, generator.integers(0, classes, size))
    told = np.full((size, classes), 0.2 / (classes - 1), dtype=np.float32)
    told[np.arange(size), pred] = 0.8
    texts = [f"a text with number {at}" for at in range(size)]
    tracemalloc.start()
    report = label_report(gold, pred, labels=range(classes), probabilities=told, texts=texts, resamples=200)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 300e6
    assert report.scores["accuracy"].interval is not None
