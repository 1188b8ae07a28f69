"""What the widget is sent: types that are made from the dataclasses, and data that JSON and a browser take."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from ft_magics.display.wire import to_wire
from ft_magics.sections import Card, Cell, Chart, Row, Series, Table

SCRIPT = Path(__file__).parents[1] / "widgets" / "make_wire.py"


def test_the_types_are_those_of_the_dataclasses():
    spec = importlib.util.spec_from_file_location("make_wire", SCRIPT)
    make_wire = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_wire)
    assert make_wire.TARGET.read_text(encoding="utf-8") == make_wire.wire(), "run `python widgets/make_wire.py`"


def test_sections_become_plain_data():
    table = Table(title="t", columns=("a",), rows=[Row(cells=(Cell(text="x", value=0.5, interval=(0.1, 0.9)),))])
    assert json.loads(json.dumps(to_wire(table))) == {
        "title": "t",
        "columns": ["a"],
        "rows": [
            {
                "cells": [
                    {"text": "x", "value": 0.5, "filter": None, "interval": [0.1, 0.9], "label": "", "bar": False}
                ],
                "strong": False,
            }
        ],
        "support": 0,
        "least": 0,
        "note": "",
        "open": True,
        "kind": "table",
    }


def test_a_card_is_sent_as_it_is_shown():
    data = {
        "words": ["Ada", "met"],
        "gold": [[0, 1, "PER"]],
        "predicted": [[0, 1, "ORG"]],
        "confidence": np.float64(0.78125),
    }
    wired = json.loads(json.dumps(to_wire(Card(kind="spans", row="r", data=data))))
    assert wired["about"] == ["confidence 78.12 %"]
    (sentence,) = wired["sentences"]
    assert "".join(piece["text"] for piece in sentence["pieces"]) == "Ada met"
    assert [tag["text"] for tag in sentence["pieces"][0]["tags"]] == ["gold PER", "predicted ORG"]


def test_of_a_chart_only_what_stands_around_it_is_sent():
    chart = Chart(title="t", x_label="x", y_label="y", series=[Series(name="s", x=[0], y=[1])], note="n")
    assert to_wire(chart) == {"kind": "chart", "title": "t", "note": "n", "open": True}


def test_no_number_breaks_a_browsers_json():
    series = Series(name="s", x=np.array([1.0, 2.0]), y=[float("nan"), np.float32(0.5)])
    wired = to_wire(series)
    assert wired["x"] == [1.0, 2.0]
    assert wired["y"] == [None, 0.5]
    odd = {"n": np.int64(3), "inf": float("inf"), 1: {"a": (1, "b")}}
    assert to_wire(odd) == {"n": 3, "inf": None, "1": {"a": [1, "b"]}}
    with pytest.raises(TypeError, match="cannot be sent object"):
        to_wire(object())
