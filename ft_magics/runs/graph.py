"""`ft_magics.graph`: a run that finds entities and one that relates them → a knowledge graph of texts.

Every pair of entities of a text is asked about. A triple keeps where it comes from, and how sure both runs are of it.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from ft_magics.errors import DataError, RunError, type_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["KnowledgeGraph", "Node", "Predicts", "Source", "Triple", "graph"]

_BACKWARD = "(e2,e1)"  # of a label: with such labels one order of a pair says all
_UNWRITABLE = ("Cc", "Cs")  # control characters and halves of surrogate pairs, which XML has not
_AT_ONCE = 2000  # pairs that are asked about at once
_NAMESPACE = "urn:ft_magics:"


class Predicts(Protocol):
    """A run, or whatever answers as one."""

    def predict(self, inputs: Any) -> Any:
        """An answer per input."""
        ...


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """An entity: all mentions of one name and type."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a triple comes from.

    Args:
        text: Index of the text.
        head: Start and end of the entity that the relation leads from, in the text.
        tail: The same of the entity that it leads to.
        confidence: The probability of the relation, times how sure the entities are.
    """

    text: int
    head: tuple[int, int]
    tail: tuple[int, int]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """A relation between two entities, with all places that say it.

    Args:
        head: The entity that it leads from.
        relation: Without direction.
        tail: The entity that it leads to.
        sources: The surest first.
    """

    head: Node
    relation: str
    tail: Node
    sources: Sequence[Source]

    @property
    def confidence(self) -> float:
        """That of its surest source."""
        return self.sources[0].confidence


@dataclass(frozen=True, slots=True, repr=False)
class KnowledgeGraph:
    """Entities and the relations between them.

    Args:
        triples: The surest first.
        nodes: Every entity, with how often it is mentioned, those without a relation too.
        texts: What they were found in.
    """

    triples: Sequence[Triple]
    nodes: Mapping[Node, int]
    texts: Sequence[str] = field(default=())

    def __repr__(self) -> str:
        return (
            f"<{len(self.nodes):,} entities, {len(self.triples):,} triples from {len(self.texts):,} texts: .triples, "
            ".to_networkx(), .to_pandas(), .to_graphml(path), .to_jsonld(path)>"
        )

    def to_networkx(self) -> Any:
        """A `MultiDiGraph`: nodes with `label`, `type`, `mentions`; edges with `relation`, `confidence`, `sources`.

        Raises:
            RunError: networkx is not installed.
        """
        try:
            import networkx as nx  # noqa: PLC0415  # an extra of its own
        except ImportError as error:
            raise RunError(
                "a graph needs the package networkx, which is not installed: `pip install 'ft_magics[graph]'`"
            ) from error
        made = nx.MultiDiGraph()
        for node, mentions in self.nodes.items():
            made.add_node(_id(node), label=node.name, type=node.type, mentions=mentions)
        for triple in self.triples:
            made.add_edge(
                _id(triple.head),
                _id(triple.tail),
                key=triple.relation,
                relation=triple.relation,
                confidence=triple.confidence,
                sources=[asdict(source) for source in triple.sources],
            )
        return made

    def to_pandas(self) -> pd.DataFrame:
        """A row per triple."""
        import pandas as pd  # noqa: PLC0415  # a kernel that only trains need not wait for it

        columns = ["head", "head_type", "relation", "tail", "tail_type", "confidence", "texts"]
        rows = [
            (*_ends(item.head), item.relation, *_ends(item.tail), item.confidence, _texts(item))
            for item in self.triples
        ]
        return pd.DataFrame(rows, columns=columns)

    def to_graphml(self, path: str | Path | None = None) -> str | None:
        """The graph as GraphML, for Gephi, yEd and their kin; sources are JSON in a text.

        Args:
            path: Where to write it, and None is returned; without one, the text.
        """
        made = self.to_networkx()
        import networkx as nx  # noqa: PLC0415  # it is there, or that would have been said

        for *_, data in made.edges(data=True):
            data["sources"] = json.dumps(data["sources"], ensure_ascii=False)
        return _written("\n".join(nx.generate_graphml(made)), path)

    def to_jsonld(self, path: str | Path | None = None) -> str | None:
        """The graph as JSON-LD: entities, and a statement for each triple with its confidence and sources.

        Args:
            path: Where to write it, and None is returned; without one, the text.
        """
        rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
        context = {
            "@vocab": _NAMESPACE,
            "label": "http://www.w3.org/2000/01/rdf-schema#label",
            **{name: {"@id": f"{rdf}{name}", "@type": "@id"} for name in ("subject", "predicate", "object")},
            "Statement": f"{rdf}Statement",
        }
        entities = [
            {
                "@id": _iri(node),
                "@type": _local("type", node.type or "entity"),
                "label": node.name,
                "mentions": mentions,
            }
            for node, mentions in self.nodes.items()
        ]
        statements = [
            {
                "@type": "Statement",
                "subject": _iri(triple.head),
                "predicate": _local("relation", triple.relation),
                "object": _iri(triple.tail),
                "confidence": triple.confidence,
                "sources": [asdict(source) for source in triple.sources],
            }
            for triple in self.triples
        ]
        record = {"@context": context, "@graph": [*entities, *statements]}
        return _written(json.dumps(record, ensure_ascii=False, indent=1), path)

    def _repr_html_(self) -> str | None:
        from ft_magics.runs.graph_drawing import graph_html  # noqa: PLC0415  # the drawing knows this class

        return graph_html(self)


def graph(ner: Predicts, relation: Predicts, texts: Any, *, least: float = 0.0) -> KnowledgeGraph:
    """The knowledge graph of some texts.

    Args:
        ner: A run of `task: ner`, which finds the entities.
        relation: A run of `task: relation`, which says what leads from one to another.
        texts: A text, or several.
        least: Triples that are less sure than this are left out, from 0 to 1.

    Raises:
        DataError: These are no texts, or the runs are of other tasks.
        RunError: A run is still training.
    """
    listed = [texts] if isinstance(texts, str) else list(texts) if isinstance(texts, Iterable) else None
    if listed is None or not all(isinstance(text, str) for text in listed):
        raise DataError(f"texts is {type_name(texts)}; expected a text, or a list of texts")
    found = list(ner.predict(listed)) if listed else []
    if any(not hasattr(entity, "start") for entities in found for entity in _items(entities)):
        raise DataError(
            "ner: this run does not find entities; expected one of `task: ner`, then one of `task: relation`"
        )
    pairs = [
        (at, one, two)
        for at, entities in enumerate(found)
        for one, two in permutations(entities, 2)
        if one.start < two.start and one.end <= two.start
    ]
    answers = _asked(relation, listed, pairs)
    if any(_BACKWARD in label for _, answer in answers[:1] for label in answer.probabilities):
        both = answers
    else:  # labels without a direction lead from e1: the other order is another question
        both = [*answers, *_asked(relation, listed, [(at, two, one) for at, one, two in pairs])]
    sources: dict[tuple[Node, str, Node], list[Source]] = {}
    for (at, one, two), answer in both:
        if answer.relation is None:
            continue
        head, tail = (two, one) if _BACKWARD in answer.label else (one, two)
        sure = answer.probability * (head.confidence or 1.0) * (tail.confidence or 1.0)
        if sure >= least:
            source = Source(text=at, head=(head.start, head.end), tail=(tail.start, tail.end), confidence=sure)
            sources.setdefault((_node(head), answer.relation, _node(tail)), []).append(source)
    nodes: dict[Node, int] = {}
    for entity in (entity for entities in found for entity in entities):
        nodes[_node(entity)] = nodes.get(_node(entity), 0) + 1
    triples = [
        Triple(head=head, relation=name, tail=tail, sources=sorted(given, key=lambda source: -source.confidence))
        for (head, name, tail), given in sources.items()
    ]
    return KnowledgeGraph(sorted(triples, key=lambda triple: -triple.confidence), nodes, listed)


_Pair = tuple[int, Any, Any]  # index of the text, two entities


def _items(entities: Any) -> Sequence[Any]:
    return entities if isinstance(entities, (list, tuple)) else [entities]


def _asked(relation: Predicts, texts: Sequence[str], pairs: Sequence[_Pair]) -> list[tuple[_Pair, Any]]:
    """What the run says of each pair."""
    answered: list[tuple[_Pair, Any]] = []
    for first in range(0, len(pairs), _AT_ONCE):
        some = pairs[first : first + _AT_ONCE]
        inputs = [
            {"text": texts[at], "e1": [one.start, one.end], "e2": [two.start, two.end], "types": [one.type, two.type]}
            for at, one, two in some
        ]
        answers = list(relation.predict(inputs))
        if any(not hasattr(answer, "relation") for answer in answers):
            raise DataError("relation: this run does not relate entities; expected one of `task: relation`")
        answered += zip(some, answers, strict=True)
    return answered


def _node(entity: Any) -> Node:
    words = " ".join(entity.text.split())
    return Node("".join(letter for letter in words if unicodedata.category(letter) not in _UNWRITABLE), entity.type)


def _id(node: Node) -> str:
    return f"{node.type}:{node.name}"


def _iri(node: Node) -> str:
    return _local("entity", _id(node))


def _local(kind: str, name: str) -> str:
    return f"{_NAMESPACE}{kind}:{quote(name, safe='')}"


def _ends(node: Node) -> tuple[str, str]:
    return node.name, node.type


def _texts(triple: Triple) -> list[int]:
    return list(dict.fromkeys(source.text for source in triple.sources))


def _written(text: str, path: str | Path | None) -> str | None:
    if path is None:
        return text
    Path(path).write_text(text, encoding="utf-8")
    return None
