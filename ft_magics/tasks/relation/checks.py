"""The data check of marked texts: what is looked up of any labelled texts, and what is odd about relations."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.data.faults import quoted
from ft_magics.data.marked import MarkedText
from ft_magics.errors import DataError, did_you_mean
from ft_magics.evaluation.relations.counting import is_backward, relation_of
from ft_magics.tasks.classify.checks import check_corpus as check_texts
from ft_magics.tasks.classify.config import ClassifySettings
from ft_magics.tasks.relation.config import RelationSettings
from ft_magics.tasks.relation.markers import types_in
from ft_magics.tasks.relation.records import as_texts, none_label_of

__all__ = ["check_corpus"]

_MOST_TYPES = 100  # each is a token


def check_corpus(settings: RelationSettings, corpus: Corpus[MarkedText]) -> DataCheck:
    """Count everything and look for the usual oddities.

    Raises:
        DataError: There is nothing to learn, or the cell names what the data lack.
    """
    labels = Counter(str(example.label) for example in corpus.train.examples)
    if settings.none_label is not None and settings.none_label not in labels:
        raise DataError(
            f"task.relation.none_label: train has no relation called {quoted(settings.none_label)}."
            f"{did_you_mean(settings.none_label, labels)}"
        )
    none_label = none_label_of(settings, corpus)
    if none_label is not None and len(labels) == 1:
        raise DataError(
            f"data.train: {corpus.train.source}: every pair is {quoted(none_label)}, which is no relation, so there is "
            "nothing to learn"
        )
    try:
        check = check_texts(ClassifySettings(class_weights=settings.class_weights), as_texts(corpus))
    except DataError as error:
        raise DataError(str(error).replace("task.classify.", "task.relation.")) from error
    summary = ", ".join(f"{split.name} {len(split.examples):,} pairs of entities" for split in corpus.splits)
    check = replace(check, summary=summary)
    if none_label is None:
        check.notes.append(
            "no label stands for pairs without a relation; if one does, name it: `task: {relation: {none_label: …}}`"
        )
    else:
        check.notes.append(f"{none_label} is no relation: it is left out of macro and micro F1")
        check.warnings += [
            f"{split.name}: every pair is {none_label}, so there is no macro F1 of it"
            for split in corpus.splits[1:]
            if all(example.label == none_label for example in split.examples)
        ]
    check.warnings += _one_way(labels)
    check.warnings += _types(settings, corpus)
    return check


def _one_way(labels: Counter[str]) -> list[str]:
    """Relations that train has in one direction alone, beside others that have both."""
    ways: dict[str, set[bool]] = {}
    for label in labels:
        if label != relation_of(label):
            ways.setdefault(relation_of(label), set()).add(is_backward(label))
    lonely = [name for name, found in ways.items() if len(found) == 1]
    if not lonely or len(lonely) == len(ways):
        return []
    listed = ", ".join(map(quoted, lonely[:5]))
    return [
        f"train: {listed} {'has' if len(lonely) == 1 else 'have'} one direction only, so the other is not predicted"
    ]


def _types(settings: RelationSettings, corpus: Corpus[MarkedText]) -> list[str]:
    if settings.markers == "plain":
        return []
    known = types_in(corpus.train.examples)
    count = max(map(len, known))
    if not count:
        raise DataError(
            "task.relation.markers: `typed` needs the types of the entities, and train has none; name them in columns "
            "such as e1_type and e2_type, or take `markers` out"
        )
    if count > _MOST_TYPES:
        raise DataError(
            f"task.relation.markers: `typed` makes a token of each type of entity, and train has {count:,} of them, at "
            f"most {_MOST_TYPES}; take `markers` out"
        )
    return []
