"""The scorer against seqeval and nervaluate, on random tags of every scheme."""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np
import pytest
import seqeval.scheme
from ft_magics import entity_report
from ft_magics.data.tagged.schemes import detect_scheme, spans_of
from ft_magics.errors import DataError, SchemeError
from ft_magics.evaluation.bootstrap import resample
from ft_magics.evaluation.entities.bootstrap import tally_spans
from ft_magics.evaluation.entities.noise import scheme_of
from ft_magics.evaluation.entities.reference import check_against_seqeval
from ft_magics.evaluation.entities.spans import TypeNames, read_tags, spans_of_tags
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report

TYPES = ("PER", "LOC", "creative-work")
LETTERS = {"IOB1": "IB", "IOB2": "IB", "IOE1": "IE", "IOE2": "IE", "BIOES": "BIES", "BILOU": "BILU"}
SEQEVAL = {"BIOES": "IOBES"}
AVERAGES = ("micro", "macro", "weighted")


def pairs_of_sentences(letters):
    tag = st.one_of(st.just("O"), st.builds("{}-{}".format, st.sampled_from(letters), st.sampled_from(TYPES)))
    sentence = st.lists(st.tuples(tag, tag), min_size=1, max_size=14)
    return st.lists(sentence, min_size=1, max_size=8)


def two_sides(pairs):
    return tuple([[pair[side] for pair in sentence] for sentence in pairs] for side in (0, 1))


def seqeval_report(gold, pred, **named):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return classification_report(gold, pred, output_dict=True, zero_division=0, **named)


def assert_same(report, wanted):
    rows = dict(report.per_type) | {f"{name} avg": getattr(report, name) for name in AVERAGES}
    assert set(wanted) == set(rows)
    for name, scores in rows.items():
        assert (scores.precision or 0.0) == wanted[name]["precision"], name
        assert (scores.recall or 0.0) == wanted[name]["recall"], name
        assert (scores.f1 or 0.0) == wanted[name]["f1-score"], name
        assert scores.support == wanted[name]["support"], name


@pytest.mark.parametrize("scheme", LETTERS)
def test_the_default_rule_is_seqevals(scheme):
    @settings(deadline=None, max_examples=150)
    @given(pairs_of_sentences(LETTERS[scheme]))
    def check(pairs):
        gold, pred = two_sides(pairs)
        report = entity_report(gold, pred, scheme=scheme, resamples=0)
        assume(report.per_type)  # seqeval raises where every tag is O
        assert_same(report, seqeval_report(gold, pred))

    check()


@pytest.mark.parametrize("scheme", LETTERS)
def test_the_strict_rule_is_seqevals(scheme):
    @settings(deadline=None, max_examples=150)
    @given(pairs_of_sentences(LETTERS[scheme]))
    def check(pairs):
        gold, pred = two_sides(pairs)
        report = entity_report(gold, pred, mode="strict", scheme=scheme, resamples=0)
        assume(report.per_type)
        named = getattr(seqeval.scheme, SEQEVAL.get(scheme, scheme))
        assert_same(report, seqeval_report(gold, pred, mode="strict", scheme=named))

    check()


@settings(deadline=None, max_examples=200)
@given(pairs_of_sentences("BI"))
def test_semeval_counts_are_nervaluates(pairs):
    from nervaluate import Evaluator

    gold, pred = two_sides(pairs)
    report = entity_report(gold, pred, resamples=0)
    with contextlib.redirect_stdout(io.StringIO()):
        wanted = Evaluator(_as_spans(gold), _as_spans(pred), tags=list(TYPES), loader="dict").evaluate()["overall"]
    for way, scores in report.semeval.items():
        theirs = wanted["ent_type" if way == "type" else way]
        for name in ("correct", "incorrect", "partial", "missed", "spurious"):
            assert getattr(scores, name) == getattr(theirs, name), (way, name)
        for name in ("precision", "recall", "f1"):
            assert (getattr(scores, name) or 0.0) == getattr(theirs, name), (way, name)


def _as_spans(sentences):
    return [
        [{"label": span.type, "start": span.start, "end": span.end - 1} for span in spans_of(tags)]
        for tags in sentences
    ]


@settings(max_examples=100)
@given(st.sampled_from(["IB", "BIES", "BILU"]).flatmap(pairs_of_sentences))
def test_the_table_of_spans_and_the_walk_agree(pairs):
    sentences, _ = two_sides(pairs)
    names = TypeNames()
    tags = read_tags(sentences, names, "gold")
    assert scheme_of(tags) == detect_scheme(sentences)
    if tags.letters() & set("LU"):
        return  # the walk knows L and U, conlleval's rule does not
    table = spans_of_tags(tags)
    walked = [
        (at, span.start, span.end, names[span.type])
        for at, sentence in enumerate(sentences)
        for span in spans_of(sentence)
    ]
    assert walked == list(
        zip(*(column.tolist() for column in (table.sentence, table.start, table.end, table.type)), strict=True)
    )


@settings(deadline=None, max_examples=60)
@given(pairs_of_sentences("BIES"))
def test_spans_with_offsets_score_like_their_tags(pairs):
    gold, pred = two_sides(pairs)
    by_tags = entity_report(gold, pred, resamples=0)
    as_tuples = [[(span.start, span.end, span.type) for span in spans_of(tags)] for tags in gold]
    as_records = [[{"start": s.start, "end": s.end, "label": s.type} for s in spans_of(tags)] for tags in pred]
    assume(any(as_tuples) or any(as_records))
    by_offsets = entity_report(as_tuples, as_records, resamples=0)
    assert by_offsets.per_type == by_tags.per_type
    assert by_offsets.confusion == by_tags.confusion
    assert by_offsets.semeval == by_tags.semeval


def test_characters_of_texts_can_be_looked_into():
    texts = ["Ada in مدينة", "no one 👩‍👩‍👧"]
    gold = [[(0, 3, "PER"), (7, 12, "LOC")], []]
    pred = [[{"start": 0, "end": 3, "label": "PER"}], [{"start": 0, "end": 2, "type": "ORG"}]]
    report = entity_report(gold, pred, texts=texts)
    assert (report.micro.correct, report.words, report.scheme) == (1, 0, None)
    missed = report.evidence.page({"filter": {"kind": ["missed"]}})["cards"][0].data
    ((start, end, _),) = missed["own"]["gold"]
    assert "".join(missed["words"][start:end]) == "مدينة"
    with pytest.raises(DataError, match="text 1 .* 2 characters, and one of its spans ends at 9"):
        entity_report([[], [(0, 9, "X")]], [[], []], texts=["a", "bc"])


@given(pairs_of_sentences("BI"))
def test_kinds_of_mistakes_add_up(pairs):
    gold, pred = two_sides(pairs)
    report = entity_report(gold, pred, resamples=0)
    count = {item.kind: item.count for item in report.error_kinds}
    met = report.micro.correct + count["boundary"] + count["type"] + count["both"]
    assert met + count["missed"] == report.micro.support
    assert met + count["spurious"] == report.micro.predicted
    if report.micro.support:
        assert all(item.f1_if_fixed >= report.micro.f1 - 1e-12 for item in report.error_kinds)


def _simulated(generator, sentences):
    """Sentences with entities that are found, missed or invented at known rates."""
    counts = generator.poisson(1.2, sentences)
    found = generator.binomial(counts, generator.beta(6, 3, sentences))
    invented = generator.poisson(0.4, sentences)
    gold = [[(10 * at, 10 * at + 2, "X") for at in range(n)] for n in counts]
    pred = [
        [(10 * at, 10 * at + 2, "X") for at in range(n)] + [(10 * at + 5, 10 * at + 6, "X") for at in range(m)]
        for n, m in zip(found, invented, strict=True)
    ]
    return gold, pred


def test_intervals_cover_the_truth_at_their_rate():
    generator = np.random.default_rng(7)
    truth = entity_report(*_simulated(generator, 100_000), resamples=0).micro
    inside = dict.fromkeys(("precision", "recall", "f1"), 0)
    rounds = 300
    for at in range(rounds):
        micro = entity_report(*_simulated(generator, 150), resamples=400, seed=at).micro
        for metric in inside:
            low, high = micro.intervals[metric]
            inside[metric] += low <= getattr(truth, metric) <= high
    for metric, count in inside.items():
        assert 0.91 <= count / rounds <= 0.985, metric  # 0.95 within three standard errors


def test_resampling_groups_is_resampling_sentences():
    generator = np.random.default_rng(1)
    gold, pred = _simulated(generator, 200)
    report = entity_report(gold, pred, resamples=0)
    evidence = report.evidence
    tally = tally_spans(evidence.gold, evidence.pred, evidence.gold.take(evidence.correct[0]), evidence.numbers, ["X"])
    drawn = np.concatenate(list(resample(tally.counts, 4000, seed=3)))  # (R, gold predicted correct)
    per_sentence = np.array([[len(ours), len(theirs)] for ours, theirs in zip(gold, pred, strict=True)])
    one_by_one = per_sentence[generator.integers(0, 200, (4000, 200))].sum(axis=1)
    np.testing.assert_allclose(drawn[:, :2].mean(axis=0), one_by_one.mean(axis=0), rtol=0.01)
    np.testing.assert_allclose(drawn[:, :2].std(axis=0), one_by_one.std(axis=0), rtol=0.08)


def test_many_distinct_sentences_are_drawn_one_by_one(monkeypatch):
    from ft_magics.evaluation import bootstrap

    gold, pred = _simulated(np.random.default_rng(2), 300)
    wanted = entity_report(gold, pred, resamples=2000).micro.intervals["f1"]
    monkeypatch.setattr(bootstrap, "_FEW_GROUPS", 1)
    monkeypatch.setattr(bootstrap, "_WEIGHTS_AT_ONCE", 1000)
    assert entity_report(gold, pred, resamples=2000).micro.intervals["f1"] == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize(
    ("gold", "pred", "named", "error", "says"),
    [
        (
            [["O"], ["O", "O"]],
            [["O"], ["O"]],
            {},
            DataError,
            r"sentence 1 \(counted from 0\) has 2 gold tags and 1 predicted",
        ),
        (
            [["B-A", "L-A"]],
            [["S-A", "O"]],
            {"mode": "strict", "scheme": "BILOU"},
            SchemeError,
            "predicted tags have S-",
        ),
        ([["B-A", "L-A", "S-A"]], [["O", "O", "O"]], {}, SchemeError, "BIOES and BILOU stand together"),
        ([["PER"]], [["O"]], {}, SchemeError, "gold sentence 0 .*`PER` is no tag"),
        ([["B-A"]], [["B-A"]], {"mode": "loose"}, DataError, "mode: found `loose`, expected one of conll, strict"),
        ([["B-A"]], [["B-A"]], {"mode": "strict", "scheme": "IO"}, SchemeError, "no strict rule for `IO`"),
        ([], [], {}, DataError, "no sentence to score"),
        ("B-A", "B-A", {}, DataError, "gold is a str"),
        ([["B-A"]], [["B-A"]], {"words": [["a", "b"]]}, DataError, "has 2 words and 1 tags"),
        (
            [["B-A"]],
            [["B-A"]],
            {"confidences": [[float("nan")]]},
            DataError,
            "sentence 0 .*word 0: the confidence is nan",
        ),
        ([["B-A"]], [["B-A"]], {"confidences": [[0.5, 0.5]]}, DataError, "1 words and 2 confidences"),
        ([["B-A"]], [["B-A"]], {"ids": []}, DataError, "ids has 0 entries"),
        ([[(3, 1, "A")]], [[]], {}, DataError, "gold text 0 .*0 <= start < end"),
        ([[(0, 1)]], [[]], {}, DataError, "a span is"),
        ([None], [[(0, 1, "A")]], {}, DataError, "gold text 0 .*expected a list of spans, found None"),
        ([["B-A"]], [["B-A"]], {"scheme": "iob2"}, SchemeError, "found `iob2`, expected one of .*Did you mean `IOB2`"),
        (3, [["B-A"]], {}, DataError, "gold is an int"),
        ([["O"]] * 2, [["O", "O"]] * 2, {}, DataError, "1 gold tags and 2 predicted; 1 more sentences differ"),
        ([["B-A"]], [["B-A"]], {"confidences": [["high"]]}, DataError, "expected numbers from 0 to 1"),
        ([["B-A"]], [["B-A"]], {"confidences": [0.5]}, DataError, "confidences of sentence 0 .*found 0.5"),
        ([["B-A"]], [["B-A"]], {"words": [None]}, DataError, "words of sentence 0 .*expected a list, found None"),
        ([["B-A"]], [["B-A"]], {"words": ["a"]}, DataError, "words of sentence 0 .*expected a list, found 'a'"),
        ([["B-A"]], [["B-A"]], {"words": [[7]]}, DataError, "words of sentence 0 .*a list of str, found 7 in it"),
        ([["B-A"]], [["B-A"]], {"texts": ["a"]}, DataError, "texts cannot be used here: tags take `words`"),
        ([[(0, 1, "A")]], [[]], {"words": [["a"]]}, DataError, "words cannot be used .* take `texts`"),
        ([[(0, 1, "A")]], [[]], {"confidences": [[0.5]]}, DataError, "confidences cannot be used here"),
        ([["B-A"]], [["B-A"]], {"cuts": [[], []]}, DataError, "cuts has 2 entries, and there are 1 sentences"),
        ([["B-A"]], [["B-A"]], {"resamples": -1}, DataError, "resamples: found -1"),
    ],
)
def test_input_that_cannot_be_scored_says_why(gold, pred, named, error, says):
    with pytest.raises(error, match=says):
        entity_report(gold, pred, **named)


def test_all_o_is_no_error_and_no_zero():
    report = entity_report([["O", "O"]], [["O", "O"]])
    assert report.per_type == {}
    assert report.micro.f1 is None
    assert report.to_json()["micro"]["f1"] is None
    assert "–" in report.to_html()
    assert "–" in report.to_markdown()


def test_prefixes_that_conlleval_does_not_know_are_said():
    report = entity_report([["U-A", "U-A"]], [["U-A", "U-A"]])
    assert "does not know U-" in report.notes[0]
    assert entity_report([["U-A", "U-A"]], [["U-A", "U-A"]], mode="strict").micro.support == 2


def test_tags_without_prefixes_are_scored_as_io():
    gold, pred = [["PER", "PER", "O", "B-cell"]], [["PER", "O", "O", "B-cell"]]
    report = entity_report(gold, pred, scheme="IO")
    assert (report.micro.support, report.micro.correct) == (2, 1)
    assert list(report.per_type) == ["B-cell", "PER"]
    assert "equal seqeval" in check_against_seqeval(report, gold, pred).notes[-1]


def test_the_strict_rule_says_what_it_drops():
    report = entity_report([["B-A", "I-A"]], [["B-A", "I-A"]], mode="strict", scheme="BIOES")
    assert report.micro.support == 0
    assert report.notes == [
        "1 of 2 gold tags and 1 of 2 predicted tags break BIOES; by the strict rule they make no entity"
    ]
