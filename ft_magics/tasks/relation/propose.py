"""Data that nobody has described yet → what a cell would say of them as relations."""

from __future__ import annotations

from collections import Counter

from ft_magics.config.references import Reference
from ft_magics.data.examples import Corpus
from ft_magics.errors import DataError
from ft_magics.tasks.proposal import Proposal
from ft_magics.tasks.relation.checks import check_corpus
from ft_magics.tasks.relation.config import RelationSettings
from ft_magics.tasks.relation.reader import read_split
from ft_magics.tasks.relation.records import none_label_of

__all__ = ["propose"]

_FIT = 0.95  # two marked entities with a label are hardly anything else
_MOST_NAMED = 6
_MOST_TEXTS = 1000  # by which the language is seen


def propose(source: str | Reference) -> Proposal:
    """How marked texts would be read.

    Raises:
        DataError: They are none.
    """
    split = read_split("train", source)
    corpus = Corpus(train=split)
    check_corpus(RelationSettings(), corpus)
    counts = Counter(str(example.label) for example in split.examples)
    if len(counts) < 2:
        raise DataError(
            f"{split.source}: all pairs have the relation {next(iter(counts))}, so there is nothing to learn"
        )
    none_label = none_label_of(RelationSettings(), corpus)
    listed = ", ".join(f"{label:.40} {count:,}" for label, count in counts.most_common(_MOST_NAMED))
    more = ", …" if len(counts) > _MOST_NAMED else ""
    longest = max(len(example.text) for example in split.examples)
    none = "" if none_label is None else f"; {none_label} is no relation"
    said = (
        f"{len(split.examples):,} pairs of entities, {len(counts)} labels ({listed}{more}){none}, the longest text "
        f"{longest:,} characters"
    )
    return Proposal(
        examples=len(split.examples),
        classes=len(counts),
        settings={} if none_label is None else {"none_label": none_label},
        found=[said, *split.notes],
        texts=[example.text for example in split.examples[:_MOST_TEXTS]],
        fit=_FIT,
    )
