"""Written texts against references: BLEU, chrF and ROUGE to the digits of sacrebleu and rouge_score."""

from __future__ import annotations

import json
import random

import pytest
import sacrebleu
from ft_magics.errors import DataError
from ft_magics.evaluation.card_shown import shown_card
from ft_magics.evaluation.texts.differences import other_parts
from ft_magics.evaluation.texts.evaluate import text_report
from ft_magics.evaluation.texts.report import TextReport
from ft_magics.evaluation.texts.rouge import common_subsequence
from sacrebleu.metrics import BLEU, CHRF

ROUGE = [  # (references, output, ROUGE-1, ROUGE-2, ROUGE-L) as rouge_score 0.1.2 gives them, without a stemmer
    (["The cat sat on the mat."], "A cat, sat naïvely on my mat!", 0.5714285714285715, 0.16666666666666666, 0.5714285714285715),
    (["one two three four"], "four three two one", 1.0, 0.0, 0.25),
    (["nothing shared", "a b c"], "a c", 0.8, 0.0, 0.8),
]  # fmt: skip
EN = ["the", "a", "cat", "sat", "on", "mat", ",", ".", "saw", "big", "it", "'s", "3.5", "U.S.", '"quoted"']


def made(seed: int, size: int = 40) -> tuple[list[list[str]], list[str]]:
    """Random sentences, with one to three references."""
    choose = random.Random(seed)

    def sentence(least: int) -> str:
        return " ".join(choose.choices(EN, k=choose.randint(least, 14)))

    return [[sentence(1) for _ in range(choose.randint(1, 3))] for _ in range(size)], [sentence(0) for _ in range(size)]


@pytest.mark.parametrize(("references", "output", "one", "two", "longest"), ROUGE)
def test_rouge_is_that_of_rouge_score(references, output, one, two, longest):
    scores = text_report([references], [output], measures=["rouge"], resamples=0).scores
    assert [scores[name].value for name in ("rouge1", "rouge2", "rougeL")] == pytest.approx([one, two, longest])


@pytest.mark.parametrize("seed", range(4))
def test_bleu_and_chrf_are_those_of_sacrebleu_with_their_signatures(seed):
    references, outputs = made(seed)
    streams = [[of_it[at] if at < len(of_it) else None for of_it in references] for at in range(3)]
    report = text_report(references, outputs, measures=["bleu", "chrf"], resamples=0)
    for name, label, scorer in (("bleu", "BLEU", BLEU()), ("chrf", "chrF", CHRF())):
        assert report.scores[name].value == pytest.approx(scorer.corpus_score(outputs, streams).score, abs=1e-9)
        assert report.signatures[label] == str(scorer.get_signature())


def test_short_and_wrong_texts_score_as_sacrebleu_scores_them():
    for outputs in (["x"], [""], ["the"], ["the cat"], ["the cat sat on the mat today"]):
        value = text_report(["the cat sat on the mat"], outputs, measures=["bleu"], resamples=0).scores["bleu"].value
        assert value == pytest.approx(sacrebleu.corpus_bleu(outputs, [["the cat sat on the mat"]]).score, abs=1e-9)


def test_chinese_is_counted_by_character_and_said():
    gold, outputs = ["我们今天去北京大学。", "你好吗"], ["我们明天去北京。", "你好"]
    report = text_report(gold, outputs, measures=["rouge", "bleu"], resamples=0)
    assert report.scores["rouge1"].value == pytest.approx((2 * 6 / 16 + 2 * 2 / 5) / 2)
    assert any("each character is a word" in note for note in report.notes)
    assert any("`tokenize: zh` counts characters" in note for note in report.notes)
    own = text_report(gold, outputs, measures=["bleu"], tokenize="zh", resamples=0)
    assert own.scores["bleu"].value == pytest.approx(BLEU(tokenize="zh").corpus_score(outputs, [gold]).score)
    assert "tok:zh" in own.signatures["BLEU"]


def test_a_report_has_intervals_examples_buckets_and_comes_back_from_its_json():
    references, outputs = made(7)
    sources = [f"source {at}" for at in range(len(outputs))]
    report = text_report(references, outputs, sources=sources, title="one", resamples=50)
    low, high = report.scores["chrf"].interval
    assert low < report.scores["chrf"].value < high
    again = TextReport.from_json(json.loads(json.dumps(report.to_json())))
    assert again.to_html() == report.to_html()
    page = report.evidence.page({"filter": {"output": "other", "text": "SOURCE 3"}, "sort": "worst", "limit": 3})
    assert page["total"]
    assert page["cards"][0]["data"]["texts"][0] == ("source", page["cards"][0]["data"]["texts"][0][1])
    other = text_report(references, outputs[::-1], title="two", resamples=0)
    versions = report.compare([other]).cards[0]["lost"][0]
    assert [text.name for text in shown_card(versions).texts][-2:] == ["one", "two"]
    with pytest.raises(DataError, match="different gold"):
        report.compare([text_report(outputs[:1] * len(outputs), outputs, resamples=0)])


def test_what_differs_is_marked():
    missing, added = other_parts("the cat sat", "the big cat")
    assert (missing, added) == ([(8, 11)], [(4, 7)])
    card = text_report(["the cat sat"], ["the big cat"], resamples=0).evidence.card(0)
    assert [text.pieces for text in shown_card(card).texts] == [["the cat ", "sat", ""], ["the ", "big", " cat"]]
    assert other_parts("我爱你", "我想你") == ([(1, 2)], [(1, 2)])


def test_notes_say_what_is_odd_about_the_outputs():
    report = text_report(["a b c d"] * 10, ["x"] * 9 + [""], sources=["x"] * 10, resamples=0)
    assert "1 of 10 outputs are empty" in report.notes
    assert "9 of 10 outputs are the source, word for word" in report.notes
    assert "9 of 10 outputs are one and the same text: “x”" in report.notes
    assert "the outputs have 22 % of the references' words" in report.notes


def test_the_longest_common_subsequence_is_that_of_the_table():
    choose = random.Random(1)
    for _ in range(30):
        one, two = (choose.choices("abcd", k=choose.randint(0, 12)) for _ in range(2))
        table = [[0] * (len(two) + 1) for _ in range(len(one) + 1)]
        for at, first in enumerate(one):
            for to, second in enumerate(two):
                table[at + 1][to + 1] = (
                    table[at][to] + 1 if first == second else max(table[at][to + 1], table[at + 1][to])
                )
        assert common_subsequence(one, two) == table[-1][-1]


@pytest.mark.parametrize(
    ("references", "outputs", "options", "said"),
    [
        (["a"], ["a", "b"], {}, "there are 1 references and 2 hypotheses"),
        ([["a", "b", "c"]], ["a", "b", "c"], {}, "an example a row: `list(zip(*references))`"),
        (["a", " "], ["a", "b"], {}, "references, example 1 (counted from 0): the reference is empty"),
        (["a", 3], ["a", "b"], {}, "found 3, expected a text, or a list of texts"),
        (["a"], [None], {}, "hypotheses, example 0 (counted from 0): found None, expected a text"),
        ([], [], {}, "there is no example to score"),
        ("a", ["a"], {}, "references is a str; expected a list of texts, one per example"),
        ({"q": "a"}, {"r": "a"}, {}, "there is no text for 'q', which has a reference"),
        (["a"], ["a"], {"tokenize": "13b"}, "there is no tokenizer '13b'; there are 13a, zh, char, intl, none"),
    ],
)
def test_sides_that_do_not_belong_together_are_refused(references, outputs, options, said):
    with pytest.raises(DataError) as error:
        text_report(references, outputs, **options)
    assert said in str(error.value)
