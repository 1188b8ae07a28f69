"""Suspected label errors: what makes gold doubtful, and in which order it is shown."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ft_magics import entity_report
from ft_magics.display.report_parts import parts_of
from ft_magics.evaluation.entities.report import EntityReport
from ft_magics.evaluation.entities.suspects import LEAST_SCORE, score_of, surer_than
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.labels.suspects import suspicion


def test_doubt_rises_with_sureness_and_use_and_falls_with_what_speaks_for_gold():
    by_sureness = [score_of(sure, 1, 0, precision=0.7) for sure in (0.0, 0.3, 0.9, 1.0)]
    assert by_sureness == sorted(set(by_sureness))
    by_use = [score_of(0.9, count, 0, precision=0.7) for count in (0, 1, 5, 50)]
    assert by_use == sorted(set(by_use))
    against = [score_of(0.9, 5, count, precision=0.7) for count in (0, 1, 5, 50)]
    assert against == sorted(set(against), reverse=True)
    assert score_of(0.9, 5, 0, precision=0.7, missed=True) < LEAST_SCORE < score_of(0.9, 5, 0, precision=0.7)


def test_a_model_that_is_mostly_wrong_says_nothing_of_gold():
    assert score_of(1.0, 2, 0, precision=0.08) < LEAST_SCORE < score_of(1.0, 2, 0, precision=0.5)
    assert score_of(0.9, 2, 0, precision=0.7) == score_of(0.9, 2, 0, precision=0.95)


def test_sureness_is_told_by_the_correct_predictions():
    assert surer_than(np.array([0.1, 0.5, 0.9]), np.array([0.5, 0.4, 0.8])).tolist() == [0.125, 0.625, 0.875]
    assert surer_than(np.array([0.9]), np.zeros(0)).tolist() == [0.5]
    bold, timid = np.array([0.999, 0.99, 0.9]), np.array([0.6, 0.5, 0.4])
    assert surer_than(bold, bold).tolist() == surer_than(timid, timid).tolist()


def corpus():
    """Twenty sentences with the same entity, tagged as it should be."""
    words = [["We", "met", "Ada", "in", "Paris", "today"] for _ in range(20)]
    gold = [["O", "O", "B-PER", "O", "B-LOC", "O"] for _ in words]
    sure = [[0.99, 0.99, 0.9 + at / 1000, 0.99, 0.9 + at / 1000, 0.99] for at in range(20)]
    return words, gold, sure


def report(words, gold, sure, pred, **more):
    ids = [f"test.conll, line {8 * at + 1}" for at in range(len(words))]
    return entity_report(gold, pred, words=words, confidences=sure, ids=ids, resamples=0, **more)


WRONG = {
    "type": ["O", "O", "B-LOC", "O", "B-LOC", "O"],
    "border": ["O", "B-PER", "I-PER", "O", "B-LOC", "O"],
    "removed": ["O", "O", "O", "O", "B-LOC", "O"],
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_flipped_label_is_found_with_its_reason(kind):
    words, pred, sure = corpus()
    gold = [*pred[:19], WRONG[kind]]
    (suspect,) = report(words, gold, sure, pred).suspects
    assert suspect["row"] == "test.conll, line 153"
    assert suspect["reason"].startswith("`Ada` is PER 19 times elsewhere here; ")
    ends = {
        "type": "`Ada` is LOC nowhere else",
        "border": "`met Ada` is PER nowhere else",
        "removed": "untagged nowhere else",
    }
    assert suspect["reason"].endswith(ends[kind])


def test_a_mistake_of_the_model_is_none():
    """It is as sure, and the words are used as gold has them."""
    words, gold, sure = corpus()
    pred = [*gold[:19], WRONG["type"]]
    found = report(words, gold, sure, pred)
    assert found.micro.correct == 39
    assert found.suspects == []
    assert found.confident_mistakes


def test_what_the_model_is_not_sure_of_is_none():
    words, pred, sure = corpus()
    gold = [*pred[:19], WRONG["removed"]]
    unsure = [*sure[:19], [0.99, 0.99, 0.4, 0.99, 0.92, 0.99]]
    assert (
        report(words, gold, unsure, pred).evidence.doubts.score.max()
        < report(words, gold, sure, pred).evidence.doubts.score.max()
    )


def test_words_that_are_often_no_entity_speak_for_gold():
    words, pred, sure = corpus()
    scores = []
    for often in (1, 5, 15):
        gold = [*pred[: 20 - often], *[WRONG["removed"]] * often]
        guess = [*gold[:19], pred[19]]
        (suspect,) = report(words, gold, sure, guess).evidence.select({"kind": ["spurious"]})
        scores.append(report(words, gold, sure, guess).evidence.doubts.score[suspect])
    assert scores == sorted(set(scores), reverse=True)


def test_a_common_word_tagged_by_mistake_is_found_though_nothing_is_predicted_there():
    words, pred, sure = corpus()
    gold = [*pred[:19], ["O", "B-PER", "B-PER", "O", "B-LOC", "O"]]
    found = report(words, gold, sure, pred)
    (at,) = found.evidence.select({"kind": ["missed"]})
    score = found.evidence.doubts.score[at]
    plain = report(words, [*pred[:19], WRONG["type"]], sure, pred).evidence.doubts.score.max()
    assert 0 < score < plain  # a model is often sure of nothing where there is something


def test_the_training_data_are_asked():
    words, pred, sure = corpus()
    words[19] = ["We", "met", "Bob", "in", "Paris", "today"]
    gold = [*pred[:19], WRONG["type"]]
    (plain,) = report(words, gold, sure, pred).evidence.doubts.score[-2:-1]
    (known,) = report(words, gold, sure, pred, surfaces={"Bob": {"PER": 12}}).evidence.doubts.score[-2:-1]
    (other,) = report(words, gold, sure, pred, surfaces={"Bob": {"LOC": 12}}).evidence.doubts.score[-2:-1]
    assert other < plain < known
    (suspect,) = report(words, gold, sure, pred, surfaces={"Bob": {"PER": 12}}).suspects
    assert suspect["reason"] == "`Bob` is PER 12 times in training; `Bob` is LOC nowhere else"


def test_suspects_are_ranked_saved_and_opened():
    words, pred, sure = corpus()
    gold = [*pred[:17], WRONG["removed"], WRONG["border"], WRONG["type"]]
    found = report(words, gold, sure, pred)
    scores = [item["score"] for item in found.suspects]
    assert len(scores) == 3
    assert scores == sorted(scores, reverse=True)
    again = EntityReport.from_json(json.loads(json.dumps(found.to_json())))
    assert again.suspects == found.suspects
    asked = {"kind": "file", "filter": {"suspect": "yes"}, "sort": "suspicion", "format": "jsonl"}
    lines = [json.loads(line) for line in parts_of(found).page(asked)["text"].splitlines()]
    assert [line["row"] for line in lines] == [item["row"] for item in found.suspects]
    assert lines[0]["note"] == f"{found.suspects[0]['reason']} · score {scores[0]:.2f}"


def test_lists_say_how_many_there_are_and_the_kernel_has_the_others():
    words, pred, sure = corpus()
    gold = [["O"] * 6 for _ in words]
    found = report(words, gold, sure, pred)
    (listed,) = [part for part in found.sections() if part.title == "The most confident mistakes"]
    assert (len(listed.cards), listed.total) == (20, 40)
    page = found.evidence.page({"filter": listed.filter, "sort": listed.sorts[0], "offset": 20})
    assert (page["total"], len(page["cards"])) == (40, 20)


def test_confident_learning_by_hand():
    """Mean self-confidence: of `a` (0.9 + 0.8 + 0.2 + 0.6) / 4 = 0.625, of `b` (0.7 + 0.9) / 2 = 0.8."""
    told = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9]])
    gold = np.array([[1, 0], [1, 0], [1, 0], [1, 0], [0, 1], [0, 1]], dtype=bool)
    assert suspicion(gold, told, multi_label=False) == pytest.approx([0, 0, 0.6, 0, 0, 0])
    told[2] = [0.21, 0.79]  # less than b usually has
    assert suspicion(gold, told, multi_label=False) == pytest.approx([0] * 6)


def test_the_panel_is_called_what_the_measurement_supports():
    """docs/experiments.md: seven of ten entities that were listed had been flipped, and about half of the labels."""
    told = np.array([[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.3, 0.7], [0.1, 0.9]])
    labels = label_report(["a", "a", "a", "b", "b"], ["a", "a", "b", "b", "b"], probabilities=told, resamples=0)
    words, pred, sure = corpus()
    entities = report(words, [*pred[:19], WRONG["type"]], sure, pred)
    for found, title in ((labels, "Disagreements"), (entities, "Suspected label errors")):
        (part,) = [part for part in found.sections() if part.title == title]
        assert part.filter == {"suspect": "yes"}
        assert found.evidence.page({"filter": part.filter, "sort": part.sorts[0]})["total"] == part.total == 1
        assert "5 %" in part.note
