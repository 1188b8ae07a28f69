"""Any report as a page, as Markdown and as text: what its sections say is what is shown."""

from __future__ import annotations

import base64
import re
from html import unescape
from itertools import combinations, pairwise
from types import MappingProxyType

import numpy as np
import pytest
from ft_magics.evaluation.drawing import ticks_of
from ft_magics.evaluation.entities.evaluate import entity_report
from ft_magics.evaluation.grid_shape import MOST_ROWS
from ft_magics.evaluation.label_colors import CYCLE, GREY, INKS, TINT, colors_of, contrast, labels_of, named_by
from ft_magics.evaluation.page import comparison_html, comparison_text, report_html, report_markdown, report_text
from ft_magics.evaluation.report import Figure, Score
from ft_magics.evaluation.report_page import page_of
from ft_magics.metrics import Metric
from ft_magics.sections import Card, Cell, Chart, Examples, Grid, Lines, Row, Series, Table

BAD = "<script>alert(1)</script> & \x1b[31m"


def score_row(name, *texts, strong=False):
    return Row(
        cells=[Cell(text=name, label="" if strong else name), *(Cell(text=text) for text in texts)], strong=strong
    )


SCORES = Table(
    title="Scores",
    columns=["class", "F1", "support"],
    rows=[score_row("yes", "78.12", "9"), score_row("no", "–", "0"), score_row("macro", "39.06", "9", strong=True)],
    note="averages count all classes",
)
OTHERS = Table(title="By length", columns=["length", "F1"], rows=[score_row("short", "50.00")], open=False)
GRID = Grid(title="Confusion", rows=["yes", "no"], columns=["yes", "no"], counts=[[8, 1], [0, 3]])


class Report:
    """What every report has, made of sections."""

    title = "intents · test"
    notes = ("a note",)

    def __init__(self, *sections, opened_by=""):
        self.parts = list(sections)
        self.opened_by = opened_by

    headline = Score(metric=Metric("accuracy", "accuracy"), value=0.9, interval=(0.85, 0.94))
    by_label = MappingProxyType({})

    def summary(self):
        return "accuracy 90.00"

    def compare(self, others):
        raise AssertionError("nothing here is compared")

    def sections(self, view=None, *, brief=False):
        if view and view.get("by") == self.opened_by:
            return [SCORES, Table(title=OTHERS.title, columns=OTHERS.columns, rows=OTHERS.rows)]
        return self.parts[:1] if brief else self.parts


def texts(html):
    return [
        unescape(re.sub(r"<[^>]*>", "", cell)) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", html, re.DOTALL)
    ]


def pictures(html):
    return [base64.b64decode(found).decode() for found in re.findall(r"svg\+xml;base64,([^\"]+)", html)]


def test_the_page_holds_title_summary_notes_and_every_section_in_its_fold():
    html = report_html(Report(SCORES, OTHERS), twin_of="w1")
    assert "intents · test" in html
    assert "accuracy 90.00" in html
    assert "a note" in html
    assert 'data-ft-static="w1"' in html
    assert re.findall(r"<details[^>]*?( open=\"open\")?><summary[^>]*>([^<]*)", html) == [
        (' open="open"', "Scores"),
        ("", "By length"),
    ]
    assert "By length" not in report_html(Report(SCORES, OTHERS), brief=True)


def test_a_table_shows_its_texts_in_order_and_says_what_it_leaves_out():
    html = report_html(Report(SCORES))
    assert texts(html) == ["class", "F1", "support", "yes", "78.12", "9", "no", "–", "0", "macro", "39.06", "9"]
    assert "averages count all classes" in html


def test_nothing_from_data_is_markup():
    card = Card(
        kind="spans",
        row=BAD,
        data={"words": [BAD, "x"], "gold": [[0, 1, BAD]], "predicted": [], "badge": BAD, "about": [BAD], "note": BAD},
    )
    labels = Card(kind="labels", row=BAD, data={"text": BAD, "gold": [BAD], "predicted": [BAD], "scores": [[BAD, 0.5]]})
    named = Card(kind="texts", row=BAD, data={"texts": [[BAD, BAD]]})
    parts = (
        Table(title=BAD, columns=[BAD, BAD], rows=[score_row(BAD, BAD)], note=BAD),
        Grid(title=BAD, rows=[BAD], columns=[BAD], counts=[[1]], row_axis=BAD, column_axis=BAD, note=BAD),
        Chart(title=BAD, x_label=BAD, y_label=BAD, series=[Series(name=BAD, x=[0, 1], y=[0, 1])], note=BAD),
        Examples(title=BAD, cards=[card, labels, named], total=3, note=BAD),
        Lines(title=BAD, lines=[BAD]),
    )
    html = report_html(Report(*parts))
    assert "<script" not in html
    assert all("<script" not in picture for picture in pictures(html))
    markdown, text = report_markdown(Report(*parts)), report_text(Report(*parts))
    assert "<script" not in markdown
    assert "\x1b" not in text + markdown


def test_a_grid_has_totals_tints_and_dots_for_nothing():
    html = report_html(Report(GRID))
    cells = texts(html)
    assert cells[:4] == ["gold ╲ predicted", "yes", "no", "all gold"]
    assert cells[4:8] == ["yes", "8", "1", "9"]
    assert cells[8:12] == ["no", "·", "3", "3"]
    assert cells[12:] == ["all predicted", "8", "4", ""]
    assert "rgba(0,114,178,0.55)" in html  # all of a row
    assert "rgba(213,94,0,0.18)" in html  # one of nine


@pytest.mark.parametrize("ordered", [True, False])
def test_of_a_large_grid_the_most_confused_are_shown(ordered):
    names = [f"class {at}" for at in range(77)]
    counts = [[int(row == column) for column in range(77)] for row in range(77)]
    order = list(range(76, -1, -1)) if ordered else ()
    html = report_html(Report(Grid(title="Confusion", rows=names, columns=names, counts=counts, order=order)))
    assert f"the {MOST_ROWS} most confused are shown, 47 more are left out" in html
    heads = texts(html)[1 : MOST_ROWS + 1]
    assert heads == (names[-MOST_ROWS:] if ordered else names[:MOST_ROWS])
    assert "writing-mode" in html


def test_long_names_of_columns_are_a_hint_too():
    long = "a class with a name of very many letters"
    html = report_html(Report(Grid(title="g", rows=["x"], columns=[long], counts=[[1]])))
    assert f'title="{long}"' in html
    assert long in texts(html)


def test_a_chart_draws_lines_dots_bars_and_its_axes():
    chart = Chart(
        title="Reliability",
        x_label="confidence, %",
        y_label="accuracy, %",
        series=[
            Series(name="accuracy", x=[10, 50, 90], y=[20, None, 80]),
            Series(name="points", x=[10, 90], y=[5, 95], shape="dots"),
            Series(name="share", x=[10, 50, 90], y=[10, 30, 60], shape="bars"),
        ],
        x_range=(0, 100),
        y_range=(0, 100),
        diagonal=True,
    )
    html = report_html(Report(chart))
    (drawing,) = pictures(html)
    assert drawing.count("<rect") == 3
    assert drawing.count("<circle") == 2 + 2
    assert drawing.count("stroke-dasharray") == 1  # the diagonal
    for text in ("confidence, %", "accuracy, %", ">100</text>", ">0</text>"):
        assert text in drawing
    assert 'alt="Reliability: accuracy, points, share; accuracy, % over confidence, %"' in html


def test_a_chart_of_very_many_points_stays_small_and_one_of_none_says_so():
    many = Chart(
        title="c", x_label="x", y_label="y", series=[Series(name="s", x=range(50_000), y=range(50_000), shape="dots")]
    )
    none = Chart(title="c", x_label="x", y_label="y", series=[Series(name="s", x=[0.0], y=[None])])
    assert len(report_html(Report(many))) < 60_000
    assert "There is nothing to draw." in report_html(Report(none))


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 100, [0, 20, 40, 60, 80, 100]), (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]), (3, 11, [4, 6, 8, 10]), (5, 5, [5])],
)
def test_ticks_are_round(low, high, ticks):
    assert ticks_of(low, high) == pytest.approx(ticks)


def test_a_card_of_spans_says_in_words_what_is_marked():
    data = {
        "words": ["Ada", "met", "北", "京"],
        "spaces": True,
        "before": True,
        "gold": [[0, 1, "PER"], [2, 4, "LOC"]],
        "predicted": [[0, 1, "ORG"]],
        "badge": "type error",
        "confidence": 0.5,
        "note": "tagged ORG elsewhere",
    }
    html = report_html(
        Report(Examples(title="Mistakes", cards=[Card(kind="spans", row="line 3", data=data)], total=42))
    )
    text = unescape(re.sub(r"<[^>]*>", "", html))
    text = text.replace("\N{NO-BREAK SPACE}", " ")
    assert "Mistakes (42)" in text
    assert "1–1 of 42" in text
    assert "… Ada gold PER predicted ORG met 北京 gold LOC" in text
    assert text.index("type error") < text.index("confidence 50.00 %") < text.index("line 3") < text.index("Ada")
    assert text.endswith("tagged ORG elsewhere")


def test_a_card_of_labels_shows_text_labels_and_probabilities():
    data = {
        "text": "how much",
        "pair": "what price",
        "gold": ["yes"],
        "predicted": ["no"],
        "scores": [["no", 0.7], ["yes", 0.3]],
    }
    html = report_html(
        Report(SCORES, Examples(title="e", cards=[Card(kind="labels", row="line 3", data=data)], total=1))
    )
    text = unescape(re.sub(r"<[^>]*>", " ", html))
    for part in ("how much", "what price", "gold   yes", "predicted   no", "no  70.00 %", "yes  30.00 %", "line 3"):
        assert part in text
    assert f"box-shadow:inset 4px 0 {CYCLE[1]}" in html  # `yes` in the table
    assert html.count(f"background:{CYCLE[1]};color:#000000") == 1  # its chip


def test_versions_of_two_systems_stand_below_each_other():
    data = {
        "words": ["Ada"],
        "gold": [[0, 1, "PER"]],
        "versions": [{"name": "small", "predicted": []}, {"name": "large", "predicted": [[0, 1, "PER"]]}],
    }
    html = report_html(Report(Examples(title="e", cards=[Card(kind="spans", row="r", data=data)], total=1)))
    text = unescape(re.sub(r"<[^>]*>", " ", html))
    assert text.index("small") < text.index("gold PER") < text.index("large") < text.rindex("PER")


def test_a_label_has_one_colour_whatever_the_order_and_the_cycle_begins_again():
    assert labels_of([SCORES, GRID]) == ["yes", "no"]
    assert labels_of([GRID]) == ["yes", "no"]
    assert colors_of(["yes", "no"]) == colors_of(["no", "yes", "no"])
    assert list(colors_of(["a", "b"]).values()) == list(CYCLE[:2])
    many = [f"{at:02d}" for at in range(77)]
    assert colors_of(many)[many[len(CYCLE)]] == CYCLE[0]
    assert len(set(CYCLE)) == len(CYCLE) >= 20


def test_a_label_keeps_its_colour_where_a_split_lacks_another_or_has_one_of_its_own():
    surfaces = {"Ada": {"PER": 1}, "Kenya": {"LOC": 2}, "Reuters": {"ORG": 1}}
    model = named_by(["O", "B-LOC", "I-LOC", "B-ORG", "I-ORG", "B-PER", "I-PER"])
    pages = [
        page_of(entity_report(tags, tags, words=[["a", "b"]], surfaces=surfaces)).colors
        for tags in ([["B-PER", "B-LOC"]], [["B-DATE", "B-PER"]])
    ]
    for found in (*pages, colors_of((), model), colors_of(["DATE"], model)):
        assert all(found.get(name, fill) == fill for name, fill in zip(("LOC", "ORG", "PER"), CYCLE, strict=False))
    assert pages[1]["DATE"] == CYCLE[3]


def test_text_on_a_colour_is_read_on_light_and_dark():
    def over(ground, color):
        channels = ((int(ground[at : at + 2], 16), int(color[at : at + 2], 16)) for at in (1, 3, 5))
        return "#" + "".join(f"{round(back + (front - back) * TINT):02X}" for back, front in channels)

    for color in (*CYCLE, GREY):
        assert contrast(INKS[color], color) >= 4.5
        for ground, text in (("#FFFFFF", "#212121"), ("#111111", "#FFFFFF"), ("#1E1E1E", "#CCCCCC")):
            assert contrast(text, over(ground, color)) >= 4.5, (color, ground)


# Machado, Oliveira and Fernandes 2009: linear red, green and blue as they are seen without one kind of cone.
EYES = {
    "all cones": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(color, eye):
    """CIE L*a*b* of what is seen."""
    shares = np.array([int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(TO_XYZ @ np.clip(np.array(EYES[eye]) @ linear, 0.0, 1.0) / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("eye", EYES)
def test_colours_are_told_apart_with_any_eyes(eye):
    def nearest(pairs):
        return min(float(np.linalg.norm(lab(one, eye) - lab(other, eye))) for one, other in pairs)

    assert nearest(combinations(CYCLE[:4], 2)) > 24
    assert nearest(combinations(CYCLE[:7], 2)) > 15
    assert nearest(pairwise((*CYCLE, CYCLE[0]))) > 20


def test_markdown_has_the_first_table():
    lines = report_markdown(Report(SCORES, OTHERS)).splitlines()
    assert lines == [
        "**intents · test** (accuracy 90.00)",
        "",
        "| class | F1 | support |",
        "|---|--:|--:|",
        "| yes | 78.12 | 9 |",
        "| no | – | 0 |",
        "| macro | 39.06 | 9 |",
    ]


def test_text_is_aligned_and_has_what_the_view_opens():
    plain = report_text(Report(SCORES, OTHERS))
    assert plain.splitlines() == [
        "intents · test",
        "                 F1  support",
        "         yes  78.12        9",
        "          no      –        0",
        "",
        "       macro  39.06        9",
        "averages count all classes",
        "note: a note",
    ]
    opened = report_text(Report(SCORES, OTHERS, opened_by="length"), view={"by": "length"})
    assert "By length" in opened
    assert "50.00" in opened


def test_a_comparison_is_drawn_by_its_sections():
    class Comparison:
        title = "compared with small"

        def figures(self):
            return [Figure(label="large, accuracy", text="91.00", about="+1.00")]

        def sections(self):
            return [SCORES, Lines(title="", lines=["p < 0.05"]), Examples(title="Gained", cards=[], total=7)]

    html, text = comparison_html(Comparison()), comparison_text(Comparison())
    assert "compared with small" in html
    assert "78.12" in html
    for part in ("compared with small", "Scores", "78.12", "p < 0.05", "Gained (7)"):
        assert part in text
    for part in ("large, accuracy", "91.00", "+1.00", "None of the 7 is kept on this page."):
        assert part in html


def test_figures_stand_first_charts_and_bars_before_tables_and_examples_last():
    bars = Table(
        title="Bars", columns=["", ""], rows=[Row(cells=[Cell(text="yes"), Cell(text="", value=0.5, bar=True)])]
    )
    chart = Chart(title="Curve", x_label="x", y_label="y", series=[Series(name="s", x=[0, 1], y=[0, 1])])
    wide = Grid(title="Wide", rows=["a"] * 20, columns=["a"] * 20, counts=[[1] * 20] * 20)
    lead = Lines(title="", lines=["that cannot be known"])
    examples = Examples(title="Mistakes", cards=[], total=3)
    parts = [lead, SCORES, GRID, examples, chart, bars, wide, OTHERS]
    page = page_of(Report(*parts))
    titles = [[[parts[at].title for at in column] for column in row] for row in page.layout]
    assert titles == [[[""]], [["Bars", "Curve", "Confusion"], ["Scores", "By length"]], [["Wide"]], [["Mistakes"]]]
    html = report_html(Report(*parts))
    places = [
        html.index(part) for part in (">90.00<", "95 % interval 85.0–94.0", ">Bars<", ">Scores<", ">Mistakes (3)<")
    ]
    assert places == sorted(places)
    assert "flex:1 1 500px" in html  # beside each other where there is room for both
