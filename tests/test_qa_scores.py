"""Exact match and F1 of answers, against the official rules written a second time and against hand-counted cases."""

from __future__ import annotations

import json
import random

import ft_magics
import pytest
from ft_magics.errors import DataError
from ft_magics.evaluation.answers.buckets import question_word
from ft_magics.evaluation.answers.english_words import english_words
from ft_magics.evaluation.answers.report import AnswerReport
from ft_magics.evaluation.answers.rules import rules_for, scores_of, words_and_characters
from ft_magics.evaluation.page import report_html

import official_answers

QUIET = {"task": "qa", "resamples": 0}


def both(gold, pred, **options):
    """Exact match and F1 in percent."""
    scores = ft_magics.evaluate(gold, pred, **QUIET, **options).scores
    return tuple(100 * scores[name].value for name in ("exact_match", "f1"))


@pytest.mark.parametrize(
    ("gold", "predicted", "unanswerable", "expected"),
    [
        (["The Cat!"], "cat", False, (1, 1)),
        (["the cat sat"], "a cat", False, (0, 2 / 3)),
        (["cat cat dog"], "cat", False, (0, 0.5)),  # words are counted, not kinds of words
        (["one", "one two three"], "one two", False, (0, 0.8)),
        (["don't"], "dont", False, (1, 1)),
        (["café"], "cafe", False, (0, 0)),
        (["“yes”"], "yes", False, (0, 0)),  # ASCII punctuation alone is left out
        (["the"], "an", False, (1, 0)),  # 1.1: equal, and no word in common
        (["the"], "an", True, (1, 1)),  # 2.0: a gold answer of nothing is no answer
        (["the"], "cat", True, (0, 0)),
        ([], "", True, (1, 1)),
        ([], "a", True, (1, 1)),  # 2.0 compares what is left of it
        ([], "cat", True, (0, 0)),
        (["cat"], "", True, (0, 0)),
    ],
)
def test_squads_rules_by_hand(gold, predicted, unanswerable, expected):
    assert scores_of("squad", gold, predicted, unanswerable=unanswerable) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        (["《红楼梦》。"], "红楼梦", (1, 1)),
        (["北京大学"], "北京", (0, 2 / 3)),
        (["北大京学"], "北京大学", (0, 0.25)),  # the longest run, not what is in common
        (["1990年3月"], "1990年", (0, 2 * 2 / 6)),  # 1990, 年, 3, 月
        (["Shane Filan，歌手"], "shane filan", (0, 2 * 2 / 6)),
        (["a-b"], "ab", (1, 1)),
        (["50%"], "50", (0, 2 / 3)),  # % is a word of its own
        ([], " ", (1, 1)),
        (["人"], "", (0, 0)),
    ],
)
def test_cmrcs_rules_by_hand(gold, predicted, expected):
    assert scores_of("cmrc", gold, predicted, unanswerable=False) == pytest.approx(expected)


def test_words_between_chinese_characters_are_cut_as_nltk_does():
    said = {
        "he said hi.": ["he", "said", "hi", "."],
        "3.5 million, 1,000": ["3.5", "million", ",", "1,000"],
        "it's (really) $5": ["it", "'s", "(", "really", ")", "$", "5"],
        'so "he" can\'t': ["so", "``", "he", "''", "ca", "n't"],
        "(b. sapiens), 1990–1991": ["(", "b.", "sapiens", ")", ",", "1990", "–", "1991"],
    }
    assert {text: english_words(text) for text in said} == said
    assert english_words("went home. mr. fox") == ["went", "home", ".", "mr.", "fox"]
    assert words_and_characters("在U.K.的 BBC-2") == ["在", "u.k", ".", "的", "bbc2"]


def random_system(golds, seed):
    """Answers right, cut, padded, of other questions, empty and missing."""
    draw = random.Random(seed)
    texts = [answer for answers in golds.values() for answer in answers]
    system = {}
    for key, answers in golds.items():
        text = draw.choice(answers) if answers else ""
        kind = draw.randrange(7)
        if kind == 0:
            continue
        low = draw.randrange(len(text) + 1)
        changed = {
            1: text[low:],
            2: f"The {text}，{draw.choice(texts)}",
            3: draw.choice(texts),
            4: text.upper(),
            5: "",
        }
        system[key] = changed.get(kind, text)
    return system


def gold_of(path):
    articles = json.loads(path.read_text(encoding="utf-8"))["data"]
    asked = [each for article in articles for part in article["paragraphs"] for each in part["qas"]]
    return {each["id"]: [answer["text"] for answer in each["answers"]] for each in asked}


@pytest.mark.shared
@pytest.mark.parametrize("seed", [1, 2])
def test_random_systems_are_scored_as_by_the_official_rules(shared, seed):
    english, chinese = shared / "xquad_en_zh/xquad.en.json", shared / "cmrc2018_zh/cmrc2018_trial.json"
    golds = gold_of(english)
    system = random_system(golds, seed)
    assert both(str(english), system) == pytest.approx(official_answers.squad(golds, system, version=1))
    golds = {key: answers if at % 3 else [] for at, (key, answers) in enumerate(golds.items())}
    system = random_system(golds, seed)
    assert both(golds, system) == pytest.approx(official_answers.squad(golds, system, version=2))
    golds = {key: ["".join(map(plain, text)) for text in texts] for key, texts in gold_of(chinese).items()}
    system = random_system(golds, seed)
    assert both(golds, system, scoring="cmrc") == pytest.approx(official_answers.cmrc(golds, system))


def plain(letter):
    """Nothing that NLTK's words would be cut at."""
    return letter if letter.isalnum() or letter in official_answers.CMRC_MARKS else " "


@pytest.mark.shared
def test_each_question_is_scored_by_the_rules_of_its_language(shared):
    for name, rules in (("en", "squad"), ("zh", "cmrc")):
        path = shared / f"xquad_en_zh/xquad.{name}.json"
        right = {key: answers[0] for key, answers in gold_of(path).items()}
        report = ft_magics.evaluate(str(path), right, **QUIET)
        assert report.by_rules == {rules: 1190}
        assert {name: score.value for name, score in report.scores.items()} == {"f1": 1.0, "exact_match": 1.0}
    assert ft_magics.evaluate(str(path), right, scoring="squad", **QUIET).by_rules == {"squad": 1190}
    assert rules_for("Who?", "She met 李白 there.") == "squad"
    assert rules_for("誰？", "李白 (Li Bai)，唐朝詩人") == "cmrc"


GOLD = {"a": ["Rome"], "b": [], "c": ["in the year 1990"]}


def test_missing_predictions_count_as_wrong_and_are_said():
    report = ft_magics.evaluate(GOLD, {"a": "rome", "z": "x"}, task="qa", title="mine")
    assert report.scores["exact_match"].value == pytest.approx(1 / 3)
    assert any("2 of 3 questions have no prediction and count as wrong" in note for note in report.notes)
    assert any("1 predictions are of no question of gold, first z" in note for note in report.notes)
    assert report.scores["no_answer_accuracy"].value == 0
    assert set(report.evidence.outcomes) == {"exact match", "not predicted"}


def test_predictions_come_in_many_forms(tmp_path):
    want = both(GOLD, {"a": "Rome", "b": "", "c": "1990"})
    path = tmp_path / "predictions.json"
    path.write_text(json.dumps({"a": "Rome", "b": "", "c": "1990"}))
    rows = [{"id": "a", "prediction_text": "Rome"}, {"id": "b", "prediction_text": ""}, {"id": "c", "answer": "1990"}]
    assert both(GOLD, str(path)) == both(GOLD, rows) == both(GOLD, ["Rome", "", "1990"]) == want
    records = [{"id": key, "context": "…", "question": "?", "answers": {"text": texts}} for key, texts in GOLD.items()]
    assert both(records, rows) == both({"data": records}, rows) == want


@pytest.mark.parametrize(
    ("gold", "pred", "said"),
    [
        (GOLD, {"x": "Rome"}, "none of its 1 ids is one of gold's, such as 'x'; gold has 'a'"),
        (GOLD, ["Rome"], "gold has 3 questions and pred has 1"),
        (GOLD, {"a": [5]}, r"pred of a: found \[5\], expected a text"),
        (GOLD, 5, "pred is an int; expected {id: text}"),
        ([{"question": "?"}], {}, "no column of answer was found"),
    ],
)
def test_what_does_not_belong_together_is_said_in_a_sentence(gold, pred, said):
    with pytest.raises(DataError, match=said.replace("{", r"\{").replace("?", r"\?")):
        ft_magics.evaluate(gold, pred, **QUIET)


def test_gold_by_id_comes_in_many_forms(tmp_path):
    gold = {"1": {"text": ["Ada", "Ada L."], "answer_start": [0, 0]}, "2": [""], "3": "", "4": None, "5": ["x", "y"]}
    (tmp_path / "gold.json").write_text(json.dumps(gold), encoding="utf-8")
    pred = {"1": "ada", "2": "", "3": "", "4": "", "5": "y"}
    for given in (gold, str(tmp_path / "gold.json")):
        assert ft_magics.evaluate(given, pred, task="qa", resamples=0).scores["f1"].value == 1


def test_question_words_in_two_languages():
    said = {
        "In which city was she born?": "which",
        "Whose idea was it?": "who",
        "HOW MUCH did it cost?": "how many",
        "How does it work?": "how",
        "Name a river.": "other",
        "李白是谁？": "谁 (who)",
        "他什麼時候出生？": "何时 (when)",
        "这本书为什么重要？": "为何 (why)",
        "有多少人？": "多少 (how many)",
        "哪个城市最大？": "哪 (which)",
        "在哪里？": "哪里 (where)",
        "叫什么名字？": "什么 (what)",
    }
    assert {question: question_word(question) for question in said} == said


def test_a_report_of_answers_is_kept_drawn_searched_and_compared():
    records = [
        {"id": "a", "question": "Where is it?", "context": "It is in Rome <now>.", "answers": ["Rome"]},
        {"id": "b", "question": "من هو؟", "context": "هو أحمد بن علي.", "answers": []},
        {
            "id": "c",
            "question": "When was it?",
            "context": f"{'x ' * 900}It was in 1990. {'y ' * 900}",
            "answers": ["1990"],
        },
    ]
    report = ft_magics.evaluate(records, {"a": "in Rome", "b": "أحمد", "c": ""}, task="qa", resamples=20)
    assert report.evidence.outcomes == ["partly right", "answered without need", "no answer given"]
    again = AnswerReport.from_json(json.loads(json.dumps(report.to_json())))
    assert json.dumps(again.to_json()) == json.dumps(report.to_json())
    page = report_html(again)
    assert "Rome" in page
    assert "&lt;now&gt;" in page
    assert "أحمد" in page
    assert report.evidence.page({"filter": {"question_word": "when"}})["total"] == 1
    assert report.evidence.page({"filter": {"text": "ROME"}})["total"] == 1
    assert report.evidence.page({"filter": {"context_length": "1,001–2,000"}})["total"] == 0
    (part,) = report.evidence.card(2).data["parts"]
    assert (len(part["text"]), part["before"], part["after"]) == (404, True, True)
    assert part["text"][slice(*part["gold"][0])] == "1990"
    assert report.errors.to_pandas().columns.tolist()[:4] == ["row", "outcome", "question", "context"]
    other = ft_magics.evaluate(records, {"a": "Rome", "b": "", "c": "1990"}, task="qa", resamples=20)
    comparison = report.compare([other], resamples=20)
    assert comparison.others[0].scores[0].difference == pytest.approx(1 - report.scores["f1"].value)
    assert comparison.to_html()
    with pytest.raises(DataError, match="not whole"):
        AnswerReport.from_json({**report.to_json(), "buckets": {"question_word": [{"label": 3}]}})
