"""Runs side by side: their costs in a table and a chart, above the comparison of what they predict."""

from __future__ import annotations

from itertools import combinations

import pytest
from ft_magics.display.run_comparison import RunCosts, costs_of
from ft_magics.display.run_comparison import _chart as chart_of_costs
from ft_magics.evaluation.drawing import drawing_of
from ft_magics.evaluation.label_places import place_names, shortened, width_of
from ft_magics.evaluation.labels.evaluate import label_report
from ft_magics.evaluation.report import Score
from ft_magics.events import RunStarted
from ft_magics.magics.compare import comparison_of
from ft_magics.markup import size_text
from ft_magics.metrics import Metric
from ft_magics.runs.cells import parse_cell
from ft_magics.sections import Chart, Series, Table
from ft_magics.training.launch import start_run
from ft_magics.training.prepare import prepare
from hypothesis import given
from hypothesis import strategies as st

from method_trials import METHODS, body
from runs import finish

ACCURACY = Metric("accuracy", "accuracy")


def costs(title, value, share, **named):
    score = Score(metric=ACCURACY, value=value, interval=(value - 0.02, value + 0.01))
    return RunCosts(title=title, method=title, score=score, trainable=int(share * 1e6), parameters=10**6, **named)


@pytest.fixture
def runs(tiny_model, tmp_path):
    """Three finished runs by name."""
    made = {}
    for name in ("full", "lora", "head"):
        config = parse_cell(body(tmp_path, tiny_model, "classify", METHODS[name]), {})
        made[name] = finish(start_run(name, prepare(config)))
    return made


def test_a_comparison_shows_what_runs_cost(runs, run_cell, shell):
    shell.user_ns.update(runs)
    comparison = comparison_of(["full", "lora", "head"], shell.user_ns)
    table, chart, *others = comparison.sections()
    assert isinstance(table, Table)
    assert table.columns == ("run", "method", "accuracy, %", "95 %", "trainable", "training time", "model on disk")
    by_name = {row.cells[0].text: row.cells for row in table.rows}
    assert list(by_name) == ["full", "lora", "head"]
    assert by_name["full"][4].text == "100 %"
    assert by_name["lora"][4].value == pytest.approx(runs["lora"].parameters.share)
    sizes = {name: cells[6].value for name, cells in by_name.items()}
    assert sizes["full"] == sum(path.stat().st_size for path in runs["full"].model_dir.iterdir())
    assert sizes["head"] < sizes["lora"] < sizes["full"]
    assert all(cells[5].value > 0 for cells in by_name.values())
    (series,) = chart.series
    assert list(series.names) == ["full", "lora", "head"]
    assert series.x[0] == 100
    assert others == comparison.predictions.sections()
    printed = run_cell("%ft compare full lora head")
    assert "Score and cost" in printed
    assert "model on disk" in printed
    assert "lora · test, head · test compared with full · test" in printed
    html = comparison.to_html()
    assert "trainable parameters, % of all (logarithmic)" in html
    assert "<script" not in html
    assert comparison.to_json()["costs"][1]["trainable"] == runs["lora"].parameters.trainable
    asked = {"filter": {"other": "1", "side": "lost"}, "limit": 3}
    assert comparison.page(asked) == comparison.predictions.page(asked)


def test_what_an_older_version_did_not_say_is_a_dash(runs, shell):
    run = runs["lora"]
    run.events[:] = [event for event in run.events if isinstance(event, RunStarted)]
    object.__setattr__(run.events[0], "parameters", 0)
    for path in run.model_dir.iterdir():
        path.unlink()
    found = costs_of(run, run.report())
    assert (found.share, found.elapsed_s, found.kept_bytes) == (None, None, None)
    shell.user_ns.update(runs)
    table, chart, *_ = comparison_of(["full", "head", "lora"], shell.user_ns).sections()
    assert [cell.text for cell in table.rows[2].cells[4:]] == ["–", "–", "–"]
    assert list(chart.series[0].names) == ["full", "head"]
    assert chart.note.endswith("lora")


def test_too_few_known_figures_make_no_chart():
    unknown = RunCosts(title="old", method="", score=Score(metric=ACCURACY, value=0.5))
    assert chart_of_costs([unknown, costs("a", 0.7, 0.1)], "test") is None
    named = chart_of_costs([unknown, costs("a", 0.7, 0.1), costs("b", 0.8, 1.0)], "test")
    assert named.note == "not drawn, for a figure is missing: old"


@pytest.mark.parametrize(
    ("size", "text"),
    [(None, "–"), (7, "7 B"), (999, "999 B"), (1234, "1.23 kB"), (999_600, "1 MB"), (90_900_000, "90.9 MB")],
)
def test_sizes_in_words(size, text):
    assert size_text(size) == text


def boxes(drawing, names):
    """Where the names stand: left, top, right, bottom."""
    found = []
    for text in drawing.texts:
        if text.text in names:
            wide = width_of(text.text)
            left = text.x - {"start": 0, "middle": wide / 2, "end": wide}[text.anchor]
            found.append((left, text.y - 8, left + wide, text.y + 2))
    return found


def apart(one, other):
    return one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]


def test_names_of_many_runs_stand_apart_on_a_logarithmic_axis():
    shares = {"full": (0.93, 1), "lora": (0.93, 0.0095), "dora": (0.928, 0.0099), "adapter": (0.925, 0.0086)}
    shares |= {"head": (0.71, 0.0009), "ia3": (0.70, 0.0008), "prompt": (0.72, 0.0011), "bitfit": (0.9, 0.002)}
    chart = chart_of_costs([costs(name, *each) for name, each in shares.items()], "test")
    drawing = drawing_of(chart, {})
    places = boxes(drawing, shares)
    assert len(places) == len(shares)
    assert all(apart(one, other) for one, other in combinations(places, 2))
    assert all(left > 0 and top >= 0 and right <= drawing.width for left, top, right, _ in places)
    (series,) = drawing.series
    dots = dict(zip(shares, series.dots, strict=True))
    assert dots["full"][0] - dots["lora"][0] > 2 * (dots["lora"][0] - dots["bitfit"][0])
    assert series.hints[0] == "full: 100, 93"
    ticks = [text.text for text in drawing.texts]
    assert ticks.count("0.1") == ticks.count("1") == ticks.count("10") == ticks.count("100") == 1
    assert sum(rule.kind == "axis" for rule in drawing.rules) == 2 + len(shares)


def test_one_share_and_equal_scores_can_be_drawn():
    drawing = drawing_of(chart_of_costs([costs(name, 0.5, 0.01) for name in "abc"], "dev"), {})
    places = boxes(drawing, "abc")
    assert len(places) == 3
    assert all(apart(one, other) for one, other in combinations(places, 2))


def test_what_is_not_above_zero_has_no_place_on_a_logarithmic_axis():
    series = Series(name="s", x=[0.0, 1.0, 10.0], y=[1.0, 2.0, 3.0], shape="dots", names=["no", "one", "ten"])
    drawing = drawing_of(Chart(title="t", x_label="x", y_label="y", series=[series], x_log=True), {})
    assert [text.text for text in drawing.texts if text.text in series.names] == ["one", "ten"]
    assert drawing.series[0].hints == ["one: 1, 2", "ten: 10, 3"]


@given(st.lists(st.tuples(st.floats(60, 480), st.floats(15, 200)), max_size=12))
def test_no_name_lies_on_another_or_outside(dots):
    names = [f"run {at}" for at in range(len(dots))]
    inside = (58.0, 10.0, 500.0, 211.0)
    found = []
    for place, name in zip(place_names(dots, names, inside), names, strict=True):
        if place is None:
            continue
        wide = width_of(name)
        left = place.x - {"start": 0, "middle": wide / 2, "end": wide}[place.anchor]
        found.append((left, place.y - 8, left + wide, place.y + 2))
    assert all(apart(one, other) for one, other in combinations(found, 2))
    assert all(left >= 58 and right <= 500 and top >= 10 and bottom <= 211 for left, top, right, bottom in found)


def test_long_and_wide_names_are_measured():
    assert shortened("x" * 24) == "x" * 24
    assert shortened("x" * 60) == "x" * 23 + "…"
    assert width_of("中文") > width_of("ab")


def test_labels_of_many_systems_stand_side_by_side():
    gold = ["a", "b"] * 6
    made = [
        label_report(gold, gold[at:] + ["a"] * at, labels=["a", "b"], title=f"s{at}", resamples=20) for at in range(6)
    ]
    few, many = (made[0].compare(made[1:last], resamples=20).sections() for last in (4, 6))
    assert [part.title for part in few if part.title.startswith("F1")] == [
        f"F1 per label: s{at} against s0" for at in (1, 2, 3)
    ]
    (table,) = (part for part in many if part.title.startswith("F1"))
    assert list(table.columns) == ["label", "s0", "s1", "s2", "s3", "s4", "s5"]
    assert [row.cells[0].text for row in table.rows] == ["a", "b"]
    assert [cell.value for cell in table.rows[0].cells[1:]] == [pytest.approx(report.by_label["a"]) for report in made]
