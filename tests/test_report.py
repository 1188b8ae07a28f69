"""The report's numbers, against seqeval to the last digit."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from ft_magics import EntityReport, entity_report
from ft_magics.data.sources import read_split
from ft_magics.errors import DataError, SchemeError
from ft_magics.evaluation.matching import KINDS, match_spans
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report

TYPES = ("PER", "LOC", "creative-work")
tag = st.one_of(st.just("O"), st.builds("{}-{}".format, st.sampled_from("BI"), st.sampled_from(TYPES)))
sentences = st.lists(st.lists(st.tuples(tag, tag), min_size=1, max_size=12), min_size=1, max_size=12)


def assert_equals_seqeval(report, gold, pred):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = classification_report(gold, pred, output_dict=True, zero_division=0)
    averages = {f"{name} avg": getattr(report, name) for name in ("micro", "macro", "weighted")}
    assert set(wanted) == {*report.per_type, *averages}
    for name, scores in (report.per_type | averages).items():
        assert (scores.precision or 0.0) == wanted[name]["precision"], name
        assert (scores.recall or 0.0) == wanted[name]["recall"], name
        assert (scores.f1 or 0.0) == wanted[name]["f1-score"], name
        assert scores.support == wanted[name]["support"], name


@settings(deadline=None)
@given(sentences)
def test_random_tags_score_as_in_seqeval(pairs):
    gold = [[ours for ours, _ in sentence] for sentence in pairs]
    pred = [[theirs for _, theirs in sentence] for sentence in pairs]
    report = entity_report(gold, pred)
    if report.per_type:  # seqeval raises on tags that are all O
        assert_equals_seqeval(report, gold, pred)


@given(sentences)
def test_confusion_margins_are_support_and_predicted(pairs):
    gold = [[ours for ours, _ in sentence] for sentence in pairs]
    pred = [[theirs for _, theirs in sentence] for sentence in pairs]
    report = entity_report(gold, pred)
    grid = np.array(report.confusion)
    assert grid[:-1].sum(axis=1).tolist() == [scores.support for scores in report.per_type.values()]
    assert grid[:, :-1].sum(axis=0).tolist() == [scores.predicted for scores in report.per_type.values()]
    assert grid[-1, -1] == 0
    assert all(grid[at, at] >= scores.correct for at, scores in enumerate(report.per_type.values()))


PUBLISHED = {"arcada": (47.40, 34.57, 39.98), "flytxt": (47.92, 31.97, 38.35), "uh_ritual": (57.54, 32.90, 41.86)}


@pytest.mark.shared
@pytest.mark.parametrize("system", PUBLISHED)
def test_wnut_systems_score_as_published_and_as_in_seqeval(shared, system):
    folder = shared / "wnut17_en"
    gold = [list(example.tags) for example in read_split("test", str(folder / "emerging.test.annotated")).examples]
    pred = [list(example.tags) for example in read_split("test", str(folder / "submissions" / system)).examples]
    report = entity_report(gold, pred)
    assert report.micro.support == 1079
    found = (report.micro.precision, report.micro.recall, report.micro.f1)
    assert tuple(round(100 * share, 2) for share in found) == PUBLISHED[system]
    assert_equals_seqeval(report, gold, pred)


def test_every_scheme_is_scored_alike():
    iob2, bioes, bilou = ("B-A I-A O B-B", "B-A E-A O S-B", "B-A L-A O U-B")
    report = entity_report([iob2.split()] * 2, [bioes.split(), bilou.split()])
    assert (report.micro.f1, report.micro.correct) == (1.0, 4)


def test_metrics_that_do_not_exist_are_none_and_null():
    report = entity_report([["O", "O"]], [["O", "O"]])
    assert (report.micro.precision, report.micro.recall, report.micro.f1, report.macro.f1) == (None,) * 4
    missed = entity_report([["B-A"]], [["O"]]).per_type["A"]
    assert (missed.precision, missed.recall, missed.f1) == (None, 0.0, 0.0)
    spurious = entity_report([["O"]], [["B-A"]]).per_type["A"]
    assert (spurious.precision, spurious.recall, spurious.f1) == (0.0, None, 0.0)
    assert "null" in json.dumps(report.to_json())


def test_json_brings_the_report_back():
    report = entity_report([["B-A", "O"]], [["B-A", "B-B"]], title="t", history=[{"epoch": 1.0, "f1": None}])
    record = json.loads(json.dumps(report.to_json()))
    assert EntityReport.from_json(record) == report
    with pytest.raises(DataError, match="schema 99"):
        EntityReport.from_json(record | {"schema": 99})


@pytest.mark.parametrize(
    ("gold", "pred", "error", "says"),
    [
        ([["O"]], [], DataError, "gold has 1 sentences and pred has 0"),
        ([["O"], ["O", "O"]], [["O"], ["O"]], DataError, "sentence 1 .* has 2 gold tags and 1 predicted"),
        ([["PER"]], [["O"]], SchemeError, "gold sentence 0 .*`PER` is no tag"),
        ([["O"]], [[3]], DataError, "predicted sentence 0"),
        (["O", "B-PER"], ["O", "B-PER"], DataError, "list of tags"),
    ],
)
def test_faults_name_the_sentence(gold, pred, error, says):
    with pytest.raises(error, match=says):
        entity_report(gold, pred)


def test_an_exact_match_is_paired_before_an_overlap():
    evidence = entity_report([["B-A", "I-A", "B-B", "O"]], [["B-A", "B-B", "B-B", "O"]]).evidence
    pairs = match_spans(evidence.gold, evidence.pred, len(evidence.names))
    found = [
        (int(ours), int(theirs), KINDS[kind])
        for ours, theirs, kind in zip(pairs.gold, pairs.pred, pairs.kind, strict=True)
    ]
    assert sorted(found) == [(-1, 1, "spurious"), (0, 0, "boundary"), (1, 2, "correct")]
