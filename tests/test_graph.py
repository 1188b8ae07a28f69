"""Two runs chained into a knowledge graph: triples, where they come from, and what they are written as."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET

import ft_magics
import numpy as np
import pytest
from ft_magics.errors import DataError, RunError
from ft_magics.tasks.classify.records import Prediction
from ft_magics.tasks.ner.answer import Entity
from ft_magics.tasks.relation.answer import answer_of, read_texts

TEXTS = ["Ada met Bob in <Rome>.", "Ada met Bob.", "nobody"]


class Names:
    """Finds capital words."""

    def predict(self, inputs):
        return [
            [
                Entity(found[0], "PER" if found[0] != "Rome" else "LOC", *found.span(), 0.5)
                for found in re.finditer(r"[A-Z]\w+", text)
            ]
            for text in inputs
        ]


class Links:
    """`met` between people; with directions, or without."""

    def __init__(self, *labels):
        self.labels = labels
        self.asked = []

    def predict(self, inputs):
        self.asked += inputs
        answers = []
        for example in read_texts(inputs):
            people = set(example.entities) == {"Ada", "Bob"}
            forward = example.e1 < example.e2
            label = self.labels[1 if people and forward else 0]
            shares = np.array([0.8 if each == label else 0.1 for each in self.labels], dtype=np.float32)
            answers.append(answer_of(self.labels, self.labels[0], example, Prediction((label,), shares)))
        return answers


def test_triples_know_where_they_come_from():
    links = Links("Other", "met(e2,e1)", "met(e1,e2)")
    found = ft_magics.graph(Names(), links, TEXTS)
    (triple,) = found.triples
    assert (triple.head.name, triple.relation, triple.tail.name) == ("Bob", "met", "Ada")
    assert [(source.text, source.head, source.tail) for source in triple.sources] == [
        (0, (8, 11), (0, 3)),
        (1, (8, 11), (0, 3)),
    ]
    assert triple.confidence == pytest.approx(0.8 * 0.5 * 0.5)
    assert {node.name: count for node, count in found.nodes.items()} == {"Ada": 2, "Bob": 2, "Rome": 1}
    assert len(links.asked) == 4  # a pair is asked about once, where labels have directions
    assert links.asked[0]["types"] == ["PER", "PER"]
    assert ft_magics.graph(Names(), links, TEXTS, least=0.3).triples == []
    other = Links("none", "met")
    assert len(ft_magics.graph(Names(), other, TEXTS).triples) == 1
    assert len(other.asked) == 8


def test_a_graph_is_drawn_and_written(tmp_path):
    found = ft_magics.graph(Names(), Links("Other", "<met>(e1,e2)", "<met>(e2,e1)"), TEXTS)
    html = found._repr_html_()
    assert "<svg" in html
    assert "&lt;met&gt;" in html
    assert "<met>" not in html
    found.to_graphml(tmp_path / "graph.graphml")
    edges = [each for each in ET.parse(tmp_path / "graph.graphml").iter() if each.tag.endswith("}edge")]
    assert len(edges) == 1
    record = json.loads(found.to_jsonld())
    statement = record["@graph"][-1]
    assert statement["subject"] == "urn:ft_magics:entity:PER%3AAda"
    assert statement["sources"][1]["text"] == 1
    assert found.to_pandas().iloc[0]["texts"] == [0, 1]
    assert found.to_networkx().number_of_nodes() == 3
    assert "3 entities, 1 triples from 3 texts" in repr(found)


def test_what_cannot_be_chained_is_said(monkeypatch):
    with pytest.raises(DataError, match="texts is an int; expected a text"):
        ft_magics.graph(Names(), Links("Other", "a"), 7)
    with pytest.raises(DataError, match="this run does not find entities"):
        ft_magics.graph(Links("Other", "a"), Names(), ["<e1>a</e1> <e2>b</e2>"])
    with pytest.raises(DataError, match="this run does not relate entities"):
        ft_magics.graph(Names(), _Labels(), TEXTS)
    found = ft_magics.graph(Names(), Links("Other", "a(e1,e2)", "a(e2,e1)"), TEXTS)
    monkeypatch.setitem(sys.modules, "networkx", None)
    with pytest.raises(RunError, match=r"pip install 'ft_magics\[graph\]'"):
        found.to_networkx()
    with pytest.raises(RunError, match=r"pip install 'ft_magics\[graph\]'"):
        found.to_graphml()
    assert "Ada" in found._repr_html_()


class _Labels:
    def predict(self, inputs):
        return ["label" for _ in inputs]
