"""The data check: what a careful person would look up before training."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

from ft_magics.data.examples import Corpus
from ft_magics.data.tagged.examples import TaggedSentence, TaggedSplit

__all__ = ["DataCheck", "SplitCheck", "check_corpus"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitCheck:
    """Counts of one split."""

    name: str
    source: str
    scheme: str
    sentences: int
    words: int
    longest: int
    entities: int
    per_type: dict[str, int]
    invalid_transitions: int


@dataclass(slots=True, kw_only=True)
class DataCheck:
    """What is in the data, and what is odd about them.

    Args:
        splits: In the order train, dev, test.
        warnings: Sentences for the user, one per oddity.
        notes: Sentences about choices that the readers made.
    """

    splits: list[SplitCheck]
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)


def check_corpus(corpus: Corpus[TaggedSentence]) -> DataCheck:
    """Count everything and look for the usual oddities."""
    checks = [_count(split) for split in corpus.splits if isinstance(split, TaggedSplit)]
    check = DataCheck(splits=checks, notes=[note for split in corpus.splits for note in split.notes])
    check.warnings += _unseen_types(checks)
    check.warnings += [
        f"{item.name}: {item.invalid_transitions} tags break {item.scheme}; each was read as conlleval does, "
        "so no entity is lost"
        for item in checks
        if item.invalid_transitions
    ]
    check.warnings += [f"{item.name}: no entity at all; every tag is O" for item in checks if not item.entities]
    check.warnings += _duplicates(corpus)
    return check


def _count(split: TaggedSplit) -> SplitCheck:
    per_type = split.entities_per_type()
    return SplitCheck(
        name=split.name,
        source=split.source,
        scheme=split.scheme,
        sentences=len(split.examples),
        words=sum(len(example.words) for example in split.examples),
        longest=max(len(example.words) for example in split.examples),
        entities=per_type.total(),
        per_type=dict(sorted(per_type.items())),
        invalid_transitions=split.invalid_transitions,
    )


def _unseen_types(checks: list[SplitCheck]) -> list[str]:
    train, *others = checks
    warnings = []
    for other in others:
        unseen = {kind: count for kind, count in other.per_type.items() if kind not in train.per_type}
        if unseen:
            listed = ", ".join(f"{kind} ({count})" for kind, count in list(unseen.items())[:10])
            warnings.append(
                f"{other.name}: types that train does not have, so that the model cannot find them: {listed}; "
                "they count as missed"
            )
    return warnings


def _duplicates(corpus: Corpus[TaggedSentence]) -> list[str]:
    warnings = []
    for first, second in combinations(corpus.splits, 2):
        known = {example.words: example.id for example in first.examples}
        again = [example for example in second.examples if example.words in known]
        if again:
            example = again[0]
            warnings.append(
                f"{len(again)} of {len(second.examples)} sentences of {second.name} stand in {first.name} too "
                f"({example.id} is {known[example.words]}); scores on {second.name} will look better than they are"
            )
    return warnings
