"""Entities and relations of texts, put together as a graph: what is asked, what is merged, what is written."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import SimpleNamespace

import ft_magics
import networkx as nx
import pytest
from ft_magics.errors import DataError
from ft_magics.tasks.ner.answer import Entity

TEXTS = ["Ada founded Tarn in Linz.", "Tarn was founded by ADA .", "<b>Bo</b> & Ada met."]
NAMES = {"Ada": "PER", "ADA": "PER", "Bo": "PER", "Tarn": "ORG", "Linz": "LOC"}


class Tagger:
    task_name = "ner"

    def predict(self, texts):
        return [
            sorted(
                (
                    Entity(name, kind, text.index(name), text.index(name) + len(name), 0.9)
                    for name, kind in NAMES.items()
                    if name in text
                ),
                key=lambda entity: entity.start,
            )
            for text in texts
        ]


@dataclass
class Related:
    task_name = "relation"
    asked: list = field(default_factory=list)

    def predict(self, inputs):
        self.asked += inputs
        return [self.one(item) for item in inputs]

    @staticmethod
    def one(item):
        words = tuple(item["text"][item[name]["start"] : item[name]["end"]] for name in ("e1", "e2"))
        label = {
            ("Ada", "Tarn"): "founded(e1,e2)",
            ("Tarn", "ADA"): "founded(e2,e1)",
            ("Tarn", "Linz"): "based_in(e1,e2)",
        }.get(words, "none")
        return SimpleNamespace(
            label=label, relation=None if label == "none" else label.partition("(")[0], probability=0.8
        )


def test_mentions_of_a_triple_come_together_and_know_where_they_stand():
    relation = Related()
    found = ft_magics.graph(Tagger(), relation, TEXTS)
    assert len(relation.asked) == 3 + 1 + 1
    assert relation.asked[0] == {
        "text": TEXTS[0],
        "e1": {"start": 0, "end": 3, "type": "PER"},
        "e2": {"start": 12, "end": 16, "type": "ORG"},
    }
    assert [(one.head, one.relation, one.tail, len(one.mentions)) for one in found.triples] == [
        ("Ada", "founded", "Tarn", 2),
        ("Tarn", "based_in", "Linz", 1),
    ]
    backwards = found.triples[0].mentions[1]
    assert (backwards.text, backwards.head, backwards.tail) == (1, (20, 23), (0, 4))
    assert backwards.confidence == pytest.approx(0.9 * 0.9 * 0.8)
    assert found.summary() == "2 triples between 3 entities, read in 3 texts"
    assert not ft_magics.graph(Tagger(), relation, TEXTS, least_confidence=0.7).triples
    assert "<svg" not in ft_magics.graph(Tagger(), relation, []).summary()


def test_files_are_read_by_others(tmp_path):
    found = ft_magics.graph(Tagger(), Related(), TEXTS)
    read = nx.read_graphml(found.to_graphml(tmp_path / "graph.graphml"))
    [edge] = [data for begin, end, data in read.edges(data=True) if (begin, end) == ("Ada (PER)", "Tarn (ORG)")]
    assert edge["relation"] == "founded"
    assert edge["mentions"] == 2
    assert read.nodes["Linz (LOC)"]["type"] == "LOC"
    document = json.loads(found.to_json_ld(tmp_path / "graph.jsonld").read_text(encoding="utf-8"))
    labels = {node["@id"]: node["label"] for node in document["@graph"] if "label" in node}
    [first, _] = [node for node in document["@graph"] if node["@type"] == "rdf:Statement"]
    assert [labels[first[key]["@id"]] for key in ("rdf:subject", "rdf:object")] == ["Ada", "Tarn"]
    assert [source["text"] for source in first["source"]] == [0, 1]
    with pytest.raises(DataError, match="cannot be written"):
        found.to_graphml(tmp_path / "none" / "graph.graphml")


def test_it_is_drawn_the_same_each_time_with_nothing_unescaped():
    class Odd(Tagger):
        def predict(self, texts):
            return [[Entity("<b>Bo</b>", "PER", 0, 9, 1.0), Entity("Ada", "PER", 12, 15, 1.0)] for _ in texts]

    class Likes(Related):
        @staticmethod
        def one(_item):
            return SimpleNamespace(label="likes<i>(e1,e2)", relation="likes<i>", probability=1.0)

    html = ft_magics.graph(Odd(), Likes(), TEXTS[2:])._repr_html_()
    assert html == ft_magics.graph(Odd(), Likes(), TEXTS[2:])._repr_html_()
    assert "<img" in html
    assert "<b>" not in html
    assert "<i>" not in html


def test_runs_of_other_tasks_and_what_is_no_text_are_refused():
    with pytest.raises(DataError, match=r"takes a run of `task: relation` as `relation`; found a run of `task: ner`"):
        ft_magics.graph(Tagger(), Tagger(), TEXTS)
    with pytest.raises(DataError, match="as `ner`; found "):
        ft_magics.graph("ner", Related(), TEXTS)
    with pytest.raises(DataError, match=r"texts\[1\] is "):
        ft_magics.graph(Tagger(), Related(), ["a", 2])
