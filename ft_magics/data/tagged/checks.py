"""The data check of tagged words: what a careful person would look up before training."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations

from ft_magics.data.checks import DataCheck
from ft_magics.data.examples import Corpus
from ft_magics.data.tagged.examples import TaggedSentence, TaggedSplit
from ft_magics.sections import Cell, Row, Table

__all__ = ["check_corpus"]

_MOST_TYPES = 40  # in the table


def check_corpus(corpus: Corpus[TaggedSentence]) -> DataCheck:
    """Count everything and look for the usual oddities."""
    splits = [split for split in corpus.splits if isinstance(split, TaggedSplit)]
    counts = {split.name: Counter(dict(sorted(split.entities_per_type().items()))) for split in splits}
    check = DataCheck(
        summary=", ".join(f"{split.name} {len(split.examples):,} sentences" for split in splits),
        tables=[_sizes(splits, counts), _types(counts)],
        notes=[note for split in splits for note in split.notes],
    )
    check.warnings += _unseen_types(counts)
    check.warnings += [
        f"{split.name}: {split.invalid_transitions} tags break {split.scheme}; each was read as conlleval does, "
        "so no entity is lost"
        for split in splits
        if split.invalid_transitions
    ]
    check.warnings += [f"{name}: no entity at all; every tag is O" for name, count in counts.items() if not count]
    check.warnings += _duplicates(corpus)
    return check


def _sizes(splits: Sequence[TaggedSplit], counts: dict[str, Counter[str]]) -> Table:
    rows = []
    for split in splits:
        lengths = [len(example.words) for example in split.examples]
        numbers = (len(lengths), sum(lengths), max(lengths), counts[split.name].total())
        named = Cell(text=split.scheme), Cell(text=split.source)
        rows.append(Row(cells=[Cell(text=split.name), *map(_number, numbers), *named]))
    columns = ("split", "sentences", "words", "longest", "entities", "scheme", "source")
    return Table(title="Splits", columns=columns, rows=rows)


def _types(counts: dict[str, Counter[str]]) -> Table:
    """A row for each type, the most frequent in train first."""
    train = next(iter(counts.values()))
    types = sorted({kind for count in counts.values() for kind in count}, key=lambda kind: (-train[kind], kind))
    rows = [
        Row(cells=[Cell(text=kind, label=kind), *(_number(count[kind]) for count in counts.values())])
        for kind in types[:_MOST_TYPES]
    ]
    more = f"{len(types) - _MOST_TYPES} more types" if len(types) > _MOST_TYPES else ""
    return Table(title="Entities", columns=("entities of type", *counts), rows=rows, note=more)


def _number(count: int) -> Cell:
    return Cell(text=f"{count:,}", value=count)


def _unseen_types(counts: dict[str, Counter[str]]) -> list[str]:
    (_, train), *others = counts.items()
    warnings = []
    for name, count in others:
        unseen = {kind: number for kind, number in count.items() if kind not in train}
        if unseen:
            listed = ", ".join(f"{kind} ({number})" for kind, number in list(unseen.items())[:10])
            warnings.append(
                f"{name}: types that train does not have, so that the model cannot find them: {listed}; "
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
                f"{len(again)} of {len(second.examples)} sentences of {second.name} are in {first.name} too "
                f"({example.id} is {known[example.words]}); scores on {second.name} will look better than they are"
            )
    return warnings
