"""Triples that models found in texts, as a graph: where each was read, how sure the models were, files for others.

Sources: GraphML (Brandes et al. 2002); JSON-LD 1.1 (W3C recommendation, 2020).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ft_magics.errors import DataError
from ft_magics.evaluation.graph_svg import graph_svg
from ft_magics.markup import MUTED, details, element, percent, row, table

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["KnowledgeGraph", "Mention", "Triple"]

_MOST_DRAWN = 30  # entities; more lie on top of one another
_MOST_ROWS = 100
_IRI = "urn:ft_magics:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """Where a triple was read.

    Args:
        text: Index of the text.
        quote: The text, or what is around the entities.
        head: First character of the entity that the relation leads from, and that after its last.
        tail: The same of the entity that it leads to.
        confidence: Of both entities and the relation: the product of the three probabilities.
    """

    text: int
    quote: str
    head: tuple[int, int]
    tail: tuple[int, int]
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Triple:
    """A relation between two entities.

    Args:
        head: The words of the entity that it leads from.
        head_type: Its type, such as PER.
        relation: Its name.
        tail: The words of the entity that it leads to.
        tail_type: Its type.
        mentions: Where it was read, the surest first.
    """

    head: str
    head_type: str
    relation: str
    tail: str
    tail_type: str
    mentions: tuple[Mention, ...]

    @property
    def confidence(self) -> float:
        """That of its surest mention."""
        return self.mentions[0].confidence


@dataclass(frozen=True, slots=True)
class KnowledgeGraph:
    """Triples, the surest first; a notebook draws them.

    Args:
        triples: Each pair of entities has a relation once.
        texts: How many were read.
    """

    triples: tuple[Triple, ...]
    texts: int

    @classmethod
    def of(
        cls, found: Iterable[tuple[tuple[str, str], str, tuple[str, str], Mention]], *, texts: int
    ) -> KnowledgeGraph:
        """Put mentions of the same triple together: entities are the same where type and letters are.

        Args:
            found: Head (words, type), relation, tail (words, type), where it was read.
            texts: How many were read.
        """
        mentions: dict[tuple[str, str, str, str, str], list[Mention]] = {}
        shown: dict[tuple[str, str], str] = {}
        for head, relation, tail, mention in found:
            ends = [(_folded(words), kind) for words, kind in (head, tail)]
            for end, (words, _) in zip(ends, (head, tail), strict=True):
                shown.setdefault(end, " ".join(words.split()))
            mentions.setdefault((*ends[0], relation, *ends[1]), []).append(mention)
        triples = [
            Triple(
                head=shown[key[0], key[1]],
                head_type=key[1],
                relation=key[2],
                tail=shown[key[3], key[4]],
                tail_type=key[4],
                mentions=tuple(sorted(of_key, key=lambda mention: -mention.confidence)),
            )
            for key, of_key in mentions.items()
        ]
        return cls(tuple(sorted(triples, key=lambda triple: -triple.confidence)), texts)

    def networkx(self) -> nx.MultiDiGraph:
        """The graph for networkx.

        Returns:
            Nodes `words (type)` with `label` and `type`; edges with `relation`, `confidence`, `mentions` (how many),
            `text` (index of the surest) and `quote`.
        """
        import networkx as nx  # noqa: PLC0415  # only a graph needs it

        graph: nx.MultiDiGraph = nx.MultiDiGraph()
        for triple in self.triples:
            ends = (_node(triple.head, triple.head_type), _node(triple.tail, triple.tail_type))
            graph.add_node(ends[0], label=triple.head, type=triple.head_type)
            graph.add_node(ends[1], label=triple.tail, type=triple.tail_type)
            best = triple.mentions[0]
            graph.add_edge(
                *ends,
                key=triple.relation,
                relation=triple.relation,
                confidence=triple.confidence,
                mentions=len(triple.mentions),
                text=best.text,
                quote=best.quote,
            )
        return graph

    def to_graphml(self, path: str | Path) -> Path:
        """Write GraphML, which Gephi, yEd, Cytoscape and networkx read.

        Raises:
            DataError: The file cannot be written.
        """
        import networkx as nx  # noqa: PLC0415  # only a graph needs it

        return _written(path, "\n".join(nx.generate_graphml(self.networkx())) + "\n")

    def to_json_ld(self, path: str | Path) -> Path:
        """Write JSON-LD: an entity a node, a reified statement a triple, with its confidence and its sources.

        Raises:
            DataError: The file cannot be written.
        """
        entities: dict[str, dict[str, Any]] = {}
        statements = []
        for triple in self.triples:
            ends = []
            for words, kind in ((triple.head, triple.head_type), (triple.tail, triple.tail_type)):
                name = _node(words, kind)
                made = {"@id": f"_:e{len(entities)}", "@type": f"type:{kind or 'entity'}", "label": words}
                ends.append(entities.setdefault(name, made)["@id"])
            statements.append(
                {
                    "@type": "rdf:Statement",
                    "rdf:subject": {"@id": ends[0]},
                    "rdf:predicate": {"@id": f"relation:{triple.relation}"},
                    "rdf:object": {"@id": ends[1]},
                    "confidence": round(triple.confidence, 6),
                    "source": [
                        {"text": mention.text, "quote": mention.quote, "confidence": round(mention.confidence, 6)}
                        for mention in triple.mentions
                    ],
                }
            )
        context = {
            "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
            "label": "http://www.w3.org/2000/01/rdf-schema#label",
            "type": f"{_IRI}type:",
            "relation": f"{_IRI}relation:",
            **{name: f"{_IRI}{name}" for name in ("confidence", "source", "text", "quote")},
        }
        document = {"@context": context, "@graph": [*entities.values(), *statements]}
        return _written(path, json.dumps(document, ensure_ascii=False, indent=1) + "\n")

    def summary(self) -> str:
        """Counts in a line."""
        ends = {_node(*end) for triple in self.triples for end in _ends(triple)}
        return f"{len(self.triples):,} triples between {len(ends):,} entities, read in {self.texts:,} texts"

    def __repr__(self) -> str:
        lines = [
            f"{triple.head} – {triple.relation} → {triple.tail} ({percent(triple.confidence)} %)"
            for triple in self.triples
        ]
        return "\n".join([self.summary(), *lines[:_MOST_ROWS]])

    def _repr_html_(self) -> str:
        drawn = self.triples
        while len({_node(*end) for triple in drawn for end in _ends(triple)}) > _MOST_DRAWN:
            drawn = drawn[: len(drawn) * 9 // 10]
        edges = [(_node(*_ends(each)[0]), each.relation, _node(*_ends(each)[1])) for each in drawn]
        names = {_node(*end): end for triple in drawn for end in _ends(triple)}
        parts = [element("div", self.summary(), style="font-weight:600")]
        if edges:
            parts.append(graph_svg(names, edges, about=self.summary()))
        if len(drawn) < len(self.triples):
            parts.append(element("div", f"The {len(drawn)} surest triples are drawn.", style=MUTED))
        if self.triples:
            parts.append(details("Triples", _table(self.triples[:_MOST_ROWS])))
        return element("div", *parts)


def _ends(triple: Triple) -> tuple[tuple[str, str], tuple[str, str]]:
    return (triple.head, triple.head_type), (triple.tail, triple.tail_type)


def _node(words: str, kind: str) -> str:
    return f"{words} ({kind})" if kind else words


def _folded(words: str) -> str:
    return " ".join(words.casefold().split())


def _table(triples: Sequence[Triple]) -> str:
    rows = [
        row(
            triple.head,
            triple.relation,
            triple.tail,
            f"{percent(triple.confidence)} %",
            f"{len(triple.mentions)}",
            f"{triple.mentions[0].text + 1}: {triple.mentions[0].quote}",
            style="text-align:left;white-space:normal",
        )
        for triple in triples
    ]
    return table(("head", "relation", "tail", "confidence", "mentions", "text of the surest"), rows, names=(1, 2, 5))


def _written(path: str | Path, text: str) -> Path:
    file = Path(path)
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataError(
            f"{file} cannot be written ({error.strerror or error}); name a file in a folder that exists"
        ) from error
    return file.absolute()
