"""Evaluation of what nobody should hand over: the project's own errors, no wrong numbers, no mark-up from data."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest
from ft_magics import EntityReport, entity_report
from ft_magics.data.checks import DataCheck
from ft_magics.display.event_text import event_text
from ft_magics.display.pages import comparison_bundle, report_bundle
from ft_magics.display.run_page import run_html
from ft_magics.display.runs_page import runs_bundle, runs_page
from ft_magics.errors import DataError, FineTuneError, RunError, type_name
from ft_magics.evaluation.entities.beside import GREATEST_OFFSET
from ft_magics.evaluation.entities.comparison import compare_reports
from ft_magics.events import Notice, RunStarted
from ft_magics.markup import markdown_code, markdown_text, terminal_line, terminal_text
from ft_magics.runs.folder import RunFolder
from ft_magics.runs.predictions import read_report
from ft_magics.runs.run import Run
from ft_magics.sections import Cell, Row, Table
from ft_magics.tasks.ner.task import NerTask
from ft_magics.training.model_card import model_card
from hypothesis import given, settings
from hypothesis import strategies as st

HUGE = 10**5_000  # Python refuses to write it out
ESCAPES = "\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b1m\x1b]52;c;aGk=\x1b\\\r\u202e"


class Odd:
    """An object that cannot even be shown."""

    def __repr__(self):
        raise RuntimeError("no")


ODD = [
    *(None, True, False, 3, -1, 2.5, float("nan"), float("inf"), 2**70, -(2**70), HUGE, "x", "", b"x", [], {}, ()),
    *([None], [[None]], ["x"], [["x"]], [[["x"]]], [1], [[1]], [[HUGE]], [{"a": 3}], {"a": 3}, {"a": {"b": HUGE}}),
    *({1: {"A": 1}}, {"a": {1: 1}}, {"a": {"A": True}}, {"a": {"A": -1}}, {"a": {"A": 2**70}}),
    *(object(), Odd(), [Odd()], [[Odd()]], {"a": Odd()}, np.array(3), np.array([1.5]), np.array([["x"]]), {"x"}),
    *([[0.5, np.nan]], [[0.5, "0.5"]], [[True, True]], [[-1, 0]], [[0, 99]], [range(2)], iter(()), len),
]
NAMES = [
    *("mode", "scheme", "words", "confidences", "ids", "surfaces", "cuts", "title", "history", "resamples", "seed"),
    "texts",
]


def own_errors_only(act):
    """Run something; errors of the project are as good as an answer."""
    try:
        return act()
    except FineTuneError:
        return None


@pytest.mark.parametrize("name", NAMES)
def test_nothing_beside_the_tags_raises_raw(name):
    for value in ODD:
        named = {"words": [["a", "b"]], "resamples": 5, name: value}
        own_errors_only(lambda named=named: entity_report([["B-A", "O"]], [["B-A", "O"]], **named).to_html())


@pytest.mark.parametrize("name", NAMES)
def test_nothing_beside_spans_raises_raw(name):
    for value in ODD:
        named = {"texts": ["ab"], "resamples": 5, name: value}
        own_errors_only(lambda named=named: entity_report([[(0, 1, "A")]], [[]], **named).to_html())


def test_no_gold_and_no_prediction_raises_raw():
    for value in ODD:
        for gold, pred in ((value, [["B-A"]]), ([["B-A"]], value), ([value], [value]), ([[value]], [[value]])):
            own_errors_only(lambda gold=gold, pred=pred: entity_report(gold, pred, resamples=0))


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("surfaces", [1], "surfaces is a list; expected a dict"),
        ("surfaces", {"a": 3}, "surfaces: found 'a' → 3"),
        ("surfaces", {"a": {"A": "many"}}, "surfaces of 'a': found 'A' → 'many'"),
        ("cuts", 5, "cuts is an int; expected a list"),
        ("cuts", [["x"]], "cuts of sentence 0 .*found \\['x'\\]"),
        ("cuts", [[3]], "cuts of sentence 0 .*whole numbers from 0 to 2"),
        ("scheme", 3, "scheme: found 3"),
        ("scheme", [], "scheme: found \\[\\]"),
        ("seed", "x", "seed: found 'x'"),
        ("seed", None, "seed: found None"),
        ("seed", -1, "seed: found -1"),
        ("resamples", True, "resamples: found True"),
        ("resamples", 10**9, "resamples: found 1000000000, expected a whole number from 0 to 1,000,000"),
        ("mode", None, "mode: found None"),
        ("title", None, "title: found None, expected a text"),
        ("ids", [None], "ids of sentence 0 .*found None"),
        ("history", [{"epoch": "x"}], "history, entry 0 .*`epoch` is 'x'"),
        ("confidences", [["a", "b"]], "confidences of sentence 0 .*found 'a'"),
        ("confidences", [[0.5, "0.5"]], "confidences of sentence 0 .*found '0.5'"),
        ("words", [{"a", "b"}], "words of sentence 0 .*expected a list"),
    ],
)
def test_what_is_wrong_beside_the_tags_is_said(name, value, says):
    with pytest.raises(DataError, match=says):
        entity_report([["B-A", "O"]], [["B-A", "O"]], **{name: value})


def test_numpy_numbers_and_arrays_are_taken():
    report = entity_report(
        [["B-A", "O"]],
        [["B-A", "O"]],
        words=np.array([["a", "b"]]),
        confidences=np.array([[0.5, 1.0]], dtype=np.float32),
        cuts=[np.array([1])],
        surfaces={"a": {"A": np.int64(2)}},
        ids=np.array(["here"]),
        resamples=np.int64(10),
        seed=2**70,
    )
    assert report.micro.f1 == 1.0
    assert json.loads(json.dumps(report.to_json()))["resamples"] == 10


@pytest.mark.parametrize("away", [2**31, 2**32, 2**33 + 7, 2**52])
def test_large_offsets_score_like_small_ones(away):
    gold, pred = [[(0, 1, "A")], [(away, away + 3, "A")]], [[(0, 1, "A")], [(away + 2**20, away + 2**20 + 3, "A")]]
    report = entity_report(gold, pred, resamples=0)
    assert (report.micro.correct, report.micro.support) == (1, 2)
    assert entity_report(gold, gold, resamples=0).micro.f1 == 1.0
    assert len(report.evidence.preview()) == 3


def test_no_two_spans_are_taken_for_one():
    assert entity_report([[(0, 2**32, "A")]], [[(1, 2**32, "A")]], resamples=0).micro.f1 == 0.0
    assert entity_report([[(2**32, 2**33, "A")]], [[(0, 2**33, "A")]], resamples=0).micro.f1 == 0.0


edge = st.one_of(st.integers(0, 5), st.integers(0, 6).map(lambda at: 2**32 * at), st.integers(0, GREATEST_OFFSET - 9))
span = st.tuples(edge, st.integers(1, 9), st.sampled_from(["A", "B", *map(str, range(40))])).map(
    lambda parts: (parts[0], parts[0] + parts[1], parts[2])
)
texts_of_spans = st.lists(st.tuples(st.sets(span, max_size=4), st.sets(span, max_size=4)), min_size=1, max_size=20)


@settings(deadline=None)
@given(texts_of_spans)
def test_equal_spans_are_counted_as_sets_count_them(pairs):
    gold, pred = ([list(pair[side]) for pair in pairs] for side in (0, 1))
    report = entity_report(gold, pred, resamples=0)
    assert report.micro.correct == sum(len(ours & theirs) for ours, theirs in pairs)


@pytest.mark.parametrize("end", [GREATEST_OFFSET + 1, 2**63, 2**64, HUGE], ids=type_name)
def test_an_offset_that_no_browser_could_show_is_an_error(end):
    with pytest.raises(DataError, match=r"gold text 1 \(counted from 0\): a span ends at"):
        entity_report([[], [(0, end, "A")]], [[], []])


@pytest.mark.parametrize(
    "start", [-1, -HUGE, 0.0, True, np.float64(0), np.bool_(0), "0", None, float("nan"), Odd()], ids=type_name
)
def test_an_offset_that_is_none_is_an_error(start):
    with pytest.raises(DataError, match="gold text 0 .*a span is"):
        entity_report([[(start, 2, "A")]], [[]])


def test_of_a_span_without_a_text_a_part_is_shown():
    ours, theirs = (entity_report([[(5, 2**50, "A")]], [[(at, 2**50, "A")]], resamples=5) for at in (6, 5))
    assert len(ours.evidence.preview()[0].data["words"]) <= 1_000
    assert len(compare_reports([ours, theirs]).sentences["gained"][0]["words"]) <= 1_000


@pytest.mark.parametrize("reports", [(), (3, 4), [None], "xy", 5])
def test_what_cannot_be_compared_says_so(reports):
    with pytest.raises(DataError, match="reports"):
        compare_reports(reports)


MARKUP = "<script>alert(1)</script>\n\n# head | `x` [a](javascript:b) <img src=x onerror=y> \\|\u2028$z$ &lt;"


def assert_no_markup(markdown):
    assert "<" not in markdown.replace("<br>", "")
    assert "](" not in markdown.replace("\\](", "")
    assert "\n# head" not in markdown


def test_markdown_shows_names_as_they_are():
    assert markdown_text("creative-work") == "creative-work"
    assert markdown_text("a|b\\") == "a\\|b\\\\"
    assert markdown_text("<b>&\r\n`x`") == "&lt;b&gt;&amp; \\`x\\`"
    assert markdown_code("prajjwal1/bert-tiny") == "`prajjwal1/bert-tiny`"
    assert markdown_code("a`<b>") == "a\\`&lt;b&gt;"
    report = entity_report([[f"B-{MARKUP}"]], [["O"]], title=MARKUP)
    markdown = report.to_markdown()
    assert_no_markup(markdown)
    assert len(markdown.splitlines()) == 4 + 4


def test_a_renderer_of_markdown_finds_no_mark_up():
    mistune = pytest.importorskip("mistune")
    report = entity_report([[f"B-{MARKUP}"]], [["O"]], title=MARKUP)
    html = mistune.create_markdown(escape=False, plugins=["table"])(report.to_markdown())
    assert "<script" not in html
    assert "<img" not in html
    assert "<a " not in html
    assert html.count("<tr>") == 1 + 4


def test_a_model_card_holds_no_mark_up():
    train = SimpleNamespace(epochs=1.0, learning_rate=1e-3, batch_size=1, batch_tokens=None, seed=0, optimizer="adamw")
    sizes = Table(title="Splits", columns=("split", MARKUP), rows=[Row(cells=[Cell(text="train"), Cell(text=MARKUP)])])
    prepared = SimpleNamespace(
        config=SimpleNamespace(model="a`\n---\n<script>", method_name="full"),
        train=train,
        check=DataCheck(summary="train 1 sentences", tables=[sizes]),
        trained=SimpleNamespace(task=NerTask(["O", f"B-{MARKUP}"]), precision="fp32", base=None),
        corpus=None,
    )
    card = model_card(f"---\n{MARKUP}", prepared, {"dev": entity_report([[f"B-{MARKUP}"]], [["O"]])})
    assert_no_markup(card)
    assert card.splitlines().count("---") == 2


def assert_plain(text):
    assert all(letter.isprintable() or letter == "\n" for letter in text), text


def test_a_terminal_gets_no_escape_sequence():
    assert terminal_text(f"a{ESCAPES}b\tc\nd") == "aredb\tc\nd"
    assert terminal_text("\x1b\x1b[31m[32m\x1b]0;open") == "[32m]0;open"
    assert terminal_line("a\r\nb\x85c\td") == "a b c d"
    assert terminal_text("\ud800") == "\ufffd"
    ours, theirs = (entity_report([[f"B-x{ESCAPES}"]], [[tag]], title=f"t{ESCAPES}") for tag in ("O", f"B-{ESCAPES}"))
    assert_plain(report_bundle(ours)["text/plain"])
    assert_plain(comparison_bundle(compare_reports([ours, theirs]))["text/plain"])
    assert_plain(event_text(Notice(level="info", text=f"n{ESCAPES}")))


def run_of(path, *events):
    path.mkdir(parents=True)
    folder = RunFolder(path)
    run = Run(path.name, folder)
    run.events = list(events)
    run.finished.set()
    return run


def started(**changed):
    plain = {"name": "x", "task": "ner", "model": "m", "method": "full", "device": "cpu", "precision": "fp32"}
    numbers = {
        "epochs": 1.0,
        "total_steps": 4,
        "parameters": 9,
        "trainable_parameters": 9,
        "examples": 2,
        "metrics": [],
    }
    return RunStarted(**{**plain, **numbers, "time": 1.0, **changed})


def test_one_odd_run_does_not_hide_the_others(tmp_path):
    runs = [run_of(tmp_path / "good", started())]
    odd = ("x", None, float("nan"), float("inf"), 1e300, HUGE, [])
    runs += [run_of(tmp_path / f"odd{at}", started(time=value)) for at, value in enumerate(odd)]
    runs.append(run_of(tmp_path / "digits", started(total_steps=HUGE)))
    bundle = runs_bundle(runs_page(runs, [f"note{ESCAPES}"]))
    lines = bundle["text/plain"].splitlines()
    assert lines[1].startswith("good")
    assert sum("events.jsonl says something that cannot be shown" in line for line in lines) == len(odd) + 1
    assert_plain(bundle["text/plain"])
    assert "odd0" in bundle["text/html"]


def test_a_status_that_nobody_knows_is_shown_as_it_is():
    assert "&lt;odd&gt;" in run_html([started()], "<odd>")


ROW = {"id": "here", "words": ["a", "b"], "gold": ["B-A", "O"], "pred": ["B-A", "O"], "confidences": [0.5, 1.0]}


def folder_with(path, text, surfaces=None):
    path.mkdir(exist_ok=True)
    (path / "predictions.dev.jsonl").write_text(text, encoding="utf-8")
    if surfaces is not None:
        (path / "surfaces.json").write_text(surfaces, encoding="utf-8")
    return RunFolder(path)


@pytest.mark.parametrize("line", ["5", "null", "[]", "{}", '"x"', "true", "NaN", "[[[]]]"])
def test_a_line_that_is_no_prediction_is_named(tmp_path, line):
    folder = folder_with(tmp_path, f"{json.dumps(ROW)}\n{line}\n")
    with pytest.raises(RunError, match=r"predictions\.dev\.jsonl, line 2: .*was the file edited"):
        read_report(folder, "dev", NerTask, title="t")


@pytest.mark.parametrize(
    "changed",
    [
        *({name: value} for name in ROW for value in (None, 3, [], [1], {}, [None, None], [["a"], ["b"]])),
        *({"gold": tags} for tags in (["O"], ["O", "PER"], ["O", ""], "OO")),
        *({"confidences": shares} for shares in (["0.5", "1"], [0.5, 2], [0.5, float("nan")], [True, False])),
        *({"cuts": cuts} for cuts in (None, 3, ["x"], [3], [-1], [2**70], [1.5], {"a": 1}, [[1]], "ab")),
    ],
)
def test_a_mangled_line_is_named(tmp_path, changed):
    folder = folder_with(tmp_path, json.dumps(ROW | changed) + "\n")
    with pytest.raises(RunError, match=r"predictions\.dev\.jsonl, line 1: "):
        read_report(folder, "dev", NerTask, title="t")


def test_a_file_of_nothing_is_named(tmp_path):
    with pytest.raises(RunError, match=r"predictions\.dev\.jsonl: there is no sentence"):
        read_report(folder_with(tmp_path, ""), "dev", NerTask, title="t")


@pytest.mark.parametrize("surfaces", ["5", "null", "[]", '{"a": 3}', '{"a": {"A": "x"}}', '{"a": {"A": -1}}', '"x"'])
def test_mangled_surfaces_are_named(tmp_path, surfaces):
    folder = folder_with(tmp_path, json.dumps(ROW) + "\n", surfaces)
    with pytest.raises(RunError, match=r"surfaces\.json: surfaces.*was the file edited"):
        read_report(folder, "dev", NerTask, title="t")


def test_whole_predictions_are_read(tmp_path):
    folder = folder_with(tmp_path, json.dumps(ROW | {"cuts": [1]}) + "\n", '{"a": {"A": 99999999999999999999}}')
    assert read_report(folder, "dev", NerTask, title="t").micro.f1 == 1.0
    with pytest.raises(DataError, match="mode: found `x`"):
        read_report(folder, "dev", NerTask, title="t", mode="x")
    with pytest.raises(RunError, match=r"events\.jsonl: history"):
        read_report(folder, "dev", NerTask, title="t", history=[{"epoch": "x"}])


def places(value, path=()):
    """Every place in a JSON value."""
    yield path
    if isinstance(value, dict):
        for name in value:
            yield from places(value[name], (*path, name))
    elif isinstance(value, list):
        for at in range(len(value)):
            yield from places(value[at], (*path, at))


def changed_at(record, path, value):
    *way, last = path
    inside = record
    for step in way:
        inside = inside[step]
    inside[last] = value


def test_a_report_with_any_field_mangled_is_whole_or_an_error():
    report = entity_report(
        [["B-A", "O", "B-B"], ["O"], ["B-A"]],
        [["B-A", "B-B", "O"], ["B-A"], ["B-B"]],
        words=[["a", "b", "c"], ["a"], ["a"]],
        confidences=[[0.9, 1.0, 0.95], [0.99], [0.99]],
        surfaces={"a": {"A": 3}},
        cuts=[[1], [], []],
        history=[{"epoch": 1.0, "loss": None, "precision": 0.5, "recall": 0.5, "f1": 0.5}] * 2,
        resamples=5,
    )
    text = json.dumps(report.to_json())
    record = json.loads(text)
    assert EntityReport.from_json(record) == report
    for path in places(record):
        if not path:
            continue
        for value in (None, "x", -1, 2.5, float("nan"), [], {}, [[]], True, HUGE, {"a": 1}):
            broken = json.loads(text)
            changed_at(broken, path, value)
            read = own_errors_only(lambda broken=broken: EntityReport.from_json(broken))
            if read is not None:
                report_bundle(read)
                read.to_markdown()
                read.to_pandas()


@pytest.mark.parametrize(
    "record", [None, 5, [], "x", {}, {"schema": HUGE}, {"schema": None}, {"schema": "2"}], ids=type_name
)
def test_what_is_no_report_says_so(record):
    with pytest.raises(DataError, match="report"):
        EntityReport.from_json(record)
