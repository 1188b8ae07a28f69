"""Two runs as one: the entities of texts, and the relations between them, as a graph of triples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import combinations
from typing import Any

from ft_magics.errors import DataError, type_name
from ft_magics.evaluation.knowledge_graph import KnowledgeGraph, Mention

__all__ = ["graph"]

_AROUND = 60  # characters around two entities that are quoted
_BACKWARDS = "(e2,e1)"


def graph(
    ner: Any, relation: Any, texts: Iterable[str], *, least_confidence: float = 0.5, most_apart: int = 300
) -> KnowledgeGraph:
    """Find entities, ask of each two of a text how they are related, and put what was found together.

    Args:
        ner: A run of `task: ner`.
        relation: A run of `task: relation`.
        texts: A text, or several; a passage each rather than a book.
        least_confidence: Triples of a lower confidence are left out. It is the product of the probabilities of both
            entities and of the relation.
        most_apart: Entities with more characters between them are not asked about.

    Returns:
        Triples with where they were read; a notebook draws them. `.triples`, `.networkx()`, `.to_graphml(path)`,
        `.to_json_ld(path)`.

    Raises:
        DataError: They are no texts, or a run is of another task.
        RunError: A run is still training.
    """
    for run, task in ((ner, "ner"), (relation, "relation")):
        found = getattr(run, "task_name", None)
        if found != task:
            given = f"a run of `task: {found}`" if found else type_name(run)
            raise DataError(f"`graph(ner, relation, texts)` takes a run of `task: {task}` as `{task}`; found {given}")
    given_texts = [texts] if isinstance(texts, str) else list(texts)
    for at, text in enumerate(given_texts):
        if not isinstance(text, str):
            raise DataError(f"texts[{at}] is {type_name(text)}; expected a text")
    pairs: list[tuple[int, Any, Any]] = []
    for at, entities in enumerate(ner.predict(given_texts) if given_texts else []):
        pairs += [(at, *pair) for pair in combinations(entities, 2) if 0 <= pair[1].start - pair[0].end <= most_apart]
    answers = relation.predict([_asked(given_texts[at], *pair) for at, *pair in pairs]) if pairs else []
    return KnowledgeGraph.of(_found(given_texts, pairs, answers, least_confidence), texts=len(given_texts))


def _asked(text: str, first: Any, second: Any) -> dict[str, Any]:
    return {"text": text, "e1": _marked(first), "e2": _marked(second)}


def _marked(entity: Any) -> dict[str, Any]:
    return {"start": entity.start, "end": entity.end, "type": entity.type}


def _found(
    texts: list[str], pairs: list[tuple[int, Any, Any]], answers: Iterable[Any], least: float
) -> Iterator[tuple[tuple[str, str], str, tuple[str, str], Mention]]:
    for (at, first, second), answer in zip(pairs, answers, strict=True):
        confidence = first.confidence * second.confidence * answer.probability
        if answer.relation is None or confidence < least:
            continue
        head, tail = (second, first) if answer.label.endswith(_BACKWARDS) else (first, second)
        begin, end = max(0, first.start - _AROUND), second.end + _AROUND
        quote = f"{'…' if begin else ''}{texts[at][begin:end]}{'…' if end < len(texts[at]) else ''}"
        mention = Mention(
            text=at,
            quote=" ".join(quote.split()),
            head=(head.start, head.end),
            tail=(tail.start, tail.end),
            confidence=confidence,
        )
        yield (head.text, head.type), answer.relation, (tail.text, tail.type), mention
