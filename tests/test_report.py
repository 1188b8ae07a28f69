"""The report's numbers, against seqeval to the last digit."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest
from ft_magics import EntityReport, entity_report
from ft_magics.data.tagged.sources import read_split
from ft_magics.errors import DataError, SchemeError
from ft_magics.evaluation.entities.matching import KINDS, match_spans
from ft_magics.evaluation.page import report_html, report_markdown, report_text
from ft_magics.evaluation.section_html import shown_rows
from ft_magics.sections import Table
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


WORDS = [
    ["Ada", "Lovelace", "met", "paris", "in", "Paris"],
    ["IBM", "bought", "IBM", "Haifa"],
    ["no", "one"],
    ["北", "京", "IBM"],
]
GOLD = [
    ["B-PER", "I-PER", "O", "B-PER", "O", "B-LOC"],
    ["B-ORG", "O", "B-ORG", "I-ORG"],
    ["O", "O"],
    ["B-LOC", "I-LOC", "O"],
]
PRED = [["B-PER", "O", "O", "B-LOC", "O", "B-LOC"], ["B-ORG", "O", "B-LOC", "O"], ["O", "B-PER"], ["O", "O", "B-ORG"]]
SURE = [[0.9, 0.8, 0.9, 0.6, 0.9, 0.99], [0.95, 0.9, 0.5, 0.9], [0.9, 0.7], [0.9, 0.9, 0.97]]
TRAINING = {"Paris": {"LOC": 7}, "IBM": {"ORG": 1}, "Ada Lovelace": {"ORG": 2}}


@pytest.fixture
def full():
    return entity_report(
        GOLD,
        PRED,
        words=WORDS,
        confidences=SURE,
        ids=["a", "b", "c", "d"],
        surfaces=TRAINING,
        cuts=[[1], [], [], []],
        title="t",
    )


def test_every_mistake_has_its_kind(full):
    assert {item.kind: item.count for item in full.error_kinds} == {
        "boundary": 1,
        "type": 1,
        "both": 1,
        "missed": 1,
        "spurious": 2,
    }
    by_kind = {item.kind: item for item in full.error_kinds}
    assert by_kind["spurious"].per_type == {"ORG": 1, "PER": 1}
    assert by_kind["missed"].per_type == {"LOC": 1}
    assert by_kind["spurious"].f1_if_fixed == pytest.approx(2 * 2 / (6 + 5))
    assert by_kind["missed"].f1_if_fixed == pytest.approx(2 * 3 / (6 + 8))
    assert by_kind["type"].f1_if_fixed == pytest.approx(2 * 3 / (6 + 7))


def test_buckets_speak_of_each_span_by_its_own_words(full):
    seen = full.buckets["seen"]
    assert (seen["in training as this type"].support, seen["in training as this type"].correct) == (2, 2)
    another = seen["in training as another type only"]
    assert (another.support, another.predicted) == (1, 1)
    assert seen["not in training"].support == 3
    assert full.buckets["capitalisation"]["letters without case"].support == 1
    assert full.buckets["capitalisation"]["lower case"].support == 1
    assert full.buckets["entity_length"]["2 words"].support == 3
    assert full.buckets["train_frequency"]["6–20 times"].correct == 1
    for rows in full.buckets.values():
        assert sum(scores.support for scores in rows.values()) == full.micro.support
        assert sum(scores.predicted for scores in rows.values()) == full.micro.predicted


def test_calibration_is_of_predicted_entities(full):
    calibration = full.calibration
    assert sum(item["count"] for item in calibration.bins) == full.micro.predicted
    best = calibration.bins[-1]
    assert (best["count"], best["accuracy"]) == (4, 0.5)
    assert best["confidence"] == pytest.approx((0.99 + 0.97 + 0.95 + 0.9) / 4)
    whole, strict = calibration.thresholds[0], calibration.thresholds[-1]
    assert (whole["precision"], whole["recall"]) == (full.micro.precision, full.micro.recall)
    assert (strict["predicted"], strict["precision"]) == (1, 1.0)
    assert 0 < calibration.ece < 1


def test_a_perfectly_calibrated_model_has_no_error():
    generator = np.random.default_rng(0)
    sure = generator.uniform(0, 1, 20_000)
    right = generator.uniform(0, 1, 20_000) < sure
    gold = [["B-X"] if hit else ["O"] for hit in right]
    report = entity_report(gold, [["B-X"]] * 20_000, confidences=sure[:, None].tolist(), resamples=0)
    assert report.calibration.ece < 0.02


def test_lists_of_examples_begin_with_what_matters(full):
    assert [item["confidence"] for item in full.confident_mistakes] == [0.97, 0.9, 0.7, 0.6, 0.5]
    assert [item["confidence"] for item in full.least_confident_correct] == [0.95, 0.99]
    first = full.confident_mistakes[0]
    assert (first["row"], first["kind"], first["words"]) == ("d", "spurious", WORDS[3])
    assert full.suspects == []  # a model that is wrong this often says nothing of gold


def test_entities_across_windows_are_counted(full):
    assert full.tag_noise["cut"] == {"entities": 1, "missed": 1}
    assert full.tag_noise["gold"] == {"invalid": 0, "tags": 15, "rate": 0.0}


def test_json_keeps_everything_but_the_sentences(full):
    record = json.loads(json.dumps(full.to_json()))
    again = EntityReport.from_json(record)
    assert again == full
    assert again.evidence is None
    assert again.to_html() == full.to_html()
    with pytest.raises(DataError, match="Update ft_magics"):
        EntityReport.from_json(record | {"schema": 99})
    with pytest.raises(DataError, match="no report of ft_magics"):
        EntityReport.from_json({})
    with pytest.raises(DataError, match="not whole"):
        EntityReport.from_json({"schema": record["schema"]})


@pytest.mark.parametrize(
    "broken",
    [
        {"per_type": []},
        {"micro": None},
        {"buckets": []},
        {"calibration": 3},
        {"confusion": {"types": [], "counts": []}},
        {"confusion": {"types": [], "counts": [[1], [2], [3], [4]]}},
        {"error_kinds": [{"kind": "missed"}]},
    ],
)
def test_a_report_that_is_not_whole_says_so(full, broken):
    with pytest.raises(DataError, match="this report is not whole"):
        EntityReport.from_json(full.to_json() | broken)
    with pytest.raises(DataError, match="no report of ft_magics"):
        EntityReport.from_json(full.to_json() | {"schema": True})


def test_tables_for_other_tools(full):
    frame = full.to_pandas()
    assert list(frame.index) == ["LOC", "ORG", "PER", "micro", "macro", "weighted"]
    assert frame.loc["micro", "f1"] == full.micro.f1
    assert full.to_markdown().count("\n| ") == 7
    html = full.to_html()
    assert "<script" not in html
    assert "gold PER" in html
    assert "predicted LOC" in html


@pytest.mark.parametrize(
    ("chosen", "found"),
    [
        ({}, 8),
        ({"kind": ["missed", "spurious"]}, 3),
        ({"kind": "boundary and type error"}, 1),
        ({"kind": []}, 8),
        ({"nobody": "knows"}, 0),
        ({"gold": "PER", "pred": "LOC"}, 1),
        ({"gold": "", "pred": "PER"}, 1),
        ({"gold": "LOC", "pred": ""}, 1),
        ({"gold": "no such type"}, 0),
        ({"type": "LOC"}, 4),
        ({"seen": "in training as this type"}, 3),
        ({"seen": ["in training as this type", "not in training"], "kind": "correct"}, 2),
        ({"seen": "no such label"}, 0),
        ({"text": "HAIFA"}, 2),
        ({"text": "haifa", "kind": ["correct"]}, 1),
        ({"text": "北京"}, 2),
    ],
)
def test_the_evidence_is_filtered(full, chosen, found):
    assert len(full.evidence.select(chosen)) == found


def test_each_confusion_cell_has_its_examples(full):
    grid, names = full.confusion, [*full.types, ""]
    for row, gold in enumerate(names):
        for column, pred in enumerate(names):
            if gold or pred:
                assert full.evidence.page({"filter": {"gold": gold, "pred": pred}})["total"] == grid[row][column]


def test_pages_and_previews(full):
    pages = [full.evidence.page({"sort": "row", "offset": at, "limit": 3}) for at in (0, 3, 6)]
    assert [len(page["cards"]) for page in pages] == [3, 3, 2]
    doubt = full.evidence.page({"sort": "doubt"})["cards"]
    assert [card.data["confidence"] for card in doubt] == [0.5, 0.6, 0.7, 0.9, 0.95, 0.97, 0.99, None]
    assert len(full.evidence.preview(5)) == 5
    assert [card.data["ranks"]["row"] for card in full.evidence.preview()] == list(range(8))


def test_cards_are_found_by_the_filters_that_find_them_in_the_kernel(full):
    """A busy kernel is not asked: then the facets of the cards that were sent along decide."""
    every = full.evidence.preview()
    chosen = [{"kind": "missed"}, {"gold": "PER", "pred": "LOC"}, {"gold": "", "pred": "PER"}, {"type": "LOC"}]
    chosen += [{name: label} for name, rows in full.buckets.items() for label in rows]
    for filter_ in chosen:
        near = [
            card.row for card in every if all(value in card.data["facets"][name] for name, value in filter_.items())
        ]
        assert near == [card.row for card in full.evidence.page({"filter": filter_})["cards"]], filter_


def test_of_a_long_sentence_the_surroundings_are_shown():
    tags = ["O"] * 500
    tags[250] = "B-X"
    (card,) = entity_report([tags], [tags], words=[[f"w{at}" for at in range(500)]]).evidence.preview()
    assert (card.data["before"], card.data["after"], len(card.data["words"])) == (True, True, 121)
    assert card.data["words"][card.data["own"]["gold"][0][0]] == "w250"


def test_a_type_may_be_called_micro():
    report = entity_report([["B-micro", "B-macro"]], [["B-micro", "O"]])
    assert report.per_type["macro"].recall == 0.0
    assert report.micro.recall == 0.5
    assert len(report.to_pandas()) == 5


def test_intervals_are_the_same_each_time_and_hold_the_score(full):
    again = entity_report(GOLD, PRED)
    assert again.micro.intervals == full.micro.intervals
    low, high = full.micro.intervals["f1"]
    assert low <= full.micro.f1 <= high
    assert entity_report(GOLD, PRED, resamples=0).micro.intervals is None


def test_seqeval_is_asked_beside(full):
    from ft_magics.evaluation.entities.reference import check_against_seqeval

    assert "headline numbers equal seqeval" in check_against_seqeval(full, GOLD, PRED).notes[-1]
    assert "please report" in check_against_seqeval(full, GOLD, GOLD).notes[-1]
    strict = entity_report(GOLD, PRED, mode="strict")
    assert "equal seqeval" in check_against_seqeval(strict, GOLD, PRED).notes[-1]


def test_mistakes_are_in_the_saved_page_without_confidences():
    gold = [["B-A", "O"]] * 40 + [["B-B", "O"], ["O", "O"]]
    pred = [["O", "O"]] * 40 + [["B-A", "O"], ["O", "B-B"]]
    words = [["Ada", "here"]] * 40 + [["Bonn", "there"], ["no", "Zoe"]]
    report = entity_report(gold, pred, words=words, resamples=0)
    assert len(report.mistakes) == 30
    assert {item["kind"] for item in report.mistakes} == {"missed", "type", "spurious"}
    html = report.to_html()
    assert "Mistakes of every kind (42)" in html
    assert "Zoe" in html
    assert EntityReport.from_json(json.loads(json.dumps(report.to_json()))).to_html() == html
    assert entity_report(gold, pred, resamples=0).mistakes == []


def sections_of(report, **view):
    return {part.title: part for part in report.sections(view)}


def test_every_view_of_the_report_is_a_section(full):
    history = [{"epoch": float(at), "loss": 0.5, "f1": 0.1 * at} for at in (1, 2)]
    suspect = {**full.confident_mistakes[0], "score": 0.6, "reason": "used so elsewhere"}
    parts = sections_of(replace(full, history=history, suspects=[suspect]))
    assert "used so elsewhere" in parts["Suspected label errors"].cards[0].data["note"]
    assert list(parts) == [
        "Scores per entity type",
        "Confusion: which type was taken for which",
        "F1 per entity type",
        "95 % intervals of precision, recall and F1",
        "Kinds of mistakes, and what mending them would give",
        "SemEval-2013 scores",
        "Tag noise",
        "By entity length",
        "By sentence length",
        "By seen",
        "By train frequency",
        "By ambiguity",
        "By capitalisation",
        "Mistakes of every kind",
        "Suspected label errors",
        "The most confident mistakes",
        "Least confident correct",
        "Calibration: does a confidence mean what it says",
        "Accuracy by confidence",
        "Precision and recall over a threshold",
        "Scores by threshold",
        "Dev scores per epoch",
        "Dev scores over epochs",
    ]
    assert [part.title for part in full.sections(brief=True)] == list(parts)[:3]
    assert [title for title, part in parts.items() if part.open] == [*list(parts)[:3], "Dev scores over epochs"]


def test_the_view_opens_buckets_and_leaves_out_rare_types(full):
    parts = sections_of(full, by="seen", min_support=3)
    assert parts["By seen"].open
    assert not parts["By ambiguity"].open
    scores = parts["Scores per entity type"]
    assert scores.least == 3
    assert [row.cells[0].text for row in shown_rows(scores)[0]] == ["micro", "macro", "weighted"]
    assert "3 rows are hidden: support below 3; averages count all" in report_html(full, view={"min_support": 3})
    assert "3 rows are hidden" in report_text(full, view={"min_support": 3})
    bare = entity_report(GOLD, PRED, words=WORDS).sections({"by": "seen"})
    assert "needs the training data" in bare[0].lines[0]


def test_every_number_with_a_filter_counts_the_examples_that_it_opens(full):
    counted = 0
    for part in full.sections():
        rows = part.rows if isinstance(part, Table) else ()
        for cell in (cell for row in rows for cell in row.cells[1:] if cell.filter):
            found = full.evidence.page({"filter": cell.filter})["total"]
            if isinstance(cell.value, int):
                assert found == cell.value, (part.title, cell)
                counted += 1
            elif cell.value is None:  # a type and how many
                assert cell.text.endswith(f" {found}"), (part.title, cell)
    bare = [
        (part.title, cell.text)
        for part in full.sections()
        for row in (part.rows if isinstance(part, Table) else ())
        for cell in row.cells
        if isinstance(cell.value, int) and cell.value and not cell.filter
    ]
    assert counted > 60
    assert {title for title, _ in bare} == {"SemEval-2013 scores"}  # its pairs are matched in another way


def test_a_bucket_opens_its_mistakes_and_a_bin_those_of_its_confidence(full):
    parts = sections_of(full)
    for title in ("By entity length", "By seen", "Accuracy by confidence"):
        for row in parts[title].rows:
            cards = full.evidence.page({"filter": row.cells[0].filter, "limit": 200})["cards"]
            assert all(card.data["badge"] != "correct" for card in cards)
            near = [card for card in full.evidence.preview() if _passes(row.cells[0].filter, card)]
            assert [card.row for card in near] == [card.row for card in cards], title  # a busy kernel need not be asked


def _passes(wanted, card):
    return all(
        set([value] if isinstance(value, str) else value) & set(card.data["facets"].get(name, ()))
        for name, value in wanted.items()
    )


def test_the_sums_of_the_grid_open_as_many_examples(full):
    grid = full.sections()[1]
    for at, filter_ in enumerate(grid.row_filters[:-1]):
        assert full.evidence.page({"filter": filter_})["total"] == sum(grid.counts[at])
    for at, filter_ in enumerate(grid.column_filters[:-1]):
        assert full.evidence.page({"filter": filter_})["total"] == sum(line[at] for line in grid.counts)


def test_each_confusion_cell_opens_its_examples(full):
    grid = full.sections()[1]
    assert (grid.rows[-1], grid.columns[-1]) == ("spurious", "missed")
    for row, ours in enumerate(grid.row_filters):
        for column, theirs in enumerate(grid.column_filters):
            if (row, column) != (3, 3):
                found = full.evidence.page({"filter": {**ours, **theirs}})["total"]
                assert found == grid.counts[row][column]


def test_what_a_kind_of_mistake_costs(full):
    table = sections_of(full)["Kinds of mistakes, and what mending them would give"]
    rows = [[cell.text for cell in row.cells] for row in table.rows]
    assert rows[3] == ["missed", "1", "42.86", "+12.09", "LOC 1", "–"]
    assert rows[4] == ["spurious", "2", "36.36", "+5.59", "ORG 1", "PER 1"]


def test_what_does_not_exist_is_a_dash():
    (scores, *_) = entity_report([["B-A"]], [["O"]], resamples=0).sections()
    assert [cell.text for cell in scores.rows[0].cells] == ["A", "–", "0.00", "0.00", "–", "1", "0"]
    assert scores.rows[0].cells[1].value is None


@pytest.mark.parametrize(("gold", "pred", "column"), [("B-A", "O", 1), ("O", "B-A", 2)])
def test_what_does_not_exist_is_a_dash_in_every_average_and_every_form(gold, pred, column):
    report = entity_report([[gold, "O"]] * 3, [[pred, "O"]] * 3, resamples=50)
    rows = report.sections()[0].rows
    assert [row.cells[column].text for row in rows] == ["–"] * 4
    lost = ("precision", "recall")[column - 1]
    assert {report.scores[name].value for name in (lost, f"macro_{lost}", f"weighted_{lost}")} == {None}
    for text in (report_text(report), report_markdown(report)):
        lines = [line.replace("|", " ").split() for line in text.splitlines()]
        averages = {line[0]: line[column] for line in lines if line and line[0] in ("micro", "macro", "weighted")}
        assert averages == dict.fromkeys(("micro", "macro", "weighted"), "–")
    assert f"{lost} –" in report.summary()
    assert EntityReport.from_json(report.to_json()).macro == report.macro


def test_the_best_threshold_is_marked_and_the_error_is_said(full):
    parts = sections_of(full)
    best = [row.cells for row in parts["Scores by threshold"].rows if row.cells[4].text.endswith("★")]
    f1 = [item["f1"] for item in full.calibration.thresholds if item["f1"] is not None]
    assert {cells[4].value for cells in best} == {max(f1)}
    chart = parts["Calibration: does a confidence mean what it says"]
    assert chart.note == parts["Accuracy by confidence"].note
    assert chart.diagonal
    assert sum(chart.series[1].y) == pytest.approx(100)


def test_without_confidences_there_is_nothing_to_calibrate():
    calibration = sections_of(entity_report(GOLD, PRED, words=WORDS))[
        "Calibration: does a confidence mean what it says"
    ]
    assert "without confidences" in calibration.lines[0]


def test_mistakes_can_be_chosen_by_kind_type_and_bucket(full):
    mistakes = sections_of(full)["Mistakes of every kind"]
    assert mistakes.total == 6
    assert mistakes.facets["kind"][:2] == ["correct", "boundary error"]
    assert mistakes.facets["type"] == ["LOC", "ORG", "PER"]
    assert mistakes.facets["seen"] == list(full.buckets["seen"])
    assert full.evidence.page({"filter": mistakes.filter})["total"] == mistakes.total
    assert list(mistakes.sorts) == ["row", "confidence", "doubt"]


def test_of_very_many_types_the_most_confused_come_first():
    gold = [[f"B-t{at}"] for at in range(40)] + [["B-t39"]]
    pred = [[f"B-t{at}"] for at in range(40)] + [["B-t38"]]
    grid = entity_report(gold, pred, resamples=0).sections()[1]
    first = [grid.rows[at] for at in grid.order[:2]]
    assert sorted(first) == ["t38", "t39"]
    assert grid.rows[grid.order[29]] == "spurious"
    assert sorted(grid.order) == list(range(41))
    assert not grid.open
