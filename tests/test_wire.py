"""What the widget is sent: types that are made from the dataclasses, and data that JSON and a browser take."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest
from ft_magics.display.wire import to_wire
from ft_magics.sections import Card, Cell, Row, Series, Table

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
                "cells": [{"text": "x", "value": 0.5, "filter": None, "interval": [0.1, 0.9], "label": ""}],
                "strong": False,
            }
        ],
        "note": "",
        "open": True,
        "kind": "table",
    }


def test_no_number_breaks_a_browsers_json():
    series = Series(name="s", x=np.array([1.0, 2.0]), y=[float("nan"), np.float32(0.5)])
    wired = to_wire(series)
    assert wired["x"] == [1.0, 2.0]
    assert wired["y"] == [None, 0.5]
    card = Card(kind="spans", row="r", data={"n": np.int64(3), "inf": float("inf"), 1: {"a": (1, "b")}})
    assert to_wire(card)["data"] == {"n": 3, "inf": None, "1": {"a": [1, "b"]}}
    with pytest.raises(TypeError, match="cannot be sent object"):
        to_wire(object())
