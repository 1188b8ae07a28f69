"""What `Run.predict` gives: a list, which a notebook draws with the texts that were asked about."""

from __future__ import annotations

import pickle
from html import unescape

import pytest
from ft_magics.display.answers import answers_bundle
from ft_magics.evaluation.answer_list import MOST_DRAWN, Answers
from ft_magics.evaluation.label_colors import CYCLE, INKS, tint_of
from ft_magics.sections import Card
from IPython.core.interactiveshell import InteractiveShell
from IPython.lib.pretty import pretty

LABELS = ["O", "B-PER", "I-PER"]


def card(at):
    words = [f"<b>Ada {at}</b>", "runs"]
    return Card(kind="spans", row=f"texts[{at}]", data={"words": words, "predicted": [(0, 1, "PER")]})


def answers(count=3, draw=card):
    return Answers([f"answer {at}" for at in range(count)], draw, LABELS)


def test_it_is_a_list_in_every_way():
    plain = [f"answer {at}" for at in range(3)]
    found = answers()
    assert isinstance(found, list)
    assert found == plain
    assert repr(found) == pretty(found) == repr(plain)
    assert found[1] == "answer 1"
    assert found + plain == plain * 2
    assert sorted(found, reverse=True) == plain[::-1]


def test_it_is_drawn_with_its_texts_and_every_text_is_escaped():
    html = answers()._repr_html_()
    assert "<b>Ada" not in html
    for at in range(3):
        assert f"<b>Ada {at}</b>" in unescape(html)
    assert html.count("PER") == 3


def test_a_notebook_gets_both_and_a_terminal_the_list():
    data, _ = InteractiveShell.instance().display_formatter.format(answers())
    assert data["text/plain"] == repr(answers())
    assert "Ada 2" in data["text/html"]


def test_a_slice_is_drawn_too():
    part = answers(9)[4:8:2]
    assert part == ["answer 4", "answer 6"]
    html = part[1:]._repr_html_()
    assert "Ada 6" in html
    assert "Ada 4" not in html


def test_the_first_are_drawn_and_the_others_are_counted():
    asked = []
    html = answers(1234, lambda at: asked.append(at) or card(at))._repr_html_()
    assert asked == list(range(MOST_DRAWN))
    assert f"{1234 - MOST_DRAWN:,} more" in html
    assert f"[{MOST_DRAWN}:{2 * MOST_DRAWN}]" in html


def test_texts_like_books_do_not_fill_a_notebook():
    long = Card(kind="labels", row="texts[0]", data={"text": "word " * 50_000, "predicted": ["yes"]})
    html = answers(20, lambda _: long)._repr_html_()
    assert len(html) < 500_000
    assert "19 more" in html


def test_pickled_it_is_drawn_without_the_model():
    again = pickle.loads(pickle.dumps(answers()))  # what this wrote itself
    assert type(again) is Answers
    assert again == answers()
    assert again[1:]._repr_html_() == answers()[1:]._repr_html_()


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.reverse(),
        lambda found: found.sort(reverse=True),
        lambda found: found.pop(0),
        lambda found: found.__delitem__(0),
        lambda found: found.insert(0, "mine"),
        lambda found: found.__setitem__(0, "mine"),
    ],
    ids=["reverse", "sort", "pop", "del", "insert", "set"],
)
def test_no_answer_is_drawn_with_the_text_of_another(change):
    found = answers()
    change(found)
    assert found._repr_html_() is None


def test_what_cannot_be_drawn_is_still_a_list():
    def broken(at):
        raise KeyError(at)

    assert answers(2, broken)._repr_html_() is None
    assert pickle.loads(pickle.dumps(answers(2, broken))) == ["answer 0", "answer 1"]
    assert Answers()._repr_html_() is None


def test_what_a_model_with_tags_answers_has_the_colours_of_its_types():
    html = answers_bundle("m", [card(0)], ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"])["text/html"]
    assert f"background:{CYCLE[1]};color:{INKS[CYCLE[1]]}" in html  # on the tag
    assert f"background:{tint_of(CYCLE[1])}" in html  # on the words
